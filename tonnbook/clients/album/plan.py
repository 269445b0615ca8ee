"""From an album to its batch: what is to be done, what of it is paid, and the threads that do it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from tonnbook.clients.album.batch import Batch, master_of
from tonnbook.clients.album.coherence import place
from tonnbook.clients.album.folder_lock import FolderLock
from tonnbook.clients.album.names import made_here, target
from tonnbook.clients.album.payments import SongOrder, Wanted
from tonnbook.clients.album.record import FOLDER, SongRecord, record_path, sweep
from tonnbook.clients.album.song import Stopped, master_song
from tonnbook.clients.files import check_upload
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Ask, Job
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import TonnbookError
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.masters import Master
from tonnbook.models.notes import Sound

Listen = Callable[[Path], Sound]
"""Measures a song on this machine."""

_LOOK_S = 0.2


@dataclass(frozen=True)
class AlbumPlan:
    """What is to be done for an album. Nothing has been sent yet; `start` does it."""

    orders: Mapping[str, SongOrder]
    """By name of the song."""
    refused: Mapping[str, str]
    """Songs that cannot be started, with the reason, by name."""
    coherence: bool
    folder: Path
    desk: AlbumDesk = field(repr=False)

    @property
    def due(self) -> list[str]:
        """Names of the songs that credits will be, or may be, spent on: no other is paid by `start`."""
        return [name for name, order in self.orders.items() if order.is_due]

    def start(self, *, at_once: int = 4, executor: Executor | None = None) -> Batch:
        """Start it, or return the batch that is at it already: see `AlbumDesk.start`."""
        return self.desk.start(self, at_once=at_once, executor=executor)

    def same(self, other: AlbumPlan) -> bool:
        """Say whether another plan wants the same of the same songs."""
        mine, theirs = ([(o.name, o.order, o.final) for o in plan.orders.values()] for plan in (self, other))
        return mine == theirs and self.coherence == other.coherence and set(self.refused) == set(other.refused)


class AlbumDesk:
    """Masters albums through one client. `place` is where its masters are paid, see `payments`."""

    def __init__(self, http: Http, poller: JobPoller, polling: PollSettings, listen: Listen | None, place: str) -> None:
        self._http = http
        self._poller = poller
        self._polling = polling
        self._listen = listen
        self._place = place
        self._running: dict[Path, tuple[AlbumPlan, Batch]] = {}
        self._permits: set[Path] = set()

    def plan(
        self,
        songs: Mapping[str, MasteringRequest],
        refused: Mapping[str, str],
        folder: Path,
        *,
        coherence: bool,
        final: bool,
    ) -> AlbumPlan:
        """Look at the songs and at what is known of them. Nothing is written or sent."""
        good, bad = _usable(songs, folder)
        placed = good
        if coherence:
            sounds, unheard = self._heard(good)
            bad |= unheard
            good = {name: good[name] for name in sounds}
            placed = place(good, sounds) if len(good) > 1 else good
        wanted = Wanted(folder, self._place, coherence, final)
        ours, sources = made_here(folder), [path for request in songs.values() for path in request.local_files()]
        orders: dict[str, SongOrder] = {}
        for name, request in good.items():
            order = wanted.order(name, request, placed[name], target(folder, name, sources, ours))
            if why := _why_not(order.record):
                bad[name] = why
            else:
                orders[name] = order
        for name in [name for name in bad if name in songs and _is_gone(songs[name])]:
            if (kept_order := _kept_without_its_song(wanted, name, songs[name])) is not None:
                orders[name] = kept_order
                del bad[name]
        planned = {name: orders[name] for name in songs if name in orders}
        return AlbumPlan(planned, {**refused, **bad}, coherence, folder, self)

    def start(self, plan: AlbumPlan, *, at_once: int, executor: Executor | None) -> Batch:
        """Start what a plan says, or return the batch that is at it already.

        Raises ValueError while something else is being done in the folder, or for `at_once` below 1.
        """
        if at_once < 1:
            raise ValueError(f"at_once is {at_once}; at least one song must be worked on at a time")
        folder = plan.folder
        known, running = self._running.get(folder, (None, None))
        if known is not None and running is not None and not running.done:
            if plan.same(known):
                return running
            raise ValueError(
                f"another album, or this one with other wishes, is being mastered into {folder.name} just now: "
                "wait for it, or name another folder"
            )
        lock = FolderLock(folder)
        sweep(folder)
        permit = folder / FOLDER / f"{uuid4().hex}.permit"
        permit.touch()
        self._permits.add(permit)
        refused = {name: why for name, order in plan.orders.items() if (why := _why_not(order.settle))}
        orders = {name: order for name, order in plan.orders.items() if name not in refused}
        gate = threading.Semaphore(at_once)
        left = _Countdown(len(orders), partial(self._over, permit, lock))
        jobs = {}
        for name, order in orders.items():
            begin = partial(self._begin, order.allowed(permit, self._polling), executor, gate, left)
            jobs[name] = Job(f"master {name}", begin, self._poller)
        batch = Batch(folder, jobs, {**plan.refused, **refused})
        self._running[folder] = plan, batch
        for job in jobs.values():
            job.report(progress=0.0, message="waiting for its turn")
            self._poller.start(job)
        return batch

    def close(self) -> None:
        """Let no song order anything more, wherever it is worked on."""
        for permit in list(self._permits):
            permit.unlink(missing_ok=True)

    def _over(self, permit: Path, lock: FolderLock) -> None:
        permit.unlink(missing_ok=True)
        self._permits.discard(permit)
        lock.release()

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
            record = None
            if executor is not None:
                report(None, "handed to a worker", None)
                record = self._elsewhere(order, executor)
            if record is None:
                with gate:
                    record = master_song(order, self._http, report)
        report(1.0, "", record.task_id)
        finished = master_of(record, order)
        return lambda: finished

    def _elsewhere(self, order: SongOrder, executor: Executor) -> SongRecord | None:
        """Have a worker do it; return None where workers have died, so that the song goes on from its record here."""
        try:
            turn: Future[SongRecord] = executor.submit(master_song, order, self._http)
            while not self._http.closed and not wait([turn], _LOOK_S).done:
                pass
            if self._http.closed and turn.cancel():
                raise Stopped(f"The client was closed before {order.name} was begun: run it again.")
            return turn.result()
        except BrokenExecutor:
            return None


def _usable(songs: Mapping[str, MasteringRequest], folder: Path) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    good, bad, made = {}, {}, made_here(folder)
    for name, request in songs.items():
        try:
            for path in request.local_files():
                check_upload(path)
                if path.resolve() in made:
                    raise TonnbookError(
                        f"{path.name} is a master that was made here, no song: leave it out, or name another folder for the masters"
                    )
            good[name] = request
        except TonnbookError as problem:
            bad[name] = str(problem)
    return good, bad


def _why_not(act: Callable[[], object]) -> str:
    """Return why something cannot be done, or nothing."""
    try:
        act()
    except TonnbookError as problem:
        return str(problem)
    return ""


def _is_gone(request: MasteringRequest) -> bool:
    return isinstance(request.source, Path) and not request.source.exists()


def _kept_without_its_song(wanted: Wanted, name: str, request: MasteringRequest) -> SongOrder | None:
    """Return the order of a song whose file is gone, where its master, made with these wishes, is here."""
    try:
        record = SongRecord.read(record_path(wanted.folder, name))
    except TonnbookError:
        return None  # that the song is gone is said already
    if record is None or not record.holds(wanted.folder):
        return None
    order = wanted.order(name, request, request, str(record.master_file)).of_the_song_in(record)
    return order if order.is_order_of(record) else None


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
