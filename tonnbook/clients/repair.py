"""Calls about one finished recording that a server answers when the work is done: no task, no polling."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TypeVar

from tonnbook.clients.files import Files, check_upload
from tonnbook.clients.http import Http
from tonnbook.clients.replies import Reply
from tonnbook.errors import RequestRejected
from tonnbook.models.analysis import Analysis, AnalysisAnswer, AnalysisRequest
from tonnbook.models.base import Request
from tonnbook.models.cleanup import Cleanup, CleanupAnswer, CleanupRequest
from tonnbook.models.vocabulary import AnalysisStyle, SoundSource

R = TypeVar("R", bound=Request)

ANSWER_S = 600.0
"""How long a server may take over one recording."""


class Repairs:
    """The repair calls of one client."""

    def __init__(self, http: Http, files: Files) -> None:
        self._http, self._files = http, files

    def analyse(self, track: AnalysisRequest | str | Path, style: AnalysisStyle | str, *, is_master: bool) -> Analysis:
        """Return the analysis of a track; a file on this machine is uploaded first."""
        request = (
            track
            if isinstance(track, AnalysisRequest)
            else AnalysisRequest.model_validate({"source": place(track), "style": style, "is_master": is_master})
        )
        reply = self._posted("/mixanalysis", request)
        results = reply.read(AnalysisAnswer).results
        if results.error:
            raise RequestRejected(400, "/mixanalysis", results.info or "the server gives no reason")
        path = request.source if isinstance(request.source, Path) else None
        return Analysis(self._files.name_of(request.source), results.verdicts, results.notes, path)

    def clean_up(self, recording: CleanupRequest | str | Path, sound_source: SoundSource | str) -> Cleanup:
        """Return the cleaned recording; a file on this machine is uploaded first."""
        request = (
            recording
            if isinstance(recording, CleanupRequest)
            else CleanupRequest.model_validate({"source": place(recording), "sound_source": sound_source})
        )
        results = self._posted("/audio-cleanup", request).read(CleanupAnswer).results
        if results.error:
            raise RequestRejected(400, "/audio-cleanup", results.info or "the server gives no reason")
        name = self._files.name_of(request.source)
        stem = f"{PurePosixPath(name).stem} cleaned"
        file = self._files.remote_file(results.cleaned_url, stem, self._files.new_folder(stem), ".wav")
        original = request.source if isinstance(request.source, Path) else None
        return Cleanup(name, file, results.notes, original)

    def _posted(self, endpoint: str, request: Request) -> Reply:
        """Upload what is local, send the request once, and return an answer that is no refusal."""
        for path in request.local_files():
            check_upload(path)
        sent = request.with_links(self._files.upload)
        reply = self._http.create(endpoint, sent.to_wire(), read_s=ANSWER_S)
        if reply.refusal is not None:
            raise RequestRejected(400, endpoint, reply.refusal)
        return reply


def place(track: str | Path) -> str | Path:
    """Return a link as it is, and anything else as a path."""
    return track if isinstance(track, Path) or track.startswith(("http://", "https://")) else Path(track)
