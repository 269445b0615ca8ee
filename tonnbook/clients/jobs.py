"""A job: something a server is busy with for us. `await job` in a notebook and `job.result()` in a script wait for it.

A job goes on when the cell that waits for it is interrupted: wait again with the same job, or find it by its task id.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from tonnbook.errors import JobTimeout, redacted

if TYPE_CHECKING:
    from tonnbook.clients.polling import JobPoller

T = TypeVar("T")
Status = Literal["uploading", "running", "done", "failed"]

_HEARTBEAT_S = 0.25
"""Waiting is done in slices, so that an interrupt is seen. A lock on Windows does not see Ctrl-C before its time is up; and
ipykernel 7 cancels an awaiting cell by a callback that does not wake a loop with nothing else to do."""


@dataclass(frozen=True)
class StillRunning:
    """What asking a server brings while it is at work."""

    message: str = ""
    progress: float | None = None
    """0 to 1, where the server tells."""


class Subscription:
    """A callback that wants to hear of a job's changes, with the context (and so the output cell) it was given in."""

    def __init__(self, callback: Callable[[Job[Any]], None]) -> None:
        self.callback = callback
        self.context = contextvars.copy_context()
        self.seen = 0


class Job(Generic[T]):
    """Something a server is busy with for us."""

    def __init__(self, name: str, begin: Begin[T], poller: JobPoller, *, task_id: str | None = None) -> None:
        self.name = name
        """What the job does, in words: "preview mix"."""
        self._begin, self._poller = begin, poller
        self._changed = threading.Condition()
        self._task_id = task_id
        self._status: Status = "running"
        self._progress: float | None = None
        self._message = ""
        self._born, self._ended = time.monotonic(), 0.0
        self._results: Sequence[T] = ()
        self._problem: BaseException | None = None
        self._paused = False
        self._version = 0
        self._subscriptions: list[Subscription] = []
        self._arrivals: list[Callable[[], None]] = []

    @property
    def task_id(self) -> str | None:
        """The server's id, as soon as it has given one; `attach(task_id)` finds the task again."""
        return self._task_id

    @property
    def status(self) -> Status:
        """ "uploading", "running", "done" or "failed"."""
        return self._status

    @property
    def progress(self) -> float | None:
        """0 to 1, never falling; None where the server does not tell."""
        return self._progress

    @property
    def message(self) -> str:
        """What is being done, or what went wrong, in one sentence."""
        return self._message

    @property
    def elapsed_s(self) -> float:
        """Seconds since the job was started; stands still when it has ended."""
        return (self._ended or time.monotonic()) - self._born

    @property
    def done(self) -> bool:
        """True when the job has ended, well or not."""
        return self._status in {"done", "failed"}

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result, at most `timeout` seconds.

        Raises JobTimeout while the job is still running (it goes on; ask again), JobFailed or another error of the tree when
        it went wrong. An interrupt ends the waiting only.
        """
        if not self.done and self._poller.is_this_thread():
            raise RuntimeError("an on_change callback cannot wait: it runs in the thread that watches the job")
        self._poller.resume(self)
        until = None if timeout is None else time.monotonic() + timeout
        try:
            with self._changed:
                while not self._settled and (left := _left(until)) > 0:
                    self._changed.wait(left)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._how_to_return())
            raise
        return self._outcome()

    def __await__(self) -> Generator[Any, None, T]:
        return self._arrival().__await__()

    def on_change(self, callback: Callable[[Job[T]], None]) -> Callable[[], None]:
        """Have `callback(job)` called after each change; return a function that ends this.

        Callbacks run one after another in the thread that watches the jobs, so they should be short. Several changes in quick
        succession may be told at once. A callback that raises is reported like any exception in a thread, and not called again.
        """
        subscription = Subscription(callback)
        with self._changed:
            subscription.seen = self._version
            self._subscriptions.append(subscription)
        return lambda: self.unsubscribe(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Call this callback no more. Safe to call twice."""
        with self._changed:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def __repr__(self) -> str:
        part = f" {self._progress:.0%}" if self._progress is not None and not self.done else ""
        return f"<Job {self.name} {self._task_id or '(no id yet)'}: {self._status}{part}>"

    # What follows is for the client and the poller; a person who waits for a mix needs none of it.

    def report(
        self,
        *,
        status: Literal["uploading", "running"] | None = None,
        task_id: str | None = None,
        progress: float | None = None,
        message: str = "",
    ) -> None:
        """Note what is known of a job that has not ended. The progress is clamped to 0..1 and never falls."""
        with self._changed:
            if self.done:
                return
            self._status = status or self._status
            self._task_id = task_id or self._task_id
            self._message = redacted(message) or self._message
            if progress is not None:
                self._progress = max(self._progress or 0.0, min(max(progress, 0.0), 1.0))
            self._version += 1
        self._poller.news()

    def finish(self, value: T) -> None:
        """End the job with its result, unless it has ended already."""
        self._settle("done", f"{self.name} ready", value=[value])

    def fail(self, problem: BaseException) -> None:
        """End the job with an error, to be raised wherever it is waited for, unless it has ended already."""
        self._settle("failed", str(problem) or type(problem).__name__, problem=problem)

    def pause(self) -> None:
        """Let everybody stop waiting with JobTimeout; the task goes on at the server."""
        self._paused = True
        self._release()

    def unpause(self) -> None:
        """Take up waiting again after `pause`."""
        self._paused = False

    def begin(self) -> Ask[T]:
        """Do the job's first part: upload, start the task. Called once, by the poller."""
        return self._begin(self)

    def untold(self) -> list[Subscription]:
        """Return the subscriptions that do not know the latest change yet, and take it that they are told now."""
        with self._changed:
            waiting = [s for s in self._subscriptions if s.seen < self._version]
            for subscription in waiting[:1]:
                subscription.seen = self._version
        return waiting[:1]

    @property
    def _settled(self) -> bool:
        return self.done or self._paused

    def _settle(
        self,
        status: Literal["done", "failed"],
        message: str,
        value: Sequence[T] = (),
        problem: BaseException | None = None,
    ) -> None:
        with self._changed:
            if self.done:
                return
            self._results, self._problem = value, problem
            self._status, self._message = status, redacted(message)
            self._ended = time.monotonic()
            if status == "done":
                self._progress = 1.0
            self._version += 1
        self._release()
        self._poller.news()

    def _release(self) -> None:
        with self._changed:
            arrivals, self._arrivals = self._arrivals, []
            self._changed.notify_all()
        for arrived in arrivals:
            arrived()

    def _outcome(self) -> T:
        if self._problem is not None:
            raise self._problem
        if not self._results:
            raise JobTimeout(f"{self!r} is still running; it was not cancelled. {self._how_to_return()}")
        return self._results[0]

    async def _arrival(self) -> T:
        """Wait in whatever loop is running; the poller's thread rings through `call_soon_threadsafe`."""
        loop = asyncio.get_running_loop()
        arrived = asyncio.Event()

        def ring() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.set)

        self._poller.resume(self)
        with self._changed:
            if self._settled:
                arrived.set()
            else:
                self._arrivals.append(ring)
        try:
            while not arrived.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(arrived.wait(), _HEARTBEAT_S)
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(self._how_to_return())
            raise
        finally:
            with self._changed:
                if ring in self._arrivals:
                    self._arrivals.remove(ring)
        return self._outcome()

    def _how_to_return(self) -> str:
        again = f", or tonn.attach({self._task_id!r}) finds it" if self._task_id else ""
        return f"The job goes on: wait again with the same job{again}."


Ask = Callable[[], T | StillRunning]
"""One question to the server: the result, or StillRunning. May be asked again and again."""

Begin = Callable[[Job[T]], Ask[T]]
"""What a job does first, in a thread of its own: upload, start the task, note its id; it returns how to ask for the result."""


def _left(until: float | None) -> float:
    return _HEARTBEAT_S if until is None else min(_HEARTBEAT_S, until - time.monotonic())
