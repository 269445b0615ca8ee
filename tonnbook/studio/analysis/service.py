"""The repair desk: calls about one finished recording that are answered when the work is done. From requests to tasks."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest, AnalysisResults
from tonnbook.models.cleanup import CleanupAnswer, CleanupRequest, CleanupResults
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.service import Service
from tonnbook.studio.runtime.worker import Task


class RepairService(Service[None]):
    """All analyses and cleanups of one studio; they have no ids, as the call itself waits."""

    engine = "tonnbook.studio.analysis.work"

    def analyse(self, request: AnalysisRequest) -> Task[AnalysisAnswer]:
        """Start an analysis; raises HttpError 400, 429 or 507."""
        self._admit(None, audioFileLocation=request.source)
        return self._worker.start(lambda progress: self._analysed(request, progress), _nobody_else_waits)

    def clean_up(self, request: CleanupRequest) -> Task[CleanupAnswer]:
        """Start a cleanup; raises HttpError 400, 429 or 507."""
        self._admit(None, audioFileLocation=request.source)
        return self._worker.start(lambda progress: self._cleaned(request, progress), _nobody_else_waits)

    # From here on in a task's own thread.

    def _analysed(self, request: AnalysisRequest, progress: Progress) -> AnalysisAnswer:
        from tonnbook.studio.analysis.work import analysed

        report = analysed(request, self._storage, self._worker, self._limits, progress)
        price = self._ledger.charge("analysis", secrets.token_hex(12))
        results = AnalysisResults(
            completion_time=self._now(),
            info="measured by the tonnbook local studio",
            verdicts=report.verdicts,
            notes=report.notes.model_copy(update={"credits_live": price}),
        )
        return AnalysisAnswer(results=results)

    def _cleaned(self, request: CleanupRequest, progress: Progress) -> CleanupAnswer:
        from tonnbook.studio.analysis.work import cleaned

        file, notes = cleaned(request, self._storage, self._worker, self._limits, progress)
        price = self._ledger.charge("cleanup", secrets.token_hex(12))
        done = [stage.stage for stage in notes.stages if stage.done]
        results = CleanupResults(
            completion_time=self._now(),
            info=f"repaired: {', '.join(done)}" if done else "nothing was found that needed a repair",
            cleaned_url=self._storage.link(file),
            notes=notes.model_copy(update={"credits_live": price}),
        )
        return CleanupAnswer(message="the recording has been cleaned", results=results)

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def _nobody_else_waits(task: Task[AnalysisAnswer] | Task[CleanupAnswer]) -> None:
    """The call itself waits for its answer: there is no webhook to tell."""
