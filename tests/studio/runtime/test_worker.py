from __future__ import annotations

import errno
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from outside import HeldExecutor

from tonnbook.errors import AudioError
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.threads import DaemonThreads
from tonnbook.studio.runtime.worker import Task, Worker, failure_message

START = Callable[..., Task[Any]]


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker(Limits(), time.time)
    yield made
    made.close()


def run(worker: Worker, work: Callable[[Progress], Any]) -> Task[Any]:
    """Start a task and wait until its callback has been called."""
    ended = threading.Event()
    task = worker.start(work, lambda _: ended.set())
    assert ended.wait(10)
    return task


def test_a_task_ends_with_its_result(worker: Worker) -> None:
    task = run(worker, lambda progress: "mix")
    assert (task.running, task.failure, task.future.result()) == (False, None, "mix")
    assert task.ended_at is not None


def test_computations_run_one_at_a_time(worker: Worker) -> None:
    running, most, order = [0], [0], []

    def compute(n: int) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        order.append(n)
        time.sleep(0.005)
        running[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        computations = [pool.submit(worker.compute, compute, n) for n in range(6)]
        for computation in computations:
            computation.result(10)
    assert most == [1]
    assert sorted(order) == list(range(6))


def test_a_task_that_does_not_compute_runs_beside_one_that_does(worker: Worker) -> None:
    gate = threading.Event()
    busy = worker.start(lambda progress: worker.compute(gate.wait, 10), lambda _: None)
    assert run(worker, lambda progress: "downloaded").future.result() == "downloaded"
    assert busy.running
    gate.set()
    assert busy.future.result(10) is True


def test_tasks_begin_when_the_engines_are_loaded(worker: Worker) -> None:
    order: list[str] = []
    gate = threading.Event()

    def load(name: str) -> None:
        gate.wait(10)
        order.append(name)

    for name in ("mix engine", "mastering engine"):
        worker.preload(load, name)
    task = worker.start(lambda progress: order.append("task"), lambda _: None)
    gate.set()
    task.future.result(10)
    assert order == ["mix engine", "mastering engine", "task"]


def test_progress_never_decreases(worker: Worker) -> None:
    seen = []

    def work(progress: Progress) -> None:
        for share, stage in ((0.2, "a"), (0.1, "b"), (0.9, "c"), (7.0, "d")):
            progress(share, stage)
            seen.append((task_holder[0].progress, task_holder[0].stage))

    task_holder: list[Task[None]] = []
    ready = threading.Event()

    def waiting(progress: Progress) -> None:
        ready.wait(10)
        work(progress)

    task = worker.start(waiting, lambda _: None)
    assert (task.progress, task.stage) == (0.0, "waiting for its turn")
    task_holder.append(task)
    ready.set()
    task.future.result(10)
    assert seen == [(0.2, "a"), (0.2, "b"), (0.9, "c"), (1.0, "d")]


def test_a_part_of_the_progress() -> None:
    seen: list[tuple[float, str]] = []
    part(lambda share, stage: seen.append((share, stage)), 0.1, 1.0)(0.5, "mixing")
    assert seen == [(pytest.approx(0.55), "mixing")]


def fail(error: BaseException) -> Callable[[Progress], None]:
    def work(progress: Progress) -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AudioError("vocal.wav is silent"), "vocal.wav is silent"),
        (MemoryError(), "ran out of memory"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/tmp/secret/path"),
            "disk of the studio's folder is full; free",
        ),
        (OSError(errno.EIO, "Input/output error", "/tmp/secret/path"), "Input/output error"),
    ],
)
def test_the_failure_of_a_task_is_a_sentence_without_paths(worker: Worker, error: BaseException, words: str) -> None:
    task = run(worker, fail(error))
    assert task.failure is not None
    assert words in task.failure
    assert "/tmp" not in task.failure


