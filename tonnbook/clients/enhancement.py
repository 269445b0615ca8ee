"""Enhancement calls: a preview of 30 s, or the full track."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tonnbook.clients.base import Calls, unfinished
from tonnbook.clients.files import safe_name
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.errors import UnexpectedAnswer
from tonnbook.models.enhancement import (
    Enhancement,
    EnhancementAnswer,
    EnhancementQuery,
    EnhancementRequest,
    EnhancementTask,
)

_FIND_AGAIN = "tonn.attach_enhancement({!r})"


class EnhancementCalls(Calls):
    """The enhancement calls of one client."""

    def start(self, request: EnhancementRequest, *, full: bool) -> Job[Enhancement]:
        """Start an enhancement; the file is uploaded in the background."""
        if not isinstance(request, EnhancementRequest):
            raise TypeError(f"an enhancement takes an EnhancementRequest, not {type(request).__name__}")
        name = "enhancement" if full else "enhancement preview"
        return self._start_task(name, request, partial(self._create_task, request, full), find_again=_FIND_AGAIN)

    def attach(self, task_id: str) -> Job[Enhancement]:
        """Poll the enhancement with this task id."""
        return self._attach("enhancement", task_id, partial(self._poll, request=None, task_id=task_id), _FIND_AGAIN)

    # The methods below run in a job's own thread or in the poller's.

    def _create_task(
        self, request: EnhancementRequest, full: bool, sent: EnhancementRequest, job: Job[Enhancement]
    ) -> Poll[Enhancement]:
        endpoint = "/mixenhance" if full else "/mixenhancepreview"
        task_id = self._create(endpoint, sent, job).read(EnhancementTask).task_id
        job.report(status="running", task_id=task_id, message="the enhancement has been started")
        return partial(self._poll, job, request=request, task_id=task_id)

    def _poll(
        self, job: Job[Enhancement], *, request: EnhancementRequest | None, task_id: str
    ) -> Enhancement | StillRunning:
        query = EnhancementQuery(task_id=task_id).to_wire()
        reply = self._http.retrieve("/retrieveenhancedtrack", query, retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        results = reply.read(EnhancementAnswer).results
        link = results.track_url or results.preview_url
        if link is None:
            raise UnexpectedAnswer("/retrieveenhancedtrack answered without a link to the track.")
        name = request.name if request else f"{task_id[:12]}.wav"
        stem = safe_name(f"{Path(name).stem} enhanced{'' if results.track_url else ' preview'}")
        folder = self._files.new_folder(stem)
        return Enhancement(
            name=name,
            task_id=task_id,
            request=request,
            track=self._files.remote_file(link, stem, folder, ".wav" if results.track_url else ".mp3"),
            stems={
                n: self._files.remote_file(url, n, folder / "stems", ".wav")
                for n, url in (results.stem_urls or {}).items()
            },
            preview_start_s=results.preview_start_s,
            notes=results.notes,
            original=request.source if request and isinstance(request.source, Path) else None,
        )
