"""Jobs and the thread that polls them: waiting, interrupts, callbacks that raise, time limits and deadlines."""

import _thread
import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from tonnbook.clients.jobs import Begin, Job, Poll, StillRunning
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import (
    JobFailed,
    JobTimeout,
    OutOfCredits,
    RequestRejected,
    TonnbookError,
    TooManyRequests,
    Unreachable,
)

QUICK = PollSettings(first_s=0.01, longest_s=0.02, retry_for_s=0.1)


def started(begin: Begin[Any], polling: PollSettings = QUICK, task_id: str | None = "t1") -> Job[Any]:
    poller = JobPoller(polling)
    job = Job("preview mix", begin, poller, task_id=task_id, find_again="tonn.attach({!r})")
    poller.start(job)
    return job


def asking(*answers: Any) -> Begin[Any]:
    """A task that is polled: each answer in turn, then the last one again; exceptions are raised."""
    left = list(answers)

    def ask() -> Any:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return lambda job: ask


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Set it, and a job made by `gated` is done."""
    event = threading.Event()
    yield event
    event.set()


def gated(gate: threading.Event) -> Begin[str]:
    def ask() -> str | StillRunning:
        return "the mix" if gate.is_set() else StillRunning("at work")

    return lambda job: ask


@pytest.fixture
def uncaught(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Exceptions that ended threads."""
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))
    return seen


def eventually(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    return condition()


def test_a_result_that_takes_a_while() -> None:
    job = started(asking(StillRunning(), StillRunning("at work", 0.5), "the mix"))
    assert job.result(timeout=60) == "the mix"
    assert (job.status, job.done, job.progress, job.message) == ("done", True, 1.0, "preview mix ready")
    assert job.result() == "the mix"


def test_elapsed_time_stops_at_the_end() -> None:
    job = started(asking("the mix"))
    job.result()
    before = job.elapsed_s
    time.sleep(0.02)
    assert job.elapsed_s == before < 1


def test_a_job_that_cannot_even_begin_fails_with_the_reason() -> None:
    def begin(job: Job[Any]) -> Poll[Any]:
        raise OutOfCredits(402, "/mixpreview", "no credits")

    job = started(begin, task_id=None)
    with pytest.raises(OutOfCredits, match="no credits"):
        job.result(timeout=60)
    assert (job.status, job.done) == ("failed", True)
    assert "no credits" in job.message


def test_a_failed_task_names_the_job() -> None:
    def begin(job: Job[Any]) -> Poll[Any]:
        raise JobFailed(job, "vocal.wav is silent")

    job = started(begin)
    with pytest.raises(JobFailed, match=r"preview mix t1 failed: vocal\.wav is silent") as caught:
        job.result(timeout=60)
    assert caught.value.job is job


def test_a_timeout_leaves_the_job_running(gate: threading.Event) -> None:
    job = started(gated(gate))
    with pytest.raises(JobTimeout, match=r"still running.*wait again with the same job, or tonn\.attach\('t1'\)"):
        job.result(timeout=0.05)
    assert job.status == "running"
    gate.set()
    assert job.result(timeout=60) == "the mix"


def test_past_its_deadline_a_job_is_not_polled_until_it_is_waited_for_again(gate: threading.Event) -> None:
    job = started(gated(gate), PollSettings(first_s=0.01, longest_s=0.02, deadline_s=0.15))
    with pytest.raises(JobTimeout):
        job.result()
    assert job.status == "running"
    assert eventually(lambda: not any(t.name == "tonnbook poller" for t in threading.enumerate()))
    gate.set()
    assert job.result() == "the mix"


def test_awaiting_past_the_deadline(gate: threading.Event) -> None:
    job = started(gated(gate), PollSettings(first_s=0.01, longest_s=0.02, deadline_s=0.1))

    async def main() -> str:
        with pytest.raises(JobTimeout):
            await job
        gate.set()
        return await job

    assert asyncio.run(main()) == "the mix"


def test_many_wait_in_many_ways(gate: threading.Event) -> None:
    job = started(gated(gate))

    async def three() -> list[str]:
        async def one() -> str:
            return await job

        return await asyncio.gather(one(), one(), one())

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(asyncio.run, three()), pool.submit(asyncio.run, three()), pool.submit(job.result, 3)]
        time.sleep(0.05)
        gate.set()
        assert [w.result(3) for w in waiting] == [["the mix"] * 3, ["the mix"] * 3, "the mix"]

    async def late() -> str:
        return await job

    assert asyncio.run(late()) == "the mix"


def test_a_cancelled_await_leaves_the_job_running(gate: threading.Event) -> None:
    job = started(gated(gate))

    async def main() -> str:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_as_coroutine(job), 0.05)
        gate.set()
        return await job

    assert asyncio.run(main()) == "the mix"


