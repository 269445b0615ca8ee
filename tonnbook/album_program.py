"""`tonnbook master`: the batch-mastering tutorial's whole job, for people without a notebook."""

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
_PAUSE_S = 0.2


def add(commands: Any) -> None:
    """Add the command to the program's parser."""
    master = commands.add_parser("master", help="master the songs of an album file")
    master.add_argument(
        "album", type=Path, help="the tutorial's JSON file: an array of objects, each with its trackURL"
    )
    master.add_argument(
        "--to", type=Path, default=Path("final_masters"), help="folder of the masters (default final_masters)"
    )
    master.add_argument(
        "--live", action="store_true", help="on the live service, with TONN_API_KEY; final masters cost credits"
    )
    master.add_argument("--yes", action="store_true", help="with --live: do not ask before credits are spent")
    master.add_argument("--previews", action="store_true", help="stop at the previews, which cost nothing")
    master.add_argument(
        "--coherence", action="store_true", help="keep the songs' order of loudness, and one tone for all"
    )
    master.set_defaults(run=run)


def run(chosen: argparse.Namespace, out: TextIO | None = None) -> int:
    """Master the album; return 0 when every song is there, 1 when one is not, 130 after Ctrl-C."""
    out = out or sys.stdout
    try:
        with _services(chosen) as services:
            plan = services.tonn.plan_all(
                chosen.album, chosen.to, coherence=chosen.coherence, final=not chosen.previews
            )
            if chosen.live and not chosen.previews and not _agreed(plan, out, ask=not chosen.yes):
                out.write("Nothing was ordered.\n")
                return 1
            return _followed(plan.start(), out, previews=chosen.previews)
    except KeyboardInterrupt:
        out.write("\nInterrupted. Run the same command again: it goes on from there, and nothing is charged twice.\n")
        return 130
    except (TonnbookError, OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1


def _services(chosen: argparse.Namespace) -> Services:
    from tonnbook.services import live, offline

    return live() if chosen.live else offline()


def _agreed(plan: AlbumPlan, out: TextIO, *, ask: bool) -> bool:
    """Say what it will cost, and ask."""
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


def _followed(batch: Batch, out: TextIO, *, previews: bool) -> int:
    """Show how the songs get on until all have ended; return the exit status."""
    draw = _Bars(batch, out) if out.isatty() else _Lines(batch, out)
    while not batch.done:
        draw.show()
        time.sleep(_PAUSE_S)
    draw.show()
    masters = batch.result()
    where = batch.folder / "previews" if previews else batch.folder
    every = _counted(len(masters) + len(masters.failed), "song")
    out.write(f"\n{masters}\n\n{len(masters)} of {every} {'is' if len(masters) == 1 else 'are'} in {where}\n")
    return 1 if masters.failed else 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


class _Bars:
    """A bar for each song, drawn again in place."""

    def __init__(self, batch: Batch, out: TextIO) -> None:
        self._batch, self._out = batch, out
        self._drawn = 0

    def show(self) -> None:
        columns = shutil.get_terminal_size().columns - 1  # a line that wraps would be two to go back
        songs = [(name, job.status, job.progress or 0.0, job.message) for name, job in self._batch.jobs.items()]
        songs += [(name, "failed", 0.0, why) for name, why in self._batch.refused.items()]
        lines = [_bar(*song, columns) for song in songs]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._out.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)


class _Lines:
    """A line whenever a song begins something else: for logs."""

    def __init__(self, batch: Batch, out: TextIO) -> None:
        self._batch, self._out = batch, out
        self._said: dict[str, str] = {}

    def show(self) -> None:
        for name, why in self._batch.refused.items():
            if self._said.setdefault(name, "") != why:
                self._said[name] = why
                self._out.write(f"{name}: {why}\n")
        for name, job in self._batch.jobs.items():
            if self._said.get(name) != job.message:
                self._said[name] = job.message
                self._out.write(f"{name}: {job.message}\n")
        self._out.flush()


def _bar(name: str, status: str, progress: float, message: str, columns: int) -> str:
    share = 1.0 if status == "done" else progress
    filled = round(_WIDTH * share)
    how_far = "failed" if status == "failed" else f"{share:6.0%}"
    line = f"{_cut(name, 24, fill=True)} [{'#' * filled}{'-' * (_WIDTH - filled)}] {how_far}  {message.splitlines()[0] if message else ''}"
    return _cut(line, columns)


def _cut(text: str, columns: int, *, fill: bool = False) -> str:
    """Return a text cut to so many columns of a terminal, in which some characters take two and marks above letters none."""
    shown, width = "", 0
    for character in text:
        takes = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width + takes > columns:
            break
        shown, width = shown + character, width + takes
    return shown + " " * (columns - width if fill else 0)
