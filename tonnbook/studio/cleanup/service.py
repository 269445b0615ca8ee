"""Cleanup service: clean one recording. The call waits for its answer, so a cleanup has no id and no webhook."""

from __future__ import annotations

import secrets

from tonnbook.models.cleanup import CleanupAnswer, CleanupRequest, CleanupResults
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service
from tonnbook.studio.runtime.worker import Task


class CleanupService(Service[None]):
    """All cleanups of one studio."""

    engine = "tonnbook.studio.cleanup.engine"

    def start(self, request: CleanupRequest) -> Task[CleanupAnswer]:
        """Start a cleanup; raises HttpError 400, 429 or 507."""
        self._check_order({"audioFileLocation": request.source})
        return self._worker.start(lambda progress: self._clean(request, progress), lambda _: None)

    # Called in a task's thread.

    def _clean(self, request: CleanupRequest, progress: Progress) -> CleanupAnswer:
        from tonnbook.studio.cleanup.engine import clean
        from tonnbook.studio.measure.track_checks import check_track

        with self._storage.new_task_folder() as task_folder:
            source = self._download_source(
                str(request.source), task_folder.path / "in", part(progress, 0, DOWNLOAD_SHARE), check_track
            )
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            out = task_folder.path / "out" / f"{source.stem}.wav"
            out.parent.mkdir()
            outcome = self._worker.compute(clean, source, request.sound_source, out, part(progress, DOWNLOAD_SHARE, 1))
        price = self._ledger.charge("cleanup", secrets.token_hex(12))
        done = [stage.stage for stage in outcome.notes.stages if stage.done]
        results = CleanupResults(
            completion_time=self._completion_time(),
            info=f"repaired: {', '.join(done)}" if done else "nothing was found that needed a repair",
            cleaned_url=self._storage.result_link(outcome.path),
            notes=outcome.notes.model_copy(update={"credits_live": price}),
        )
        return CleanupAnswer(message="the recording has been cleaned", results=results)
