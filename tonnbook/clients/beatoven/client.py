"""Client of the Beatoven service, or of the studio: compose a song with its stems from a prompt or from parameters.

All calls use v2; `compose_direct` uses the newer v1. Requests that start work are sent exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tonnbook.clients.album.payments import billing_server_of
from tonnbook.clients.album.record import LOCAL
from tonnbook.clients.beatoven.songs import direct_song, v2_song
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import JobFailed, RequestRejected, UnexpectedAnswer
from tonnbook.models.beatoven_wire import (
    DirectRequest,
    DirectStarted,
    DirectTask,
    Finished,
    InstrumentsFinished,
    InstrumentUrls,
    PromptText,
    TaskStarted,
    TaskStatus,
    TrackCreated,
    TrackUrls,
)
from tonnbook.models.composition import CompositionOptions, CompositionRequest
from tonnbook.models.composition_resolved import with_changes
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.problems import explain
from tonnbook.models.song import Song

T = TypeVar("T")

_FIND_AGAIN = "beatoven.attach({!r})"
_FIND_DIRECT_AGAIN = "beatoven.attach_direct({!r})"
_COMPOSING_SHARE = 0.9
"""Share of composing in the progress of a job that requests the stems in a second task."""


class BeatovenClient:
    """Composes songs with the server at `url`.

    Parameters
    ----------
    direct_url
        Address of the newer v1, which the live service has elsewhere; `url` by default.
    downloads
        Folder for downloads; by default a private one that is deleted when the session ends.
    polling
        How often and how long jobs are polled.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        direct_url: str | None = None,
        downloads: Path | None = None,
        polling: PollSettings | None = None,
    ) -> None:
        self._http = Http(url, key, scheme="api_key")
        self.charges_credits = billing_server_of(url, None) != LOCAL
        """Whether the server charges for compositions."""
        self._direct = Http(direct_url or url, key, scheme="Bearer")
        self._files = Files(self._http, downloads)
        self._poller = JobPoller(polling)
        self._options: CompositionOptions | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return self._http.url

    @property
    def downloads(self) -> Path:
        """The folder of downloads."""
        return self._files.folder

    @property
    def options(self) -> CompositionOptions:
        """The words that can be requested, and the blocked combinations. Requested from the server once."""
        if self._options is None:
            self._options = self._http.get("/api/v2/composition_params", about_a_task=False).read(CompositionOptions)
        return self._options

    def compose(self, wanted: str | CompositionRequest, *, title: str | None = None, stems: bool = True) -> Job[Song]:
        """Compose a song from a prompt or from parameters; return a job at once.

        With `stems` the song has its stems; the live service makes those of each section in a second task.
        Raises TypeError for another type, pydantic.ValidationError for an empty prompt. The job fails with RequestRejected, before
        anything is sent, for a combination that the server blocks.
        """
        request = CompositionRequest(prompt=wanted) if isinstance(wanted, str) else wanted
        if not isinstance(request, CompositionRequest):
            raise TypeError(f"compose takes a prompt or a CompositionRequest, not {type(wanted).__name__}")
        if title is not None:
            request = request.model_copy(update={"title": title})
        return self._start(
            Job("composition", partial(self._begin, request, stems), self._poller, find_again=_FIND_AGAIN)
        )

    def compose_again(self, song: Song, wanted: CompositionRequest | None = None, *, stems: bool = True) -> Job[Song]:
        """Compose another version of a song's track, with the same request or with some fields changed; older versions are kept.

        A prompt stays and the changed fields override it; a new prompt replaces the whole request.
        """
        begin = partial(self._begin_again, song, wanted, stems)
        return self._start(Job("composition", begin, self._poller, find_again=_FIND_AGAIN))

    def attach(self, task_id: str, track_id: str = "", *, stems: bool = False) -> Job[Song]:
        """Return a job for a composition that was started before. The live service needs `track_id` for the stems."""
        task = _CompositionTask(self._http, self._files, track_id, 0, None, stems and bool(track_id))
        find_again = _find_again(track_id, stems) if track_id else _FIND_AGAIN
        begin = partial(task.begin, task_id)
        return self._start(Job("composition", begin, self._poller, task_id=task_id, find_again=find_again))

    def attach_direct(self, task_id: str) -> Job[Song]:
        """Return a job for a composition of the newer v1 that was started before."""

        def begin(job: Job[Song]) -> Poll[Song]:
            return partial(self._poll_direct, task_id, None, job)

        return self._start(Job("composition", begin, self._poller, task_id=task_id, find_again=_FIND_DIRECT_AGAIN))

    def fetch(self, track_id: str, version: int | None = None) -> Song:
        """Return a finished song, the latest version by default, with its stems if they were requested when it was composed."""
        query = f"?version={version}" if version is not None else ""
        answer = self._http.get(f"/api/v2/tracks/{track_id}{query}", about_a_task=False).read(TrackUrls)
        number = answer.notes.version if answer.notes else version or 0
        links = answer.section_options, answer.instrument_urls
        return v2_song((track_id, "", number), None, answer.download_url, *links, answer.notes, self._files)

    def compose_direct(
        self,
        prompt: str,
        *,
        format: AudioFormat | str = AudioFormat.WAV,  # noqa: A002 - the service's word
        looping: bool = False,
    ) -> Job[Song]:
        """Compose a prompt with the newer v1: one file, WAV or MP3, and whole stems.

        A song with `looping` has whole bars and no ending.
        """
        request = DirectRequest(prompt=PromptText(text=prompt), format=AudioFormat.read(format), looping=looping)
        return self._start(
            Job("composition", partial(self._begin_direct, request), self._poller, find_again=_FIND_DIRECT_AGAIN)
        )

    def close(self) -> None:
        """Stop polling jobs and close the connections."""
        self._poller.close()
        self._http.close()
        self._direct.close()

    def __repr__(self) -> str:
        return f"BeatovenClient({self.url!r})"

    def _start(self, job: Job[T]) -> Job[T]:
        self._poller.start(job)
        return job

    # The following methods run in the threads of a job.

    def _begin(self, request: CompositionRequest, stems: bool, job: Job[Song]) -> Poll[Song]:
        self._check(request)
        created = self._http.create("/api/v2/tracks", request.to_wire()).read(TrackCreated)
        return self._compose(created.uuid, created.track.version + 1, request, {}, stems, job)

    def _begin_again(self, song: Song, wanted: CompositionRequest | None, stems: bool, job: Job[Song]) -> Poll[Song]:
        request = wanted
        if song.request is not None:  # sent as a whole: the track may have been composed with other fields since
            changes = wanted.to_wire() if wanted else {}
            request = with_changes(song.request, changes, self.options)
        if request is not None:
            self._check(request)
        body = request.to_wire() if request else {}
        return self._compose(song.track_id, song.version + 1, request, body, stems, job)

    def _check(self, request: CompositionRequest) -> None:
        """Raise RequestRejected, before anything is sent, for what the server blocks or does not know."""
        faults = [str(problem) for problem in self.options.problems(request)]
        if request.seed is not None and "seed" not in (self.options.extras or ()):
            faults.append("seed: only the local studio has it; leave it out, or compose with tb.offline()")
        if faults:
            raise RequestRejected(400, "the check before sending", "; ".join(faults))

    def _compose(
        self,
        track_id: str,
        version: int,
        request: CompositionRequest | None,
        body: Mapping[str, object],
        stems: bool,
        job: Job[Song],
    ) -> Poll[Song]:
        started = self._http.create(f"/api/v2/tracks/{track_id}/compose", body).read(TaskStarted)
        job.report(
            status="running",
            task_id=started.task_id,
            message="composition started",
            find_again=_find_again(track_id, stems),
        )
        task = _CompositionTask(self._http, self._files, track_id, version, request, stems)
        return task.begin(started.task_id, job)

    def _begin_direct(self, request: DirectRequest, job: Job[Song]) -> Poll[Song]:
        started = self._direct.create("/api/v1/tracks/compose", request.to_wire()).read(DirectStarted)
        job.report(
            status="running", task_id=started.task_id, message="composition started", find_again=_FIND_DIRECT_AGAIN
        )
        return partial(self._poll_direct, started.task_id, request, job)

    def _poll_direct(self, task_id: str, request: DirectRequest | None, job: Job[Song]) -> Song | StillRunning:
        answer = self._direct.get(f"/api/v1/tasks/{task_id}", about_a_task=False).read(DirectTask)
        match answer.status.lower():
            case "composed":
                return direct_song(task_id, answer, request, self._files)
            case "failed":
                raise JobFailed(job, answer.meta.message or "the server gave no reason")
        percentage = answer.meta.percentage
        return StillRunning(answer.meta.message or answer.status, percentage / 100 if percentage is not None else None)


