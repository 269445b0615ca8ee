"""`tonnbook master`: master the songs of an album file from a terminal."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tonnbook.errors import TonnbookError

if TYPE_CHECKING:
    from tonnbook.clients.album.batch import Batch
    from tonnbook.clients.album.plan import AlbumPlan
    from tonnbook.services import Services

_WIDTH = 24
_REFRESH_S = 0.2


def add(commands: Any) -> None:
    """Add the command to the program's parser."""
    master = commands.add_parser("master", help="master the songs of an album file")
    master.add_argument("album", type=Path, help="the tutorial's JSON file: an array of objects, each with a trackURL")
    master.add_argument(
        "--to", type=Path, default=Path("final_masters"), help="folder for the masters (default final_masters)"
    )
    master.add_argument(
        "--live", action="store_true", help="use the live service, with TONN_API_KEY; final masters cost credits"
    )
    master.add_argument("--yes", action="store_true", help="with --live: do not ask before spending credits")
    master.add_argument("--previews", action="store_true", help="stop at the previews, which cost nothing")
    master.add_argument(
        "--coherence", action="store_true", help="keep the songs' order of loudness, and move them toward one tone"
    )
    master.set_defaults(run=run)


def run(chosen: argparse.Namespace, out: TextIO | None = None) -> int:
    """Master the album; return 0 if every song was mastered, 1 if one was not, 130 after Ctrl-C."""
    out = out or sys.stdout
    try:
        with _services(chosen) as services:
            plan = services.tonn.plan_all(
                chosen.album, chosen.to, coherence=chosen.coherence, final=not chosen.previews
            )
            if chosen.live and not chosen.previews and not _confirmed(plan, out, ask=not chosen.yes):
                out.write("Nothing was ordered.\n")
                return 1
            return _progress_shown(plan.start(), out, previews=chosen.previews)
    except KeyboardInterrupt:
        out.write("\nInterrupted. Run the same command again: it continues from there, and nothing is charged twice.\n")
        return 130
    except (TonnbookError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _services(chosen: argparse.Namespace) -> Services:
    from tonnbook.services import live, offline

    return live() if chosen.live else offline()


def _confirmed(plan: AlbumPlan, out: TextIO, *, ask: bool) -> bool:
    """Print the cost and, with `ask`, return the answer to a yes/no question."""
    from tonnbook.models.vocabulary import CREDITS

    count, price = len(plan.due), CREDITS["final_master"]
    out.write(
        f"{_counted(count, 'final master')} at {price} credits each: this will cost about {count * price} credits.\n"
    )
    if not count or not ask:
        return True
    out.write("Go on? [y/N] ")
    out.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _progress_shown(batch: Batch, out: TextIO, *, previews: bool) -> int:
    """Show the progress of the songs until all have ended; return the exit status."""
    draw = _Bars(batch, out) if out.isatty() else _Lines(batch, out)
    while not batch.done:
        draw.show()
        time.sleep(_REFRESH_S)
    draw.show()
    masters = batch.result()
    folder = batch.folder / "previews" if previews else batch.folder
    every = _counted(len(masters) + len(masters.failed), "song")
    out.write(f"\n{masters}\n\n{len(masters)} of {every} {'is' if len(masters) == 1 else 'are'} in {folder}\n")
    return 1 if masters.failed else 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


class _Bars:
    """A progress bar for each song, redrawn in place."""

    def __init__(self, batch: Batch, out: TextIO) -> None:
        self._batch, self._out = batch, out
        self._drawn = 0

    def show(self) -> None:
        columns = shutil.get_terminal_size().columns - 1  # a line that wraps would take two lines
        songs = [(name, job.status, job.progress or 0.0, job.message) for name, job in self._batch.jobs.items()]
        songs += [(name, "failed", 0.0, reason) for name, reason in self._batch.refused.items()]
        lines = [_bar(*song, columns) for song in songs]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._out.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)


class _Lines:
    """A line for each new message of a song: for logs."""

    def __init__(self, batch: Batch, out: TextIO) -> None:
        self._batch, self._out = batch, out
        self._last: dict[str, str] = {}

    def show(self) -> None:
        for name, reason in self._batch.refused.items():
            if self._last.setdefault(name, "") != reason:
                self._last[name] = reason
                self._out.write(f"{name}: {reason}\n")
        for name, job in self._batch.jobs.items():
            if self._last.get(name) != job.message:
                self._last[name] = job.message
                self._out.write(f"{name}: {job.message}\n")
        self._out.flush()


def _bar(name: str, status: str, progress: float, message: str, columns: int) -> str:
    share = 1.0 if status == "done" else progress
    filled = round(_WIDTH * share)
    how_far = "failed" if status == "failed" else f"{share:6.0%}"
    line = f"{_cut(name, 24, fill=True)} [{'#' * filled}{'-' * (_WIDTH - filled)}] {how_far}  {message.splitlines()[0] if message else ''}"
    return _cut(line, columns)


def _cut(text: str, columns: int, *, fill: bool = False) -> str:
    """Return a text cut to `columns` columns of a terminal: some characters take two columns, combining marks none."""
    shown, width = "", 0
    for character in text:
        takes = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width + takes > columns:
            break
        shown, width = shown + character, width + takes
    return shown + " " * (columns - width if fill else 0)
