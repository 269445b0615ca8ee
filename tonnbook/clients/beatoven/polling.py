"""Asks after a composition until it is done, and, where the stems are a task of their own, after those."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pydantic import ValidationError

from tonnbook.clients.beatoven.songs import song_of
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.errors import JobFailed, UnexpectedAnswer
from tonnbook.models.beatoven_wire import Finished, InstrumentsFinished, InstrumentUrls, TaskStarted, TaskStatus
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.problems import explain
from tonnbook.models.song import Song

_COMPOSING_SHARE = 0.9
"""The part of a job's progress that stands for composing, where the stems are a task of their own."""


class Asking:
    """The questions about one composition, one after the other."""

    def __init__(
        self,
        http: Http,
        files: Files,
        track_id: str,
        version: int,
        request: CompositionRequest | None,
        stems: bool,
    ) -> None:
        self._http, self._files = http, files
        self._track_id, self._version, self._request, self._stems = track_id, version, request, stems
        self._finished: tuple[Finished, TaskStatus] | None = None
        self._second = ""

    def begin(self, task_id: str, job: Job[Song]) -> Poll[Song]:
        """Return the question to ask."""
        return partial(self._ask, task_id, job)

    def _ask(self, task_id: str, job: Job[Song]) -> Song | StillRunning:
        if self._finished is None:
            return self._ask_song(task_id, job)
        status = self._status(self._second, job)
        if status.state != "SUCCESS":
            return StillRunning(status.message or "the stems are being cut", _COMPOSING_SHARE)
        return self._song(task_id, _instruments(status.meta))

    def _ask_song(self, task_id: str, job: Job[Song]) -> Song | StillRunning:
        status = self._status(task_id, job)
        follows = self._stems and status.notes is None
        if status.state != "SUCCESS":
            share = status.progress
            done = None if share is None else share * (_COMPOSING_SHARE if self._stems else 1.0)
            return StillRunning(status.message or status.state.lower(), done)
        self._finished = (_finished(status.meta), status)
        if not follows:
            return self._song(task_id, ())
        reply = self._http.create(f"/api/v2/tracks/{self._track_id}/instrument_urls", {})
        self._second = reply.read(TaskStarted).task_id
        return StillRunning("the stems are being cut", _COMPOSING_SHARE)

    def _status(self, task_id: str, job: Job[Song]) -> TaskStatus:
        status = self._http.get(f"/api/v2/status/{task_id}").read(TaskStatus)
        if status.state in ("FAILURE", "FAILED"):
            raise JobFailed(job, status.message or "the server gives no reason")
        return status

    def _song(self, task_id: str, instruments: InstrumentUrls) -> Song:
        assert self._finished is not None
        finished, status = self._finished
        version = status.notes.version if status.notes else self._version
        ids = (self._track_id or task_id, task_id, version)
        links = finished.download_url, finished.section_options
        return song_of(ids, self._request, *links, instruments, status.notes, self._files)


def _finished(meta: object) -> Finished:
    """Return the meta of a song that is done; raises UnexpectedAnswer."""
    try:
        return Finished.model_validate(meta)
    except ValidationError as problem:
        wrong = explain(problem)
    raise UnexpectedAnswer(f"the composition is done, but its answer is not as documented: {wrong}")


def _instruments(meta: object) -> InstrumentUrls:
    """Return the meta of an instruments task that is done; raises UnexpectedAnswer."""
    inner = meta.get("instrument_urls", meta) if isinstance(meta, Mapping) else meta
    try:
        return InstrumentsFinished.model_validate({"sections": inner}).sections
    except ValidationError as problem:
        wrong = explain(problem)
    raise UnexpectedAnswer(f"the stems are done, but their answer is not as documented: {wrong}")
