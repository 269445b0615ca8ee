"""The separation desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from tonnbook.models.separation import SeparateStatus, SeparationRequest, StatusAnswer, StemsAnswer
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import Service, WebhookEvent
from tonnbook.studio.runtime.storage import StoredFile, TaskFolder
from tonnbook.studio.runtime.worker import Task

S = TypeVar("S", bound=StatusAnswer)

FETCHING = 0.1
"""Share of the progress that fetching and checking the mix fills."""


@dataclass(frozen=True)
class Separated:
    """The stems of one mix in the library."""

    task_folder: TaskFolder
    stems: Mapping[str, StoredFile]
    how: str
    """What took the mix apart: "classical", or the name of a network."""


class SeparationService(Service[Task[Separated]]):
    """All separations of one studio."""

    engine = "tonnbook.studio.separation.engine"
    what = "the stems"
    id_name = "stemflowTaskId"

    def open(self, request: SeparationRequest) -> str:
        """Start a separation and return its id; raises HttpError 400, 429 or 507."""
        self._admit(request.webhook_url, audioFileLocation=request.source)
        task_id = f"sf_{uuid4()}"
        task = self._start(
            task_id, request.webhook_url, lambda progress: self._separate(task_id, request, progress), event_of
        )
        self._keep(task_id, task)
        return task_id

    def status(self, task_id: str) -> SeparateStatus:
        """Return how far a separation is; raises HttpError 404."""
        return how_far(SeparateStatus, task_id, self.order(task_id), "the stems are ready")

    def stems(self, task_id: str) -> StemsAnswer | None:
        """Return the stems, None while they are being made; raises HttpError 404, or 500 for a task that failed."""
        task = self.order(task_id)
        if task.running:
            return None
        if task.failure is not None:
            raise HttpError(500, task.failure)
        done = self._present(task)
        links = {name: self._storage.link(file) for name, file in done.stems.items()}
        return StemsAnswer(stems=links, separation=done.how)

    def finished(self, task_id: str) -> Separated:
        """Return a separation that is done; raises HttpError 404, or 400 for one that is not."""
        task = self.order(task_id)
        if task.running or task.failure is not None:
            raise HttpError(400, "stemJobId: this separation is not complete; wait for it, or make it again")
        return self._present(task)

    def lend_two(self, task_id: str, folder: Path) -> tuple[Path, Path]:
        """Write the vocals of a separation, and the sum of its other stems, into `folder`."""
        from tonnbook.studio.measure.streams import summed

        done = self.finished(task_id)
        with self._storage.in_use(done.task_folder):
            vocals = folder / "vocals.wav"
            self._storage.hard_link(done.stems["vocals"], vocals)
            rest = [file.path for name, file in done.stems.items() if name != "vocals"]
            return vocals, summed(rest, folder / "backing.wav")

    # From here on in a task's own thread.

    def _separate(self, task_id: str, request: SeparationRequest, progress: Progress) -> Separated:
        from tonnbook.studio.analysis.work import bring
        from tonnbook.studio.separation.engine import separate

        with self._storage.new_task_folder() as task_folder:
            source_folder, out = (_made(task_folder.path / name) for name in ("mix", "stems"))
            source = bring(str(request.source), source_folder, self._storage, self._limits, part(progress, 0, FETCHING))
            progress(FETCHING, "waiting for its turn")
            made = self._worker.in_turn(
                separate,
                source,
                out,
                two_stems=request.mode == "vocals_instrumental",
                progress=part(progress, FETCHING, 1),
            )
            self._ledger.charge("separation", task_id)
            return Separated(
                task_folder, {name: self._storage.add(path) for name, path in made.stems.items()}, made.how
            )


def how_far(kind: type[S], task_id: str, task: Task[Any], ready: str) -> S:
    """Return what a status call says of a task."""
    if task.running:
        return kind(task_id=task_id, status="processing", message=task.stage, progress=round(task.progress, 4))
    if task.failure is not None:
        return kind(task_id=task_id, status="failed", error=True, message="it failed", info=task.failure)
    return kind(task_id=task_id, status="complete", message=ready, progress=1.0)


def event_of(task: Task[Any]) -> WebhookEvent:
    """Return what a webhook is told of a task that has a status call of its own: how it ended, and no links.

    Known, from the docstrings and the README of roex-python 1.6.0: the webhook is for "async status notifications (pending/started/
    completed/failed)", and the links expire and are asked for by calls of their own. Not known, for neither the specification nor the client
    says it: the body. The studio's is that of the other calls, with the id under the name that these calls give it, and the word for how it
    ended as the `state`; "pending" and "started", which the caller knows from the status call, are not sent.
    """
    return "failed" if task.failure is not None else "completed", {}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
