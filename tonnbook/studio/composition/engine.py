"""The heavy part of a composition: compose, then encode the song, its sections and its stems for download."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tonnbook.audio_files import Writer, blocks, mark_padding
from tonnbook.models.beatoven_wire import ChordMark, ScorePart, ScoreSheet, SongNotes, SongSection
from tonnbook.models.composition import TEMPO_BPM
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.studio.composition.composer.compose import Composition, compose
from tonnbook.studio.composition.composer.sound.soundfont import RATE
from tonnbook.studio.composition.composer.writing.midi import midi_bytes
from tonnbook.studio.composition.composer.writing.plan import ROLES, Plan, PlanSection
from tonnbook.studio.composition.composer.writing.score import Score
from tonnbook.studio.composition.composer.writing.theory import scale_name
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.threads import DaemonThreads

PREVIEW_S = 15.0
_TRACK_KBPS = 256
_CONTEXT = 2304, 1152
"""Frames that are encoded before and after a loop: two MP3 frames and one."""
_TEMPO_TOLERANCE = 1.03
"""A tempo outside the range of its class by at most this factor is not mentioned."""


@dataclass(frozen=True)
class Clip:
    """A part of a song as MP3: the whole part, and a preview."""

    track: Path
    preview: Path


@dataclass(frozen=True)
class SongFiles:
    """A composed song and its files."""

    folder: Path
    plan: Plan
    mix: Path
    stems: Mapping[str, Path]
    track: Path
    """The mix in the requested format."""
    sections: tuple[Clip, ...]
    midi: Path
    midi_stems: Mapping[str, Path]
    sheet: Path
    notes: SongNotes
    instruments: tuple[tuple[str, ...], ...]
    """Names of the instruments of each section."""


def compose_song(
    plan: Plan, reading: PromptReading | None, title: str, format_: AudioFormat, folder: Path, progress: Progress
) -> SongFiles:
    """Compose a plan and write all files that v2 and v1 offer into a folder.

    `reading` is how the prompt was understood (None without a prompt), `format_` the format of the whole song.
    """
    song = compose(plan, folder, part(progress, 0.0, 0.75))
    score = song.score
    progress(0.76, "Writing MIDI and score")
    midi = _write(folder / "song.mid", midi_bytes(score))
    midi_stems = {role: _write(folder / f"{role}.mid", midi_bytes(score, role)) for role in ROLES}
    notes = notes_of(song, reading)
    sheet = _write(folder / "score.json", json.dumps(sheet_of(score, notes, title).to_wire()).encode())
    progress(0.78, "Spicing up your composition")
    track = encoded_song(song.mix, folder / f"song.{format_}", plan) if format_ is AudioFormat.MP3 else song.mix
    progress(0.88, "Cutting the sections")
    sections = cut(song.mix, plan.sections, folder / "song")
    progress(1.0, "Done")
    instruments = tuple(section.instruments for section in notes.sections)
    return SongFiles(folder, plan, song.mix, song.stems, track, sections, midi, midi_stems, sheet, notes, instruments)


def cut_instruments(song: SongFiles, progress: Progress) -> tuple[Mapping[str, Clip], ...]:
    """Return the stems of each section as MP3, by role; files that exist already are reused."""
    found: dict[str, tuple[Clip, ...]] = {}
    for n, (role, path) in enumerate(song.stems.items()):
        progress(n / len(song.stems), f"Cutting the {role}")
        found[role] = cut(path, song.plan.sections, song.folder / role)
    progress(1.0, "Done")
    return tuple({role: cuts[n] for role, cuts in found.items()} for n in range(len(song.plan.sections)))


def encoded_stems(song: SongFiles, progress: Progress) -> Mapping[str, Path]:
    """Return the whole stems as MP3 by role, for the newer v1."""
    found = {}
    for n, (role, path) in enumerate(song.stems.items()):
        progress(n / len(song.stems), f"Encoding the {role}")
        found[role] = encoded_song(path, song.folder / f"{role}.mp3", song.plan)
    return found


def frame(milliseconds: int) -> int:
    """Return the frame at a millisecond. Both ends of a section are rounded in this way, so that the sections add up to the song."""
    return round(milliseconds * RATE / 1000)


def cut(source: Path, sections: Sequence[PlanSection], stem: Path) -> tuple[Clip, ...]:
    """Encode every section of a file as MP3, with its first 15 s as a preview; a section that short is its own preview.

    An only section is the whole file, which may have been encoded before. The previews are encoded in a second thread, in less time than
    the sections.
    """
    short = int(PREVIEW_S * RATE)
    with DaemonThreads(1, "section-previews") as threads:
        cuts, previews = [], []
        for n, section in enumerate(sections, start=1):
            first, last = frame(section.start_ms), frame(section.start_ms + section.length_ms)
            name = stem.name if len(sections) == 1 else f"{stem.name}-section-{n}"
            track = preview = stem.with_name(f"{name}.mp3")
            if last - first > short:
                preview = stem.with_name(f"{name}-preview.mp3")
                previews.append(threads.submit(encoded, source, preview, first, first + short))
            cuts.append(Clip(encoded(source, track, first, last), preview))
        for each in previews:
            each.result()
    return tuple(cuts)


def encoded_song(source: Path, to: Path, plan: Plan) -> Path:
    """Encode a whole song or stem as `to`, unless that file exists; return `to`.

    A loop is encoded between its own end and its own start, which are then marked as padding: an encoder that takes what is
    outside for silence would put a click at the seam.
    """
    last = frame(plan.duration_ms)
    if not plan.looping or to.exists():
        return encoded(source, to, 0, last)
    before, after = min(_CONTEXT[0], last), min(_CONTEXT[1], last)
    parts = ((last - before, last), (0, last), (0, after))
    with Writer(to, RATE, 2, 16, kbps=_TRACK_KBPS) as writer:
        for block in chain.from_iterable(blocks(source, start_s=a / RATE, stop_s=b / RATE) for a, b in parts):
            writer.write(block)
    mark_padding(to, before, after)
    return to


def encoded(source: Path, to: Path, first: int, last: int) -> Path:
    """Encode frames `first` to `last` of a file as `to`, unless that file exists; return `to`."""
    if not to.exists():
        with Writer(to, RATE, 2, 16, kbps=_TRACK_KBPS) as writer:
            for block in blocks(source, start_s=first / RATE, stop_s=last / RATE):
                writer.write(block)
    return to


def _write(to: Path, data: bytes) -> Path:
    to.write_bytes(data)
    return to


def notes_of(song: Composition, reading: PromptReading | None) -> SongNotes:
    """Return the studio's notes on a song, without links."""
    score = song.score
    if reading:
        reading = reading.model_copy(update={"assumed": (*reading.assumed, *_moved_tempo(score))})
    return SongNotes(
        genre=score.plan.genre,
        tempo=score.plan.tempo,
        bpm=sounding_bpm(score),
        version=score.plan.version,
        sections=tuple(_section_notes(score, n) for n in range(len(score.sections))),
        understood=reading,
        loudness_lufs=round(song.loudness_lufs, 2),
        true_peak_dbtp=round(song.true_peak_dbtp, 2),
    )


