"""What the studio says of a composition: how its task stands, and the links of its files, in the shapes of v2 and of the newer v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tonnbook.models.track import (
    DirectMeta,
    DirectTask,
    SectionTrack,
    SongNotes,
    StemUrls,
    TaskStatus,
)
from tonnbook.studio.composition.service import Composed, CompositionService, Order, Version


def status(service: CompositionService, order: Order) -> TaskStatus:
    """Return how a task of v2 stands."""
    task = order.task
    if task.running:
        state = "PROGRESS" if task.progress > 0 else "PENDING"
        share = int(100 * task.progress)
        return TaskStatus(state=state, meta={"message": task.stage, "percentage": share, "generationProgress": share})
    if task.failure is not None:
        return TaskStatus(state="FAILURE", meta={"message": task.failure})
    done = service.present(order.version)
    if order.instruments:
        cuts = instrument_links(service, order.version, done) or ()
        meta: Any = [[{name: stem.to_wire() for name, stem in row.items()} for row in section] for section in cuts]
        return TaskStatus(state="SUCCESS", meta=meta)
    options = [[take.to_wire() for take in takes] for takes in section_takes(service, done)]
    meta = {"download_url": service.link(done, done.song.track), "section_options": options}
    return TaskStatus(state="SUCCESS", meta=meta, notes=song_notes(service, done))


def section_takes(service: CompositionService, done: Composed) -> tuple[tuple[SectionTrack, ...], ...]:
    """Return the sections of a version with their links; one take each."""
    return tuple(
        (
            SectionTrack(
                instruments=instruments,
                preview_url=service.link(done, cut.preview),
                track_url=service.link(done, cut.track),
                section_duration=section.length_ms,
            ),
        )
        for instruments, cut, section in zip(
            done.song.instruments, done.song.sections, done.song.plan.sections, strict=True
        )
    )


def instrument_links(
    service: CompositionService, version: Version, done: Composed
) -> tuple[tuple[Mapping[str, StemUrls], ...], ...] | None:
    """Return the stems of every section with their links; None until they have been asked for and cut."""
    task = version.instruments
    if task is None or task.running or task.failure is not None:
        return None
    return tuple(
        tuple(
            {name: StemUrls(preview_url=service.link(done, cut.preview), track_url=service.link(done, cut.track))}
            for name, cut in stems.items()
        )
        for stems in task.future.result()
    )


def song_notes(service: CompositionService, done: Composed) -> SongNotes:
    """Return the studio's own block, its links fresh."""
    song = done.song
    return song.notes.model_copy(
        update={
            "stem_urls": {role: service.link(done, path) for role, path in song.stems.items()},
            "mix_url": service.link(done, song.mix),
            "midi_url": service.link(done, song.midi),
            "midi_stem_urls": {role: service.link(done, path) for role, path in song.midi_stems.items()},
            "score_url": service.link(done, song.sheet),
        }
    )


def direct_status(service: CompositionService, order: Order) -> DirectTask:
    """Return how a task of the newer v1 stands."""
    task, track = order.task, order.track
    known = {
        "project_id": track.id,
        "track_id": track.id,
        "prompt": {"text": order.version.request.prompt or ""},
        "version": order.version.number,
    }
    if task.running:
        state = "running" if task.progress > 0 else "composing"
        return DirectTask(
            status=state, meta=DirectMeta(**known, message=task.stage, percentage=round(100 * task.progress, 1))
        )
    if task.failure is not None:
        return DirectTask(status="failed", meta=DirectMeta(**known, message=task.failure))
    done = service.present(order.version)
    meta = DirectMeta(
        **known, track_url=service.link(done, done.song.track), stems_url=_stem_links(service, done), message="composed"
    )
    return DirectTask(status="composed", meta=meta, notes=song_notes(service, done))


def _stem_links(service: CompositionService, done: Composed) -> dict[str, str]:
    files = {role: file.path for role, file in done.stem_files.items()}
    return {role: service.link(done, path) for role, path in (files or done.song.stems).items()}
