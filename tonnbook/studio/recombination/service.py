"""The recombination desk: from requests to tasks, and from finished tasks to answers."""

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
from tonnbook.studio.runtime.service import Service, ServiceContext
from tonnbook.studio.runtime.storage import StoredFile, TaskFolder
from tonnbook.studio.runtime.worker import Task
from tonnbook.studio.separation.service import SeparationService, event_of, how_far

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.recombination.engine import RecombinationOutcome

FETCHING = 0.1
"""Share of the progress that fetching and checking the two files fills."""


@dataclass(frozen=True)
class Recombined:
    """A finished recombination and its files in the library."""

    task_folder: TaskFolder
    outcome: RecombinationOutcome
    master: StoredFile
    preview: StoredFile


@dataclass(frozen=True)
class RecombinationOrder:
    """A recombination that was asked for."""

    id: str
    request: RecombinationRequest = field(repr=False)
    task: Task[Recombined]


class RecombinationService(Service[RecombinationOrder]):
    """All recombinations of one studio."""

    engine = "tonnbook.studio.recombination.engine"
    id_name = "recombineTaskId"

    def __init__(self, context: ServiceContext, separations: SeparationService) -> None:
        super().__init__(context)
        self._separations = separations

    def open(self, request: RecombinationRequest) -> RecombinationOrder:
        """Start a recombination; raises HttpError 400, 404, 429 or 507."""
        if request.separation_id is not None:
            self._separations.finished(request.separation_id)
        self._admit(request.webhook_url, vocalStemURL=request.vocal, backingStemURL=request.backing)
        task_id = f"rc_{uuid4()}"
        task = self._start(task_id, request.webhook_url, lambda progress: self._recombine(request, progress), event_of)
        return self._keep(task_id, RecombinationOrder(task_id, request, task))

    def status(self, order: RecombinationOrder) -> RecombineStatus:
        """Return how far a recombination is."""
        return how_far(RecombineStatus, order.id, order.task, "the master is ready")

    def preview_answer(self, order: RecombinationOrder) -> RecombinePreviewAnswer:
        """Return the preview of a recombination that is done; raises HttpError 404 if its files had to make room."""
        done = self._present(order.task)
        loudness = round(done.outcome.features.loudness_lufs, 2)
        preview = RecombinePreview(
            preview_url=self._storage.link(done.preview),
            preview_start_seconds=done.outcome.preview_start_s,
            measured_lufs_full=loudness,
        )
        return RecombinePreviewAnswer(preview=preview)

    def final_answer(self, order: RecombinationOrder) -> RecombinationAnswer:
        """Return the master of a recombination that is done, and charge it the first time."""
        done, request = self._present(order.task), order.request
        features = done.outcome.features
        result = RecombineResult(
            master_url=self._storage.link(done.master),
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
        with self._lock:
            self._ledger.charge_once("recombine", order.id)
        return RecombinationAnswer(result=result)

    # From here on in a task's own thread.

    def _recombine(self, request: RecombinationRequest, progress: Progress) -> Recombined:
        from tonnbook.studio.recombination.engine import recombine

        with self._storage.new_task_folder() as task_folder:
            vocal, backing = self._brought(request, task_folder.path, part(progress, 0, FETCHING))
            progress(FETCHING, "waiting for its turn")
            out = task_folder.path / "out"
            out.mkdir()
            outcome = self._worker.in_turn(recombine, vocal, backing, request, out, part(progress, FETCHING, 1))
            return Recombined(
                task_folder, outcome, self._storage.add(outcome.master), self._storage.add(outcome.preview)
            )

    def _brought(self, request: RecombinationRequest, folder: Path, progress: Progress) -> tuple[Path, Path]:
        """Return the two files, under names that tell them apart."""
        from tonnbook.studio.analysis.work import bring

        if request.separation_id is not None:
            return self._separations.lend_two(request.separation_id, folder)
        files = []
        for name, link in (("vocals", request.vocal), ("backing", request.backing)):
            place = folder / name
            place.mkdir()
            path = bring(str(link), place, self._storage, self._limits, progress)
            files.append(place / f"{name}{path.suffix}")
            os.replace(path, files[-1])
        return files[0], files[1]