def test_an_internal_error_is_reported_without_its_text(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    task = run(worker, fail(KeyError("http://h/x?signature=c0ffee")))
    assert "KeyError" in str(task.failure)
    assert "c0ffee" not in str(task.failure) + caplog.text
    assert "raise error" in caplog.text  # where it happened can be read in the log


def test_a_failed_task_does_not_affect_the_next(worker: Worker) -> None:
    run(worker, fail(AudioError("vocal.wav is silent")))
    assert run(worker, lambda progress: worker.compute(lambda: "mix")).future.result() == "mix"


def test_too_many_unfinished_tasks_are_refused() -> None:
    worker, gate = Worker(Limits(unfinished_tasks=2), time.time), threading.Event()
    tasks = [worker.start(lambda progress: gate.wait(10), lambda _: None) for _ in range(2)]
    with pytest.raises(HttpError, match="2 tasks are waiting") as http_error:
        worker.start(lambda progress: None, lambda _: None)
    assert http_error.value.status == 429
    assert "Retry-After" in http_error.value.headers
    gate.set()
    for task in tasks:
        task.future.result(10)
    run(worker, lambda progress: None)
    worker.close()


def test_close_ends_running_tasks_and_cancels_waiting_ones() -> None:
    worker, began, closed = Worker(Limits(), time.time), threading.Event(), threading.Event()

    def compute(progress: Progress) -> None:
        began.set()
        closed.wait(10)
        progress(0.5, "mixing")

    running = worker.start(lambda progress: worker.compute(compute, progress), lambda _: None)
    assert began.wait(10)
    waiting = worker.start(lambda progress: worker.compute(compute, progress), lambda _: None)
    worker.close()
    closed.set()
    worker.close(10)  # waits for the tasks that have not ended yet
    for task in (running, waiting):
        assert isinstance(task.future.exception(10), Exception)
        assert task.failure == "the studio was closed"


def test_a_given_executor_does_the_computations_and_is_not_shut_down() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as mine:
        worker = Worker(Limits(), time.time, mine)
        name = run(worker, lambda progress: worker.compute(lambda: threading.current_thread().name)).future.result()
        worker.close()
        assert name.startswith("mine")
        assert mine.submit(lambda: 1).result(10) == 1


def test_close_cancels_computations_that_wait_in_a_given_executor(held: HeldExecutor) -> None:
    computed: list[str] = []
    worker = Worker(Limits(), time.time, held)
    task = worker.start(lambda _: worker.compute(computed.append, "mix"), lambda _: None)
    assert held.submitted.get(timeout=10) == "append"
    worker.close(5)
    held.release()
    assert not task.running
    assert computed == []


def test_daemon_threads_are_an_executor() -> None:
    threads = DaemonThreads(2, "test")
    assert list(threads.map(lambda n: n * n, range(20), timeout=10)) == [n * n for n in range(20)]
    failed: Future[float] = threads.submit(lambda: 1 / 0)
    assert isinstance(failed.exception(10), ZeroDivisionError)
    assert all(t.daemon for t in threading.enumerate() if t.name == "test")
    threads.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        threads.submit(print)


def test_the_message_of_a_cancelled_computation() -> None:
    from concurrent.futures import CancelledError

    assert failure_message(CancelledError()) == "the studio was closed"


def test_a_computation_submitted_after_the_close_fails_with_a_reason() -> None:
    worker, began, closed = Worker(Limits(), time.time), threading.Event(), threading.Event()

    def submit_late(progress: Progress) -> None:
        began.set()
        closed.wait(10)
        worker.compute(lambda: None)

    task = worker.start(submit_late, lambda _: None)
    assert began.wait(10)
    worker.close()
    closed.set()
    worker.close(10)
    assert task.failure == "the studio was closed"


def test_a_failed_task_keeps_nothing_of_its_work(worker: Worker) -> None:
    kept: list[weakref.ref[Future[None]]] = []

    def work(_: Progress) -> None:
        large: Future[None] = Future()
        kept.append(weakref.ref(large))
        raise AudioError("too long")

    task = run(worker, work)
    gc.collect()
    assert task.failure == "too long"
    assert kept[0]() is None
