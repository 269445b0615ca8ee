"""The one thread that watches the jobs of a client: it asks the server, spreads the news, and rests in between.

It lives while there is something to watch and no longer. Foreign code runs in it, the callbacks of `Job.on_change`, and that
must not harm a job. Nothing is caught to that end: a callback's exception ends the thread, and Python reports it through
`threading.excepthook` as it does for every thread; the thread's last act is to start its successor, which goes on without
that callback.
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
from tonnbook.clients.jobs import Ask, Job, StillRunning, Subscription
from tonnbook.errors import ApiError, TonnbookError

_FAREWELL_S = 1.0


@dataclass(frozen=True)
class PollSettings:
    """How often and how long a job is asked after."""

    first_s: float = 1.0
    """Pause after the first question; each later one is twice as long..."""
    longest_s: float = 10.0
    """...up to this."""
    deadline_s: float = 3600.0
    """After so long, waiting ends with JobTimeout; waiting again begins anew."""
    retry_for_s: float = 120.0
    """How long questions may go without an answer before the job is given up."""


@dataclass
class _Watch:
    """Where the watching of one job stands; times are of `time.monotonic`."""

    pause_s: float
    until: float
    due: float = math.inf
    ask: Ask[Any] | None = None
    woken: bool = False
    paused: bool = False
    silent_since: float | None = None


class JobPoller:
    """Watches jobs. Thread-safe."""

    def __init__(self, polling: PollSettings | None = None) -> None:
        self._polling = polling or PollSettings()
        self._state = threading.Condition()  # taken before a job's own lock, never while holding one
        self._watched: dict[Job[Any], _Watch] = {}
        self._thread: threading.Thread | None = None
        self._beginning: list[threading.Thread] = []

    def start(self, job: Job[Any]) -> None:
        """Begin a job in a thread of its own (it may upload for minutes), and watch it from now on."""
        with self._state:
            self._watched[job] = _Watch(self._polling.first_s, time.monotonic() + self._polling.deadline_s)
            self._stir()
            self._beginning = [thread for thread in self._beginning if thread.is_alive()]
            self._beginning.append(_thread(f"tonnbook {job.name}", partial(self._begin, job)))
            self._beginning[-1].start()

    def resume(self, job: Job[Any]) -> None:
        """Watch a job again whose deadline has passed; nothing to do for any other."""
        with self._state:
            watch = self._watched.get(job)
            if watch is not None and watch.paused:
                watch.paused, watch.pause_s = False, self._polling.first_s
                watch.until = time.monotonic() + self._polling.deadline_s
                watch.due = time.monotonic() if watch.ask else math.inf
                job.unpause()
                self._stir()

    def wake(self, task_id: str) -> None:
        """Ask after the jobs with this task id now: somebody says that there is news of it."""
        with self._state:
            for job, watch in self._watched.items():
                if job.task_id == task_id:
                    watch.woken = True
                    watch.due = time.monotonic() if watch.ask else math.inf
            self._stir()

    def news(self) -> None:
        """Have callbacks told: a job has changed."""
        with self._state:
            self._stir()

    def is_this_thread(self) -> bool:
        """Tell whether the caller runs in the watching thread, which must not wait for a job."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Stop watching. Jobs that still run fail here with an error that says so; their tasks go on at the server.

        A request that is on its way is given a moment to end.
        """
        with self._state:
            jobs, threads = list(self._watched), [*self._beginning, *([self._thread] if self._thread else [])]
        for job in jobs:
            job.fail(TonnbookError(f"The client was closed while {job.name} was running: start it again, or attach."))
        until = time.monotonic() + _FAREWELL_S
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _stir(self) -> None:
        if self._thread is None and self._watched:
            self._thread = _thread("tonnbook poller", self._watch)
            self._thread.start()
        self._state.notify()

    def _begin(self, job: Job[Any]) -> None:
        with _outcome_of(job):
            ask = job.begin()
            with self._state:
                if (watch := self._watched.get(job)) is not None:
                    watch.ask, watch.due = ask, time.monotonic()
                    self._stir()

    def _watch(self) -> None:
        try:
            while (turn := self._next_turn()) is not None:
                turn()
        finally:
            with self._state:
                self._thread = None
                if not self._at_rest():
                    self._stir()

    def _next_turn(self) -> Callable[[], None] | None:
        """Return what to do next, waiting until there is something; None when nothing is left to watch."""
        with self._state:
            while True:
                for job, watch in list(self._watched.items()):
                    if (turn := self._turn(job, watch)) is not None:
                        return turn
                if self._at_rest():
                    return None
                soonest = min(min(w.due, w.until) for w in self._watched.values() if not w.paused)
                self._state.wait(max(0.0, min(soonest - time.monotonic(), 3600.0)))

    def _turn(self, job: Job[Any], watch: _Watch) -> Callable[[], None] | None:
        now = time.monotonic()
        for subscription in job.untold():
            return partial(_tell, job, subscription)
        if job.done:
            del self._watched[job]
        elif watch.due <= now:
            watch.woken, watch.due = False, math.inf
            return partial(self._ask, job, watch)
        elif watch.until <= now and not watch.paused:
            watch.paused, watch.due = True, math.inf
            job.pause()
        return None

    def _at_rest(self) -> bool:
        return all(w.paused and w.due == math.inf and not job.done for job, w in self._watched.items())

    def _ask(self, job: Job[Any], watch: _Watch) -> None:
        assert watch.ask is not None
        with _outcome_of(job):
            try:
                answer = watch.ask()
            except TRANSIENT as problem:
                self._ask_again(watch, at_least=self._bear(watch, problem))
                return
            watch.silent_since = None
            if isinstance(answer, StillRunning):
                job.report(status="running", progress=answer.progress, message=answer.message)
                self._ask_again(watch)
            else:
                job.finish(answer)

    def _bear(self, watch: _Watch, problem: TonnbookError) -> float:
        """Return how long to wait after a question that found no answer; raise its error when patience is at an end."""
        now = time.monotonic()
        watch.silent_since = watch.silent_since or now
        if now - watch.silent_since >= self._polling.retry_for_s:
            raise problem
        return (problem.retry_after_s if isinstance(problem, ApiError) else None) or 0.0

    def _ask_again(self, watch: _Watch, at_least: float = 0.0) -> None:
        with self._state:
            pause = 0.0 if watch.woken else math.inf if watch.paused else max(watch.pause_s, at_least)
            watch.due = time.monotonic() + pause
            watch.pause_s = min(2 * watch.pause_s, self._polling.longest_s)


@contextmanager
def _outcome_of(job: Job[Any]) -> Iterator[None]:
    """Make whatever goes wrong in here the job's outcome, so that nobody waits for ever.

    What is to be expected ends here. A fault of our own goes on to `threading.excepthook` too, to be seen by all.
    """
    try:
        yield
    except (TonnbookError, OSError, ValueError) as problem:
        job.fail(problem)
    finally:
        fault = sys.exception()
        if fault is not None:
            job.fail(fault)


def _tell(job: Job[Any], subscription: Subscription) -> None:
    told = False
    try:
        subscription.context.run(subscription.callback, job)
        told = True
    finally:
        if not told:
            job.unsubscribe(subscription)


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    # The context carries the cell that the thread works for; without it ipykernel 7.0 raises LookupError: shell_parent.
    return threading.Thread(name=name, target=contextvars.copy_context().run, args=(work,), daemon=True)
