"""Recombinations through one client: a voice and its backing in, a master out."""

from __future__ import annotations

from functools import partial

from tonnbook.clients.base import Calls, check_accepted, unfinished
from tonnbook.clients.jobs import Ask, Job, StillRunning
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


class RecombineCalls(Calls):
    """The recombination calls of one client."""

    def start(self, request: RecombinationRequest, *, final: bool) -> Job[Recombination]:
        """Start a recombination; files are uploaded in the background."""
        if not isinstance(request, RecombinationRequest):
            raise TypeError(f"recombine takes a RecombinationRequest, not {type(request).__name__}")
        return self._start_order("recombination", request, partial(self._order, request, final))

    # From here on in the threads of a job.

    def _order(
        self, request: RecombinationRequest, final: bool, sent: RecombinationRequest, job: Job[Recombination]
    ) -> Ask[Recombination]:
        task_id = self._ordered("/recombine", sent, job).read(RecombinationTask).task_id
        job.report(status="running", task_id=task_id, message="the recombination has been started")
        return partial(self._ask, job, request, final, task_id)

    def _ask(
        self, job: Job[Recombination], request: RecombinationRequest, final: bool, task_id: str
    ) -> Recombination | StillRunning:
        status = self._http.get(f"/recombinestatus/{task_id}", retry_for_s=0.0).read(RecombineStatus)
        if status.status == "failed":
            raise JobFailed(job, status.info or status.message or "the server gives no reason")
        if status.status == "processing":
            return StillRunning(status.message, status.progress)
        query = RecombinationQuery(task_id=task_id).to_wire()
        reply = self._http.retrieve("/retrieverecombinepreview", query, retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        preview = reply.read(RecombinePreviewAnswer).preview
        shelf = self._files.new_folder(f"recombined-{task_id[3:15]}")
        master = None
        if final:
            paid = self._http.create("/retrieverecombine", query, about_a_task=True)
            check_accepted(job, paid)
            master = self._files.remote_file(paid.read(RecombinationAnswer).result.master_url, "master", shelf, ".wav")
        return Recombination(
            task_id=task_id,
            request=request,
            preview=self._files.remote_file(preview.preview_url, "preview", shelf, ".mp3"),
            master=master,
            preview_start_s=preview.preview_start_seconds,
            loudness_lufs=preview.measured_lufs_full,
        )
