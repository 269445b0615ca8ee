"""Write a score as a standard MIDI file: a track for each part, the tempo of every section, markers for emotions and chords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import pairwise

import mido

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.voices import KIT_BANK, VOICES
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score, ScoreSection
from tonnbook.studio.composition.composer.writing.tala import BOL_KEYS

TICKS = 480
"""Ticks per beat."""
BEND_RANGE = 12
BEND_STEP_S = 0.005
"""Interval of pitch-wheel messages during a glide, short enough to sound continuous."""
_DRUM_CHANNEL = 9
_CHANNELS = [channel for channel in range(16) if channel != _DRUM_CHANNEL]

Event = tuple[int, int, "mido.Message | mido.MetaMessage"]
"""Tick, rank among events of the same tick, message."""


def midi_bytes(score: Score, role: str | None = None) -> bytes:
    """Return the MIDI file of a song, or of the parts of one role.

    General MIDI has one channel for drums. Several kits share it: each sends its program change before it plays.
    """
    clock = _Clock(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_track("conductor", _conductor(score, clock), clock.end))
    pitched = [part for part in score.parts if not _is_kit(part)]
    kit_starts = _kit_starts([part for part in score.parts if _is_kit(part)])
    for part in score.parts:
        if role in (None, part.role):
            channel = _DRUM_CHANNEL if _is_kit(part) else _CHANNELS[pitched.index(part) % len(_CHANNELS)]
            events = _played(part, channel, kit_starts.get(part.voice, [0.0]), clock)
            file.tracks.append(_track(part.name, events, clock.end))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def _is_kit(part: Part) -> bool:
    return VOICES[part.voice].bank == KIT_BANK


def _kit_starts(kits: list[Part]) -> dict[str, list[float]]:
    """Return the times at which each kit begins to play: the start of the song, or after another kit."""
    strokes = sorted((note.start, part.voice) for part in kits for note in part.notes)
    changes = [(time, voice) for (_, before), (time, voice) in pairwise(strokes) if voice != before]
    first = [(0.0, strokes[0][1])] if strokes else []
    starts: dict[str, list[float]] = {part.voice: [] for part in kits}
    for time, voice in [*first, *changes]:
        starts[voice].append(time)
    return starts


class _Clock:
    """Converts seconds to ticks, section by section."""

    def __init__(self, score: Score) -> None:
        self._stages = score.sections
        self._firsts = [0]
        for section in score.sections:
            self._firsts.append(self._firsts[-1] + round(section.beats * TICKS))
        self.end = self._firsts[-1]

    def first(self, section: ScoreSection) -> int:
        """Return the tick at which a section begins."""
        return self._firsts[section.index]

    def tick(self, seconds: float) -> int:
        """Return the tick of a time, limited to the end."""
        section = next((s for s in self._stages if seconds < s.end - 1e-9), self._stages[-1])
        return min(self.end, self.first(section) + round(section.beat_at(seconds) * TICKS))


def _conductor(score: Score, clock: _Clock) -> Iterator[Event]:
    yield 0, 0, mido.MetaMessage("text", text=f"{score.plan.genre} {score.plan.tempo}, {score.bpm:g} bpm")
    for section in score.sections:
        first = clock.first(section)
        for beat, tempo in _tempi(section):
            yield first + round(beat * TICKS), 0, mido.MetaMessage("set_tempo", tempo=tempo)
        yield first, 1, mido.MetaMessage("marker", text=f"{section.emotion}: {section.mode}")
        size = 0.0
        for bar in section.bars:
            if bar.beats != size:
                size = bar.beats
                yield first + round(bar.start * TICKS), 2, _signature(size)
        if score.plan.genre is not Genre.INDIAN:
            for span in section.chords:
                name = span.chord.name(section.tonic, section.mode).replace("♭", "b").replace("♯", "#")
                yield first + round(span.start * TICKS), 3, mido.MetaMessage("lyrics", text=name)


def _tempi(section: ScoreSection) -> Iterator[tuple[float, int]]:
    """Yield (beat, microseconds per beat) for every tempo of a section: one, or one for each beat of a ritardando."""
    begins, reached = (round(beat) for beat in section.slowed) if section.slowing else (0, 0)
    edges = sorted({0.0, *map(float, range(begins, reached + 1)), section.beats})
    for beat, after in pairwise(edges):
        yield beat, round((section.at(after) - section.at(beat)) / (after - beat) * 1e6)


def _signature(beats: float) -> mido.MetaMessage:
    """Return the time signature of a bar: in quarters if they fill it, else in eighths or sixteenths."""
    parts = next((n for n in (1, 2) if beats * n == int(beats * n)), 4)
    return mido.MetaMessage("time_signature", numerator=max(1, round(beats * parts)), denominator=4 * parts)


def _played(part: Part, channel: int, starts: list[float], clock: _Clock) -> Iterator[Event]:
    program = VOICES[part.voice].program
    for time in starts:
        yield clock.tick(time), 0, mido.Message("program_change", channel=channel, program=program)
    if any(note.bend for note in part.notes):
        for control, value in ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0)):
            yield 0, 1, mido.Message("control_change", channel=channel, control=control, value=value)
    for note in part.notes:
        on = clock.tick(note.start)
        off = min(max(on + 1, clock.tick(note.end)), clock.end)
        for key in BOL_KEYS.get(note.bol, (note.key,)):
            yield on, 3, mido.Message("note_on", channel=channel, note=key, velocity=note.velocity)
            yield off, 1, mido.Message("note_off", channel=channel, note=key, velocity=0)
    ends = [*(min(note.end, after.start) for note, after in pairwise(part.notes)), part.notes[-1].end]
    for note, until in zip(part.notes, ends, strict=True):
        if note.bend:
            yield from _bent(note, until, channel, clock)


def _bent(note: Note, until: float, channel: int, clock: _Clock) -> Iterator[Event]:
    """Yield the pitch-wheel messages of a note, and the reset at `until`, when it ends or the next note of the part begins."""
    before = None
    for n in range(int((until - note.start) / BEND_STEP_S) + 1):
        value = max(-8192, min(8191, round(_semitones(note, n * BEND_STEP_S) / BEND_RANGE * 8192)))
        if value != before:
            tick = clock.tick(note.start + n * BEND_STEP_S)
            yield tick, 2, mido.Message("pitchwheel", channel=channel, pitch=value)
        before = value
    if before:
        yield clock.tick(until), 2, mido.Message("pitchwheel", channel=channel, pitch=0)


def _semitones(note: Note, seconds: float) -> float:
    """Return the bend of a note in semitones, `seconds` after its start."""
    if seconds <= note.bend[0][0]:
        return note.bend[0][1]
    for (a, low), (b, high) in pairwise(note.bend):
        if seconds < b:
            return low + (high - low) * (seconds - a) / (b - a)
    return note.bend[-1][1]


def _track(name: str, events: Iterable[Event], end: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name, time=0)])
    at = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    track.append(mido.MetaMessage("end_of_track", time=end - at))
    return track
