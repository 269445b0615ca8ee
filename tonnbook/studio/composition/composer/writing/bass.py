"""The bass: roots, fifths and octaves on a pattern, led into the next chord, and at home on the tonic.

A loop of four equal chords, or one that returns to its fourth degree, leaves the ear to choose the key. The bass settles it without
hiding the chords: it strikes every root where the chord comes in, and turns to the tonic later in the bar, where the chord holds it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tonnbook.studio.composition.composer.voices import Voice
from tonnbook.studio.composition.composer.writing.patterns import STEPS_PER_BEAT, Levels, level, swung
from tonnbook.studio.composition.composer.writing.score import Bar, ChordSpan, Note, Stage, humanised, without_overlaps
from tonnbook.studio.composition.composer.writing.theory import nearest_key

TONIC_LEAD = 1.25
"""How many times as long as on any other note the bass of a section rests on the tonic."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A bass note to come: which mark of which bar it is, in beats from the start of the section."""

    bar: Bar
    span: ChordSpan
    beat: float
    beats: float
    key: int
    mark: str

    @property
    def enters(self) -> bool:
        """Whether the chord begins here: the stroke that says which chord it is."""
        return self.beat < max(self.span.start, self.bar.start) + 0.01

    @property
    def late(self) -> bool:
        """Whether the second half of the chord, or of this bar of it, has begun."""
        first = max(self.span.start, self.bar.start)
        return self.beat + 1e-6 >= (first + min(self.span.end, self.bar.start + self.bar.beats)) / 2


def bass_notes(
    stage: Stage, voice: Voice, lines: Levels, dice: random.Random, swing: float, looseness: float
) -> list[Note]:
    """Return the bass line of a section."""
    strokes: list[Stroke] = []
    for bar in stage.bars:
        if "bass" not in bar.layers:
            continue
        steps = "R..............." if "break" in bar.layers or (stage.final and bar.last) else lines[level(bar.energy)]
        strokes += _bar(stage, bar, voice, steps)
    notes = [_note(stage, stroke) for stroke in _at_home(strokes, stage, voice)]
    tied = without_overlaps(notes, -0.03 if voice.glide else 0.01)
    slid = _gliding(tied, dice) if voice.glide else tied
    return humanised(slid, dice, 3 * looseness, stage.end - 0.05, loose=3)


def _root(span: ChordSpan, voice: Voice) -> int:
    key = nearest_key(span.chord.bass, voice.low + 9)
    return key if key >= voice.low else key + 12


def _bar(stage: Stage, bar: Bar, voice: Voice, steps: str) -> Iterator[Stroke]:
    count = round(bar.beats * STEPS_PER_BEAT)
    row = (steps * 4)[:count]
    marks = [n for n, c in enumerate(row) if c in "R583a"]
    # A chord change between two marks must not be missed: the new root is struck there.
    changes = [
        round((s.start - bar.start) * STEPS_PER_BEAT) for s in stage.chords if 0 < s.start - bar.start < bar.beats
    ]
    places = sorted({*marks, *changes})
    for n, end in zip(places, [*places[1:], count], strict=True):
        beat = bar.start + n / STEPS_PER_BEAT
        span = stage.chord_at(beat)
        enters = n in changes or n == places[0]
        mark = "R" if enters and row[n] != "8" else row[n]
        yield Stroke(bar, span, beat, (end - n) / STEPS_PER_BEAT, _key(stage, span, voice, mark), mark)


def _note(stage: Stage, stroke: Stroke) -> Note:
    bar, within = stroke.bar, stroke.beat - stroke.bar.start
    length = stroke.beats * stage.beat_s * 0.94
    if stage.final and bar.last:
        length = max(0.1, stage.end - stage.at(stroke.beat) - 0.3)
    start = stage.at(bar.start + swung(within, 0.5))
    return Note(start, length, stroke.key, bar.velocity(8 if within % 2 == 0 else 6))


def _at_home(strokes: Sequence[Stroke], stage: Stage, voice: Voice) -> list[Stroke]:
    """Return the line with single strokes turned, the mildest turn first, until the tonic leads all other notes by `TONIC_LEAD`."""
    line = list(strokes)
    for turn in (_turned_home, _turned_aside, _anticipated, _pedal):
        for stroke in sorted(line, key=_mildest):
            time = _time(line)
            rival = max((pc for pc in range(12) if pc != stage.tonic), key=lambda pc: time[pc])
            if time[stage.tonic] >= TONIC_LEAD * time[rival]:
                return line
            n = line.index(stroke)
            if stroke.key % 12 == rival or (turn is _turned_home and stroke.key % 12 != stage.tonic):
                line[n : n + 1] = turn(stroke, line[n + 1 : n + 2], stage, voice)
    return line


