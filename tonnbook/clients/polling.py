"""JobPoller: the one thread of a client that polls its jobs and calls their callbacks.

The thread exists while there is a job to poll. User code runs in it, the callbacks of `Job.on_change`, and must not harm a
job. No exception of a callback is caught: it ends the thread, and Python reports it through `threading.excepthook` as for
every thread; before it ends, the thread starts a new one, which continues without that callback.
"""

from __future__ import annotations

import contextvars
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tonnbook.clients.http import TRANSIENT
from tonnbook.clients.jobs import Job, Poll, StillRunning, Subscription
from tonnbook.errors import ApiError, TonnbookError

_CLOSE_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class PollSettings:
    """How often and how long a job is polled."""

    first_s: float = 1.0
    """Pause after the first poll; each later one is twice as long..."""
    longest_s: float = 10.0
    """...up to this."""
    deadline_s: float = 3600.0
    """After this time waiting ends with JobTimeout; waiting again starts anew."""
    retry_for_s: float = 120.0
    """How long polls may fail before the job fails."""


@dataclass
class _JobState:
    """Polling state of one job; times are of `time.monotonic`."""

    pause_s: float
    until: float
    due: float = math.inf
    poll: Poll[Any] | None = None
    woken: bool = False
    paused: bool = False
    failing_since: float | None = None


class JobPoller:
    """Polls jobs. Thread-safe."""

    def __init__(self, settings: PollSettings | None = None) -> None:
        self._settings = settings or PollSettings()
        self._changed = threading.Condition()  # taken before a job's own lock, never while holding one
        self._jobs: dict[Job[Any], _JobState] = {}
        self._thread: threading.Thread | None = None
        self._beginning: list[threading.Thread] = []

    def start(self, job: Job[Any]) -> None:
        """Begin a job in a thread of its own (it may upload for minutes), and poll it from now on."""
        with self._changed:
            self._jobs[job] = _JobState(self._settings.first_s, time.monotonic() + self._settings.deadline_s)
            self._wake_thread()
            self._beginning = [thread for thread in self._beginning if thread.is_alive()]
            self._beginning.append(_thread(f"tonnbook {job.name}", partial(self._begin, job)))
            self._beginning[-1].start()

    def resume(self, job: Job[Any]) -> None:
        """Poll again a job whose deadline has passed; does nothing for any other."""
        with self._changed:
            state = self._jobs.get(job)
            if state is not None and state.paused:
                state.paused, state.pause_s = False, self._settings.first_s
                state.until = time.monotonic() + self._settings.deadline_s
                state.due = time.monotonic() if state.poll else math.inf
                job.unpause()
                self._wake_thread()

    def wake(self, task_id: str) -> None:
        """Poll the jobs with this task id now: a webhook has reported a change of it."""
        with self._changed:
            for job, state in self._jobs.items():
                if job.task_id == task_id:
                    state.woken = True
                    state.due = time.monotonic() if state.poll else math.inf
            self._wake_thread()

    def notify(self) -> None:
        """Have callbacks run: a job has changed."""
        with self._changed:
            self._wake_thread()

    def is_this_thread(self) -> bool:
        """Return whether the caller runs in the polling thread, which must not wait for a job."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Stop polling. Jobs that are still running fail here with an error that says so; their tasks continue on the server.

        A request that is being sent is given a second to end.
        """
        with self._changed:
            jobs, threads = list(self._jobs), [*self._beginning, *([self._thread] if self._thread else [])]
        for job in jobs:
            job.fail(TonnbookError(f"The client was closed while {job.name} was running: start it again, or attach."))
        until = time.monotonic() + _CLOSE_TIMEOUT_S
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _wake_thread(self) -> None:
        if self._thread is None and self._jobs:
            self._thread = _thread("tonnbook poller", self._run)
            self._thread.start()
        self._changed.notify()

    def _begin(self, job: Job[Any]) -> None:
        with _errors_fail(job):
            poll = job.begin()
            with self._changed:
                if (state := self._jobs.get(job)) is not None:
                    state.poll, state.due = poll, time.monotonic()
                    self._wake_thread()

    def _run(self) -> None:
        try:
            while (step := self._next_step()) is not None:
                step()
        finally:
            with self._changed:
                self._thread = None
                if not self._is_idle():
                    self._wake_thread()

    def _next_step(self) -> Callable[[], None] | None:
        """Return what to do next, waiting until there is something; None when there is no job left to poll."""
        with self._changed:
            while True:
                for job, state in list(self._jobs.items()):
                    if (step := self._step(job, state)) is not None:
                        return step
                if self._is_idle():
                    return None
                soonest = min(min(s.due, s.until) for s in self._jobs.values() if not s.paused)
                self._changed.wait(max(0.0, min(soonest - time.monotonic(), 3600.0)))

    def _step(self, job: Job[Any], state: _JobState) -> Callable[[], None] | None:
        now = time.monotonic()
        for subscription in job.pending():
            job.acknowledge(subscription)
            return partial(_call, job, subscription)
        if job.done:
            del self._jobs[job]
        elif state.due <= now:
            state.woken, state.due = False, math.inf
            return partial(self._poll, job, state)
        elif state.until <= now and not state.paused:
            state.paused, state.due = True, math.inf
            job.pause()
        return None

    def _is_idle(self) -> bool:
        return all(s.paused and s.due == math.inf and not job.done for job, s in self._jobs.items())

    def _poll(self, job: Job[Any], state: _JobState) -> None:
        assert state.poll is not None
        with _errors_fail(job):
            try:
                answer = state.poll()
            except TRANSIENT as error:
                self._schedule(state, at_least_s=self._pause_after(state, error))
                return
            state.failing_since = None
            if isinstance(answer, StillRunning):
                job.report(status="running", progress=answer.progress, message=answer.message)
                self._schedule(state)
            else:
                job.finish(answer)

    def _pause_after(self, state: _JobState, error: TonnbookError) -> float:
        """Return how long to wait at least after a failed poll; raise its error when polls have failed for too long."""
        now = time.monotonic()
        state.failing_since = state.failing_since or now
        requested = (error.retry_after_s if isinstance(error, ApiError) else None) or 0.0
        until = state.failing_since + self._settings.retry_for_s
        if now >= until or now + requested > until:
            raise error
        return requested

    def _schedule(self, state: _JobState, at_least_s: float = 0.0) -> None:
        with self._changed:
            pause = 0.0 if state.woken else math.inf if state.paused else max(state.pause_s, at_least_s)
            state.due = time.monotonic() + pause
            state.pause_s = min(2 * state.pause_s, self._settings.longest_s)


@contextmanager
def _errors_fail(job: Job[Any]) -> Iterator[None]:
    """Fail the job with any exception raised in this context, so that no caller waits for ever.

    Expected errors end here. Any other one is a bug of ours and continues to `threading.excepthook`, where it is seen.
    """
    try:
        yield
    except (TonnbookError, OSError, ValueError) as error:
        job.fail(error)
    finally:
        bug = sys.exception()
        if bug is not None:
            job.fail(bug)


def _call(job: Job[Any], subscription: Subscription) -> None:
    """Call a callback; unsubscribe it if it raises."""
    succeeded = False
    try:
        subscription.context.run(subscription.callback, job)
        succeeded = True
    finally:
        if not succeeded:
            job.unsubscribe(subscription)


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    # The context carries the cell that the thread works for; without it ipykernel 7.0 raises LookupError: shell_parent.
    return threading.Thread(name=name, target=contextvars.copy_context().run, args=(work,), daemon=True)
