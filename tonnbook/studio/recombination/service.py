"""Recombination service: start recombinations, and answer about them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tonnbook.models.recombination import (
    RecombinationAnswer,
    RecombinationRequest,
    RecombinePreview,
    RecombinePreviewAnswer,
    RecombineProcessing,
    RecombineResult,
    RecombineStatus,
)
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service, ServiceContext, TaskResult
from tonnbook.studio.runtime.worker import Task
from tonnbook.studio.separation.service import SeparationService, status_event, task_status

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.recombination.engine import RecombinationOutcome


@dataclass(frozen=True)
class RecombinationOrder:
    """A recombination that was requested."""

    id: str
    request: RecombinationRequest = field(repr=False)
    task: Task[TaskResult[RecombinationOutcome]]


class RecombinationService(Service[RecombinationOrder]):
    """All recombinations of one studio."""

    engine = "tonnbook.studio.recombination.engine"
    result_name = "the recombination"
    id_name = "recombineTaskId"

    def __init__(self, context: ServiceContext, separations: SeparationService) -> None:
        super().__init__(context)
        self._separations = separations

    def start(self, request: RecombinationRequest) -> RecombinationOrder:
        """Start a recombination; raises HttpError 400, 404, 429 or 507."""
        if request.separation_id is not None:
            self._separations.finished(request.separation_id)
        sources = {"vocalStemURL": request.vocal, "backingStemURL": request.backing}
        self._check_order(sources, request.webhook_url)
        task_id = f"rc_{uuid4()}"
        task = self._start_task(
            task_id, request.webhook_url, lambda progress: self._recombine(request, progress), status_event
        )
        return self._add_order(task_id, RecombinationOrder(task_id, request, task))

    def status(self, order: RecombinationOrder) -> RecombineStatus:
        """Return the status of a recombination."""
        return task_status(RecombineStatus, order.id, order.task, "the master is ready")

    def preview_answer(self, order: RecombinationOrder) -> RecombinePreviewAnswer:
        """Return the preview of a recombination that is done; raises HttpError 404 if its files have been deleted."""
        outcome = self._result(order.task).outcome
        preview = RecombinePreview(
            preview_url=self._storage.result_link(outcome.preview),
            preview_start_seconds=outcome.preview_start_s,
            measured_lufs_full=round(outcome.features.loudness_lufs, 2),
        )
        return RecombinePreviewAnswer(preview=preview, notes=outcome.notes)

    def final_answer(self, order: RecombinationOrder) -> RecombinationAnswer:
        """Return the master of a recombination that is done, and charge it once; raises HttpError 404 if its files have been deleted."""
        outcome, request = self._result(order.task).outcome, order.request
        features = outcome.features
        result = RecombineResult(
            master_url=self._storage.result_link(outcome.master),
            measured_lufs=round(features.loudness_lufs, 2),
            peak_level=round(features.true_peak_dbtp, 2),
            track_length_seconds=round(features.seconds, 3),
            sample_rate=features.rate,
            bit_depth=16,
            channels=2,
            processing=RecombineProcessing(
                musical_style=request.style.value,
                desired_loudness=request.desired_loudness.value,
                vocal_gain_db=request.vocal_gain_db,
            ),
        )
        self._ledger.charge_once("recombine", order.id)
        return RecombinationAnswer(result=result, notes=outcome.notes)

    # Called in a task's thread.

    def _recombine(self, request: RecombinationRequest, progress: Progress) -> TaskResult[RecombinationOutcome]:
        from tonnbook.studio.recombination.engine import recombine

        with self._storage.new_task_folder() as task_folder:
            vocal, backing = self._get_sources(request, task_folder.path, part(progress, 0, DOWNLOAD_SHARE))
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            out = task_folder.path / "out"
            out.mkdir()
            outcome = self._worker.compute(recombine, vocal, backing, request, out, part(progress, DOWNLOAD_SHARE, 1))
        return TaskResult(task_folder, outcome)

    def _get_sources(self, request: RecombinationRequest, folder: Path, progress: Progress) -> tuple[Path, Path]:
        """Return the vocal and its backing as files of those names: two downloads could have the same name."""
        from tonnbook.studio.measure.track_checks import check_track

        if request.separation_id is not None:
            return self._separations.copy_vocals_and_backing(request.separation_id, folder)
        files = []
        for name, link in (("vocals", request.vocal), ("backing", request.backing)):
            path = self._download_source(str(link), folder / name, progress, check_track)
            files.append(path.with_name(f"{name}{path.suffix}"))
            os.replace(path, files[-1])
        return files[0], files[1]
