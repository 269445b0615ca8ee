"""Batch: waiting for all songs of an album, in a script, in an event loop, and from a callback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tonnbook.clients.album.batch import Batch
from tonnbook.clients.jobs import Job, StillRunning
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import JobTimeout


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Set it, and the job of the batch ends."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def batch(gate: threading.Event, tmp_path: Path) -> Batch:
    poller = JobPoller(PollSettings(first_s=0.01, longest_s=0.02))
    job: Job[Any] = Job("master one", lambda job: lambda: "it" if gate.is_set() else StillRunning(), poller)
    poller.start(job)
    return Batch(tmp_path, {"one": job}, {})


def test_a_cancellation_is_noticed_while_no_job_changes(tmp_path: Path) -> None:
    """As ipykernel 7 cancels a cell: by a callback that does not wake the event loop."""

    class IdlePoller:
        def resume(self, job: Job[Any]) -> None: ...
        def notify(self) -> None: ...
        def is_this_thread(self) -> bool:
            return False

    idle: Job[Any] = Job("master one", lambda job: lambda: StillRunning(), IdlePoller())
    ended = threading.Event()

    async def wait() -> None:
        await Batch(tmp_path, {"one": idle}, {})

    async def cell() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(wait())
        threading.Timer(0.2, lambda: loop.call_soon(task.cancel)).start()
        with pytest.raises(asyncio.CancelledError):
            await task
        ended.set()

    threading.Thread(target=lambda: asyncio.run(cell()), daemon=True).start()
    assert ended.wait(10)


def test_a_callback_cannot_wait_for_its_own_batch(
    batch: Batch, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = threading.Event()
    messages: list[str] = []

    def record(args: Any) -> None:
        messages.append(str(args.exc_value))
        raised.set()

    monkeypatch.setattr(threading, "excepthook", record)
    batch.on_change(lambda b: b.result(timeout=30))
    assert raised.wait(10)
    assert "cannot wait" in messages[0]
    gate.set()
    assert list(batch.result(timeout=30)) == ["it"]


def test_a_timeout_says_how_to_continue(batch: Batch, gate: threading.Event) -> None:
    with pytest.raises(JobTimeout, match="call master_all again with the same album and folder"):
        batch.result(timeout=0.05)
    gate.set()

    async def wait() -> int:
        return len(await batch)

    assert asyncio.run(wait()) == 1
