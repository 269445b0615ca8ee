"""The base class of the studio's services: check an order, start its task, find it again by its id, and send its webhook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from tonnbook.errors import AudioError, TonnbookError
from tonnbook.models.mixing import file_name
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.admission import check_disk_space, check_source, check_webhook
from tonnbook.studio.runtime.download import download
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage, TaskFolder
from tonnbook.studio.runtime.webhooks import WebhookEvent, Webhooks, webhook_body
from tonnbook.studio.runtime.worker import Task, Worker

DOWNLOAD_SHARE = 0.1
"""Fraction of a task's progress that downloading and checking its sources takes."""

SourceCheck = Callable[[Path, str, float], None]
"""Check of a downloaded file: its path, its name, and the longest duration in seconds. Raises AudioError."""

OutcomeT = TypeVar("OutcomeT")
OrderT = TypeVar("OrderT")
"""An order: the request, and the task that works on it."""


@dataclass(frozen=True)
class ServiceContext:
    """What all services of one studio share."""

    storage: Storage
    worker: Worker
    webhooks: Webhooks
    ledger: Ledger
    limits: Limits
    clock: Callable[[], float]


@dataclass(frozen=True)
class TaskResult(Generic[OutcomeT]):
    """What a finished task has made: the outcome of the engine, whose files are in the task's folder."""

    task_folder: TaskFolder
    outcome: OutcomeT


ResultT = TypeVar("ResultT", bound=TaskResult[Any])


class Service(Generic[OrderT]):
    """All orders of one kind in one studio."""

    engine: ClassVar[str]
    """Name of the module that does the work; it is imported in the background, as that takes a second."""
    result_name: ClassVar[str] = "it"
    """What an error message asks the client to request again when the files have been deleted."""
    id_name: ClassVar[str] = "multitrack_task_id"
    """Key of the task's id in the body of a webhook."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._storage = context.storage
        self._worker = context.worker
        self._ledger = context.ledger
        self._limits = context.limits
        self._clock = context.clock
        self._lock = threading.Lock()
        self._orders: dict[str, OrderT] = {}

    def load_engine(self) -> None:
        """Import the engine in the background; tasks that are started earlier wait for it."""
        self._worker.preload(import_module, self.engine)

    def find_order(self, task_id: str) -> OrderT:
        """Return the order with this id; raises HttpError 404."""
        if order := self._orders.get(task_id):
            return order
        raise HttpError(404, "no such task; a studio keeps its tasks until it is closed")

    def _add_order(self, task_id: str, order: OrderT) -> OrderT:
        with self._lock:
            self._orders[task_id] = order
        return order

    def _check_order(self, sources: Mapping[str, object], webhook_url: str | None = None) -> None:
        """Check the links and the webhook of a request, and the disk space; raises HttpError 400 or 507.

        `sources` are links by the names of their fields in the request; None is skipped.
        """
        for field, link in sources.items():
            if link is not None:
                check_source(str(link), field, self._storage)
        if webhook_url is not None:
            check_webhook(webhook_url, self._storage)
        check_disk_space(self._storage, self._limits)

    def _start_task(
        self,
        task_id: str,
        webhook_url: str | None,
        work: Callable[[Progress], ResultT],
        event_of: Callable[[Task[ResultT]], WebhookEvent],
    ) -> Task[ResultT]:
        """Start a task; when it has ended, send the webhook that `event_of` describes. Raises HttpError 429."""
        created = self._clock()

        def send_event(task: Task[ResultT]) -> None:
            if webhook_url is not None:
                self._send_webhook(webhook_url, task_id, created, event_of(task), task.failure)

        return self._worker.start(work, send_event)

    def _send_webhook(
        self, url: str, task_id: str, created: float, event: WebhookEvent, failure: str | None = None
    ) -> None:
        body = webhook_body(task_id, event, created, self._clock(), failure, id_name=self.id_name)
        self._context.webhooks.send(url, body)

    def _result(self, task: Task[ResultT]) -> ResultT:
        """Return the result of a task that has succeeded; raises HttpError 404 if its files have been deleted."""
        result = task.future.result()
        if not self._storage.exists(result.task_folder):
            raise HttpError(
                404, f"the files of this task were deleted to free disk space; request {self.result_name} again"
            )
        return result

    def _completion_time(self) -> str:
        """Return the present time as ISO 8601, in UTC, to the second."""
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")

    def _download_source(
        self, link: str, folder: Path, progress: Progress, check: SourceCheck, name: str | None = None
    ) -> Path:
        """Download a source into `folder`, which is created, and check it. To be called from a task.

        The file gets `name`, or the name in the link. Raises AudioError that contains the name.
        """
        name = name or file_name(link)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        progress(0.0, f"downloading {name}")
        try:
            download(link, path, self._storage, self._limits)
        except TonnbookError as problem:
            raise AudioError(f"{name}: {problem}") from None
        check(path, name, self._limits.track_seconds)
        return path
