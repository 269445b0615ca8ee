"""An album on its way to being mastered: songs side by side, each a job of its own, and one that fails harms no other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from tonnbook.clients.album.payments import SongOrder
from tonnbook.clients.album.record import SongRecord
from tonnbook.clients.jobs import Job
from tonnbook.errors import JobTimeout, TonnbookError
from tonnbook.models.masters import Master, Masters, kept
from tonnbook.models.results import RemoteFile

_SLICE_S = 0.5  # a lock that is waited for without end does not see Ctrl-C on Windows


class Batch:
    """The jobs of an album. `await batch` in a notebook and `batch.result()` in a script wait for all of them.

    An interrupt ends the waiting only. Once more with the same album and folder, it goes on where it was: nothing is mastered twice.
    """

    def __init__(self, folder: Path, jobs: Mapping[str, Job[Master]], refused: Mapping[str, str]) -> None:
        self.folder = folder
        self.jobs = jobs
        """One for each song, by name."""
        self.refused = refused
        """Songs that could not even be started, with the reason, by name."""
        self._changed = threading.Condition()
        self._bells: list[Callable[[], None]] = []
        for job in jobs.values():
            job.on_change(self._ring)

    @property
    def done(self) -> bool:
        """True when every song has ended, well or not."""
        return all(job.done for job in self.jobs.values())

    @property
    def progress(self) -> float:
        """Mean of the songs' progress, 0 to 1; one that failed stands where it failed."""
        shares = [job.progress or 0.0 for job in self.jobs.values()]
        return sum(shares) / len(shares) if shares else 1.0

    def result(self, timeout: float | None = None) -> Masters:
        """Wait for every song; return the masters, and what became of those that failed.

        Raises JobTimeout after `timeout` seconds; the songs go on.
        """
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self.done:
                if until is not None and time.monotonic() > until:
                    raise JobTimeout(
                        f"{self!r} is still at work; nothing was cancelled. Wait again with the same batch."
                    )
                self._changed.wait(_SLICE_S)
        return self._masters()

    def __await__(self) -> Generator[Any, None, Masters]:
        return self._arrival().__await__()

    def on_change(self, callback: Callable[[Batch], None]) -> Callable[[], None]:
        """Have `callback(batch)` called after each change of any song; return a function that ends this."""
        ends = [job.on_change(lambda _: callback(self)) for job in self.jobs.values()]

        def end() -> None:
            for each in ends:
                each()

        return end

    def __repr__(self) -> str:
        count = len(self.jobs) + len(self.refused)
        done = sum(job.status == "done" for job in self.jobs.values())
        failed = sum(job.status == "failed" for job in self.jobs.values()) + len(self.refused)
        words = [f"{done} done", *([f"{failed} failed"] if failed else []), f"{self.progress:.0%}"]
        return f"<Batch of {count} song{'' if count == 1 else 's'} for {self.folder.name}: {', '.join(words)}>"

    def _ring(self, _: Job[Master]) -> None:
        with self._changed:
            self._changed.notify_all()
            bells = list(self._bells)
        for bell in bells:
            bell()

    async def _arrival(self) -> Masters:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def bell() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

        self._bells.append(bell)
        try:
            while not self.done:
                await changed.wait()
                changed.clear()
        finally:
            self._bells.remove(bell)
        return self._masters()

    def _masters(self) -> Masters:
        songs = tuple(job.result() for job in self.jobs.values() if job.status == "done")
        failed = {name: job.message for name, job in self.jobs.items() if job.status == "failed"}
        return Masters(songs, {**self.refused, **failed}, self.folder)


def master_of(record: SongRecord, order: SongOrder) -> Master:
    """Return the value that stands for a finished song."""
    folder, source = order.folder, order.request.source
    here = record.state == "done" and record.master_file is not None
    return Master(
        name=order.name,
        task_id=str(record.task_id),
        request=order.request,
        preview=kept(folder / str(record.preview_file)) if record.holds_preview(folder) else _gone(order.name),
        master=kept(folder / str(record.master_file)) if here else None,
        preview_start_s=record.preview_start_s,
        notes=record.notes,
        source=source if isinstance(source, Path) and source.is_file() else None,
    )


def _gone(name: str) -> RemoteFile:
    """Return a preview that nobody has any more."""

    def fetch(_: Path | None) -> Path:
        raise TonnbookError(f"the preview of {name} is gone here and on the server; its master is here: use that")

    return RemoteFile(f"{name}.mp3", fetch)
