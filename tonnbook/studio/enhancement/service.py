"""The enhancement desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tonnbook.models.enhancement import EnhanceAnswer, EnhanceRequest, EnhanceResults
from tonnbook.models.vocabulary import CREDITS, EnhanceState
from tonnbook.studio.runtime.service import Desk, Told
from tonnbook.studio.runtime.storage import Shelf, StoredFile
from tonnbook.studio.runtime.worker import Progress, Task

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.enhancement.engine import EnhanceOutcome


@dataclass(frozen=True)
class Enhanced:
    """A finished enhancement and its file in the library: the preview, or the full track."""

    shelf: Shelf
    outcome: EnhanceOutcome
    file: StoredFile
    stems: Mapping[str, StoredFile]


@dataclass(frozen=True)
class EnhanceOrder:
    """An enhancement that was asked for."""

    id: str
    request: EnhanceRequest = field(repr=False)
    full: bool
    """Whether the full track was asked for, or a preview."""
    task: Task[Enhanced]


class EnhancementDesk(Desk[EnhanceOrder]):
    """All enhancements of one studio."""

    engine = "tonnbook.studio.enhancement.work"
    what = "the enhancement"
    id_name = "mixrevive_task_id"

    def open(self, request: EnhanceRequest, *, full: bool) -> EnhanceOrder:
        """Start an enhancement; raises Refusal 400, 429 or 507."""
        self._admit(request.webhook_url, audioFileLocation=request.source)
        task_id = secrets.token_hex(12)
        task = self._start(
            task_id,
            request.webhook_url,
            lambda progress: self._enhance(task_id, request, full, progress),
            lambda task: self._told(task, full=full),
        )
        return self._keep(task_id, EnhanceOrder(task_id, request, full, task))

    def answer(self, order: EnhanceOrder) -> EnhanceAnswer:
        """Return the answer for an enhancement that is done; raises Refusal 404 if its files had to make room."""
        return self._answer(self._present(order.task), full=order.full)

    # From here on in a task's own thread.

    def _enhance(self, task_id: str, request: EnhanceRequest, full: bool, progress: Progress) -> Enhanced:
        from tonnbook.studio.enhancement.work import make_enhanced

        done = make_enhanced(request, full, self._library, self._worker, self._limits, progress)
        self._ledger.charge("enhance" if full else "enhance_preview", task_id)
        return done

    def _answer(self, done: Enhanced, *, full: bool) -> EnhanceAnswer:
        link, notes = self._library.link(done.file), done.outcome.notes
        results = EnhanceResults(
            status=EnhanceState.FINAL_COMPLETED if full else EnhanceState.PREVIEW_COMPLETED,
            preview_url=None if full else link,
            track_url=link if full else None,
            stem_urls={name: self._library.link(stem) for name, stem in done.stems.items()} or None,
            preview_start_s=done.outcome.preview_start_s,
            notes=notes.model_copy(update={"credits_live": CREDITS["enhance"]}) if full else notes,
        )
        return EnhanceAnswer(results=results)

    def _told(self, task: Task[Enhanced], *, full: bool) -> Told:
        if task.failure is not None:
            return EnhanceState.FINAL_ERROR if full else EnhanceState.PREVIEW_ERROR, {}
        results = self._answer(task.future.result(), full=full).results
        return results.status, {key: link for key, link in results.to_wire().items() if key.startswith("download_url")}
