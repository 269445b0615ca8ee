"""The bass: roots, fifths and octaves on a pattern, approach notes, and an emphasis on the tonic.

A loop of four equal chords, or one that returns to its fourth degree, leaves the key ambiguous. The bass makes it clear without
obscuring the chords: it plays every root where the chord begins, and moves to the tonic later in the bar if the chord contains it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tonnbook.studio.composition.composer.voices import Voice
from tonnbook.studio.composition.composer.writing.patterns import STEPS_PER_BEAT, Levels, level, swung
from tonnbook.studio.composition.composer.writing.score import (
    Bar,
    ChordSpan,
    Note,
    ScoreSection,
    humanised,
    without_overlaps,
)
from tonnbook.studio.composition.composer.writing.theory import nearest_key

TONIC_LEAD = 1.25
"""The total length of the tonic in the bass of a section is at least this many times that of any other pitch class."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A planned bass note: its bar, chord and mark; beats count from the start of the section."""

    bar: Bar
    span: ChordSpan
    beat: float
    beats: float
    key: int
    mark: str

    @property
    def enters(self) -> bool:
        """True if the chord begins with this note."""
        return self.beat < max(self.span.start, self.bar.start) + 0.01

    @property
    def late(self) -> bool:
        """True if it lies in the second half of the chord, or of the chord's part of this bar."""
        first = max(self.span.start, self.bar.start)
        return self.beat + 1e-6 >= (first + min(self.span.end, self.bar.start + self.bar.beats)) / 2


def bass_notes(
    section: ScoreSection, voice: Voice, lines: Levels, rng: random.Random, swing: float, looseness: float
) -> list[Note]:
    """Return the bass line of a section."""
    strokes: list[Stroke] = []
    for bar in section.bars:
        if "bass" not in bar.layers:
            continue
        steps = (
            "R".ljust(64, ".") if "break" in bar.layers or (section.final and bar.last) else lines[level(bar.energy)]
        )
        strokes += _bar(section, bar, voice, steps)
    notes = [_note(section, stroke) for stroke in _establish_tonic(strokes, section, voice)]
    tied = without_overlaps(notes, -0.03 if voice.glide else 0.01)
    slid = _gliding(tied, rng) if voice.glide else tied
    return humanised(slid, rng, 3 * looseness, section.end - 0.05, loose=3)


def _root(span: ChordSpan, voice: Voice) -> int:
    key = nearest_key(span.chord.bass, voice.low + 9)
    return key if key >= voice.low else key + 12


def _bar(section: ScoreSection, bar: Bar, voice: Voice, steps: str) -> Iterator[Stroke]:
    count = round(bar.beats * STEPS_PER_BEAT)
    row = (steps * 4)[:count]
    marks = [n for n, c in enumerate(row) if c in "R583a"]
    # The bass also plays the new root of a chord that changes between two marks.
    changes = [
        round((s.start - bar.start) * STEPS_PER_BEAT) for s in section.chords if 0 < s.start - bar.start < bar.beats
    ]
    onsets = sorted({*marks, *changes})
    for n, end in zip(onsets, [*onsets[1:], count], strict=True):
        beat = bar.start + n / STEPS_PER_BEAT
        span = section.chord_at(beat)
        enters = n in changes or n == onsets[0]
        mark = "R" if enters and row[n] != "8" else row[n]
        yield Stroke(bar, span, beat, (end - n) / STEPS_PER_BEAT, _key(section, span, voice, mark), mark)


def _note(section: ScoreSection, stroke: Stroke) -> Note:
    bar, within = stroke.bar, stroke.beat - stroke.bar.start
    length = stroke.beats * section.beat_s * 0.94
    if section.final and bar.last:
        length = section.end - section.at(stroke.beat)
    start = section.at(bar.start + swung(within, 0.5))
    return Note(start, length, stroke.key, bar.velocity(8 if within % 2 == 0 else 6))


def _establish_tonic(strokes: Sequence[Stroke], section: ScoreSection, voice: Voice) -> list[Stroke]:
    """Return the line with single notes changed, the least noticeable change first, until the tonic leads by `TONIC_LEAD`."""
    line = list(strokes)
    for change in (_to_tonic, _to_fifth, _anticipate_tonic, _tonic_pedal):
        for stroke in sorted(line, key=_change_order):
            time = _time(line)
            rival = max((pc for pc in range(12) if pc != section.tonic), key=lambda pc: time[pc])
            if time[section.tonic] >= TONIC_LEAD * time[rival]:
                return line
            n = line.index(stroke)
            if stroke.key % 12 == rival or (change is _to_tonic and stroke.key % 12 != section.tonic):
                line[n : n + 1] = change(stroke, line[n + 1 : n + 2], section, voice)
    return line