def sounding_bpm(score: Score) -> float:
    """Return the mean tempo in BPM. It can differ from the plan, because whole beats (whole bars of a loop) fill the sections."""
    return round(60 * sum(section.beats for section in score.sections) / score.plan.duration_s, 2)


def _moved_tempo(score: Score) -> list[str]:
    """Return a sentence if the tempo differs from the requested one, or lies outside its class; else an empty list."""
    actual, plan = sounding_bpm(score), score.plan
    unit = "whole bars fill the loop" if plan.looping else "whole beats fill the sections"
    if plan.bpm is not None:
        return (
            [f"tempo: {actual:g} bpm, moved from {plan.bpm:g} so that {unit}"] if abs(actual - plan.bpm) > 0.05 else []
        )
    low, high = TEMPO_BPM[plan.genre][plan.tempo]
    outside = f"tempo: {actual:g} bpm, outside the {low:g}-{high:g} of {plan.tempo} {plan.genre} so that {unit}"
    return [] if low / _TEMPO_TOLERANCE <= actual <= high * _TEMPO_TOLERANCE else [outside]


def _section_notes(score: Score, n: int) -> SongSection:
    section, planned = score.sections[n], score.plan.sections[n]
    chords = tuple(
        ChordMark(
            name=span.chord.symbol if section.mode.startswith("raga") else span.chord.name(section.tonic, section.mode),
            start_s=round(section.at(span.start), 4),
            length_s=round(section.at(span.end) - section.at(span.start), 4),
        )
        for span in section.chords
    )
    return SongSection(
        emotion=planned.emotion,
        start_ms=planned.start_ms,
        length_ms=planned.length_ms,
        scale=scale_name(section.tonic, section.mode),
        bpm=round(60 / section.beat_s, 3),
        instruments=tuple(score.instruments(section.start, section.end)),
        chords=chords,
    )


def sheet_of(score: Score, notes: SongNotes, title: str) -> ScoreSheet:
    """Return the score of a song as it is sent to clients."""
    return ScoreSheet(
        title=title,
        bpm=notes.bpm,
        duration_s=score.plan.duration_s,
        sections=notes.sections,
        bars=tuple(round(section.at(bar.start), 4) for section in score.sections for bar in section.bars),
        parts=tuple(
            ScorePart(
                name=part.name,
                role=part.role,
                notes=tuple((round(n.start, 4), round(n.length, 4), n.key, n.velocity) for n in part.notes),
            )
            for part in score.parts
        ),
    )
