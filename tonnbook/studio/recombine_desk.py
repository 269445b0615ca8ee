"""The recombination desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tonnbook.models.recombine import (
    RecombineAnswer,
    RecombinePreview,
    RecombinePreviewAnswer,
    RecombineProcessing,
    RecombineRequest,
    RecombineResult,
    RecombineStatus,
)
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library, Shelf, StoredFile
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source, check_webhook
from tonnbook.studio.refusal import Refusal
from tonnbook.studio.separation_desk import SeparationDesk
from tonnbook.studio.webhooks import Webhooks, webhook_body
from tonnbook.studio.worker import Progress, Task, Worker, part

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.recombine import RecombineOutcome

FETCHING = 0.1
"""Share of the progress that fetching and checking the two files fills."""


@dataclass(frozen=True)
class Recombined:
    """A finished recombination and its files in the library."""

    shelf: Shelf
    outcome: RecombineOutcome
    master: StoredFile
    preview: StoredFile


@dataclass(frozen=True)
class RecombineOrder:
    """A recombination that was asked for."""

    id: str
    request: RecombineRequest = field(repr=False)
    task: Task[Recombined]


class RecombineDesk:
    """All recombinations of one studio."""

    def __init__(
        self,
        library: Library,
        worker: Worker,
        webhooks: Webhooks,
        ledger: Ledger,
        limits: Limits,
        clock: Callable[[], float],
        separations: SeparationDesk,
    ) -> None:
        self._library = library
        self._worker = worker
        self._webhooks = webhooks
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._separations = separations
        self._lock = threading.Lock()
        self._orders: dict[str, RecombineOrder] = {}

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, "tonnbook.studio.recombine")

    def open(self, request: RecombineRequest) -> RecombineOrder:
        """Start a recombination; raises Refusal 400, 404, 429 or 507."""
        for link, where in ((request.vocal, "vocalStemURL"), (request.backing, "backingStemURL")):
            if link is not None:
                check_source(str(link), where, self._library)
        if request.separation_id is not None:
            self._separations.finished(request.separation_id)
        if request.webhook_url is not None:
            check_webhook(request.webhook_url, self._library)
        self._library.make_room()
        task_id, created = f"rc_{uuid4()}", self._clock()
        task = self._worker.start(
            lambda progress: self._recombine(request, progress),
            lambda task: self._tell(request.webhook_url, task_id, created, task),
        )
        with self._lock:
            return self._orders.setdefault(task_id, RecombineOrder(task_id, request, task))

    def order(self, task_id: str) -> RecombineOrder:
        """Return a recombination that was asked for here; raises Refusal 404."""
        if found := self._orders.get(task_id):
            return found
        raise Refusal(404, "no such task here; a studio forgets its tasks when it is closed")

    def status(self, order: RecombineOrder) -> RecombineStatus:
        """Return how far a recombination is."""
        task = order.task
        if task.running:
            share = round(task.progress, 4)
            return RecombineStatus(task_id=order.id, status="processing", message=task.stage, progress=share)
        if task.failure is not None:
            return RecombineStatus(
                task_id=order.id, status="failed", error=True, message="it failed", info=task.failure
            )
        return RecombineStatus(task_id=order.id, status="complete", message="the master is ready", progress=1.0)

    def preview_answer(self, order: RecombineOrder) -> RecombinePreviewAnswer:
        """Return the preview of a recombination that is done; raises Refusal 404 if its files had to make room."""
        done = self._present(order)
        loudness = round(done.outcome.features.loudness_lufs, 2)
        preview = RecombinePreview(
            preview_url=self._library.link(done.preview),
            preview_start_seconds=done.outcome.preview_start_s,
            measured_lufs_full=loudness,
        )
        return RecombinePreviewAnswer(preview=preview)

    def final_answer(self, order: RecombineOrder) -> RecombineAnswer:
        """Return the master of a recombination that is done, and charge it the first time."""
        done, request = self._present(order), order.request
        features = done.outcome.features
        result = RecombineResult(
            master_url=self._library.link(done.master),
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
        return RecombineAnswer(result=result)

    def _present(self, order: RecombineOrder) -> Recombined:
        done = order.task.future.result()
        if not self._library.holds(done.shelf):
            raise Refusal(404, "the files of this task had to make room for newer ones; ask for it again")
        return done

    # From here on in a task's own thread.

    def _recombine(self, request: RecombineRequest, progress: Progress) -> Recombined:
        from tonnbook.studio.recombine import recombine

        with self._library.new_shelf() as shelf:
            vocal, backing = self._brought(request, shelf.folder, part(progress, 0, FETCHING))
            progress(FETCHING, "waiting for its turn")
            out = shelf.folder / "out"
            out.mkdir()
            outcome = self._worker.in_turn(recombine, vocal, backing, request, out, part(progress, FETCHING, 1))
            return Recombined(shelf, outcome, self._library.add(outcome.master), self._library.add(outcome.preview))

    def _brought(self, request: RecombineRequest, folder: Path, progress: Progress) -> tuple[Path, Path]:
        """Return the two files, under names that tell them apart."""
        from tonnbook.studio.repair_work import bring

        if request.separation_id is not None:
            return self._separations.lend_two(request.separation_id, folder)
        files = []
        for name, link in (("vocals", request.vocal), ("backing", request.backing)):
            place = folder / name
            place.mkdir()
            path = bring(str(link), place, self._library, self._limits, progress)
            files.append(place / f"{name}{path.suffix}")
            os.replace(path, files[-1])
        return files[0], files[1]

    def _tell(self, url: str | None, task_id: str, created: float, task: Task[Recombined]) -> None:
        if url is None:
            return
        state = "failed" if task.failure is not None else "completed"
        body = webhook_body(task_id, state, {}, created, self._clock(), task.failure, id_name="recombineTaskId")
        self._webhooks.send(url, body)