def _change_order(stroke: Stroke) -> tuple[bool, float, bool, float]:
    """Return the sort key for changes: figures before roots, the end of a bar before its middle, later bars first."""
    return stroke.mark not in "53", stroke.bar.start - stroke.beat, stroke.bar.index in (0, 4), -stroke.beat


def _to_tonic(stroke: Stroke, _after: Sequence[Stroke], section: ScoreSection, voice: Voice) -> list[Stroke]:
    """Return the note on the tonic if the chord contains it and its root was played: the fifth of IV, the third of vi."""
    if section.tonic not in stroke.span.chord.classes or stroke.mark == "a":
        return [stroke]
    return _change_late_part(stroke, nearest_key(section.tonic, stroke.key), voice)


def _to_fifth(stroke: Stroke, _after: Sequence[Stroke], _stage: ScoreSection, voice: Voice) -> list[Stroke]:
    """Return the note on the fifth of its chord instead of the root."""
    fifth = next((t for t in (7, 6) if t in stroke.span.chord.tones), 0)
    pedal = stroke.span.chord.bass != stroke.span.chord.root
    return [stroke] if pedal or not fifth else _change_late_part(stroke, _root(stroke.span, voice) + fifth, voice)


def _anticipate_tonic(stroke: Stroke, after: Sequence[Stroke], section: ScoreSection, _voice: Voice) -> list[Stroke]:
    """Return the last note before a tonic on that tonic."""
    coming = [stroke for stroke in after if stroke.enters and stroke.key % 12 == section.tonic]
    return [replace(stroke, key=coming[0].key)] if coming and not stroke.enters else [stroke]


def _tonic_pedal(stroke: Stroke, _after: Sequence[Stroke], section: ScoreSection, voice: Voice) -> list[Stroke]:
    """Return the note on the tonic although its chord begins with it: IV/I, vi/I."""
    if section.tonic not in stroke.span.chord.classes or stroke.bar.number == 0:
        return [stroke]
    return [replace(stroke, key=_within(nearest_key(section.tonic, stroke.key), voice))]


def _change_late_part(stroke: Stroke, key: int, voice: Voice) -> list[Stroke]:
    """Return a note in the second half of its chord on another key, or a long note with its second half on it."""
    key = _within(key, voice)
    if stroke.late:
        return [replace(stroke, key=key)]
    half = stroke.beats / 2
    if not stroke.enters or half < 1:
        return [stroke]
    return [replace(stroke, beats=half), replace(stroke, beat=stroke.beat + half, beats=half, key=key, mark="5")]


def _within(key: int, voice: Voice) -> int:
    return key + 12 if key < voice.low else key - 12 if key > voice.high else key


def _time(line: Sequence[Stroke]) -> list[float]:
    """Return the total beats of each pitch class."""
    time = [0.0] * 12
    for stroke in line:
        time[stroke.key % 12] += stroke.beats
    return time


def _key(section: ScoreSection, span: ChordSpan, voice: Voice, mark: str) -> int:
    root = _root(span, voice)
    tones = span.chord.tones
    if mark == "a":
        return _approach(section, span, root, voice)
    if span.chord.bass != span.chord.root:  # a pedal keeps its note; only its octave may change
        mark = "8" if mark == "8" else "R"
    interval = {"R": 0, "8": 12, "5": 7 if 7 in tones else 6 if 6 in tones else 0, "3": 3 if 3 in tones else 4}[mark]
    return root + interval if root + interval <= voice.high else root + interval - 12


def _approach(section: ScoreSection, span: ChordSpan, root: int, voice: Voice) -> int:
    """Return the scale tone next to the root of the following chord, on the side of the current root."""
    following = section.chord_at(span.end + 1e-3) if span.end < section.beats - 1e-6 else section.chords[0]
    goal = _root(following, voice)
    classes = {(section.tonic + s) % 12 for s in span.scale}
    side = -1 if goal > root or goal == root else 1
    near = [goal + side * d for d in (1, 2, 3) if (goal + side * d) % 12 in classes]
    return near[0] if near and near[0] >= voice.low else goal + 12 if not near else near[0] + 12


def _gliding(notes: list[Note], rng: random.Random) -> list[Note]:
    """Return the line with a glide into about half of the leaps, like an 808 bass."""
    out: list[Note] = []
    for n, note in enumerate(notes):
        leap = notes[n - 1].key - note.key if n else 0
        slides = 2 <= abs(leap) <= 12 and note.length > 0.3 and rng.random() < 0.5
        bend = ((0.0, float(leap)), (0.07, 0.0)) if slides else ()
        out.append(Note(note.start, note.length, note.key, note.velocity, bend))
    return out
