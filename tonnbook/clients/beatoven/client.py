"""The Beatoven service, or the studio that answers the same calls: from a prompt or parameters to a song with its stems.

v2 throughout; `compose_direct` speaks the newer v1. What starts work is sent exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from tonnbook.clients.beatoven.polling import Asking
from tonnbook.clients.beatoven.songs import direct_song, song_of
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import JobFailed, RequestRejected
from tonnbook.models.beatoven_wire import (
    DirectRequest,
    DirectStarted,
    DirectTask,
    PromptText,
    TaskStarted,
    TrackCreated,
    TrackUrls,
)
from tonnbook.models.composition import CompositionOptions, CompositionRequest
from tonnbook.models.composition_resolved import with_changes
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.song import Song

T = TypeVar("T")


class BeatovenClient:
    """Composes with the server at `url`.

    Parameters
    ----------
    direct_url
        Where the newer v1 stands; the service has it at another address. Left out: at `url`.
    downloads
        Where files go; left out: a private folder that goes when the session ends.
    polling
        How often jobs are asked after, and for how long.
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
        """The folder that downloads go to."""
        return self._files.folder

    @property
    def options(self) -> CompositionOptions:
        """What can be asked for, and what not together; asked of the server once, as its document recommends."""
        if self._options is None:
            self._options = self._http.get("/api/v2/composition_params").read(CompositionOptions)
        return self._options

    def compose(self, wanted: str | CompositionRequest, *, title: str | None = None, stems: bool = True) -> Job[Song]:
        """Compose a song from a prompt or from parameters; return at once.

        With `stems` the song comes with its stems; on the live service that is a second task, and the sections' stems.
        Raises pydantic.ValidationError for an empty prompt. A combination that the server blocks makes the job fail with
        RequestRejected before anything is sent.
        """
        request = CompositionRequest(prompt=wanted) if isinstance(wanted, str) else wanted
        if not isinstance(request, CompositionRequest):
            raise TypeError(f"compose takes a prompt or a CompositionRequest, not {type(wanted).__name__}")
        if title is not None:
            request = request.model_copy(update={"title": title})
        return self._started(Job("composition", partial(self._order, request, stems), self._poller))

    def compose_again(self, song: Song, wanted: CompositionRequest | None = None, *, stems: bool = True) -> Job[Song]:
        """Compose another version of a song's track, as it was asked for or with some of its fields changed; the older one stays.

        A prompt stays beneath the fields that are changed; a new prompt puts the old request aside.
        """
        begin = partial(self._order_again, song, wanted, stems)
        return self._started(Job("composition", begin, self._poller))

    def attach(self, task_id: str, track_id: str = "", *, stems: bool = False) -> Job[Song]:
        """Find a composition again by its task id. The stems need the id of the track, too."""
        asking = Asking(self._http, self._files, track_id, 0, None, stems and bool(track_id))
        begin = partial(asking.begin, task_id)
        return self._started(Job("composition", begin, self._poller, task_id=task_id))

    def fetch(self, track_id: str, version: int | None = None) -> Song:
        """Return a song that has been composed before, with the stems if they have been asked for then."""
        query = f"?version={version}" if version is not None else ""
        answer = self._http.get(f"/api/v2/tracks/{track_id}{query}").read(TrackUrls)
        number = answer.notes.version if answer.notes else version or 0
        links = answer.section_options, answer.instrument_urls
        return song_of((track_id, "", number), None, answer.download_url, *links, answer.notes, self._files)

    def compose_direct(
        self,
        prompt: str,
        *,
        format: AudioFormat | str = AudioFormat.WAV,  # noqa: A002 - the service's word
        looping: bool = False,
    ) -> Job[Song]:
        """Compose a prompt by the newer v1: one file, WAV or MP3, and whole stems. `looping`: whole bars without an ending."""
        request = DirectRequest(prompt=PromptText(text=prompt), format=AudioFormat.read(format), looping=looping)
        return self._started(Job("composition", partial(self._order_direct, request), self._poller))

    def close(self) -> None:
        """Stop watching jobs and close the connections."""
        self._poller.close()
        self._http.close()
        self._direct.close()

    def __repr__(self) -> str:
        return f"BeatovenClient({self.url!r})"

    def _started(self, job: Job[T]) -> Job[T]:
        self._poller.start(job)
        return job

    # From here on in the threads of a job.

    def _order(self, request: CompositionRequest, stems: bool, job: Job[Song]) -> Poll[Song]:
        self._check(request)
        created = self._http.create("/api/v2/tracks", request.to_wire()).read(TrackCreated)
        return self._compose(created.uuid, created.track.version + 1, request, {}, stems, job)

    def _order_again(self, song: Song, wanted: CompositionRequest | None, stems: bool, job: Job[Song]) -> Poll[Song]:
        request = wanted
        if song.request is not None:  # sent as a whole: the track may have been composed with other fields since
            changes = wanted.to_wire() if wanted else {}
            request = with_changes(song.request, changes, self.options)
        if request is not None:
            self._check(request)
        body = request.to_wire() if request else {}
        return self._compose(song.track_id, song.version + 1, request, body, stems, job)

    def _check(self, request: CompositionRequest) -> None:
        """Raise RequestRejected for what the server blocks, or does not know, before anything is sent."""
        faults = [str(problem) for problem in self.options.problems(request)]
        if request.seed is not None and "seed" not in (self.options.extras or ()):
            faults.append("seed: only the local studio takes one; leave it out, or compose with tb.offline()")
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
        job.report(status="running", task_id=started.task_id, message="the composition has been started")
        return Asking(self._http, self._files, track_id, version, request, stems).begin(started.task_id, job)

    def _order_direct(self, request: DirectRequest, job: Job[Song]) -> Poll[Song]:
        started = self._direct.create("/api/v1/tracks/compose", request.to_wire()).read(DirectStarted)
        job.report(status="running", task_id=started.task_id, message="the composition has been started")
        return partial(self._ask_direct, started.task_id, request, job)

    def _ask_direct(self, task_id: str, request: DirectRequest, job: Job[Song]) -> Song | StillRunning:
        answer = self._direct.get(f"/api/v1/tasks/{task_id}").read(DirectTask)
        match answer.status.lower():
            case "composed":
                asked = CompositionRequest(prompt=request.prompt.text)
                return direct_song(task_id, answer, asked, f".{request.format}", self._files)
            case "failed":
                raise JobFailed(job, answer.meta.message or "the server gives no reason")
        share = answer.meta.percentage
        return StillRunning(answer.meta.message or answer.status, share / 100 if share is not None else None)
