"""Job: a task that a server works on. `await job` in a notebook and `job.result()` in a script wait for its result.

A job continues when the cell that waits for it is interrupted: wait again with the same job, or find it by its task id.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from tonnbook.errors import JobTimeout, redacted

T = TypeVar("T")
Status = Literal["uploading", "running", "done", "failed"]

HEARTBEAT_S = 0.25
"""Waiting is done in slices of this length, so that an interrupt is noticed. On Windows a waiting lock does not notice Ctrl-C
before its timeout; and ipykernel 7 cancels an awaiting cell by a callback that does not wake an idle event loop."""


@dataclass(frozen=True)
class StillRunning:
    """Answer to a poll while the task is running."""

    message: str = ""
    progress: float | None = None
    """0 to 1; None where the server does not report it."""


class Subscription:
    """A callback for a job's changes, with the context (and so the output cell) that it was registered in."""

    def __init__(self, callback: Callable[[Job[Any]], None]) -> None:
        self.callback = callback
        self.context = contextvars.copy_context()
        self.seen = 0


class Poller(Protocol):
    """What a job needs of the thread that polls it (`tonnbook.clients.polling.JobPoller`)."""

    def resume(self, job: Job[Any]) -> None:
        """Poll again a job whose deadline has passed."""

    def notify(self) -> None:
        """Have callbacks run: a job has changed."""

    def is_this_thread(self) -> bool:
        """Return whether the caller runs in the polling thread."""


