"""Separation service: start separations, and answer about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from tonnbook.models.separation import SeparateStatus, SeparationRequest, StatusAnswer, StemsAnswer
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service, TaskResult
from tonnbook.studio.runtime.webhooks import WebhookEvent
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.separation.engine import SeparationOutcome

S = TypeVar("S", bound=StatusAnswer)


@dataclass(frozen=True)
class SeparationOrder:
    """A separation that was requested."""

    id: str
    task: Task[TaskResult[SeparationOutcome]]


class SeparationService(Service[SeparationOrder]):
    """All separations of one studio."""

    engine = "tonnbook.studio.separation.engine"
    result_name = "the stems"
    id_name = "stemflowTaskId"

    def start(self, request: SeparationRequest) -> SeparationOrder:
        """Start a separation; raises HttpError 400, 429 or 507."""
        self._check_order({"audioFileLocation": request.source}, request.webhook_url)
        task_id = f"sf_{uuid4()}"
        task = self._start_task(
            task_id, request.webhook_url, lambda progress: self._separate(task_id, request, progress), status_event
        )
        return self._add_order(task_id, SeparationOrder(task_id, task))

    def status(self, order: SeparationOrder) -> SeparateStatus:
        """Return the status of a separation."""
        return task_status(SeparateStatus, order.id, order.task, "the stems are ready")

    def answer(self, order: SeparationOrder) -> StemsAnswer:
        """Return the stems of a separation that is done; raises HttpError 404 if its files have been deleted."""
        outcome = self._result(order.task).outcome
        links = {name: self._storage.result_link(path) for name, path in outcome.stems.items()}
        return StemsAnswer(stems=links, separation=outcome.method)

    def finished(self, task_id: str) -> TaskResult[SeparationOutcome]:
        """Return the result of a separation that has succeeded; raises HttpError 404, or 400 for another state."""
        task = self.find_order(task_id).task
        if task.running or task.failure is not None:
            raise HttpError(400, "stemJobId: this separation is not complete; wait for it, or make it again")
        return self._result(task)

    def copy_vocals_and_backing(self, task_id: str, folder: Path) -> tuple[Path, Path]:
        """Write the vocals of a separation, and the sum of its other stems, into `folder`; return both paths."""
        from tonnbook.studio.measure.streams import summed

        result = self.finished(task_id)
        with self._storage.pinned(result.task_folder):
            stems, vocals = result.outcome.stems, folder / "vocals.wav"
            self._storage.hard_link(stems["vocals"], vocals)
            others = [path for name, path in stems.items() if name != "vocals"]
            return vocals, summed(others, folder / "backing.wav")

    # Called in a task's thread.

    def _separate(self, task_id: str, request: SeparationRequest, progress: Progress) -> TaskResult[SeparationOutcome]:
        from tonnbook.studio.measure.track_checks import check_track
        from tonnbook.studio.separation.engine import separate

        with self._storage.new_task_folder() as task_folder:
            folder, download_progress = task_folder.path, part(progress, 0, DOWNLOAD_SHARE)
            source = self._download_source(str(request.source), folder / "mix", download_progress, check_track)
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            stems = folder / "stems"
            stems.mkdir()
            outcome = self._worker.compute(
                separate,
                source,
                stems,
                two_stems=request.mode == "vocals_instrumental",
                progress=part(progress, DOWNLOAD_SHARE, 1),
            )
        self._ledger.charge("separation", task_id)
        return TaskResult(task_folder, outcome)


def task_status(kind: type[S], task_id: str, task: Task[Any], ready: str) -> S:
    """Return the answer of a status call; `ready` is its message once the task has succeeded."""
    if task.running:
        return kind(task_id=task_id, status="processing", message=task.stage, progress=round(task.progress, 4))
    if task.failure is not None:
        return kind(task_id=task_id, status="failed", error=True, message="it failed", info=task.failure)
    return kind(task_id=task_id, status="complete", message=ready, progress=1.0)


def status_event(task: Task[Any]) -> WebhookEvent:
    """Return the webhook event of a task that has a status call: "completed" or "failed", without links.

    Known from the docstrings and the README of roex-python 1.6.0: the webhook is for "async status notifications (pending/started/
    completed/failed)"; the links expire and are requested with calls of their own. The body is documented nowhere. The studio sends the
    body of its other webhooks, with the id under the name that these calls use and the status word as `state`. It does not send "pending"
    and "started", which the client can read from the status call.
    """
    return "failed" if task.failure is not None else "completed", {}
