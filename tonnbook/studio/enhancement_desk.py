"""The enhancement desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonnbook.models.enhancement import EnhanceAnswer, EnhanceRequest, EnhanceResults
from tonnbook.models.vocabulary import CREDITS, EnhanceState
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library, Shelf, StoredFile
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source, check_webhook
from tonnbook.studio.refusal import Refusal
from tonnbook.studio.webhooks import Webhooks, webhook_body
from tonnbook.studio.worker import Progress, Task, Worker

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.enhancement import EnhanceOutcome

TASK_ID = "mixrevive_task_id"
"""What a webhook calls the id of an enhancement."""


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


class EnhancementDesk:
    """All enhancements of one studio."""

    def __init__(
        self,
        library: Library,
        worker: Worker,
        webhooks: Webhooks,
        ledger: Ledger,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._library = library
        self._worker = worker
        self._webhooks = webhooks
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._orders: dict[str, EnhanceOrder] = {}

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, "tonnbook.studio.enhancement_work")

    def open(self, request: EnhanceRequest, *, full: bool) -> EnhanceOrder:
        """Start an enhancement; raises Refusal 400, 429 or 507."""
        check_source(str(request.source), "audioFileLocation", self._library)
        if request.webhook_url is not None:
            check_webhook(request.webhook_url, self._library)
        self._library.make_room()
        task_id, created = secrets.token_hex(12), self._clock()
        task = self._worker.start(
            lambda progress: self._enhance(task_id, request, full, progress),
            lambda task: self._tell(request.webhook_url, task_id, full, created, task),
        )
        with self._lock:
            return self._orders.setdefault(task_id, EnhanceOrder(task_id, request, full, task))

    def order(self, task_id: str) -> EnhanceOrder:
        """Return an enhancement that was asked for here; raises Refusal 404."""
        if found := self._orders.get(task_id):
            return found
        raise Refusal(404, "no such task here; a studio forgets its tasks when it is closed")

    def answer(self, order: EnhanceOrder) -> EnhanceAnswer:
        """Return the answer for an enhancement that is done; raises Refusal 404 if its files had to make room."""
        done = order.task.future.result()
        if not self._library.holds(done.shelf):
            raise Refusal(404, "the files of this task had to make room for newer ones; ask for the enhancement again")
        return self._answer(done, full=order.full)

    # From here on in a task's own thread.

    def _enhance(self, task_id: str, request: EnhanceRequest, full: bool, progress: Progress) -> Enhanced:
        from tonnbook.studio.enhancement_work import make_enhanced

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

    def _tell(self, url: str | None, task_id: str, full: bool, created: float, task: Task[Enhanced]) -> None:
        if url is None:
            return
        state = EnhanceState.FINAL_ERROR if full else EnhanceState.PREVIEW_ERROR
        result: Mapping[str, Any] = {}
        if task.failure is None:
            state = EnhanceState.FINAL_COMPLETED if full else EnhanceState.PREVIEW_COMPLETED
            wire = self._answer(task.future.result(), full=full).results.to_wire()
            result = {key: value for key, value in wire.items() if key.startswith("download_url")}
        body = webhook_body(task_id, state, result, created, self._clock(), task.failure, id_name=TASK_ID)
        self._webhooks.send(url, body)
