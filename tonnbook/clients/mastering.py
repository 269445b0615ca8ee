"""Masters through one client: one song, from preview to final, or an album.

Source of the calls: the Tonn API text and its batch-mastering tutorial. The final master costs credits; it is asked for exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import ValidationError

from tonnbook.clients.album.names import each_once, names_of
from tonnbook.clients.album.plan import AlbumDesk, AlbumPlan, Listen
from tonnbook.clients.base import Calls, unfinished
from tonnbook.clients.files import Files, safe_name
from tonnbook.clients.http import Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Ask, Job, StillRunning
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.clients.repair import place
from tonnbook.clients.replies import Reply
from tonnbook.errors import ServerFault, TonnbookError, Unreachable
from tonnbook.models.album_file import album_entries, album_song
from tonnbook.models.mastering import (
    FinalMasterAnswer,
    MasteringRequest,
    MasteringTask,
    MasterQuery,
    PreviewMasterAnswer,
)
from tonnbook.models.masters import Master
from tonnbook.models.problems import explain
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle, SampleRate


@runtime_checkable
class HasRequests(Protocol):
    """An album whose songs are requests already: a form, an `Album`."""

    @property
    def requests(self) -> Sequence[MasteringRequest]:
        """One for each song."""


Song = MasteringRequest | str | Path
Album = str | Path | HasRequests | Sequence[Song | Mapping[str, Any]] | Mapping[str, Song]
"""An album file, its content, a form; or songs: requests, paths, links, in a sequence or by name."""


@dataclass(frozen=True)
class Wishes:
    """What is wished for songs that are given as files."""

    style: MusicalStyle | str = MusicalStyle.POP
    desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM
    sample_rate: SampleRate | int | str = SampleRate.CD

    def request(self, song: Song | Mapping[str, Any]) -> MasteringRequest:
        """Return the request for a song."""
        if isinstance(song, MasteringRequest):
            if song.forced_loudness_lufs is not None and "forced_loudness" not in song.model_fields_set:
                raise ValueError(
                    f"{song.name}: forced_loudness_lufs counts only with forced_loudness: say True to master to it, False to keep "
                    "the preset"
                )
            return song
        if not isinstance(song, str | Path):
            raise TypeError(f"a song is a MasteringRequest, a path or a link, not {type(song).__name__}")
        fields = {
            "style": self.style,
            "desired_loudness": self.desired_loudness,
            "sample_rate": self.sample_rate,
        }
        try:
            return MasteringRequest.model_validate({"source": place(song), **fields})
        except ValidationError as problem:
            wrong = explain(problem)
        raise ValueError(wrong)


class MasteringCalls(Calls):
    """The mastering calls of one client."""

    def __init__(
        self,
        http: Http,
        files: Files,
        poller: JobPoller,
        inbox: WebhookInbox | None,
        polling: PollSettings,
        listen: Listen | None,
        place: str,
    ) -> None:
        super().__init__(http, files, poller, inbox)
        self._albums = AlbumDesk(http, poller, polling, listen, place)

    def master(self, request: MasteringRequest, *, final: bool) -> Job[Master]:
        """Start the master of one song."""
        return self._start_order("master", request, partial(self._order, request, final))

    def attach(self, task_id: str, *, final: bool) -> Job[Master]:
        """Find a master again by its task id."""
        return self._start_asking("master", task_id, partial(self._ask, request=None, task_id=task_id, final=final))

    def finish(self, preview: Master) -> Job[Master]:
        """Ask for the final master of a preview."""
        ask = partial(self._ask, request=preview.request, task_id=preview.task_id, final=True)
        return self._start_asking("master", preview.task_id, ask)

    def plan(self, album: Album, wishes: Wishes, folder: Path, *, coherence: bool, final: bool) -> AlbumPlan:
        """Look at what there is to do for an album."""
        songs, refused = read_album(album, wishes)
        return self._albums.plan(songs, refused, folder, coherence=coherence, final=final)

    def close(self) -> None:
        """Let no song order anything more."""
        self._albums.close()

    # From here on in the threads of a job.

    def _order(self, request: MasteringRequest, final: bool, sent: MasteringRequest, job: Job[Master]) -> Ask[Master]:
        task_id = self._ordered("/masteringpreview", sent, job).read(MasteringTask).task_id
        job.report(status="running", task_id=task_id, message="the master has been started")
        return partial(self._ask, job, request=request, task_id=task_id, final=final)

    def _ask(
        self, job: Job[Master], *, request: MasteringRequest | None, task_id: str, final: bool
    ) -> Master | StillRunning:
        query = MasterQuery(task_id=task_id).to_wire()
        reply = self._http.retrieve("/retrievepreviewmaster", query, retry_for_s=0.0)
        if (running := unfinished(job, reply)) is not None:
            return running
        results = reply.read(PreviewMasterAnswer).results
        name = safe_name(Path(request.name).stem) if request else f"master-{task_id[:12]}"
        shelf = self._files.new_folder(name)
        master, notes = None, results.notes
        if final:
            reply = self._ask_final(query, task_id)
            if (running := unfinished(job, reply)) is not None:
                return running
            finished = reply.read(FinalMasterAnswer).results
            master, notes = self._files.remote_file(finished.master_url, name, shelf, ".wav"), finished.notes or notes
        return Master(
            name=name,
            task_id=task_id,
            request=request,
            preview=self._files.remote_file(results.preview_url, f"{name} preview", shelf, ".mp3"),
            master=master,
            preview_start_s=results.preview_start_s,
            notes=notes,
            source=request.source if request and isinstance(request.source, Path) else None,
        )

    def _ask_final(self, query: Mapping[str, Any], task_id: str) -> Reply:
        """Ask for a final master. What went wrong on the way is final too, or the poller would ask again by itself: see `payments`."""
        try:
            return self._http.create("/retrievefinalmaster", query, about_a_task=True)
        except (Unreachable, ServerFault) as problem:
            reason = str(problem)
        raise TonnbookError(
            f"{reason} It may have been charged. See your account; tonn.attach_master({task_id!r}, final=True) asks for the same task again"
        )


def read_album(album: Album, wishes: Wishes) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    """Return the songs by name, and those that are no songs with the reason; raises ValueError for what is no album."""
    if isinstance(album, str | Path):
        return _of_entries(album_entries(Path(album)), Path(album).parent)
    if isinstance(album, Mapping):
        return dict(zip(each_once(album), map(wishes.request, album.values()), strict=True)), {}
    songs = list(album.requests if isinstance(album, HasRequests) else album)
    if songs and all(isinstance(song, Mapping) for song in songs):
        return _of_entries([song for song in songs if isinstance(song, Mapping)], Path())
    requests = [wishes.request(song) for song in songs]
    return dict(zip(names_of([request.source for request in requests]), requests, strict=True)), {}


def _of_entries(
    entries: Sequence[Mapping[str, Any]], folder: Path
) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    sources = [str(entry.get("trackURL") or f"song {n}") for n, entry in enumerate(entries, start=1)]
    songs: dict[str, MasteringRequest] = {}
    refused: dict[str, str] = {}
    for name, entry in zip(names_of(sources), entries, strict=True):
        try:
            songs[name] = album_song(entry, folder)
        except ValidationError as problem:
            refused[name] = explain(problem)
    return songs, refused
