"""Tasks: what the studio works at while clients come and go.

Each task runs in a light thread of its own, which fetches and waits; its heavy part takes its turn on one executor, so that
one render at a time has the processor. Nothing here depends on the connection that asked for the task.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, wait
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

from tonnbook.errors import TonnbookError
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


LIGHT_THREADS = 8


class Closing(TonnbookError):
    """The studio is being closed; raised out of `progress` so that a running render ends soon."""


class Meter:
    """How far a task is. Progress never goes back."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self.at: tuple[float, str] = (0.0, "waiting for its turn")

    def report(self, share: float, stage: str) -> None:
        """Note progress; raises Closing when the studio is being closed."""
        if self._closing.is_set():
            raise Closing("the studio was closed")
        self.at = (min(1.0, max(self.at[0], share)), stage)


class Task(Generic[T]):
    """One piece of work, from its place in the queue to its end."""

    def __init__(self, future: Future[T], meter: Meter) -> None:
        self._meter = meter
        self.future = future
        self.ended_at: float | None = None
        """When it ended, in seconds since 1970."""

    @property
    def running(self) -> bool:
        """Whether it is still waiting or working."""
        return not self.future.done()

    @property
    def progress(self) -> float:
        """Share of the work that is done, 0 to 1."""
        return self._meter.at[0]

    @property
    def stage(self) -> str:
        """What is being done, in a short sentence."""
        return self._meter.at[1]

    @property
    def failure(self) -> str | None:
        """Why it failed, in a sentence; None for a task that runs or is done."""
        return None if self.running else self._failure

    @cached_property
    def _failure(self) -> str | None:
        error = CancelledError() if self.future.cancelled() else self.future.exception()
        return reason(error) if error else None


class Worker:
    """Runs tasks and keeps heavy work to one at a time.

    Any `executor` of `concurrent.futures` whose workers share this process's memory can do the heavy part; one that was
    handed in is left open at close.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float], executor: Executor | None = None) -> None:
        self._limits = limits
        self._clock = clock
        self._light = DaemonThreads(LIGHT_THREADS, "studio-task")
        self._own = DaemonThreads(1, "studio-heavy")
        self._preparing = DaemonThreads(1, "studio-preparing")
        self._prepared: list[Future[object]] = []
        self._heavy: Executor = executor or self._own
        self._lock = threading.Lock()
        self._unfinished: list[Task[Any]] = []
        self._turns: set[Future[Any]] = set()
        self._closing = threading.Event()

    def start(self, work: Callable[[Progress], T], then: Callable[[Task[T]], None]) -> Task[T]:
        """Queue `work`; call `then` with the task when it has ended, well or not. Raises HttpError 429 when too much waits."""
        with self._lock:
            self._unfinished = [task for task in self._unfinished if task.running]
            if len(self._unfinished) >= self._limits.unfinished_tasks:
                text = f"{len(self._unfinished)} tasks are waiting or running already; try again when one has ended"
                raise HttpError(429, text, {"Retry-After": "5"})
            meter = Meter(self._closing)
            task = Task(self._light.submit(self._run, work, meter.report), meter)
            self._unfinished.append(task)
        task.future.add_done_callback(lambda _: self._ended(task, then))
        return task

    def _run(self, work: Callable[[Progress], T], progress: Progress) -> T:
        wait(self._prepared)
        return work(progress)

    def _ended(self, task: Task[T], then: Callable[[Task[T]], None]) -> None:
        task.ended_at = self._clock()
        then(task)

    def beside(self, light: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Prepare something in the background, one thing after the other; tasks begin when it is done.

        Engines are loaded so: two threads that import what depends on each other may see half a module.
        """
        self._prepared.append(self._preparing.submit(light, *args, **kwargs))

    def in_turn(self, heavy: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `heavy` when its turn has come, and return what it returns. Called from within a task."""
        try:
            turn = self._heavy.submit(heavy, *args, **kwargs)
        except RuntimeError:
            if self._closing.is_set():  # the studio was closed on the way here
                raise CancelledError from None
            raise
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        if self._closing.is_set():
            turn.cancel()
        return turn.result()

    def close(self, wait_s: float = 0.0) -> None:
        """End what runs at its next report of progress, and cancel what waits; give it `wait_s` seconds to end."""
        self._closing.set()
        for turn in tuple(self._turns):
            turn.cancel()
        self._light.shutdown(wait=False, cancel_futures=True)
        self._own.shutdown(wait=False, cancel_futures=True)
        self._preparing.shutdown(wait=False, cancel_futures=True)
        wait([task.future for task in self._unfinished], wait_s)


def reason(error: BaseException) -> str:
    """Return why a task failed, in a sentence without paths, links or values."""
    match error:
        case TonnbookError():
            return str(error)
        case CancelledError():
            return "the studio was closed"
        case MemoryError():
            return "the studio ran out of memory; fewer or shorter tracks need less"
        case OSError(strerror=str(words)):
            return f"the studio could not write or read its files: {words}"
    # Source lines only: an exception's own text may hold a signed link.
    log.error("a task failed with %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return f"the studio failed on its own side ({type(error).__name__}); please report it with the request"
