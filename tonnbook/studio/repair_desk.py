"""The repair desk: calls about one finished recording that are answered when the work is done. From requests to tasks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest, AnalysisResults
from tonnbook.studio.ledger import Ledger
from tonnbook.studio.library import Library
from tonnbook.studio.limits import Limits
from tonnbook.studio.mix_checks import check_source
from tonnbook.studio.worker import Progress, Task, Worker


class RepairDesk:
    """All analyses of one studio."""

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

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def _nobody_else_waits(task: Task[AnalysisAnswer]) -> None:
    """The call itself waits for its answer: there is no webhook to tell."""
