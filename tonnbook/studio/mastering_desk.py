"""The mastering desk: from requests to tasks, and from finished masters to answers.

The preview is cut from the finished master, so one task makes both. The live service charges for the final master, and so does the ledger:
once for a task, when it is first asked for.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonnbook.models.mastering import (
    FinalMasterAnswer,
    FinalMasterResults,
    MasteringRequest,
    PreviewMasterAnswer,
    PreviewMasterResults,
)
from tonnbook.models.vocabulary import CREDITS, MasteringState
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library, Shelf, StoredFile
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source, check_webhook
from tonnbook.studio.refusal import Refusal
from tonnbook.studio.webhooks import Webhooks, webhook_body
from tonnbook.studio.worker import Progress, Task, Worker

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.mastering_engineer import MasterOutcome
    from tonnbook.studio.mastering_pool import MasteringPool

TASK_ID = "mastering_task_id"
"""What a webhook calls the id of a mastering task."""


@dataclass(frozen=True)
class Mastered:
    """A finished master and its files in the library."""

    shelf: Shelf
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


class MasteringDesk:
    """All masters of one studio."""

    def __init__(
        self,
        library: Library,
        worker: Worker,
        webhooks: Webhooks,
        ledger: Ledger,
        limits: Limits,
        clock: Callable[[], float],
        executor: Executor | None = None,
    ) -> None:
        self._library = library
        self._worker = worker
        self._webhooks = webhooks
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._executor = executor
        self._lock = threading.Lock()
        self._orders: dict[str, Order] = {}
        self._pool: MasteringPool | None = None

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, "tonnbook.studio.mastering_work")

    def close(self) -> None:
        """Cancel what waits for its turn."""
        if self._pool:
            self._pool.close()

    def open(self, request: MasteringRequest) -> Order:
        """Start a master; raises Refusal 400, 429 or 507."""
        check_source(str(request.source), "trackData[0].trackURL", self._library)
        if request.webhook_url is not None:
            check_webhook(request.webhook_url, self._library)
        self._library.make_room()
        task_id, created = secrets.token_hex(12), self._clock()
        task = self._worker.start(
            lambda progress: self._master(task_id, request, progress),
            lambda task: self._tell_of_preview(request.webhook_url, task_id, created, task),
        )
        with self._lock:
            return self._orders.setdefault(task_id, Order(task_id, request, task, created))

    def order(self, task_id: str) -> Order:
        """Return a master that was asked for here; raises Refusal 404."""
        if found := self._orders.get(task_id):
            return found
        raise Refusal(404, "no such task here; a studio forgets its tasks when it is closed")

    def preview_answer(self, order: Order) -> PreviewMasterAnswer:
        """Return the answer for a preview that is done; raises Refusal 404 if its files had to make room."""
        done = self._present(order)
        results = PreviewMasterResults(
            preview_url=self._library.link(done.preview),
            preview_start_s=done.outcome.notes.preview_start_s,
            notes=done.outcome.notes,
        )
        return PreviewMasterAnswer(results=results)

    def final_answer(self, order: Order) -> FinalMasterAnswer:
        """Return the answer for a master that is done; raises Refusal 404 if its files had to make room.

        The first time it is charged, and the webhook told.
        """
        done = self._present(order)
        notes = done.outcome.notes.model_copy(update={"credits_live": CREDITS["final_master"]})
        answer = FinalMasterAnswer(results=FinalMasterResults(master_url=self._library.link(done.master), notes=notes))
        with self._lock:
            first = self._ledger.charge_once("final_master", order.id) > 0
        if first and order.request.webhook_url is not None:
            self._tell(
                order.request.webhook_url, order.id, order.created, MasteringState.FINAL_COMPLETED, _links(answer)
            )
        return answer

    def _present(self, order: Order) -> Mastered:
        done = order.task.future.result()
        if not self._library.holds(done.shelf):
            raise Refusal(404, "the files of this task had to make room for newer ones; ask for the master again")
        return done

    # From here on in a task's own thread.

    def _master(self, task_id: str, request: MasteringRequest, progress: Progress) -> Mastered:
        from tonnbook.studio.mastering_work import make_master

        done = make_master(request, self._library, self._made_pool(), self._limits, progress)
        self._ledger.charge("master_preview", task_id)
        return done

    def _made_pool(self) -> MasteringPool:
        from tonnbook.studio.mastering_pool import MasteringPool

        with self._lock:
            self._pool = self._pool or MasteringPool(self._executor)
            return self._pool

    def _tell_of_preview(self, url: str | None, task_id: str, created: float, task: Task[Mastered]) -> None:
        if url is None:
            return
        if task.failure is not None:
            self._tell(url, task_id, created, MasteringState.PREVIEW_ERROR, {}, task.failure)
            return
        done = task.future.result()
        results = PreviewMasterResults(
            preview_url=self._library.link(done.preview), preview_start_s=done.outcome.notes.preview_start_s
        )
        self._tell(
            url, task_id, created, MasteringState.PREVIEW_COMPLETED, _links(PreviewMasterAnswer(results=results))
        )

    def _tell(
        self,
        url: str,
        task_id: str,
        created: float,
        state: MasteringState,
        result: Mapping[str, Any],
        failure: str | None = None,
    ) -> None:
        body = webhook_body(task_id, state, result, created, self._clock(), failure, id_name=TASK_ID)
        self._webhooks.send(url, body)


def _links(answer: PreviewMasterAnswer | FinalMasterAnswer) -> dict[str, Any]:
    wire = answer.results.to_wire()
    return {key: value for key, value in wire.items() if key.startswith("download_url") or key == "preview_start_time"}
