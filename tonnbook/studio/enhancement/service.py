"""Enhancement service: start enhancements, and answer about them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from tonnbook.models.enhancement import EnhancementAnswer, EnhancementRequest, EnhancementResults
from tonnbook.models.vocabulary import CREDITS, EnhancementState
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service, TaskResult
from tonnbook.studio.runtime.webhooks import WebhookEvent, result_fields
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.enhancement.engine import EnhancementOutcome


@dataclass(frozen=True)
class EnhancementOrder:
    """An enhancement that was requested."""

    id: str
    request: EnhancementRequest = field(repr=False)
    full: bool
    """Whether the full track was requested, or a preview."""
    task: Task[TaskResult[EnhancementOutcome]]


class EnhancementService(Service[EnhancementOrder]):
    """All enhancements of one studio."""

    engine = "tonnbook.studio.enhancement.engine"
    result_name = "the enhancement"
    id_name = "mixrevive_task_id"

    def start(self, request: EnhancementRequest, *, full: bool) -> EnhancementOrder:
        """Start an enhancement; raises HttpError 400, 429 or 507."""
        self._check_order({"audioFileLocation": request.source}, request.webhook_url)
        task_id = secrets.token_hex(12)
        task = self._start_task(
            task_id,
            request.webhook_url,
            lambda progress: self._enhance(task_id, request, full, progress),
            lambda task: self._event(task, full=full),
        )
        return self._add_order(task_id, EnhancementOrder(task_id, request, full, task))

    def answer(self, order: EnhancementOrder) -> EnhancementAnswer:
        """Return the answer for an enhancement that is done; raises HttpError 404 if its files have been deleted."""
        return EnhancementAnswer(results=self._results(self._result(order.task).outcome, full=order.full))

    # Called in a task's thread.

    def _enhance(
        self, task_id: str, request: EnhancementRequest, full: bool, progress: Progress
    ) -> TaskResult[EnhancementOutcome]:
        from tonnbook.studio.enhancement.engine import enhance
        from tonnbook.studio.measure.track_checks import check_track

        with self._storage.new_task_folder() as task_folder:
            folder, name = task_folder.path, PurePath(request.name).stem or "mix"
            download_progress = part(progress, 0, DOWNLOAD_SHARE)
            source = self._download_source(str(request.source), folder / "mix", download_progress, check_track)
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            out = folder / f"{name}-enhanced.wav"
            preview = None if full else folder / f"{name}-preview.mp3"
            outcome = self._worker.compute(enhance, source, request, out, preview, part(progress, DOWNLOAD_SHARE, 1))
        self._ledger.charge("enhance" if full else "enhance_preview", task_id)
        return TaskResult(task_folder, outcome)

    def _event(self, task: Task[TaskResult[EnhancementOutcome]], *, full: bool) -> WebhookEvent:
        if task.failure is not None:
            return EnhancementState.FINAL_ERROR if full else EnhancementState.PREVIEW_ERROR, {}
        results = self._results(task.future.result().outcome, full=full)
        return results.status, result_fields(results, "stems")

    def _results(self, outcome: EnhancementOutcome, *, full: bool) -> EnhancementResults:
        link, notes = self._storage.result_link(outcome.preview or outcome.track), outcome.notes
        return EnhancementResults(
            status=EnhancementState.FINAL_COMPLETED if full else EnhancementState.PREVIEW_COMPLETED,
            preview_url=None if full else link,
            track_url=link if full else None,
            stem_urls={name: self._storage.result_link(stem) for name, stem in outcome.stems.items()} or None,
            preview_start_s=outcome.preview_start_s,
            notes=notes.model_copy(update={"credits_live": CREDITS["enhance"]}) if full else notes,
        )
