"""Calls that a server answers when the work is done, without a task: analysis and cleanup of one recording."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

from tonnbook.clients.base import Calls, perhaps_charged, source_of
from tonnbook.clients.jobs import Job, Poll
from tonnbook.clients.reply import Reply
from tonnbook.errors import RequestRejected
from tonnbook.models.analysis import Analysis, AnalysisAnswer, AnalysisRequest
from tonnbook.models.base import Request
from tonnbook.models.cleanup import Cleanup, CleanupAnswer, CleanupRequest
from tonnbook.models.vocabulary import AnalysisStyle, SoundSource

ANSWER_S = 600.0
"""How long a server may take to answer for one recording."""
_ASK_AGAIN = "The same call made again is a new one, and may be charged again."


class RepairCalls(Calls):
    """The analysis and cleanup calls of one client. Their jobs have no task id: the one answer is the result."""

    def analyse(
        self, track: AnalysisRequest | str | Path, style: AnalysisStyle | str, *, is_master: bool
    ) -> Job[Analysis]:
        """Start the analysis of a track."""
        request = (
            track
            if isinstance(track, AnalysisRequest)
            else AnalysisRequest.model_validate({"source": source_of(track), "style": style, "is_master": is_master})
        )
        return self._start_task("analysis", request, partial(self._analyse, request))

    def clean_up(self, recording: CleanupRequest | str | Path, sound_source: SoundSource | str) -> Job[Cleanup]:
        """Start the cleanup of a recording."""
        request = (
            recording
            if isinstance(recording, CleanupRequest)
            else CleanupRequest.model_validate({"source": source_of(recording), "sound_source": sound_source})
        )
        return self._start_task("cleanup", request, partial(self._clean_up, request))

    # The methods below run in a job's own thread.

    def _analyse(self, request: AnalysisRequest, sent: AnalysisRequest, job: Job[Analysis]) -> Poll[Analysis]:
        with perhaps_charged(_ASK_AGAIN):
            answer = self._answer("/mixanalysis", sent, job, f"analysing {request.name}").read(AnalysisAnswer)
        results = answer.results
        if results.error:
            raise RequestRejected(400, "/mixanalysis", results.info or "the server gives no reason")
        path = request.source if isinstance(request.source, Path) else None
        analysis = Analysis(self._files.name_of(request.source), results.verdicts, results.notes, path)
        return lambda: analysis

    def _clean_up(self, request: CleanupRequest, sent: CleanupRequest, job: Job[Cleanup]) -> Poll[Cleanup]:
        with perhaps_charged(_ASK_AGAIN):
            answer = self._answer("/audio-cleanup", sent, job, f"cleaning up {request.name}").read(CleanupAnswer)
        results = answer.results
        if results.error:
            raise RequestRejected(400, "/audio-cleanup", results.info or "the server gives no reason")
        name = self._files.name_of(request.source)
        stem = f"{PurePosixPath(name).stem} cleaned"
        file = self._files.remote_file(results.cleaned_url, stem, self._files.new_folder(stem), ".wav")
        original = request.source if isinstance(request.source, Path) else None
        cleanup = Cleanup(name, file, results.notes, original)
        return lambda: cleanup

    def _answer(self, endpoint: str, sent: Request, job: Job[Analysis] | Job[Cleanup], message: str) -> Reply:
        """Send a request once and return the answer; raise RequestRejected where the server refuses it."""
        job.report(status="running", message=message)
        reply = self._http.create(endpoint, sent.to_wire(), read_s=ANSWER_S)
        if reply.refusal is not None:
            raise RequestRejected(400, endpoint, reply.refusal)
        return reply
