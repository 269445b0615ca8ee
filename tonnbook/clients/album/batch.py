"""Batch: the jobs of an album, one for each song; and the function that starts them. A song that fails affects no other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from functools import partial
from pathlib import Path
from typing import Any

from tonnbook.clients.album.payments import SongOrder
from tonnbook.clients.album.record import SongRecord
from tonnbook.clients.album.song import Stopped, master_song
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import HEARTBEAT_S, Job, Poll, wait_in_slices
from tonnbook.clients.polling import JobPoller
from tonnbook.errors import JobTimeout, TonnbookError
from tonnbook.models.files import RemoteFile, local_file
from tonnbook.models.masters import Master, Masters

_SLICE_S = 0.2


class Batch:
    """The jobs of an album. `await batch` in a notebook and `batch.result()` in a script wait for all of them.

    An interrupt ends the waiting only. Called again with the same album and folder, `master_all` continues: nothing is mastered
    twice.
    """

    def __init__(self, folder: Path, jobs: Mapping[str, Job[Master]], refused: Mapping[str, str]) -> None:
        self.folder = folder
        self.jobs = jobs
        """One for each song, by name."""
        self.refused = refused
        """Songs that could not be started, with the reason, by name."""
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        for job in jobs.values():
            job.on_change(self._notify)

    @property
    def done(self) -> bool:
        """True when every song has ended, with a master or an error."""
        return all(job.done for job in self.jobs.values())

    @property
    def progress(self) -> float:
        """Mean of the songs' progress, 0 to 1; a song that failed counts with the progress that it had."""
        shares = [job.progress or 0.0 for job in self.jobs.values()]
        return sum(shares) / len(shares) if shares else 1.0

    def result(self, timeout: float | None = None) -> Masters:
        """Wait at most `timeout` seconds for every song; return the masters, and the reasons of those that failed.

        Raises JobTimeout while songs are still running (they continue; call again), RuntimeError in an on_change callback.
        """
        for job in self.jobs.values():
            job.check_may_wait()
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self.done:
                if until is not None and time.monotonic() > until:
                    raise JobTimeout(
                        f"{self!r} is still running; nothing was cancelled. Wait again with the same batch, or call master_all again "
                        f"with the same album and folder: it continues."
                    )
                self._changed.wait(HEARTBEAT_S)
        return self._masters()

    def __await__(self) -> Generator[Any, None, Masters]:
        return self._wait_in_loop().__await__()

    def on_change(self, callback: Callable[[Batch], None]) -> Callable[[], None]:
        """Have `callback(batch)` called after each change of any song; return a function that cancels this."""
        cancels = [job.on_change(lambda _: callback(self)) for job in self.jobs.values()]

        def cancel() -> None:
            for each in cancels:
                each()

        return cancel

    def __repr__(self) -> str:
        count = len(self.jobs) + len(self.refused)
        done = sum(job.status == "done" for job in self.jobs.values())
        failed = sum(job.status == "failed" for job in self.jobs.values()) + len(self.refused)
        words = [f"{done} done", *([f"{failed} failed"] if failed else []), f"{self.progress:.0%}"]
        return f"<Batch of {count} song{'' if count == 1 else 's'} for {self.folder.name}: {', '.join(words)}>"

    def _notify(self, _: Job[Master]) -> None:
        with self._changed:
            self._changed.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    async def _wait_in_loop(self) -> Masters:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

        self._listeners.append(wake)
        try:
            while not self.done:
                await wait_in_slices(changed)
                changed.clear()
        finally:
            self._listeners.remove(wake)
        return self._masters()

    def _masters(self) -> Masters:
        songs = tuple(job.result() for job in self.jobs.values() if job.status == "done")
        failed = {name: job.message for name, job in self.jobs.items() if job.status == "failed"}
        return Masters(songs, {**self.refused, **failed}, self.folder)


def start_batch(
    folder: Path,
    orders: Mapping[str, SongOrder],
    refused: Mapping[str, str],
    *,
    http: Http,
    poller: JobPoller,
    at_once: int,
    executor: Executor | None,
    on_end: Callable[[], None],
) -> Batch:
    """Start a job for each order, `at_once` at a time, on the workers of `executor` if given; call `on_end` when all have ended."""
    slots = threading.Semaphore(at_once)
    left = _Countdown(len(orders), on_end)
    jobs = {
        name: Job(f"master {name}", partial(_begin, order, http, executor, slots, left), poller)
        for name, order in orders.items()
    }
    batch = Batch(folder, jobs, refused)
    for name, job in jobs.items():
        find_again = f"tonn.attach_master({{!r}}, final={orders[name].final})"
        job.report(progress=0.0, message="waiting for its turn", find_again=find_again)
        poller.start(job)
    return batch


# The functions below run in a job's own thread.


def _begin(
    order: SongOrder,
    http: Http,
    executor: Executor | None,
    slots: threading.Semaphore,
    left: _Countdown,
    job: Job[Master],
) -> Poll[Master]:
    def report(progress: float | None, message: str, task_id: str | None) -> None:
        job.report(progress=progress, message=message, task_id=task_id)

    with left:
        record = None
        if executor is not None:
            report(None, "handed to a worker", None)
            record = _on_worker(order, http, executor)
        if record is None:
            with slots:
                record = master_song(order, http, report)
    report(1.0, "", record.task_id)
    finished = _master_of(record, order)
    return lambda: finished


def _on_worker(order: SongOrder, http: Http, executor: Executor) -> SongRecord | None:
    """Have a worker master a song; return None where workers have died, so that the song continues from its record here."""
    try:
        future: Future[SongRecord] = executor.submit(master_song, order, http)
        while not http.closed and not wait([future], _SLICE_S).done:
            pass
        if http.closed and future.cancel():
            raise Stopped(f"The client was closed before {order.name} was begun: run it again.")
        return future.result()
    except BrokenExecutor:
        return None


def _master_of(record: SongRecord, order: SongOrder) -> Master:
    """Return the result for a finished song."""
    folder, source = order.folder, order.request.source
    has_master = record.state == "done" and record.master_file is not None
    return Master(
        name=order.name,
        task_id=str(record.task_id),
        request=order.request,
        preview=local_file(folder / str(record.preview_file)) if record.has_preview(folder) else _lost(order.name),
        master=local_file(folder / str(record.master_file)) if has_master else None,
        preview_start_s=record.preview_start_s,
        notes=record.notes,
        source=source if isinstance(source, Path) and source.is_file() else None,
    )


def _lost(name: str) -> RemoteFile:
    """Return a preview that exists neither here nor on the server."""

    def fetch(_: Path | None) -> Path:
        raise TonnbookError(f"the preview of {name} is lost, here and on the server; use its master, which is here")

    return RemoteFile(f"{name}.mp3", fetch)


class _Countdown:
    """Calls `at_zero` when its context has been left `count` times."""

    def __init__(self, count: int, at_zero: Callable[[], None]) -> None:
        self._count, self._at_zero = count, at_zero
        self._lock = threading.Lock()
        if not count:
            at_zero()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1
            last = self._count == 0
        if last:
            self._at_zero()
