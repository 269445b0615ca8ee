"""The repair desk: calls about one finished recording that are answered when the work is done. From requests to tasks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest, AnalysisResults
from tonnbook.models.cleanup import CleanupAnswer, CleanupRequest, CleanupResults
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source
from tonnbook.studio.worker import Progress, Task, Worker


class RepairDesk:
    """All analyses and cleanups of one studio."""

    def __init__(
        self, library: Library, worker: Worker, ledger: Ledger, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self._library = library
        self._worker = worker
        self._ledger = ledger
        self._limits = limits
        self._clock = clock

    def load_engine(self) -> None:
        """Load the engine in the background; a task that comes before it is there waits for it."""
        self._worker.beside(import_module, "tonnbook.studio.repair_work")

    def analyse(self, request: AnalysisRequest) -> Task[AnalysisAnswer]:
        """Start an analysis; raises Refusal 400, 429 or 507."""
        check_source(str(request.source), "audioFileLocation", self._library)
        self._library.make_room()
        return self._worker.start(lambda progress: self._analysed(request, progress), _nobody_else_waits)

    def clean_up(self, request: CleanupRequest) -> Task[CleanupAnswer]:
        """Start a cleanup; raises Refusal 400, 429 or 507."""
        check_source(str(request.source), "audioFileLocation", self._library)
        self._library.make_room()
        return self._worker.start(lambda progress: self._cleaned(request, progress), _nobody_else_waits)

    # From here on in a task's own thread.

    def _analysed(self, request: AnalysisRequest, progress: Progress) -> AnalysisAnswer:
        from tonnbook.studio.repair_work import analysed

        report = analysed(request, self._library, self._worker, self._limits, progress)
        price = self._ledger.charge("analysis", secrets.token_hex(12))
        results = AnalysisResults(
            completion_time=self._now(),
            info="measured by the tonnbook local studio",
            verdicts=report.verdicts,
            notes=report.notes.model_copy(update={"credits_live": price}),
        )
        return AnalysisAnswer(results=results)

    def _cleaned(self, request: CleanupRequest, progress: Progress) -> CleanupAnswer:
        from tonnbook.studio.repair_work import cleaned

        file, notes = cleaned(request, self._library, self._worker, self._limits, progress)
        price = self._ledger.charge("cleanup", secrets.token_hex(12))
        done = [stage.stage for stage in notes.stages if stage.done]
        results = CleanupResults(
            completion_time=self._now(),
            info=f"repaired: {', '.join(done)}" if done else "nothing was found that needed a repair",
            cleaned_url=self._library.link(file),
            notes=notes.model_copy(update={"credits_live": price}),
        )
        return CleanupAnswer(message="the recording has been cleaned", results=results)

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def _nobody_else_waits(task: Task[AnalysisAnswer] | Task[CleanupAnswer]) -> None:
    """The call itself waits for its answer: there is no webhook to tell."""
