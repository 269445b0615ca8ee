"""Composition service: tracks with their versions, the tasks that compose them, and the answers about both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tonnbook.models.beatoven_wire import (
    DirectMeta,
    DirectTask,
    SectionTrack,
    SongNotes,
    StemUrls,
    TaskStatus,
    TrackRecord,
    TrackSection,
    TrackUrls,
)
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.composition_resolved import blocked_combinations, resolve
from tonnbook.models.composition_words import AudioFormat
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.admission import check_disk_space
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import Service, ServiceContext, TaskResult
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.composition.engine import Clip, SongFiles

SectionStems = tuple["Mapping[str, Clip]", ...]
"""The stems of a version, cut into sections: one mapping from role to files for each section."""


@dataclass(frozen=True)
class SongResult(TaskResult["SongFiles"]):
    """A finished song."""

    stem_files: Mapping[str, Path]
    """Whole stems by role, in the format that was requested; the newer v1 only, else empty."""


@dataclass
class Version:
    """One composition of a track."""

    number: int
    request: CompositionRequest
    task: Task[SongResult]
    stems_task: Task[SectionStems] | None = None
    """The latest task that cuts the stems into sections."""

    @property
    def finished(self) -> bool:
        """Whether it has been composed."""
        return not self.task.running and self.task.failure is None


@dataclass
class Track:
    """A track: the request that created it, which later requests to compose it do not change, and its versions, oldest first."""

    id: str
    request: CompositionRequest
    created_at: str
    title: str
    versions: list[Version] = field(default_factory=list)

    def record(self) -> TrackRecord:
        """Return the track for an answer, with what its prompt was read as."""
        found = resolve(self.request)
        return TrackRecord(
            created_at=self.created_at,
            duration_ms=found.duration_ms,
            genre=found.genre.capitalize(),
            sections=tuple(map(TrackSection.of, found.sections)),
            tempo=found.tempo,
            title=self.title,
            version=len(self.versions),
        )

    def version(self, number: int | None) -> Version:
        """Return a version, for None the newest finished one, or the newest if none is finished; raises HttpError 404."""
        if number is not None and not 1 <= number <= len(self.versions):
            raise HttpError(404, f"this track has no version {number}; it has {len(self.versions)}")
        if not self.versions:
            raise HttpError(404, "this track has not been composed yet; POST to its address with /compose first")
        if number is not None:
            return self.versions[number - 1]
        finished = (version for version in reversed(self.versions) if version.finished)
        return next(finished, self.versions[-1])


@dataclass(frozen=True)
class CompositionOrder:
    """A task by its id: the composition of a version, or the cutting of its stems into sections."""

    track: Track
    version: Version
    task: Task[Any]
    of_stems: bool = False


class CompositionService(Service[CompositionOrder]):
    """All tracks of one studio."""

    engine = "tonnbook.studio.composition.engine"
    result_name = "the song"

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self._tracks: dict[str, Track] = {}

    def create(self, request: CompositionRequest) -> Track:
        """Create a track; nothing is composed yet. Raises HttpError 400 for a blocked combination."""
        check_combination(request)
        title = request.title or request.prompt or f"{request.genre or 'ambient'} track"
        track = Track(str(uuid4()), request, formatdate(self._clock(), usegmt=True), title[:80])
        with self._lock:
            self._tracks[track.id] = track
        return track

    def track(self, track_id: str) -> Track:
        """Return a track; raises HttpError 404."""
        if track := self._tracks.get(track_id):
            return track
        raise HttpError(404, "no such track; a studio keeps its tracks until it is closed")

    @property
    def tracks(self) -> list[Track]:
        """All tracks, oldest first."""
        with self._lock:
            return list(self._tracks.values())

    def start(
        self,
        track: Track,
        request: CompositionRequest | None = None,
        format_: AudioFormat = AudioFormat.MP3,
        looping: bool = False,
        whole_stems: bool = False,
    ) -> str:
        """Start to compose a new version of a track; return the id of the task. Raises HttpError 400, 429 or 507.

        Without a request the track's own is used. `whole_stems` makes stems in `format_` too.
        """
        request = request or track.request
        check_combination(request)
        check_disk_space(self._storage, self._limits)
        task_id, title = secrets.token_hex(12), request.title or track.title
        with self._lock:
            number = len(track.versions) + 1
            task = self._worker.start(
                lambda progress: self._compose(request, number, title, format_, looping, whole_stems, progress),
                lambda _: self._charge(task_id),
            )
            version = Version(number, request, task)
            track.versions.append(version)
            self._orders[task_id] = CompositionOrder(track, version, task)
        return task_id

    def _charge(self, task_id: str) -> None:
        self._ledger.charge("composition", task_id)

    def start_stems(self, track: Track, number: int | None) -> str:
        """Start to cut the stems of a version into sections; return the id of the task.

        Raises HttpError 404 for a version that has not been composed, or 429.
        """
        version = track.version(number)
        result = self._finished(version)
        task_id = secrets.token_hex(12)
        with self._lock:
            task = self._worker.start(lambda progress: self._cut_stems(result, progress), lambda _: None)
            version.stems_task = task
            self._orders[task_id] = CompositionOrder(track, version, task, of_stems=True)
        return task_id

    # Answers.

    def status(self, order: CompositionOrder) -> TaskStatus:
        """Return the state of a task for v2; raises HttpError 404 if its files have been deleted."""
        task = order.task
        if task.running:
            state = "PROGRESS" if task.progress > 0 else "PENDING"
            share = int(100 * task.progress)
            meta: Any = {"message": task.stage, "percentage": share, "generationProgress": share}
            return TaskStatus(state=state, meta=meta)
        if task.failure is not None:
            return TaskStatus(state="FAILURE", meta={"message": task.failure})
        song = self._finished(order.version).outcome
        if order.of_stems:
            stems = self._section_stems(task) or ()
            meta = [[{role: urls.to_wire() for role, urls in row.items()} for row in section] for section in stems]
            return TaskStatus(state="SUCCESS", meta=meta)
        options = [[option.to_wire() for option in section] for section in self._section_options(song)]
        meta = {"download_url": self._storage.result_link(song.track), "section_options": options}
        return TaskStatus(state="SUCCESS", meta=meta, notes=self._song_notes(song))

    def track_urls(self, version: Version) -> TrackUrls:
        """Return the links of a version; raises HttpError 404 while it is not composed, or 500 if it failed.

        `instrument_urls` is empty until its stems have been cut into sections.
        """
        song = self._finished(version).outcome
        return TrackUrls(
            download_url=self._storage.result_link(song.track),
            section_options=self._section_options(song),
            instrument_urls=self._section_stems(version.stems_task) or (),
            notes=self._song_notes(song),
        )

    def direct_status(self, order: CompositionOrder) -> DirectTask:
        """Return the state of a task for the newer v1; raises HttpError 404 if its files have been deleted."""
        task, track = order.task, order.track
        known = {
            "project_id": track.id,
            "track_id": track.id,
            "prompt": {"text": order.version.request.prompt or ""},
            "version": order.version.number,
        }
        if task.running:
            percentage = round(100 * task.progress, 1)
            return DirectTask(status="composing", meta=DirectMeta(**known, message=task.stage, percentage=percentage))
        if task.failure is not None:
            return DirectTask(status="failed", meta=DirectMeta(**known, message=task.failure))
        result = self._finished(order.version)
        song = result.outcome
        meta = DirectMeta(
            **known,
            track_url=self._storage.result_link(song.track),
            stems_url=self._links(result.stem_files or song.stems),
            message="composed",
        )
        return DirectTask(status="composed", meta=meta, notes=self._song_notes(song))

    def _finished(self, version: Version) -> SongResult:
        """Return the result of a version; raises HttpError 404 while it is not composed, or 500 if it failed."""
        if version.task.running:
            raise HttpError(404, "this version is still being composed; ask /status until it has succeeded")
        if version.task.failure is not None:
            raise HttpError(500, version.task.failure)
        return self._result(version.task)

    def _section_options(self, song: SongFiles) -> tuple[tuple[SectionTrack, ...], ...]:
        """Return the sections of a song with their links: one option for each."""
        return tuple(
            (
                SectionTrack(
                    instruments=instruments,
                    preview_url=self._storage.result_link(cut.preview),
                    track_url=self._storage.result_link(cut.track),
                    section_duration=section.length_ms,
                ),
            )
            for instruments, cut, section in zip(song.instruments, song.sections, song.plan.sections, strict=True)
        )

    def _section_stems(self, task: Task[SectionStems] | None) -> tuple[tuple[Mapping[str, StemUrls], ...], ...] | None:
        """Return the stems of every section with their links; None until they have been cut."""
        if task is None or task.running or task.failure is not None:
            return None
        return tuple(
            tuple(
                {
                    role: StemUrls(
                        preview_url=self._storage.result_link(cut.preview),
                        track_url=self._storage.result_link(cut.track),
                    )
                }
                for role, cut in stems.items()
            )
            for stems in task.future.result()
        )

    def _song_notes(self, song: SongFiles) -> SongNotes:
        """Return the studio's own block of an answer, with new links."""
        return song.notes.model_copy(
            update={
                "stem_urls": self._links(song.stems),
                "mix_url": self._storage.result_link(song.mix),
                "midi_url": self._storage.result_link(song.midi),
                "midi_stem_urls": self._links(song.midi_stems),
                "score_url": self._storage.result_link(song.sheet),
            }
        )

    def _links(self, paths: Mapping[str, Path]) -> dict[str, str]:
        return {role: self._storage.result_link(path) for role, path in paths.items()}

    # Called in a task's thread.

    def _compose(
        self,
        request: CompositionRequest,
        number: int,
        title: str,
        format_: AudioFormat,
        looping: bool,
        whole_stems: bool,
        progress: Progress,
    ) -> SongResult:
        from tonnbook.studio.composition.composer.writing.plan import plan_of
        from tonnbook.studio.composition.engine import compose_song, encoded_stems

        plan, reading = plan_of(request, number, looping)
        encodes_stems = whole_stems and format_ is AudioFormat.MP3
        share = 0.8 if encodes_stems else 1.0

        def make(folder: Path) -> tuple[SongFiles, Mapping[str, Path]]:
            song = compose_song(plan, reading, title, format_, folder, part(progress, 0.0, share))
            if encodes_stems:
                return song, encoded_stems(song, part(progress, share, 1.0))
            return song, song.stems if whole_stems else {}

        with self._storage.new_task_folder() as task_folder:
            song, stem_files = self._worker.compute(make, task_folder.path)
        return SongResult(task_folder, song, stem_files)

    def _cut_stems(self, result: SongResult, progress: Progress) -> SectionStems:
        from tonnbook.studio.composition.engine import cut_instruments

        with self._storage.pinned(result.task_folder):
            return self._worker.compute(cut_instruments, result.outcome, progress)


def check_combination(request: CompositionRequest) -> None:
    """Raise HttpError 400 for a blocked combination of genre, tempo and emotion, from fields or from the prompt."""
    found = blocked_combinations(request)
    if found:
        raise HttpError(400, "; ".join(map(str, found)))
