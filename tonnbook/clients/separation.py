"""Separation calls (a mix in, stems out) and recombination calls (a voice and its backing in, a master out)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from tonnbook.clients.base import Calls, check_accepted, create_paid, source_of, unfinished
from tonnbook.clients.files import safe_name
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.errors import JobFailed
from tonnbook.models.recombination import (
    Recombination,
    RecombinationAnswer,
    RecombinationQuery,
    RecombinationRequest,
    RecombinationTask,
    RecombinePreviewAnswer,
    RecombineStatus,
)
from tonnbook.models.separation import (
    Mode,
    SeparateStatus,
    Separation,
    SeparationRequest,
    SeparationTask,
    StemsAnswer,
    StemsQuery,
)

_FIND_SEPARATION = "tonn.attach_separation({!r})"


class SeparationCalls(Calls):
    """The separation calls of one client."""

    def start(self, mix: SeparationRequest | str | Path, mode: Mode) -> Job[Separation]:
        """Start a separation; the file is uploaded in the background."""
        request = mix if isinstance(mix, SeparationRequest) else SeparationRequest(source=source_of(mix), mode=mode)
        return self._start_task("separation", request, partial(self._create_task, request), find_again=_FIND_SEPARATION)

    def attach(self, task_id: str) -> Job[Separation]:
        """Poll the separation with this task id."""
        return self._attach("separation", task_id, partial(self._poll, task_id=task_id, name=""), _FIND_SEPARATION)

    # The methods below run in a job's own thread or in the poller's.

    def _create_task(
        self, request: SeparationRequest, sent: SeparationRequest, job: Job[Separation]
    ) -> Poll[Separation]:
        task_id = self._create("/separate", sent, job).read(SeparationTask).task_id
        job.report(status="running", task_id=task_id, message="the separation has been started")
        return partial(self._poll, job, task_id=task_id, name=request.name)

    def _poll(self, job: Job[Separation], *, task_id: str, name: str) -> Separation | StillRunning:
        status = self._http.get(f"/separatestatus/{task_id}", retry_for_s=0.0).read(SeparateStatus)
        if (running := _running(job, status)) is not None:
            return running
        reply = self._http.retrieve("/retrievestems", StemsQuery(task_id=task_id).to_wire(), retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        answer = reply.read(StemsAnswer)
        name = name or f"separation-{task_id[:12]}.wav"
        folder = self._files.new_folder(safe_name(f"{Path(name).stem} stems"))
        stems = {stem: self._files.remote_file(link, stem, folder, ".wav") for stem, link in answer.stems.items()}
        return Separation(name, task_id, stems, answer.separation)


class RecombinationCalls(Calls):
    """The recombination calls of one client."""

    def start(self, request: RecombinationRequest, *, final: bool) -> Job[Recombination]:
        """Start a recombination; files are uploaded in the background."""
        if not isinstance(request, RecombinationRequest):
            raise TypeError(f"recombine takes a RecombinationRequest, not {type(request).__name__}")
        create = partial(self._create_task, request, final)
        return self._start_task("recombination", request, create, find_again=_find_recombination(final))

    def attach(self, task_id: str, *, final: bool) -> Job[Recombination]:
        """Poll the recombination with this task id."""
        poll = partial(self._poll, request=None, final=final, task_id=task_id)
        return self._attach("recombination", task_id, poll, _find_recombination(final))

    # The methods below run in a job's own thread or in the poller's.

    def _create_task(
        self, request: RecombinationRequest, final: bool, sent: RecombinationRequest, job: Job[Recombination]
    ) -> Poll[Recombination]:
        task_id = self._create("/recombine", sent, job).read(RecombinationTask).task_id
        job.report(status="running", task_id=task_id, message="the recombination has been started")
        return partial(self._poll, job, request=request, final=final, task_id=task_id)

    def _poll(
        self, job: Job[Recombination], *, request: RecombinationRequest | None, final: bool, task_id: str
    ) -> Recombination | StillRunning:
        status = self._http.get(f"/recombinestatus/{task_id}", retry_for_s=0.0).read(RecombineStatus)
        if (running := _running(job, status)) is not None:
            return running
        query = RecombinationQuery(task_id=task_id).to_wire()
        reply = self._http.retrieve("/retrieverecombinepreview", query, retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        answer = reply.read(RecombinePreviewAnswer)
        preview = answer.preview
        folder = self._files.new_folder(f"recombined-{task_id[3:15]}")
        master = None
        if final:
            paid = create_paid(self._http, "/retrieverecombine", query, _find_recombination(True).format(task_id))
            check_accepted(job, paid)
            master = self._files.remote_file(paid.read(RecombinationAnswer).result.master_url, "master", folder, ".wav")
        return Recombination(
            task_id=task_id,
            request=request,
            preview=self._files.remote_file(preview.preview_url, "preview", folder, ".mp3"),
            master=master,
            preview_start_s=preview.preview_start_seconds,
            loudness_lufs=preview.measured_lufs_full,
            notes=answer.notes,
        )


def _find_recombination(final: bool) -> str:
    return f"tonn.attach_recombination({{!r}}, final={final})"


def _running(job: Job[Any], status: SeparateStatus | RecombineStatus) -> StillRunning | None:
    """Return how far a task is by its status call, None when it is done; raise JobFailed when it has failed."""
    if status.status == "failed":
        raise JobFailed(job, status.info or status.message or "the server gives no reason")
    return StillRunning(status.message, status.progress) if status.status == "processing" else None
