"""Mastering calls for one song: from a file to its preview and its final master.

Source of the calls: the Tonn API text and its batch-mastering tutorial. The functions `create_master`, `poll_preview` and
`poll_final` are the protocol of a mastering task; the songs of an album use them too. The final master costs credits; it is
requested exactly once.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tonnbook.clients.base import Calls, create_paid, perhaps_charged, source_of
from tonnbook.clients.files import safe_name
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.clients.reply import Reply
from tonnbook.errors import JobFailed, TonnbookError
from tonnbook.models.mastering import (
    FinalMasterAnswer,
    FinalMasterResults,
    MasteringRequest,
    MasteringTask,
    MasterQuery,
    PreviewMasterAnswer,
    PreviewMasterResults,
)
from tonnbook.models.masters import Master
from tonnbook.models.problems import explain


class TaskFailed(TonnbookError):
    """The server reports that a mastering task has failed."""


def create_master(http: Http, request: MasteringRequest) -> str:
    """Create a mastering task, once; return its id. Raises TaskFailed where the server refuses it."""
    reply = http.create("/masteringpreview", request.to_wire())
    if reply.refusal is not None:
        raise TaskFailed(reply.refusal)
    return reply.read(MasteringTask).task_id


def poll_preview(http: Http, task_id: str, retry_for_s: float = 0.0) -> PreviewMasterResults | StillRunning:
    """Request the preview of a task, which costs nothing. Raises TaskFailed."""
    reply = http.retrieve("/retrievepreviewmaster", _query(task_id), retry_for_s=retry_for_s)
    return _running(reply) or reply.read(PreviewMasterAnswer).results


def poll_final(http: Http, task_id: str) -> FinalMasterResults | StillRunning:
    """Request the final master of a task, once. **Costs credits on the live service.** Raises TaskFailed."""
    reply = http.create("/retrievefinalmaster", _query(task_id), about_a_task=True)
    return _final_of(reply)


def mastering_request(song: MasteringRequest | str | Path, settings: dict[str, Any]) -> MasteringRequest:
    """Return the request for a song: a request as it is, a path or link with `settings` as its other fields.

    Raises ValueError for a setting that is not allowed, TypeError for what is no song.
    """
    if isinstance(song, MasteringRequest):
        if song.forced_loudness_lufs is not None and "forced_loudness" not in song.model_fields_set:
            raise ValueError(
                f"{song.name}: forced_loudness_lufs counts only with forced_loudness: set that to True to master to it, to False "
                "to keep the preset"
            )
        return song
    if not isinstance(song, str | Path):
        raise TypeError(f"a song is a MasteringRequest, a path or a link, not {type(song).__name__}")
    try:
        return MasteringRequest.model_validate({"source": source_of(song), **settings})
    except ValidationError as error:
        wrong = explain(error)
    raise ValueError(wrong)


class MasteringCalls(Calls):
    """The mastering calls of one client for single songs."""

    def master(self, request: MasteringRequest, *, final: bool) -> Job[Master]:
        """Start the master of one song."""
        create = partial(self._create_task, request, final)
        return self._start_task("master", request, create, find_again=_find_again(final))

    def attach(self, task_id: str, *, final: bool) -> Job[Master]:
        """Poll the master with this task id."""
        poll = partial(self._poll, request=None, task_id=task_id, final=final)
        return self._attach("master", task_id, poll, _find_again(final))

    def finish(self, preview: Master) -> Job[Master]:
        """Request the final master of a preview."""
        poll = partial(self._poll, request=preview.request, task_id=preview.task_id, final=True)
        return self._attach("master", preview.task_id, poll, _find_again(True))

    # The methods below run in a job's own thread or in the poller's.

    def _create_task(
        self, request: MasteringRequest, final: bool, sent: MasteringRequest, job: Job[Master]
    ) -> Poll[Master]:
        try:
            task_id = create_master(self._http, sent)
        except TaskFailed as error:
            raise JobFailed(job, str(error)) from None
        job.report(status="running", task_id=task_id, message="the master has been started")
        return partial(self._poll, job, request=request, task_id=task_id, final=final)

    def _poll(
        self, job: Job[Master], *, request: MasteringRequest | None, task_id: str, final: bool
    ) -> Master | StillRunning:
        try:
            preview = poll_preview(self._http, task_id)
            if isinstance(preview, StillRunning):
                return preview
            finished = self._poll_final(task_id) if final else None
            if isinstance(finished, StillRunning):
                return finished
        except TaskFailed as error:
            raise JobFailed(job, str(error)) from None
        name = safe_name(Path(request.name).stem) if request else f"master-{task_id[:12]}"
        folder = self._files.new_folder(name)
        return Master(
            name=name,
            task_id=task_id,
            request=request,
            preview=self._files.remote_file(preview.preview_url, f"{name} preview", folder, ".mp3"),
            master=self._files.remote_file(finished.master_url, name, folder, ".wav") if finished else None,
            preview_start_s=preview.preview_start_s,
            notes=(finished.notes if finished else None) or preview.notes,
            source=request.source if request and isinstance(request.source, Path) else None,
        )

    def _poll_final(self, task_id: str) -> FinalMasterResults | StillRunning:
        """Request a final master; an error on the way ends the job, so that the poller does not request it again."""
        find_again = _find_again(True).format(task_id)
        with perhaps_charged(f"{find_again} requests the same task again."):
            return _final_of(create_paid(self._http, "/retrievefinalmaster", _query(task_id), find_again))


def _final_of(reply: Reply) -> FinalMasterResults | StillRunning:
    return _running(reply) or reply.read(FinalMasterAnswer).results


def _running(reply: Reply) -> StillRunning | None:
    if reply.failure is not None:
        raise TaskFailed(reply.failure)
    return reply.progress


def _query(task_id: str) -> dict[str, Any]:
    return MasterQuery(task_id=task_id).to_wire()


def _find_again(final: bool) -> str:
    return f"tonn.attach_master({{!r}}, final={final})"