class Job(Generic[T]):
    """A task that a server works on.

    `find_again` is the call that finds the task in a later session, with `{!r}` in place of its id, as "tonn.attach({!r})"; it
    is named where waiting ends early. Empty where no call can find the task.
    """

    def __init__(
        self, name: str, begin: Begin[T], poller: Poller, *, task_id: str | None = None, find_again: str = ""
    ) -> None:
        self.name = name
        """Kind of the job: "preview mix"."""
        self._begin, self._poller = begin, poller
        self._find_again = find_again
        self._changed = threading.Condition()
        self._task_id = task_id
        self._status: Status = "running"
        self._progress: float | None = None
        self._message = ""
        self._started, self._ended = time.monotonic(), 0.0
        self._results: Sequence[T] = ()
        self._error: BaseException | None = None
        self._paused = False
        self._version = 0
        self._subscriptions: list[Subscription] = []
        self._waiting: list[Callable[[], None]] = []

    @property
    def task_id(self) -> str | None:
        """The server's id of the task; None before the server has assigned one."""
        return self._task_id

    @property
    def status(self) -> Status:
        """ "uploading", "running", "done" or "failed"."""
        return self._status

    @property
    def progress(self) -> float | None:
        """0 to 1, never decreasing; None where the server does not report it."""
        return self._progress

    @property
    def message(self) -> str:
        """One sentence: what is being done, or why the job failed."""
        return self._message

    @property
    def elapsed_s(self) -> float:
        """Seconds from the start of the job to now, or to its end."""
        return (self._ended or time.monotonic()) - self._started

    @property
    def done(self) -> bool:
        """True when the job has ended, with a result or an error."""
        return self._status in {"done", "failed"}

    def result(self, timeout: float | None = None) -> T:
        """Wait at most `timeout` seconds for the result and return it.

        Raises JobTimeout while the job is still running (it continues; call again), JobFailed or another TonnbookError when it
        failed, RuntimeError in an on_change callback. An interrupt ends the waiting, not the job.
        """
        self.check_may_wait()
        self._poller.resume(self)
        until = None if timeout is None else time.monotonic() + timeout
        try:
            with self._changed:
                while not self._wait_is_over and (left := _left(until)) > 0:
                    self._changed.wait(left)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._how_to_resume())
            raise
        return self._outcome()

    def __await__(self) -> Generator[Any, None, T]:
        return self._wait_in_loop().__await__()

    def on_change(self, callback: Callable[[Job[T]], None]) -> Callable[[], None]:
        """Have `callback(job)` called after each change; return a function that cancels this.

        Callbacks run one after another in the thread that polls the jobs, so they should be short. Several changes in quick
        succession may lead to one call. A callback that raises is reported like any exception in a thread, and not called again.
        """
        subscription = Subscription(callback)
        with self._changed:
            subscription.seen = self._version
            self._subscriptions.append(subscription)
        return lambda: self.unsubscribe(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop calling this callback. Safe to call twice."""
        with self._changed:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def __repr__(self) -> str:
        part = f" {self._progress:.0%}" if self._progress is not None and not self.done else ""
        return f"<Job {self.name} {self._task_id or '(no id yet)'}: {self._status}{part}>"

    # What follows is for the clients and the poller.

    def check_may_wait(self) -> None:
        """Raise RuntimeError where waiting for this job would deadlock: in the thread that polls it."""
        if not self.done and self._poller.is_this_thread():
            raise RuntimeError("an on_change callback cannot wait: it runs in the thread that polls the job")

    def report(
        self,
        *,
        status: Literal["uploading", "running"] | None = None,
        task_id: str | None = None,
        progress: float | None = None,
        message: str = "",
        find_again: str | None = None,
    ) -> None:
        """Update a job that has not ended. The progress is clamped to 0..1 and never decreases."""
        with self._changed:
            if self.done:
                return
            self._status = status or self._status
            self._task_id = task_id or self._task_id
            self._message = redacted(message) or self._message
            if find_again is not None:
                self._find_again = find_again
            if progress is not None:
                self._progress = max(self._progress or 0.0, min(max(progress, 0.0), 1.0))
            self._version += 1
        self._poller.notify()

    def finish(self, value: T) -> None:
        """End the job with its result, unless it has ended already."""
        self._end("done", f"{self.name} ready", value=[value])

    def fail(self, error: BaseException) -> None:
        """End the job with an error, which every call that waits for it raises, unless it has ended already."""
        self._end("failed", str(error) or type(error).__name__, error=error)

    def pause(self) -> None:
        """Make every call that waits raise JobTimeout; the task continues on the server."""
        self._paused = True
        self._wake_waiting()

    def unpause(self) -> None:
        """Allow waiting again after `pause`."""
        self._paused = False

    def begin(self) -> Poll[T]:
        """Do the first part of the job: upload, start the task. Called once, by the poller."""
        return self._begin(self)

    def pending(self) -> list[Subscription]:
        """Return the subscriptions whose callback has not been called since the latest change."""
        with self._changed:
            return [subscription for subscription in self._subscriptions if subscription.seen < self._version]

    def acknowledge(self, subscription: Subscription) -> None:
        """Record that a callback is called for the latest change."""
        with self._changed:
            subscription.seen = self._version

    @property
    def _wait_is_over(self) -> bool:
        return self.done or self._paused

    def _end(
        self,
        status: Literal["done", "failed"],
        message: str,
        value: Sequence[T] = (),
        error: BaseException | None = None,
    ) -> None:
        with self._changed:
            if self.done:
                return
            self._results, self._error = value, error
            self._status, self._message = status, redacted(message)
            self._ended = time.monotonic()
            if status == "done":
                self._progress = 1.0
            self._version += 1
        self._wake_waiting()
        self._poller.notify()

    def _wake_waiting(self) -> None:
        with self._changed:
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        for wake in waiting:
            wake()

    def _outcome(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._results:
            raise JobTimeout(f"{self!r} is still running; it was not cancelled. {self._how_to_resume()}")
        return self._results[0]

    async def _wait_in_loop(self) -> T:
        """Wait in the running event loop; the poller's thread wakes it through `call_soon_threadsafe`."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(ended.set)

        self._poller.resume(self)
        with self._changed:
            if self._wait_is_over:
                ended.set()
            else:
                self._waiting.append(wake)
        try:
            await wait_in_slices(ended)
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(self._how_to_resume())
            raise
        finally:
            with self._changed:
                if wake in self._waiting:
                    self._waiting.remove(wake)
        return self._outcome()

    def _how_to_resume(self) -> str:
        if not self._find_again:
            return "The job continues: wait again with the same job. It cannot be found again by an id."
        again = f", or {self._find_again.format(self._task_id)} finds it" if self._task_id else ""
        return f"The job continues: wait again with the same job{again}."


class JobGroup(Protocol):
    """Several jobs of one call, as a `Batch`: what a progress display needs of them."""

    @property
    def jobs(self) -> Mapping[str, Job[Any]]:
        """The jobs by name."""

    @property
    def refused(self) -> Mapping[str, str]:
        """What could not be started, with the reason, by name."""

    @property
    def done(self) -> bool:
        """True when every job has ended."""

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        """Have `callback(group)` called after each change of any job; return a function that cancels this."""


Poll = Callable[[], T | StillRunning]
"""One poll of the server: the result, or StillRunning. May be called any number of times."""

Begin = Callable[[Job[T]], Poll[T]]
"""First part of a job, in a thread of its own: upload, start the task, report its id. Returns how to poll for the result."""


async def wait_in_slices(event: asyncio.Event) -> None:
    """Wait until an event is set, waking the loop every HEARTBEAT_S so that a cancellation is noticed."""
    while not event.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), HEARTBEAT_S)


def _left(until: float | None) -> float:
    return HEARTBEAT_S if until is None else min(HEARTBEAT_S, until - time.monotonic())
