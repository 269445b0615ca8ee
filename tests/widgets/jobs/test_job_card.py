from __future__ import annotations

import threading
from typing import Any

import pytest

from tonnbook.clients.jobs import Job
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.widgets.jobs import job_card
from tonnbook.widgets.jobs.job_card import JobCard, watch


class IdlePoller:
    """Does nothing: the test calls the callbacks itself."""

    def notify(self) -> None: ...


@pytest.fixture
def job() -> Job[int]:
    return Job("preview mix", lambda _: lambda: 1, IdlePoller())  # type: ignore[arg-type]


def call_back(job: Job[Any]) -> None:
    for subscription in job.pending():
        job.acknowledge(subscription)
        subscription.callback(job)


def test_the_card_follows_the_job(job: Job[int]) -> None:
    card = JobCard(job)
    assert (card.status, card.task_id, card.progress) == ("running", "", None)
    job.report(task_id="4f3c", progress=0.4, message="listening to vocal")
    call_back(job)
    assert (card.task_id, card.progress, card.message) == ("4f3c", 0.4, "listening to vocal")
    assert card.plain().startswith("preview mix: running 40%, ")
    job.finish(1)
    call_back(job)
    assert (card.status, card.progress) == ("done", 1.0)


def test_a_failed_job_has_its_reason_without_secrets(job: Job[int]) -> None:
    card = JobCard(job)
    job.fail(ValueError("could not fetch https://host/kick.wav?sig=SECRET"))
    call_back(job)
    assert card.status == "failed"
    assert "kick.wav" in card.message
    assert "SECRET" not in str(card.get_state()) + card.static_html() + card.plain()


def test_a_finished_job_can_be_watched(job: Job[int]) -> None:
    job.finish(1)
    assert JobCard(job).status == "done"


def test_the_card_unsubscribes_when_the_job_has_ended(job: Job[int]) -> None:
    card = JobCard(job)
    job.finish(1)
    call_back(job)
    assert job.pending() == []
    assert card.status == "done"


def test_watch_shows_a_card_and_returns_the_job(job: Job[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(job) is job
    assert "preview mix: running" in capsys.readouterr().out


def test_the_poller_updates_the_card_from_its_thread() -> None:
    gate, done = threading.Event(), threading.Event()

    def begin(job: Job[str]) -> Any:
        def poll() -> str:
            gate.wait(5)
            return "mixed"

        job.report(status="running", task_id="77", progress=0.5)
        return poll

    poller = JobPoller(PollSettings(first_s=0.01))
    job = Job("preview mix", begin, poller)
    card = job_card.JobCard(job)
    card.observe(lambda change: done.set() if change["new"] == "done" else None, "status")
    poller.start(job)
    gate.set()
    assert done.wait(5)
    assert (card.task_id, card.progress) == ("77", 1.0)