def _mildest(stroke: Stroke) -> tuple[bool, float, bool, float]:
    """Return the order in which strokes are turned: figures before roots, the end of a bar before its middle, late bars first."""
    return stroke.mark not in "53", stroke.bar.start - stroke.beat, stroke.bar.place in (0, 4), -stroke.beat


def _turned_home(stroke: Stroke, _after: Sequence[Stroke], stage: Stage, voice: Voice) -> list[Stroke]:
    """Return the stroke on the tonic where its chord holds it and has shown its root: under IV the fifth, under vi the third."""
    if stage.tonic not in stroke.span.chord.classes or stroke.mark == "a":
        return [stroke]
    return _second_half(stroke, nearest_key(stage.tonic, stroke.key), voice)


def _turned_aside(stroke: Stroke, _after: Sequence[Stroke], _stage: Stage, voice: Voice) -> list[Stroke]:
    """Return the stroke on the fifth of its chord instead of the root."""
    fifth = next((t for t in (7, 6) if t in stroke.span.chord.tones), 0)
    pedal = stroke.span.chord.bass != stroke.span.chord.root
    return [stroke] if pedal or not fifth else _second_half(stroke, _root(stroke.span, voice) + fifth, voice)


def _anticipated(stroke: Stroke, after: Sequence[Stroke], stage: Stage, _voice: Voice) -> list[Stroke]:
    """Return the last stroke before a tonic on that tonic already."""
    coming = [stroke for stroke in after if stroke.enters and stroke.key % 12 == stage.tonic]
    return [replace(stroke, key=coming[0].key)] if coming and not stroke.enters else [stroke]


def _pedal(stroke: Stroke, _after: Sequence[Stroke], stage: Stage, voice: Voice) -> list[Stroke]:
    """Return the stroke on the tonic although the chord comes in with it: IV/I, vi/I."""
    if stage.tonic not in stroke.span.chord.classes or stroke.bar.number == 0:
        return [stroke]
    return [replace(stroke, key=_within(nearest_key(stage.tonic, stroke.key), voice))]


def _second_half(stroke: Stroke, key: int, voice: Voice) -> list[Stroke]:
    """Return a late stroke on another key, or a long one with its second half there."""
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
    """Return how many beats the line rests on each pitch class."""
    time = [0.0] * 12
    for stroke in line:
        time[stroke.key % 12] += stroke.beats
    return time


def _key(stage: Stage, span: ChordSpan, voice: Voice, mark: str) -> int:
    root = _root(span, voice)
    tones = span.chord.tones
    if mark == "a":
        return _approach(stage, span, root, voice)
    if span.chord.bass != span.chord.root:  # a pedal stays where it is, but for its octave
        mark = "8" if mark == "8" else "R"
    interval = {"R": 0, "8": 12, "5": 7 if 7 in tones else 6 if 6 in tones else 0, "3": 3 if 3 in tones else 4}[mark]
    return root + interval if root + interval <= voice.high else root + interval - 12


def _approach(stage: Stage, span: ChordSpan, root: int, voice: Voice) -> int:
    """Return the scale tone next to the root of the coming chord, from the side that the bass comes from."""
    following = stage.chord_at(span.end + 1e-3) if span.end < stage.beats - 1e-6 else stage.chords[0]
    goal = _root(following, voice)
    classes = {(stage.tonic + s) % 12 for s in span.scale}
    side = -1 if goal > root or goal == root else 1
    near = [goal + side * d for d in (1, 2, 3) if (goal + side * d) % 12 in classes]
    return near[0] if near and near[0] >= voice.low else goal + 12 if not near else near[0] + 12


def _gliding(notes: list[Note], dice: random.Random) -> list[Note]:
    """Return the line with a slide into some of the leaps, as an 808 is played."""
    out: list[Note] = []
    for n, note in enumerate(notes):
        leap = notes[n - 1].key - note.key if n else 0
        slides = 2 <= abs(leap) <= 12 and note.length > 0.3 and dice.random() < 0.5
        bend = ((0.0, float(leap)), (0.07, 0.0)) if slides else ()
        out.append(Note(note.start, note.length, note.key, note.velocity, bend))
    return out
