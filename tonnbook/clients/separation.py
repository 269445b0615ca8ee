"""Separations through one client: a mix in, stems out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tonnbook.clients.base import Calls, unfinished
from tonnbook.clients.files import safe_name
from tonnbook.clients.jobs import Ask, Job, StillRunning
from tonnbook.clients.repair import place
from tonnbook.errors import JobFailed
from tonnbook.models.separation import (
    Mode,
    SeparateStatus,
    Separation,
    SeparationRequest,
    SeparationTask,
    StemsAnswer,
    StemsQuery,
)


class SeparationCalls(Calls):
    """The separation calls of one client."""

    def start(self, mix: SeparationRequest | str | Path, mode: Mode) -> Job[Separation]:
        """Start a separation; the file is uploaded in the background."""
        request = mix if isinstance(mix, SeparationRequest) else SeparationRequest(source=place(mix), mode=mode)
        return self._start_order("separation", request, partial(self._order, request))

    # From here on in the threads of a job.

    def _order(self, request: SeparationRequest, sent: SeparationRequest, job: Job[Separation]) -> Ask[Separation]:
        task_id = self._ordered("/separate", sent, job).read(SeparationTask).task_id
        job.report(status="running", task_id=task_id, message="the separation has been started")
        return partial(self._ask, job, request, task_id)

    def _ask(self, job: Job[Separation], request: SeparationRequest, task_id: str) -> Separation | StillRunning:
        status = self._http.get(f"/separatestatus/{task_id}", retry_for_s=0.0).read(SeparateStatus)
        if status.status == "failed":
            raise JobFailed(job, status.info or status.message or "the server gives no reason")
        if status.status == "processing":
            return StillRunning(status.message, status.progress)
        reply = self._http.retrieve("/retrievestems", StemsQuery(task_id=task_id).to_wire(), retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        answer = reply.read(StemsAnswer)
        shelf = self._files.new_folder(safe_name(f"{Path(request.name).stem} stems"))
        stems = {name: self._files.remote_file(link, name, shelf, ".wav") for name, link in answer.stems.items()}
        return Separation(request.name, task_id, stems, answer.separation)
