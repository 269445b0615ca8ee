"""The composition desk: tracks with their versions, the tasks that compose them, and the answers about both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tonnbook.models.composition import CompositionRequest
from tonnbook.models.composition_settled import refusals, settled
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.models.track import TrackRecord, TrackSection
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import Service, ServiceContext
from tonnbook.studio.runtime.storage import Storage, StoredFile, TaskFolder
from tonnbook.studio.runtime.worker import Task, Worker

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.composition.engine import Cut, MadeSong

Stems = tuple["Mapping[str, Cut]", ...]


@dataclass(frozen=True)
class Composed:
    """A finished song, and its files as links know them."""

    task_folder: TaskFolder
    song: MadeSong
    files: dict[Path, StoredFile]
    stem_files: Mapping[str, StoredFile] = field(default_factory=dict)
    """Whole stems in the format that was asked for; the newer v1 only."""


@dataclass
class Version:
    """One composition of a track."""

    number: int
    request: CompositionRequest
    task_id: str
    task: Task[Composed]
    instruments: Task[Stems] | None = None


@dataclass
class Track:
    """A track: what it was created with, which composing it with other parameters does not change, and its versions, oldest first."""

    id: str
    request: CompositionRequest
    created_at: str
    title: str
    versions: list[Version] = field(default_factory=list)

    def record(self) -> TrackRecord:
        """Return the track as it travels; a prompt's track shows what the prompt was read as."""
        found = settled(self.request)
        return TrackRecord(
            created_at=self.created_at,
            duration_ms=found.duration_ms,
            genre=found.genre.capitalize(),
            sections=tuple(map(TrackSection.of, found.sections)),
            tempo=found.tempo,
            title=self.title,
            version=len(self.versions),
        )


@dataclass(frozen=True)
class Order:
    """A task by its id: the composition of a version, or the cutting of its instruments."""

    track: Track
    version: Version
    instruments: bool = False

    @property
    def task(self) -> Task[Any]:
        """What is being worked at."""
        return self.version.instruments if self.instruments and self.version.instruments else self.version.task


class CompositionService(Service[Order]):
    """All tracks of one studio."""

    engine = "tonnbook.studio.composition.engine"
    what = "the song"

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self._tracks: dict[str, Track] = {}

    def create(self, request: CompositionRequest) -> Track:
        """Take a track in; nothing is composed yet. Raises HttpError 400 for a blocked combination."""
        check(request)
        words = request.title or request.prompt or f"{request.genre or 'ambient'} track"
        track = Track(str(uuid4()), request, formatdate(self._clock(), usegmt=True), words[:80])
        with self._lock:
            self._tracks[track.id] = track
        return track

    def track(self, track_id: str) -> Track:
        """Return a track; raises HttpError 404."""
        if found := self._tracks.get(track_id):
            return found
        raise HttpError(404, "no such track here; a studio forgets its tracks when it is closed")

    @property
    def tracks(self) -> list[Track]:
        """All tracks, oldest first."""
        with self._lock:
            return list(self._tracks.values())

    def compose(
        self,
        track: Track,
        request: CompositionRequest | None = None,
        format_: AudioFormat = AudioFormat.MP3,
        looping: bool = False,
        whole_stems: bool = False,
    ) -> str:
        """Start a new version of a track; return the id of the task. Raises HttpError 400, 429 or 507."""
        wanted = request or track.request
        check(wanted)
        self._storage.make_room()
        task_id = secrets.token_hex(12)
        with self._lock:
            number = len(track.versions) + 1
            title = wanted.title or track.title
            job = _Composing(self._storage, self._worker, wanted, title, number, format_, looping, whole_stems)
            task = self._worker.start(job, lambda _: self._noted(task_id))
            version = Version(number, wanted, task_id, task)
            track.versions.append(version)
            self._orders[task_id] = Order(track, version)
        return task_id

    def _noted(self, task_id: str) -> None:
        self._ledger.charge("composition", task_id)

    def instruments(self, track: Track, number: int | None) -> str:
        """Start cutting the stems of a version; return the id of the task. Raises HttpError 404 for one that is not composed."""
        version = self.version(track, number)
        composed = self.present(version)
        task_id = secrets.token_hex(12)

        def work(progress: Progress) -> Stems:
            from tonnbook.studio.composition.engine import cut_instruments

            with self._storage.in_use(composed.task_folder):
                return self._worker.in_turn(cut_instruments, composed.song, progress)

        with self._lock:
            version.instruments = self._worker.start(work, lambda _: None)
            self._orders[task_id] = Order(track, version, instruments=True)
        return task_id

    def version(self, track: Track, number: int | None) -> Version:
        """Return a version of a track, the latest for None; raises HttpError 404."""
        if number is not None and not 1 <= number <= len(track.versions):
            raise HttpError(404, f"this track has no version {number}; it has {len(track.versions)}")
        if not track.versions:
            raise HttpError(404, "this track has not been composed yet; POST to its address with /compose first")
        return track.versions[(number or len(track.versions)) - 1]

    def present(self, version: Version) -> Composed:
        """Return a finished version; raises HttpError 404 while it is not, 500 if it failed."""
        if version.task.running:
            raise HttpError(404, "this version is still being composed; ask /status until it has succeeded")
        if version.task.failure is not None:
            raise HttpError(500, version.task.failure)
        return self._present(version.task)

    def link(self, composed: Composed, path: Path) -> str:
        """Return a fresh link to a file of a song."""
        with self._lock:
            if path not in composed.files:
                composed.files[path] = self._storage.add(path)
        return self._storage.link(composed.files[path])


def check(request: CompositionRequest) -> None:
    """Refuse a blocked combination before any work, wherever its parts come from; raises HttpError 400."""
    found = refusals(request)
    if found:
        raise HttpError(400, "; ".join(map(str, found)))


@dataclass(frozen=True)
class _Composing:
    """The work of one composition task."""

    storage: Storage
    worker: Worker
    request: CompositionRequest
    title: str
    number: int
    format: AudioFormat
    looping: bool
    whole_stems: bool

    def __call__(self, progress: Progress) -> Composed:
        from tonnbook.studio.composition.composer.writing.plan import plan_of

        plan, reading = plan_of(self.request, self.number, self.looping)
        with self.storage.new_task_folder() as task_folder:
            song, stems = self.worker.in_turn(self._make, plan, reading, task_folder.path, progress)
            paths = [song.mix, song.track, *song.stems.values(), song.midi, *song.midi_stems.values(), song.sheet]
            paths += [path for cut in song.sections for path in (cut.track, cut.preview)]
            files = {path: self.storage.add(path) for path in dict.fromkeys(paths)}
            stem_files = {role: files.get(path) or self.storage.add(path) for role, path in stems.items()}
        return Composed(task_folder, song, files, stem_files)

    def _make(
        self, plan: Any, reading: PromptReading | None, folder: Path, progress: Progress
    ) -> tuple[MadeSong, Mapping[str, Path]]:
        from tonnbook.studio.composition.engine import encoded_stems, make_song

        share = 0.8 if self.whole_stems and self.format is AudioFormat.MP3 else 1.0
        song = make_song(plan, reading, self.title, self.format, folder, part(progress, 0.0, share))
        if not self.whole_stems:
            return song, {}
        mp3 = self.format is AudioFormat.MP3
        return song, encoded_stems(song, part(progress, share, 1.0)) if mp3 else song.stems