async def _as_coroutine(job: Job[Any]) -> Any:
    return await job


def test_the_loop_goes_on_while_a_job_is_awaited(gate: threading.Event) -> None:
    job = started(gated(gate))

    async def main() -> int:
        ticks = 0
        waiting = asyncio.ensure_future(_as_coroutine(job))
        while not waiting.done():
            ticks += 1
            if ticks == 5:
                gate.set()
            await asyncio.sleep(0.01)
        return ticks

    assert asyncio.run(main()) >= 5


def test_an_interrupt_ends_the_waiting_and_not_the_job(gate: threading.Event) -> None:
    job = started(gated(gate))
    threading.Timer(0.1, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt) as caught:
        job.result()
    assert caught.value.__notes__ == ["The job continues: wait again with the same job, or tonn.attach('t1') finds it."]
    gate.set()
    assert job.result(timeout=60) == "the mix"


def test_progress_never_falls_and_stays_between_0_and_1(gate: threading.Event) -> None:
    seen: list[float | None] = []

    def begin(job: Job[Any]) -> Poll[Any]:
        for share in (-1.0, 0.3, 0.2, None, 0.9, 7.0, 0.5):
            job.report(progress=share)
            seen.append(job.progress)
        return lambda: "the mix"

    started(begin).result(timeout=60)
    assert seen == [0.0, 0.3, 0.3, 0.3, 0.9, 1.0, 1.0]


def test_callbacks_are_called_for_changes_in_order_and_for_the_end(gate: threading.Event) -> None:
    job = started(asking(StillRunning("one", 0.1), StillRunning("two", 0.2), StillRunning("two", 0.2), "the mix"))
    seen: list[tuple[str, float | None, str]] = []
    job.on_change(lambda j: seen.append((j.status, j.progress, threading.current_thread().name)))
    job.result(timeout=60)
    assert eventually(lambda: bool(seen) and seen[-1][0] == "done")
    shares = [share or 0 for _, share, _ in seen]
    assert shares == sorted(shares)
    assert {name for *_, name in seen} == {"tonnbook poller"}


def test_an_unsubscribed_callback_is_called_no_more(gate: threading.Event) -> None:
    job = started(gated(gate))
    seen: list[str] = []
    stop = job.on_change(lambda j: seen.append(j.status))
    assert eventually(lambda: bool(seen))
    stop()
    stop()
    time.sleep(0.05)
    before = len(seen)
    gate.set()
    job.result(timeout=60)
    time.sleep(0.05)
    assert len(seen) == before


def test_a_callback_that_raises_is_reported_once_and_does_not_affect_the_job(
    gate: threading.Event, uncaught: list[BaseException | None]
) -> None:
    job = started(gated(gate))
    seen: list[str] = []
    calls: list[int] = []

    def broken(job: Job[Any]) -> None:
        calls.append(1)
        raise LookupError("the card is gone")

    job.on_change(broken)
    job.on_change(lambda j: seen.append(j.status))
    assert eventually(lambda: len(seen) > 2)
    gate.set()
    assert job.result(timeout=60) == "the mix"
    assert eventually(lambda: seen[-1] == "done")
    assert len(calls) == 1
    assert [str(problem) for problem in uncaught] == ["the card is gone"]


def test_a_callback_cannot_wait_for_its_own_job(gate: threading.Event, uncaught: list[BaseException | None]) -> None:
    job = started(gated(gate))
    job.on_change(lambda j: j.result())
    assert eventually(lambda: len(uncaught) == 1)
    assert "cannot wait" in str(uncaught[0])
    gate.set()
    assert job.result(timeout=60) == "the mix"


def test_a_bug_fails_the_job_and_is_reported(uncaught: list[BaseException | None], gate: threading.Event) -> None:
    poller = JobPoller(QUICK)
    broken = Job("preview mix", asking(StillRunning(), TypeError("a fault")), poller)
    sound = Job("preview mix", gated(gate), poller)
    poller.start(broken)
    poller.start(sound)
    with pytest.raises(TypeError, match="a fault"):
        broken.result(timeout=60)
    gate.set()
    assert sound.result(timeout=60) == "the mix"
    assert eventually(lambda: [str(problem) for problem in uncaught] == ["a fault"])


def test_a_poll_without_an_answer_is_repeated() -> None:
    job = started(asking(Unreachable("gone"), TooManyRequests(429, "/x", "slow down"), "the mix"))
    assert job.result(timeout=60) == "the mix"


def test_polls_of_an_unreachable_server_end_after_their_time_limit() -> None:
    job = started(asking(Unreachable("the server is gone")))
    with pytest.raises(Unreachable, match="the server is gone"):
        job.result(timeout=60)
    assert job.elapsed_s >= 0.1


