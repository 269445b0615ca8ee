"""An album on its way to being mastered: songs side by side, each a job of its own, and one that fails harms no other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tonnbook.clients.album_record import SongRecord, fingerprint, sweep
from tonnbook.clients.album_song import SongOrder, master_song
from tonnbook.clients.coherence import place
from tonnbook.clients.files import check_upload, safe_name
from tonnbook.clients.folder_lock import FolderLock
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Ask, Job
from tonnbook.clients.watcher import Pace, Watcher
from tonnbook.errors import JobTimeout, TonnbookError
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.masters import Master, Masters, kept
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import Sound

Listen = Callable[[Path], Sound]
"""Measures a song on this machine."""

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
        """Mean of the songs' progress, 0 to 1."""
        shares = [1.0 if job.done else job.progress or 0.0 for job in self.jobs.values()]
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
        ended = sum(job.done for job in self.jobs.values())
        return f"<Batch of {len(self.jobs)} songs for {self.folder.name}: {ended} done, {self.progress:.0%}>"

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


class AlbumDesk:
    """Masters albums through one client."""

    def __init__(self, door: Http, watcher: Watcher, pace: Pace, listen: Listen | None) -> None:
        self._door = door
        self._watcher = watcher
        self._pace = pace
        self._listen = listen
        self._batches: dict[Path, Batch] = {}

    def start(
        self,
        songs: Mapping[str, MasteringRequest],
        refused: Mapping[str, str],
        folder: Path,
        *,
        coherence: bool,
        final: bool,
        at_once: int,
        executor: Executor | None,
    ) -> Batch:
        """Start what is to be done for an album, or return the batch that is at it already."""
        running = self._batches.get(folder)
        if running is not None and not running.done:
            if list(running.jobs) == list(songs):
                return running
            raise ValueError(
                f"another album is being mastered into {folder.name} just now; wait for it, or name another folder"
            )
        good, bad = _usable(songs)
        if coherence:
            sounds, unheard = self._heard(good)
            bad |= unheard
            good = {name: good[name] for name in sounds}
            good = place(good, sounds) if len(good) > 1 else good
        lock = FolderLock(folder)
        sweep(folder)
        gate = threading.Semaphore(at_once)
        left = _Countdown(len(good), lock.release)
        jobs = {}
        for name, request in good.items():
            order = SongOrder(name, request, fingerprint(request), folder, final, self._pace)
            begin = partial(self._begin, order, executor, gate, left)
            jobs[name] = Job(f"master {name}", begin, self._watcher)
        batch = self._batches[folder] = Batch(folder, jobs, {**refused, **bad})
        for job in jobs.values():
            job.report(progress=0.0, message="waiting for its turn")
            self._watcher.start(job)
        return batch

    def _heard(self, songs: Mapping[str, MasteringRequest]) -> tuple[dict[str, Sound], dict[str, str]]:
        """Return what the songs sound like, and those that cannot be listened to with the reason."""
        elsewhere = [name for name, request in songs.items() if not isinstance(request.source, Path)]
        if elsewhere or self._listen is None:
            raise ValueError(
                "coherence listens to the songs first, so they must be files on this machine, and the client must be one of "
                f"tb.offline() or tb.live(): {', '.join(elsewhere) or 'this client cannot listen'}"
            )
        with ThreadPoolExecutor() as pool:
            listening = {name: pool.submit(self._listen, Path(request.source)) for name, request in songs.items()}
        problems = {name: future.exception() for name, future in listening.items()}
        bad = {name: str(problem) for name, problem in problems.items() if isinstance(problem, TonnbookError)}
        return {name: future.result() for name, future in listening.items() if name not in bad}, bad

    # From here on in a job's own thread.

    def _begin(
        self, order: SongOrder, executor: Executor | None, gate: threading.Semaphore, left: _Countdown, job: Job[Master]
    ) -> Ask[Master]:
        def report(share: float | None, message: str, task_id: str | None) -> None:
            job.report(progress=share, message=message, task_id=task_id)

        with left:
            if executor is None:
                with gate:
                    record = master_song(order, self._door, report)
            else:
                report(None, "handed to a worker", None)
                record = executor.submit(master_song, order, self._door).result()
        report(1.0, "", record.task_id)
        finished = master_of(record, order)
        return lambda: finished


def master_of(record: SongRecord, order: SongOrder) -> Master:
    """Return the value that stands for a finished song."""
    folder, source = order.folder, order.request.source
    return Master(
        name=order.name,
        task_id=str(record.task_id),
        request=order.request,
        preview=kept(folder / str(record.preview_file)),
        master=kept(folder / record.master_file) if record.master_file else None,
        preview_start_s=record.preview_start_s,
        notes=record.notes,
        source=source if isinstance(source, Path) else None,
    )


def _usable(songs: Mapping[str, MasteringRequest]) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    good, bad = {}, {}
    for name, request in songs.items():
        try:
            for path in request.local_files():
                check_upload(path)
            good[name] = request
        except TonnbookError as problem:
            bad[name] = str(problem)
    return good, bad


class _Countdown:
    """Calls `at_zero` when it has been left as often as it was told."""

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


def names_of(sources: Sequence[str | Path]) -> list[str]:
    """Return one name per song, without its ending, each only once: masters and records are called after it."""
    names: list[str] = []
    for source in sources:
        name = plain = safe_name(Path(file_name(source)).stem)
        n = 1
        while name.lower() in {known.lower() for known in names}:
            n += 1
            name = f"{plain} ({n})"
        names.append(name)
    return names
