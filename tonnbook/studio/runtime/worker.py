"""Tasks and the worker that runs them.

Each task runs in a thread of its own, in which it downloads its sources and waits. Its computation is submitted to one executor, by
default a single thread, so that one render at a time has the processor. A task does not depend on the connection of its request.
"""

from __future__ import annotations

import errno
import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, wait
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

from tonnbook.errors import TonnbookError
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.admission import check_task_count
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TASK_THREADS = 8


class StudioClosed(TonnbookError):
    """The studio is being closed; raised from the progress callback, which ends a running render."""


class TaskProgress:
    """The progress of a task: a fraction that never decreases, and a message."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self.state: tuple[float, str] = (0.0, "waiting for its turn")

    def report(self, fraction: float, message: str) -> None:
        """Store the progress; raises StudioClosed when the studio is being closed."""
        if self._closing.is_set():
            raise StudioClosed("the studio was closed")
        self.state = (min(1.0, max(self.state[0], fraction)), message)


class Task(Generic[T]):
    """One piece of work, from the queue to its end."""

    def __init__(self, future: Future[T], progress: TaskProgress) -> None:
        self._progress = progress
        self.future = future
        self.ended_at: float | None = None
        """When it ended, in seconds since 1970."""

    @property
    def running(self) -> bool:
        """Whether it is waiting or running."""
        return not self.future.done()

    @property
    def progress(self) -> float:
        """Fraction of the work that is done, 0 to 1."""
        return self._progress.state[0]

    @property
    def stage(self) -> str:
        """What is being done, as a short message."""
        return self._progress.state[1]

    @property
    def failure(self) -> str | None:
        """Why it failed, as a sentence; None for a task that is running or has succeeded."""
        return None if self.running else self._failure

    @cached_property
    def _failure(self) -> str | None:
        error = CancelledError() if self.future.cancelled() else self.future.exception()
        return failure_message(error) if error else None


class Worker:
    """Runs tasks in threads, and their computation on one executor.

    The executor can be any of `concurrent.futures` whose workers share this process's memory; one that is given is not shut down
    by `close`.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float], executor: Executor | None = None) -> None:
        self._limits = limits
        self._clock = clock
        self._task_threads = DaemonThreads(TASK_THREADS, "studio-task")
        self._compute_thread = DaemonThreads(1, "studio-compute")
        self._preload_thread = DaemonThreads(1, "studio-preload")
        self._preloads: list[Future[object]] = []
        self._executor: Executor = executor or self._compute_thread
        self._lock = threading.Lock()
        self._unfinished: list[Task[Any]] = []
        self._computations: set[Future[Any]] = set()
        self._closing = threading.Event()

    def start(self, work: Callable[[Progress], T], on_end: Callable[[Task[T]], None]) -> Task[T]:
        """Start a task; call `on_end` with it when it has succeeded or failed. Raises HttpError 429 if too many are unfinished."""
        with self._lock:
            self._unfinished = [task for task in self._unfinished if task.running]
            check_task_count(len(self._unfinished), self._limits)
            progress = TaskProgress(self._closing)
            task = Task(self._task_threads.submit(self._run, work, progress.report), progress)
            self._unfinished.append(task)
        task.future.add_done_callback(lambda _: self._end(task, on_end))
        return task

    def _run(self, work: Callable[[Progress], T], progress: Progress) -> T:
        wait(self._preloads)
        return work(progress)

    def _end(self, task: Task[T], on_end: Callable[[Task[T]], None]) -> None:
        task.ended_at = self._clock()
        _ = task.failure  # computed now, as the log shows where the error was raised
        if not task.future.cancelled() and (error := task.future.exception()) is not None:
            release_frames(error)
        on_end(task)

    def preload(self, load: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call `load` in the background, one call after the other; tasks begin when all are done.

        Engines are imported this way: two threads that import modules which depend on each other may get partly initialised ones.
        """
        self._preloads.append(self._preload_thread.submit(load, *args, **kwargs))

    def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` on the executor, after the computations submitted before; wait, and return its result.

        To be called from a task.
        """
        try:
            computation = self._executor.submit(function, *args, **kwargs)
        except RuntimeError:
            if self._closing.is_set():  # closed since the task was started
                raise CancelledError from None
            raise
        self._computations.add(computation)
        computation.add_done_callback(self._computations.discard)
        if self._closing.is_set():
            computation.cancel()
        return computation.result()

    def close(self, wait_s: float = 0.0) -> None:
        """Cancel what is queued, end running tasks at their next report of progress, and wait up to `wait_s` seconds for them."""
        self._closing.set()
        for computation in tuple(self._computations):
            computation.cancel()
        for threads in (self._task_threads, self._compute_thread, self._preload_thread):
            threads.shutdown(wait=False, cancel_futures=True)
        wait([task.future for task in self._unfinished], wait_s)


def release_frames(error: BaseException) -> None:
    """Drop the tracebacks of an error and of its causes: their frames hold arrays and connections for as long as the error is kept."""
    chain: BaseException | None = error
    while chain is not None and chain.__traceback__ is not None:
        chain.__traceback__, chain = None, chain.__cause__ or chain.__context__


def failure_message(error: BaseException) -> str:
    """Return why a task failed, as a sentence without paths, links or values."""
    match error:
        case TonnbookError():
            return str(error)
        case CancelledError():
            return "the studio was closed"
        case MemoryError():
            return "the studio ran out of memory; fewer or shorter tracks need less"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return "the disk of the studio's folder is full; free some space there, then ask again"
        case OSError(strerror=str(words)):
            return f"the studio could not write or read its files: {words}"
    # Source lines only: the text of an exception may contain a signed link.
    log.error("a task failed with %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return f"the studio failed with an internal error ({type(error).__name__}); please report it with the request"
