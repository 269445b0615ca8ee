"""The score as a standard MIDI file: one track per part, the tempo of every section, markers for emotions and chords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

import mido

from tonnbook.models.composition import Genre
from tonnbook.studio.composer.score import Note, Part, Score, Stage
from tonnbook.studio.composer.voices import KIT_BANK, VOICES

TICKS = 480
"""Per beat."""
BEND_RANGE = 12
_DRUM_CHANNEL = 9
_CHANNELS = [channel for channel in range(16) if channel != _DRUM_CHANNEL]

Event = tuple[int, int, "mido.Message | mido.MetaMessage"]
"""Tick, rank among events of the same tick, message."""


def midi_bytes(score: Score, role: str | None = None) -> bytes:
    """Return the song as a MIDI file, or the parts of one role of it."""
    clock = _Clock(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_track("conductor", _conductor(score, clock), clock.end))
    pitched = [part for part in score.parts if VOICES[part.voice].bank != KIT_BANK]
    for part in score.parts:
        if role in (None, part.role):
            drum = VOICES[part.voice].bank == KIT_BANK
            channel = _DRUM_CHANNEL if drum else _CHANNELS[pitched.index(part) % len(_CHANNELS)]
            file.tracks.append(_track(part.name, _played(part, channel, clock), clock.end))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


class _Clock:
    """Turns seconds into ticks, section by section."""

    def __init__(self, score: Score) -> None:
        self._stages = score.stages
        self._firsts = [0]
        for stage in score.stages:
            self._firsts.append(self._firsts[-1] + round(stage.beats * TICKS))
        self.end = self._firsts[-1]

    def first(self, stage: Stage) -> int:
        """Return the tick at which a section begins."""
        return self._firsts[stage.index]

    def tick(self, seconds: float) -> int:
        """Return the tick of a time, never past the end."""
        stage = next((s for s in self._stages if seconds < s.end - 1e-9), self._stages[-1])
        return min(self.end, self.first(stage) + round((seconds - stage.start) / stage.beat_s * TICKS))


def _conductor(score: Score, clock: _Clock) -> Iterator[Event]:
    yield 0, 0, mido.MetaMessage("text", text=f"{score.plan.genre} {score.plan.tempo}, {score.bpm:g} bpm")
    for stage in score.stages:
        first = clock.first(stage)
        yield first, 0, mido.MetaMessage("set_tempo", tempo=round(stage.beat_s * 1e6))
        yield first, 1, mido.MetaMessage("marker", text=f"{stage.emotion}: {stage.mode}")
        size = 0.0
        for bar in stage.bars:
            if bar.beats != size:
                size = bar.beats
                upper, lower = (int(size), 4) if size == int(size) else (int(size * 2), 8)
                signature = mido.MetaMessage("time_signature", numerator=upper, denominator=lower)
                yield first + round(bar.start * TICKS), 2, signature
        if score.plan.genre is not Genre.INDIAN:
            for span in stage.chords:
                name = span.chord.name(stage.tonic).replace("♭", "b").replace("♯", "#")
                yield first + round(span.start * TICKS), 3, mido.MetaMessage("lyrics", text=name)


def _played(part: Part, channel: int, clock: _Clock) -> Iterator[Event]:
    program = VOICES[part.voice].program
    yield 0, 0, mido.Message("program_change", channel=channel, program=program)
    if any(note.bend for note in part.notes):
        for control, value in ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0)):
            yield 0, 1, mido.Message("control_change", channel=channel, control=control, value=value)
    for note in part.notes:
        on = clock.tick(note.start)
        off = max(on + 1, clock.tick(note.end))
        yield on, 3, mido.Message("note_on", channel=channel, note=note.key, velocity=note.velocity)
        yield min(off, clock.end), 1, mido.Message("note_off", channel=channel, note=note.key, velocity=0)
        yield from _bent(note, channel, clock)


def _bent(note: Note, channel: int, clock: _Clock) -> Iterator[Event]:
    for seconds, semitones in note.bend:
        value = max(-8192, min(8191, round(semitones / BEND_RANGE * 8192)))
        yield clock.tick(note.start + seconds), 2, mido.Message("pitchwheel", channel=channel, pitch=value)
    if note.bend:
        yield clock.tick(note.end), 2, mido.Message("pitchwheel", channel=channel, pitch=0)


def _track(name: str, events: Iterable[Event], end: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name, time=0)])
    at = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    track.append(mido.MetaMessage("end_of_track", time=end - at))
    return track
