"""Calls: base class of the families of calls. A call uploads files, is sent once, and becomes a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tonnbook.clients.files import Files, check_upload
from tonnbook.clients.http import Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.clients.polling import JobPoller
from tonnbook.clients.reply import Reply
from tonnbook.errors import JobFailed, ServerFault, TonnbookError, UnexpectedAnswer, Unreachable
from tonnbook.models.base import Request
from tonnbook.models.files import Uploaded, UploadFile, Uploads
from tonnbook.models.mixing import track_names
from tonnbook.sound_files import Sounds, sound_files

R = TypeVar("R", bound=Request)
T = TypeVar("T")

UPLOAD_SHARE = 0.2
"""Share of a job's progress that the uploads take."""


class Calls:
    """One family of calls of one client.

    The inbox's address is set in every request that has a webhook field and leaves it empty.
    """

    def __init__(self, http: Http, files: Files, poller: JobPoller, inbox: WebhookInbox | None = None) -> None:
        self._http, self._files, self._poller, self._inbox = http, files, poller, inbox

    def _start_task(
        self, name: str, request: R, create: Callable[[R, Job[T]], Poll[T]], *, find_again: str = ""
    ) -> Job[T]:
        """Start a job that uploads the local files of a request and calls `create` with the request as it is sent.

        Raises AudioError for a file that cannot be uploaded. `find_again` is explained in `Job`.
        """
        files = list(request.local_files())
        for path in files:
            check_upload(path)

        def begin(job: Job[T]) -> Poll[T]:
            poll = create(self._prepared(request, job), job)
            return _rescaled(poll, UPLOAD_SHARE) if files else poll

        job = Job(name, begin, self._poller, find_again=find_again)
        if files:
            job.report(status="uploading", progress=0.0, message=f"uploading {files[0].name}")
        return self._started(job)

    def _attach(self, name: str, task_id: str, poll: Callable[[Job[T]], T | StillRunning], find_again: str) -> Job[T]:
        """Start a job that polls an existing task."""
        return self._started(
            Job(name, lambda job: partial(poll, job), self._poller, task_id=task_id, find_again=find_again)
        )

    def _started(self, job: Job[T]) -> Job[T]:
        self._poller.start(job)
        return job

    # The methods below run in a job's own thread.

    def _create(self, endpoint: str, request: Request, job: Job[Any]) -> Reply:
        """Send a request that creates a task, once; raise JobFailed where the server refuses it."""
        reply = self._http.create(endpoint, request.to_wire())
        check_accepted(job, reply)
        return reply

    def _prepared(self, request: R, job: Job[Any]) -> R:
        """Upload the local files of a request; return it with their links, and with the inbox as its webhook."""
        sent = self._with_links(request, job)
        if self._inbox is not None and getattr(sent, "webhook_url", "") is None:
            return sent.model_copy(update={"webhook_url": self._inbox.url})
        return sent

    def _with_links(self, request: R, job: Job[Any]) -> R:
        files = list(request.local_files())
        total = sum(path.stat().st_size for path in files)
        before, number = 0, 0

        def link_of(path: Path) -> str:
            nonlocal before, number
            number += 1
            message = f"uploading {path.name}, {number} of {len(files)}, {total / 1e6:.1f} MB in all"

            def report(sent: int) -> None:
                share = (before + sent) / total
                if share >= (job.progress or 0.0) / UPLOAD_SHARE + 0.01 or message != job.message:
                    job.report(progress=UPLOAD_SHARE * share, message=message)

            report(0)
            link = self._files.upload(path, report)
            before += path.stat().st_size
            return link

        return request.with_links(link_of)


class UploadCalls(Calls):
    """Uploads of several files."""

    def upload(self, sounds: Uploads | Sounds) -> Job[Uploaded]:
        """Start a job that uploads files. Links stay as they are. Raises AudioError for a file that cannot be uploaded."""
        if isinstance(sounds, Uploads):
            sources = [file.source for file in sounds.files]
        else:
            sources = list(sound_files(sounds).values())
        names = track_names(sources)
        request = Uploads(files=tuple(UploadFile(source=source) for source in sources))

        def create(sent: Uploads, job: Job[Uploaded]) -> Poll[Uploaded]:
            uploaded = Uploaded({n: str(file.source) for n, file in zip(names, sent.files, strict=True)})
            return lambda: uploaded

        return self._start_task("upload", request, create)


def source_of(track: str | Path) -> str | Path:
    """Return a link unchanged, and anything else as a path."""
    return track if isinstance(track, Path) or track.startswith(("http://", "https://")) else Path(track)


def check_accepted(job: Job[Any], reply: Reply) -> None:
    """Raise JobFailed where the server refused, whatever the status."""
    if reply.refusal is not None:
        raise JobFailed(job, reply.refusal)


def create_paid(http: Http, endpoint: str, body: Any, find_again: str) -> Reply:
    """Send a request that costs credits, once, from a poll.

    A transient error is raised as a plain TonnbookError, because the poller would repeat the poll otherwise. `find_again` is
    the call that requests the same task again, which a server charges for once.
    """
    try:
        return http.create(endpoint, body, about_a_task=True)
    except (Unreachable, ServerFault) as error:
        reason = str(error)
    raise TonnbookError(
        f"{reason} It may have been charged: see your account. {find_again} requests the same task again."
    )


@contextmanager
def perhaps_charged(next_step: str) -> Iterator[None]:
    """Add to an error which leaves open whether a paid call was charged that it may have been, and what to do: `next_step`."""
    try:
        yield
    except (Unreachable, ServerFault, UnexpectedAnswer) as error:
        error.args = (f"{error} It may have been charged: see your account. {next_step}",)
        raise


def unfinished(job: Job[Any], reply: Reply) -> StillRunning | None:
    """Return how far the task is, None when it has ended; raise JobFailed when it has failed."""
    if reply.failure is not None:
        raise JobFailed(job, reply.failure)
    return reply.progress


def _rescaled(poll: Poll[T], from_share: float) -> Poll[T]:
    """Return `poll` with its progress, 0 to 1, mapped to `from_share` to 1."""

    def rescaled() -> T | StillRunning:
        answer = poll()
        if isinstance(answer, StillRunning) and answer.progress is not None:
            return replace(answer, progress=from_share + (1 - from_share) * answer.progress)
        return answer

    return rescaled