def test_a_permanent_error_ends_the_job_at_once() -> None:
    job = started(asking(RequestRejected(400, "/x", "no such field")), PollSettings(retry_for_s=60))
    with pytest.raises(RequestRejected):
        job.result(timeout=60)


def test_the_server_may_ask_for_a_longer_pause() -> None:
    busy = TooManyRequests(429, "/x", "slow down")
    busy.retry_after_s = 0.3
    job = started(asking(busy, "the mix"), PollSettings(first_s=0.01, retry_for_s=60))
    job.result(timeout=60)
    assert job.elapsed_s >= 0.3


def test_a_pause_beyond_the_time_limit_ends_the_job_at_once() -> None:
    busy = TooManyRequests(429, "/x", "slow down")
    busy.retry_after_s = 86_400.0
    job = started(asking(busy, "the mix"), PollSettings(first_s=0.01, retry_for_s=60))
    with pytest.raises(TooManyRequests, match="this one was refused"):
        job.result(timeout=60)


def test_polls_come_at_growing_intervals() -> None:
    polls: list[float] = []

    def ask() -> str | StillRunning:
        polls.append(time.monotonic())
        return "the mix" if len(polls) == 6 else StillRunning()

    started(lambda job: ask, PollSettings(first_s=0.02, longest_s=0.1)).result(timeout=60)
    gaps = [b - a for a, b in pairwise(polls)]
    for gap, least in zip(gaps, [0.02, 0.04, 0.08, 0.1, 0.1], strict=True):
        assert least * 0.95 <= gap < least + 1


def test_waking_a_task_polls_at_once(gate: threading.Event) -> None:
    poller = JobPoller(PollSettings(first_s=3600))
    job = Job("preview mix", gated(gate), poller, task_id="t1")
    poller.start(job)
    assert eventually(lambda: job.message == "at work")
    gate.set()
    poller.wake("another task")
    with pytest.raises(JobTimeout):
        job.result(timeout=0.1)
    poller.wake("t1")
    assert job.result(timeout=60) == "the mix"


def test_a_webhook_during_a_poll_is_not_lost() -> None:
    poller = JobPoller(PollSettings(first_s=3600))
    polls: list[int] = []

    def ask() -> str | StillRunning:
        polls.append(1)
        if len(polls) == 1:
            poller.wake("t1")  # the task ends after this question was answered and before we are back from it
            return StillRunning()
        return "the mix"

    job = Job("preview mix", lambda job: ask, poller, task_id="t1")
    poller.start(job)
    assert job.result(timeout=60) == "the mix"


def test_one_thread_polls_all_jobs_and_ends_when_they_are_done(gate: threading.Event) -> None:
    poller = JobPoller(QUICK)
    jobs = [Job("preview mix", gated(gate), poller, task_id=f"t{n}") for n in range(5)]
    for job in jobs:
        poller.start(job)
    assert eventually(lambda: all(job.message == "at work" for job in jobs))
    assert sum(t.name.startswith("tonnbook") for t in threading.enumerate()) == 1
    gate.set()
    assert [job.result(timeout=60) for job in jobs] == ["the mix"] * 5
    assert eventually(lambda: not any(t.name.startswith("tonnbook") for t in threading.enumerate()))


def test_closing_the_client_fails_its_jobs(gate: threading.Event) -> None:
    poller = JobPoller(QUICK)
    job = Job("preview mix", gated(gate), poller, task_id="t1")
    poller.start(job)
    poller.close()
    with pytest.raises(TonnbookError, match="client was closed while preview mix was running"):
        job.result(timeout=60)


def test_the_repr_shows_id_status_and_progress(gate: threading.Event) -> None:
    def begin(job: Job[Any]) -> Poll[Any]:
        job.report(progress=0.4)
        gate.wait(3)
        return lambda: "the mix"

    job = started(begin, task_id=None)
    assert eventually(lambda: repr(job) == "<Job preview mix (no id yet): running 40%>")
    job.report(task_id="abc")
    gate.set()
    job.result(timeout=60)
    assert repr(job) == "<Job preview mix abc: done>"


def test_asking_for_pending_callbacks_changes_nothing(gate: threading.Event) -> None:
    job = Job("preview mix", gated(gate), JobPoller(QUICK))
    job.on_change(lambda j: None)
    job.report(progress=0.1)
    assert len(job.pending()) == len(job.pending()) == 1
    job.acknowledge(job.pending()[0])
    assert job.pending() == []


def test_a_job_that_no_call_can_find_again_says_so(gate: threading.Event) -> None:
    poller = JobPoller(QUICK)
    job = Job("final mix", gated(gate), poller, task_id="t1")
    poller.start(job)
    with pytest.raises(JobTimeout, match=r"wait again with the same job\. It cannot be found again by an id"):
        job.result(timeout=0.05)
