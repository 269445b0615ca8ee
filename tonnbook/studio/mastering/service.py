"""The mastering desk: from requests to tasks, and from finished masters to answers.

The preview is cut from the finished master, so one task makes both. The live service charges for the final master, and so does the ledger:
once for a task, when it is first asked for.
"""

from __future__ import annotations

import secrets
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tonnbook.models.mastering import (
    FinalMasterAnswer,
    FinalMasterResults,
    MasteringRequest,
    PreviewMasterAnswer,
    PreviewMasterResults,
)
from tonnbook.models.vocabulary import CREDITS, MasteringState
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.service import Service, ServiceContext, WebhookEvent
from tonnbook.studio.runtime.storage import StoredFile, TaskFolder
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.mastering.engine import MasterOutcome
    from tonnbook.studio.mastering.pool import MasteringPool


@dataclass(frozen=True)
class Mastered:
    """A finished master and its files in the library."""

    task_folder: TaskFolder
    outcome: MasterOutcome
    master: StoredFile
    preview: StoredFile


@dataclass(frozen=True)
class Order:
    """A master that was asked for."""

    id: str
    request: MasteringRequest = field(repr=False)
    task: Task[Mastered]
    created: float


class MasteringService(Service[Order]):
    """All masters of one studio."""

    engine = "tonnbook.studio.mastering.work"
    what = "the master"
    id_name = "mastering_task_id"

    def __init__(self, context: ServiceContext, executor: Executor | None = None) -> None:
        super().__init__(context)
        self._executor = executor
        self._pool: MasteringPool | None = None

    def close(self) -> None:
        """Cancel what waits for its turn."""
        if self._pool:
            self._pool.close()

    def open(self, request: MasteringRequest) -> Order:
        """Start a master; raises HttpError 400, 429 or 507."""
        self._admit(request.webhook_url, **{"trackData[0].trackURL": request.source})
        task_id, created = secrets.token_hex(12), self._clock()
        task = self._start(
            task_id,
            request.webhook_url,
            lambda progress: self._master(task_id, request, progress),
            self._preview_event,
        )
        return self._keep(task_id, Order(task_id, request, task, created))

    def preview_answer(self, order: Order) -> PreviewMasterAnswer:
        """Return the answer for a preview that is done; raises HttpError 404 if its files had to make room."""
        done = self._present(order.task)
        results = PreviewMasterResults(
            preview_url=self._storage.link(done.preview),
            preview_start_s=done.outcome.notes.preview_start_s,
            notes=done.outcome.notes,
        )
        return PreviewMasterAnswer(results=results)

    def final_answer(self, order: Order) -> FinalMasterAnswer:
        """Return the answer for a master that is done; raises HttpError 404 if its files had to make room.

        The first time it is charged, and the webhook told.
        """
        done = self._present(order.task)
        notes = done.outcome.notes.model_copy(update={"credits_live": CREDITS["final_master"]})
        answer = FinalMasterAnswer(results=FinalMasterResults(master_url=self._storage.link(done.master), notes=notes))
        with self._lock:
            first = self._ledger.charge_once("final_master", order.id) > 0
        if first and order.request.webhook_url is not None:
            state = MasteringState.FINAL_COMPLETED
            self._send(order.request.webhook_url, order.id, order.created, state, _links(answer))
        return answer

    # From here on in a task's own thread.

    def _master(self, task_id: str, request: MasteringRequest, progress: Progress) -> Mastered:
        from tonnbook.studio.mastering.work import make_master

        done = make_master(request, self._storage, self._made_pool(), self._limits, progress)
        self._ledger.charge("master_preview", task_id)
        return done

    def _made_pool(self) -> MasteringPool:
        from tonnbook.studio.mastering.pool import MasteringPool

        with self._lock:
            self._pool = self._pool or MasteringPool(self._executor)
            return self._pool

    def _preview_event(self, task: Task[Mastered]) -> WebhookEvent:
        if task.failure is not None:
            return MasteringState.PREVIEW_ERROR, {}
        done = task.future.result()
        results = PreviewMasterResults(
            preview_url=self._storage.link(done.preview), preview_start_s=done.outcome.notes.preview_start_s
        )
        return MasteringState.PREVIEW_COMPLETED, _links(PreviewMasterAnswer(results=results))


def _links(answer: PreviewMasterAnswer | FinalMasterAnswer) -> dict[str, Any]:
    wire = answer.results.to_wire()
    return {key: value for key, value in wire.items() if key.startswith("download_url") or key == "preview_start_time"}
