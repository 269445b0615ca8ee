"""What the families of calls share: an order that uploads first, is sent once, and becomes a job; and what a reply says of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tonnbook.clients.files import Files, check_upload
from tonnbook.clients.http import Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Ask, Job, StillRunning
from tonnbook.clients.polling import JobPoller
from tonnbook.clients.replies import Reply
from tonnbook.errors import JobFailed
from tonnbook.models.base import Request

R = TypeVar("R", bound=Request)
T = TypeVar("T")

UPLOAD_SHARE = 0.2
"""The part of a job's progress that stands for uploading."""


class Calls:
    """One family of calls of one client.

    The inbox's address goes into every request that may name a webhook and does not.
    """

    def __init__(self, http: Http, files: Files, poller: JobPoller, inbox: WebhookInbox | None = None) -> None:
        self._http, self._files, self._poller, self._inbox = http, files, poller, inbox

    def _start_order(self, kind: str, request: R, order: Callable[[R, Job[T]], Ask[T]]) -> Job[T]:
        """Start a job that uploads what is local and sends an order; raises AudioError for a file that cannot be uploaded."""
        files = list(request.local_files())
        for path in files:
            check_upload(path)

        def begin(job: Job[T]) -> Ask[T]:
            ask = order(self._sent(request, job), job)
            return _in_the_rest(ask, UPLOAD_SHARE) if files else ask

        job = Job(kind, begin, self._poller)
        if files:
            job.report(status="uploading", progress=0.0, message=f"uploading {files[0].name}")
        return self._started(job)

    def _start_asking(self, kind: str, task_id: str, ask: Callable[[Job[T]], T | StillRunning]) -> Job[T]:
        """Start a job for a task that is known already."""
        return self._started(Job(kind, lambda job: partial(ask, job), self._poller, task_id=task_id))

    def _started(self, job: Job[T]) -> Job[T]:
        self._poller.start(job)
        return job

    # From here on in the threads of a job.

    def _ordered(self, endpoint: str, sent: Request, job: Job[Any]) -> Reply:
        """Send an order, once."""
        reply = self._http.create(endpoint, sent.to_wire())
        check_accepted(job, reply)
        return reply

    def _sent(self, request: R, job: Job[Any]) -> R:
        """Return a request as it is sent: with links instead of files, and with the inbox as its webhook if it may have one."""
        sent = self._with_links(request, job)
        if self._inbox is not None and getattr(sent, "webhook_url", "") is None:
            return sent.model_copy(update={"webhook_url": self._inbox.url})
        return sent

    def _with_links(self, request: R, job: Job[Any]) -> R:
        files = list(request.local_files())
        total = sum(path.stat().st_size for path in files)
        before = 0

        def link_of(path: Path) -> str:
            nonlocal before
            message = f"uploading {path.name}, {files.index(path) + 1} of {len(files)}, {total / 1e6:.1f} MB in all"

            def told(sent: int) -> None:
                share = (before + sent) / total
                if share >= (job.progress or 0.0) / UPLOAD_SHARE + 0.01 or message != job.message:
                    job.report(progress=UPLOAD_SHARE * share, message=message)

            told(0)
            link = self._files.upload(path, told)
            before += path.stat().st_size
            return link

        return request.with_links(link_of)


def _in_the_rest(ask: Ask[T], share: float) -> Ask[T]:
    """Return `ask` with its progress, 0 to 1, told as what comes after `share`."""

    def rescaled() -> T | StillRunning:
        answer = ask()
        if isinstance(answer, StillRunning) and answer.progress is not None:
            return replace(answer, progress=share + (1 - share) * answer.progress)
        return answer

    return rescaled


def check_accepted(job: Job[Any], reply: Reply) -> None:
    """Raise JobFailed where the server refused, whatever the status."""
    if reply.refusal is not None:
        raise JobFailed(job, reply.refusal)


def unfinished(job: Job[Any], reply: Reply) -> StillRunning | None:
    """Return how far the task is, None when it is done; raise JobFailed when the server gave it up.

    A 202 is never a result. The live service states the state in the body too, at one level or the other.
    """
    if reply.status == 202:
        return reply.still_running()
    check_accepted(job, reply)
    state = reply.state
    if state.endswith("_ERROR"):
        raise JobFailed(job, f"the server says {state}")
    return reply.still_running() if state.endswith("_PROCESSING") else None
