"""Analysis service: analyse one recording. The call waits for its answer, so an analysis has no id and no webhook."""

from __future__ import annotations

import secrets

from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest, AnalysisResults
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service
from tonnbook.studio.runtime.temporary_folder import temporary_folder
from tonnbook.studio.runtime.worker import Task


class AnalysisService(Service[None]):
    """All analyses of one studio."""

    engine = "tonnbook.studio.analysis.engine"

    def start(self, request: AnalysisRequest) -> Task[AnalysisAnswer]:
        """Start an analysis; raises HttpError 400, 429 or 507."""
        self._check_order({"audioFileLocation": request.source})
        return self._worker.start(lambda progress: self._analyse(request, progress), lambda _: None)

    # Called in a task's thread.

    def _analyse(self, request: AnalysisRequest, progress: Progress) -> AnalysisAnswer:
        from tonnbook.studio.analysis.engine import analyse
        from tonnbook.studio.measure.reference_tone import treatment_text
        from tonnbook.studio.measure.track_checks import check_track

        with temporary_folder(self._storage.folder) as folder:
            source = self._download_source(str(request.source), folder, part(progress, 0, DOWNLOAD_SHARE), check_track)
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            report = self._worker.compute(
                analyse,
                source,
                request.style,
                is_master=request.is_master,
                progress=part(progress, DOWNLOAD_SHARE, 1),
            )
        price = self._ledger.charge("analysis", secrets.token_hex(12))
        results = AnalysisResults(
            completion_time=self._completion_time(),
            info="; ".join(
                filter(
                    None, ("measured by the tonnbook local studio", treatment_text(request.style), *request.live_notes)
                )
            ),
            verdicts=report.verdicts,
            notes=report.notes.model_copy(update={"credits_live": price}),
        )
        return AnalysisAnswer(results=results)
