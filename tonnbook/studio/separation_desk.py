"""The separation desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from uuid import uuid4

from tonnbook.models.separation import SeparateRequest, SeparateStatus, StemsAnswer
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library, Shelf, StoredFile
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source, check_webhook
from tonnbook.studio.refusal import Refusal
from tonnbook.studio.webhooks import Webhooks, webhook_body
from tonnbook.studio.worker import Progress, Task, Worker, part

FETCHING = 0.1
"""Share of the progress that fetching and checking the mix fills."""


@dataclass(frozen=True)
class Separated:
    """The stems of one mix in the library."""

    shelf: Shelf
    stems: Mapping[str, StoredFile]


class SeparationDesk:
    """All separations of one studio."""

    def __init__(
        self,
        library: Library,
        worker: Worker,
        webhooks: Webhooks,
        ledger: Ledger,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._library = library
        self._worker = worker
        self._webhooks = webhooks
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._tasks: dict[str, Task[Separated]] = {}

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, "tonnbook.studio.separation")

    def open(self, request: SeparateRequest) -> str:
        """Start a separation and return its id; raises Refusal 400, 429 or 507."""
        check_source(str(request.source), "audioFileLocation", self._library)
        if request.webhook_url is not None:
            check_webhook(request.webhook_url, self._library)
        self._library.make_room()
        task_id, created = f"sf_{uuid4()}", self._clock()
        task = self._worker.start(
            lambda progress: self._separate(task_id, request, progress),
            lambda task: self._tell(request.webhook_url, task_id, created, task),
        )
        with self._lock:
            self._tasks[task_id] = task
        return task_id

    def status(self, task_id: str) -> SeparateStatus:
        """Return how far a separation is; raises Refusal 404."""
        task = self._task(task_id)
        if task.running:
            share = round(task.progress, 4)
            return SeparateStatus(task_id=task_id, status="processing", message=task.stage, progress=share)
        if task.failure is not None:
            return SeparateStatus(task_id=task_id, status="failed", error=True, message="it failed", info=task.failure)
        return SeparateStatus(task_id=task_id, status="complete", message="the stems are ready", progress=1.0)

    def stems(self, task_id: str) -> StemsAnswer | None:
        """Return the stems, None while they are being made; raises Refusal 404, or 500 for a task that failed."""
        from tonnbook.studio.separation import HOW

        task = self._task(task_id)
        if task.running:
            return None
        if task.failure is not None:
            raise Refusal(500, task.failure)
        done = task.future.result()
        if not self._library.holds(done.shelf):
            raise Refusal(404, "the files of this task had to make room for newer ones; ask for the stems again")
        return StemsAnswer(stems={name: self._library.link(file) for name, file in done.stems.items()}, separation=HOW)

    def finished(self, task_id: str) -> Separated:
        """Return a separation that is done; raises Refusal 404, or 400 for one that is not."""
        task = self._task(task_id)
        if task.running or task.failure is not None:
            raise Refusal(400, "stemJobId: this separation is not complete; wait for it, or make it again")
        done = task.future.result()
        if not self._library.holds(done.shelf):
            raise Refusal(404, "the files of this separation had to make room for newer ones; make it again")
        return done

    def lend_two(self, task_id: str, folder: Path) -> tuple[Path, Path]:
        """Write the vocals of a separation, and the sum of its other stems, into `folder`."""
        from tonnbook.studio.separation import summed

        done = self.finished(task_id)
        with self._library.holding(done.shelf):
            vocals = folder / "vocals.wav"
            self._library.lend(done.stems["vocals"], vocals)
            rest = [file.path for name, file in done.stems.items() if name != "vocals"]
            return vocals, summed(rest, folder / "backing.wav")

    def _task(self, task_id: str) -> Task[Separated]:
        if found := self._tasks.get(task_id):
            return found
        raise Refusal(404, "no such task here; a studio forgets its tasks when it is closed")

    # From here on in a task's own thread.

    def _separate(self, task_id: str, request: SeparateRequest, progress: Progress) -> Separated:
        from tonnbook.studio.repair_work import bring
        from tonnbook.studio.separation import separate

        with self._library.new_shelf() as shelf:
            source_folder, out = (_made(shelf.folder / name) for name in ("mix", "stems"))
            source = bring(str(request.source), source_folder, self._library, self._limits, part(progress, 0, FETCHING))
            progress(FETCHING, "waiting for its turn")
            made = self._worker.in_turn(
                separate,
                source,
                out,
                two_stems=request.mode == "vocals_instrumental",
                progress=part(progress, FETCHING, 1),
            )
            self._ledger.charge("separation", task_id)
            return Separated(shelf, {name: self._library.add(path) for name, path in made.items()})

    def _tell(self, url: str | None, task_id: str, created: float, task: Task[Separated]) -> None:
        if url is None:
            return
        state = "failed" if task.failure is not None else "completed"
        body = webhook_body(task_id, state, {}, created, self._clock(), task.failure, id_name="stemflowTaskId")
        self._webhooks.send(url, body)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