def _find_again(track_id: str, stems: bool) -> str:
    """Return the call that finds a composition again, with `{!r}` in place of the task's id."""
    escaped = repr(track_id).replace("{", "{{").replace("}", "}}")
    return f"beatoven.attach({{!r}}, {escaped}{', stems=True' if stems else ''})"


class _CompositionTask:
    """Polls a composition of v2, and then the task of its stems if the server makes them separately."""

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
        self._stems_task_id = ""

    def begin(self, task_id: str, job: Job[Song]) -> Poll[Song]:
        """Return the function that polls the task."""
        return partial(self._poll, task_id, job)

    def _poll(self, task_id: str, job: Job[Song]) -> Song | StillRunning:
        if self._finished is None:
            return self._poll_song(task_id, job)
        status = self._status(self._stems_task_id, job)
        if status.state != "SUCCESS":
            return StillRunning(status.message or "making the stems", _COMPOSING_SHARE)
        return self._song(task_id, _instruments(status.meta))

    def _poll_song(self, task_id: str, job: Job[Song]) -> Song | StillRunning:
        status = self._status(task_id, job)
        if status.state != "SUCCESS":
            share = status.progress
            done = None if share is None else share * (_COMPOSING_SHARE if self._stems else 1.0)
            return StillRunning(status.message or status.state.lower(), done)
        self._finished = (_finished(status.meta), status)
        if not self._stems or status.notes is not None:  # the studio's notes contain the stems
            return self._song(task_id, ())
        reply = self._http.create(f"/api/v2/tracks/{self._track_id}/instrument_urls", {})
        self._stems_task_id = reply.read(TaskStarted).task_id
        return StillRunning("making the stems", _COMPOSING_SHARE)

    def _status(self, task_id: str, job: Job[Song]) -> TaskStatus:
        status = self._http.get(f"/api/v2/status/{task_id}", about_a_task=False).read(TaskStatus)
        if status.state in ("FAILURE", "FAILED"):
            raise JobFailed(job, status.message or "the server gave no reason")
        return status

    def _song(self, task_id: str, instruments: InstrumentUrls) -> Song:
        assert self._finished is not None
        finished, status = self._finished
        version = status.notes.version if status.notes else self._version
        ids = (self._track_id or task_id, task_id, version)
        links = finished.download_url, finished.section_options
        return v2_song(ids, self._request, *links, instruments, status.notes, self._files)


def _finished(meta: object) -> Finished:
    """Return the validated meta of a finished song; raises UnexpectedAnswer."""
    try:
        return Finished.model_validate(meta)
    except ValidationError as error:
        wrong = explain(error)
    raise UnexpectedAnswer(f"the composition is done, but its answer is not as documented: {wrong}")


def _instruments(meta: object) -> InstrumentUrls:
    """Return the validated meta of a finished instruments task; raises UnexpectedAnswer."""
    inner = meta.get("instrument_urls", meta) if isinstance(meta, Mapping) else meta
    try:
        return InstrumentsFinished.model_validate({"sections": inner}).sections
    except ValidationError as error:
        wrong = explain(error)
    raise UnexpectedAnswer(f"the stems are done, but their answer is not as documented: {wrong}")
