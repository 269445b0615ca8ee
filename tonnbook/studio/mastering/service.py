"""Mastering service: start masters, and answer about them.

The preview is cut from the finished master, so one task makes both. The live service charges for the final master, and so does the
ledger: once for a task, when the master is first retrieved.
"""

from __future__ import annotations

import secrets
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from tonnbook.models.mastering import (
    FinalMasterAnswer,
    FinalMasterResults,
    MasteringRequest,
    PreviewMasterAnswer,
    PreviewMasterResults,
)
from tonnbook.models.vocabulary import CREDITS, MasteringState
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service, ServiceContext, TaskResult
from tonnbook.studio.runtime.webhooks import WebhookEvent, result_fields
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.mastering.engine import MasterOutcome
    from tonnbook.studio.mastering.pool import MasteringPool


@dataclass(frozen=True)
class MasterResult(TaskResult[Any]):
    """A finished master and its preview."""

    outcome: MasterOutcome
    preview: Path


@dataclass(frozen=True)
class MasteringOrder:
    """A master that was requested."""

    id: str
    request: MasteringRequest = field(repr=False)
    task: Task[MasterResult]
    created: float
    """When it was requested, in seconds since 1970."""


class MasteringService(Service[MasteringOrder]):
    """All masters of one studio."""

    engine = "tonnbook.studio.mastering.engine"
    result_name = "the master"
    id_name = "mastering_task_id"

    def __init__(self, context: ServiceContext, executor: Executor | None = None) -> None:
        super().__init__(context)
        self._executor = executor
        self._pool: MasteringPool | None = None

    def close(self) -> None:
        """Cancel the masters that are waiting."""
        if self._pool:
            self._pool.close()

    def start(self, request: MasteringRequest) -> MasteringOrder:
        """Start a master; raises HttpError 400, 429 or 507."""
        self._check_order({"trackData[0].trackURL": request.source}, request.webhook_url)
        task_id, created = secrets.token_hex(12), self._clock()
        task = self._start_task(
            task_id,
            request.webhook_url,
            lambda progress: self._make_master(task_id, request, progress),
            self._preview_event,
        )
        return self._add_order(task_id, MasteringOrder(task_id, request, task, created))

    def preview_answer(self, order: MasteringOrder) -> PreviewMasterAnswer:
        """Return the answer for a preview that is done; raises HttpError 404 if its files have been deleted."""
        result = self._result(order.task)
        results = self._preview_results(result).model_copy(update={"notes": result.outcome.notes})
        return PreviewMasterAnswer(results=results)

    def final_answer(self, order: MasteringOrder) -> FinalMasterAnswer:
        """Return the answer for a master that is done; raises HttpError 404 if its files have been deleted.

        The first call for a task charges it and sends the webhook.
        """
        outcome = self._result(order.task).outcome
        results = FinalMasterResults(
            master_url=self._storage.result_link(outcome.master),
            notes=outcome.notes.model_copy(update={"credits_live": CREDITS["final_master"]}),
        )
        first = self._ledger.charge_once("final_master", order.id) > 0
        if first and order.request.webhook_url is not None:
            event = MasteringState.FINAL_COMPLETED, result_fields(results)
            self._send_webhook(order.request.webhook_url, order.id, order.created, event)
        return FinalMasterAnswer(results=results)

    # Called in a task's thread.

    def _make_master(self, task_id: str, request: MasteringRequest, progress: Progress) -> MasterResult:
        from tonnbook.studio.mastering.plan import requested_target
        from tonnbook.studio.measure.track_checks import check_track

        with self._storage.new_task_folder() as task_folder:
            folder, name = task_folder.path, PurePath(request.name).stem or "song"
            master, preview = folder / f"{name}-master.wav", folder / f"{name}-preview.mp3"
            download_progress = part(progress, 0, DOWNLOAD_SHARE)
            source = self._download_source(str(request.source), folder / "song", download_progress, check_track)
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            outcome = self._get_pool().master(
                source,
                requested_target(request),
                master,
                preview,
                request.preview_start_s,
                part(progress, DOWNLOAD_SHARE, 1),
            )
        self._ledger.charge("master_preview", task_id)
        return MasterResult(task_folder, outcome, preview)

    def _get_pool(self) -> MasteringPool:
        from tonnbook.studio.mastering.pool import MasteringPool

        with self._lock:
            self._pool = self._pool or MasteringPool(self._executor)
            return self._pool

    def _preview_event(self, task: Task[MasterResult]) -> WebhookEvent:
        if task.failure is not None:
            return MasteringState.PREVIEW_ERROR, {}
        results = self._preview_results(task.future.result())
        return MasteringState.PREVIEW_COMPLETED, result_fields(results, "preview_start_time")

    def _preview_results(self, result: MasterResult) -> PreviewMasterResults:
        """Return the link of a preview and where it begins, without the notes."""
        link, notes = self._storage.result_link(result.preview), result.outcome.notes
        return PreviewMasterResults(preview_url=link, preview_start_s=notes.preview_start_s)
