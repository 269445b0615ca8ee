"""`tonnbook master`: the batch-mastering tutorial's whole job, for people without a notebook."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tonnbook.errors import TonnbookError

if TYPE_CHECKING:
    from tonnbook.clients.album import Batch
    from tonnbook.clients.jobs import Job
    from tonnbook.models.mastering import MasteringRequest
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
            if chosen.live and not chosen.previews and not _agreed(chosen, out):
                return 1
            batch = services.tonn.master_all(
                chosen.album, chosen.to, coherence=chosen.coherence, final=not chosen.previews
            )
            return _followed(batch, out)
    except KeyboardInterrupt:
        out.write("\nInterrupted. Run the same command again: it goes on from there, and nothing is charged twice.\n")
        return 130
    except (TonnbookError, OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1


def _services(chosen: argparse.Namespace) -> Services:
    from tonnbook.services import live, offline

    return live() if chosen.live else offline()


def _agreed(chosen: argparse.Namespace, out: TextIO) -> bool:
    """Say what it will cost, and ask."""
    from tonnbook.models.vocabulary import CREDITS

    count = _unpaid(chosen.album, chosen.to)
    price = CREDITS["final_master"]
    out.write(f"{count} final masters at {price} credits each: this will cost about {count * price} credits.\n")
    if not count or chosen.yes:
        return True
    out.write("Go on? [y/N] ")
    out.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _unpaid(album: Path, to: Path) -> int:
    """Return how many songs have not been paid for yet, as far as the manifest knows."""
    from tonnbook.clients.mastering import Wishes, read_album

    songs, _ = read_album(album, Wishes())
    return sum(not _is_paid(to, name, request) for name, request in songs.items())


def _is_paid(to: Path, name: str, request: MasteringRequest) -> bool:
    from tonnbook.clients.album_record import SongRecord, fingerprint, record_path

    record = SongRecord.read(record_path(to, name))
    if record is None or any(not path.is_file() for path in request.local_files()):
        return False
    return record.state in ("final", "done") and record.order == fingerprint(request)


def _followed(batch: Batch, out: TextIO) -> int:
    """Show how the songs get on until all have ended; return the exit status."""
    draw = _Bars(batch, out) if out.isatty() else _Lines(batch, out)
    while not batch.done:
        draw.show()
        time.sleep(_PAUSE_S)
    draw.show()
    masters = batch.result()
    out.write(f"\n{masters}\n\n{len(masters)} of {len(masters) + len(masters.failed)} songs are in {batch.folder}\n")
    return 1 if masters.failed else 0


class _Bars:
    """A bar for each song, drawn again in place."""

    def __init__(self, batch: Batch, out: TextIO) -> None:
        self._batch, self._out = batch, out
        self._drawn = 0

    def show(self) -> None:
        lines = [_bar(name, job) for name, job in self._batch.jobs.items()]
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
        for name, job in self._batch.jobs.items():
            if self._said.get(name) != job.message:
                self._said[name] = job.message
                self._out.write(f"{name}: {job.message}\n")
        self._out.flush()


def _bar(name: str, job: Job[Any]) -> str:
    share = 1.0 if job.done else job.progress or 0.0
    bar = "#" * round(_WIDTH * share) + "-" * (_WIDTH - round(_WIDTH * share))
    return f"{name[:24]:24s} [{bar}] {share:4.0%}  {job.message[:48]}"
