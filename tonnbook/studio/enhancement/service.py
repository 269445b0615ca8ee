"""The enhancement desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tonnbook.models.enhancement import EnhancementAnswer, EnhancementRequest, EnhancementResults
from tonnbook.models.vocabulary import CREDITS, EnhancementState
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.service import Service, WebhookEvent
from tonnbook.studio.runtime.storage import StoredFile, TaskFolder
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.enhancement.engine import EnhancementOutcome


@dataclass(frozen=True)
class Enhanced:
    """A finished enhancement and its file in the library: the preview, or the full track."""

    task_folder: TaskFolder
    outcome: EnhancementOutcome
    file: StoredFile
    stems: Mapping[str, StoredFile]


@dataclass(frozen=True)
class EnhancementOrder:
    """An enhancement that was asked for."""

    id: str
    request: EnhancementRequest = field(repr=False)
    full: bool
    """Whether the full track was asked for, or a preview."""
    task: Task[Enhanced]


class EnhancementService(Service[EnhancementOrder]):
    """All enhancements of one studio."""

    engine = "tonnbook.studio.enhancement.work"
    what = "the enhancement"
    id_name = "mixrevive_task_id"

    def open(self, request: EnhancementRequest, *, full: bool) -> EnhancementOrder:
        """Start an enhancement; raises HttpError 400, 429 or 507."""
        self._admit(request.webhook_url, audioFileLocation=request.source)
        task_id = secrets.token_hex(12)
        task = self._start(
            task_id,
            request.webhook_url,
            lambda progress: self._enhance(task_id, request, full, progress),
            lambda task: self._event(task, full=full),
        )
        return self._keep(task_id, EnhancementOrder(task_id, request, full, task))

    def answer(self, order: EnhancementOrder) -> EnhancementAnswer:
        """Return the answer for an enhancement that is done; raises HttpError 404 if its files had to make room."""
        return self._answer(self._present(order.task), full=order.full)

    # From here on in a task's own thread.

    def _enhance(self, task_id: str, request: EnhancementRequest, full: bool, progress: Progress) -> Enhanced:
        from tonnbook.studio.enhancement.work import make_enhanced

        done = make_enhanced(request, full, self._storage, self._worker, self._limits, progress)
        self._ledger.charge("enhance" if full else "enhance_preview", task_id)
        return done

    def _answer(self, done: Enhanced, *, full: bool) -> EnhancementAnswer:
        link, notes = self._storage.link(done.file), done.outcome.notes
        results = EnhancementResults(
            status=EnhancementState.FINAL_COMPLETED if full else EnhancementState.PREVIEW_COMPLETED,
            preview_url=None if full else link,
            track_url=link if full else None,
            stem_urls={name: self._storage.link(stem) for name, stem in done.stems.items()} or None,
            preview_start_s=done.outcome.preview_start_s,
            notes=notes.model_copy(update={"credits_live": CREDITS["enhance"]}) if full else notes,
        )
        return EnhancementAnswer(results=results)

    def _event(self, task: Task[Enhanced], *, full: bool) -> WebhookEvent:
        if task.failure is not None:
            return EnhancementState.FINAL_ERROR if full else EnhancementState.PREVIEW_ERROR, {}
        results = self._answer(task.future.result(), full=full).results
        return results.status, {key: link for key, link in results.to_wire().items() if key.startswith("download_url")}
