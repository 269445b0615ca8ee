"""Enhancements through one client: a preview of 30 s, or the full track."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tonnbook.clients.base import Calls, unfinished
from tonnbook.clients.files import safe_name
from tonnbook.clients.jobs import Ask, Job, StillRunning
from tonnbook.errors import UnexpectedAnswer
from tonnbook.models.enhancement import (
    Enhancement,
    EnhancementAnswer,
    EnhancementQuery,
    EnhancementRequest,
    EnhancementTask,
)


class EnhancementCalls(Calls):
    """The enhancement calls of one client."""

    def start(self, request: EnhancementRequest, *, full: bool) -> Job[Enhancement]:
        """Start an enhancement; the file is uploaded in the background."""
        if not isinstance(request, EnhancementRequest):
            raise TypeError(f"an enhancement takes an EnhancementRequest, not {type(request).__name__}")
        kind = "enhancement" if full else "enhancement preview"
        return self._start_order(kind, request, partial(self._order, request, full))

    def attach(self, task_id: str) -> Job[Enhancement]:
        """Find an enhancement again by its task id."""
        return self._start_asking("enhancement", task_id, partial(self._ask, request=None, task_id=task_id))

    # From here on in the threads of a job.

    def _order(
        self, request: EnhancementRequest, full: bool, sent: EnhancementRequest, job: Job[Enhancement]
    ) -> Ask[Enhancement]:
        endpoint = "/mixenhance" if full else "/mixenhancepreview"
        task_id = self._ordered(endpoint, sent, job).read(EnhancementTask).task_id
        job.report(status="running", task_id=task_id, message="the enhancement has been started")
        return partial(self._ask, job, request=request, task_id=task_id)

    def _ask(
        self, job: Job[Enhancement], *, request: EnhancementRequest | None, task_id: str
    ) -> Enhancement | StillRunning:
        reply = self._http.retrieve(
            "/retrieveenhancedtrack", EnhancementQuery(task_id=task_id).to_wire(), retry_for_s=0.0
        )
        if (running := unfinished(job, reply)) is not None:
            return running
        results = reply.read(EnhancementAnswer).results
        link = results.track_url or results.preview_url
        if link is None:
            raise UnexpectedAnswer("/retrieveenhancedtrack answered without a link to the track.")
        name = request.name if request else f"{task_id[:12]}.wav"
        stem = safe_name(f"{Path(name).stem} enhanced{'' if results.track_url else ' preview'}")
        shelf = self._files.new_folder(stem)
        return Enhancement(
            name=name,
            task_id=task_id,
            request=request,
            track=self._files.remote_file(link, stem, shelf, ".wav" if results.track_url else ".mp3"),
            stems={
                n: self._files.remote_file(url, n, shelf / "stems", ".wav")
                for n, url in (results.stem_urls or {}).items()
            },
            preview_start_s=results.preview_start_s,
            notes=results.notes,
            original=request.source if request and isinstance(request.source, Path) else None,
        )
