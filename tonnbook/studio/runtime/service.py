"""What all desks have in common: an order is checked, becomes a task, is found again by its id, and its end is told to a webhook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.mixing.checks import check_source, check_webhook
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage, TaskFolder
from tonnbook.studio.runtime.webhooks import Webhooks, webhook_body
from tonnbook.studio.runtime.worker import Task, Worker


@dataclass(frozen=True)
class ServiceContext:
    """What the desks of one studio share."""

    storage: Storage
    worker: Worker
    webhooks: Webhooks
    ledger: Ledger
    limits: Limits
    clock: Callable[[], float]


class HasTaskFolder(Protocol):
    """A result whose files lie on a shelf of the library."""

    @property
    def task_folder(self) -> TaskFolder: ...


O = TypeVar("O")  # noqa: E741
"""An order: what was asked for, and the task that works at it."""
T = TypeVar("T", bound=HasTaskFolder)

WebhookEvent = tuple[str, Mapping[str, Any]]
"""What a webhook is told of a task that has ended: its state, and the links to its results."""


class Service(Generic[O]):
    """All orders of one kind in one studio."""

    engine: ClassVar[str]
    """The module that does the work; loaded in the background, as it takes a second."""
    what: ClassVar[str] = "it"
    """What is asked for again when its files are gone."""
    id_name: ClassVar[str] = "multitrack_task_id"
    """What a webhook calls the id of a task."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._storage = context.storage
        self._worker = context.worker
        self._ledger = context.ledger
        self._limits = context.limits
        self._clock = context.clock
        self._lock = threading.Lock()
        self._orders: dict[str, O] = {}

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, self.engine)

    def order(self, task_id: str) -> O:
        """Return what was asked for under this id; raises HttpError 404."""
        if found := self._orders.get(task_id):
            return found
        raise HttpError(404, "no such task here; a studio forgets its tasks when it is closed")

    def _keep(self, task_id: str, order: O) -> O:
        with self._lock:
            return self._orders.setdefault(task_id, order)

    def _admit(self, webhook_url: str | None, **sources: object) -> None:
        """Check the links of an order, by the names of their fields, and make room; raises HttpError 400 or 507."""
        for field, link in sources.items():
            if link is not None:
                check_source(str(link), field, self._storage)
        if webhook_url is not None:
            check_webhook(webhook_url, self._storage)
        self._storage.make_room()

    def _start(
        self,
        task_id: str,
        webhook_url: str | None,
        work: Callable[[Progress], T],
        event_of: Callable[[Task[T]], WebhookEvent],
    ) -> Task[T]:
        """Start the work; at its end the webhook is told what `told` says. Raises HttpError 429."""
        created = self._clock()

        def tell(task: Task[T]) -> None:
            if webhook_url is not None:
                self._send(webhook_url, task_id, created, *event_of(task), task.failure)

        return self._worker.start(work, tell)

    def _send(
        self,
        url: str,
        task_id: str,
        created: float,
        state: str,
        result: Mapping[str, Any],
        failure: str | None = None,
    ) -> None:
        body = webhook_body(task_id, state, result, created, self._clock(), failure, id_name=self.id_name)
        self._context.webhooks.send(url, body)

    def _present(self, task: Task[T]) -> T:
        """Return the result of a task that is done; raises HttpError 404 if its files had to make room."""
        done = task.future.result()
        if not self._storage.has(done.task_folder):
            raise HttpError(404, f"the files of this task had to make room for newer ones; ask for {self.what} again")
        return done
