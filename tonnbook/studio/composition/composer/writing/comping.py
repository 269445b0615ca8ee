"""Chords and pads: voicings that move little, played in the manner of each accompanying voice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.patterns import Comp, level, settled, strokes, swung
from tonnbook.studio.composition.composer.writing.score import Bar, ChordSpan, Note, Stage, humanised
from tonnbook.studio.composition.composer.writing.theory import Chord, nearest_key, voicing

BOWED = frozenset({"strings", "low-strings", "violin"})
FLOOR = 47
"""The lowest key of a chord: closer ones below it would be mud."""
UNDER = 6
"""How far under the highest key that the tune leaves a chord likes to have its middle."""
STRUM_S = 0.011
"""Time from one string to the next; an up-stroke is quicker and lighter."""


class Voicing(NamedTuple):
    """A chord as a voice has it."""

    keys: tuple[int, ...]
    top: int
    """The highest key that leaves the tune alone."""


Voicings = dict[ChordSpan, Voicing]


def comp_notes(
    stage: Stage, comp: Comp, tune: Sequence[Note], dice: random.Random, swing: float, looseness: float
) -> list[Note]:
    """Return what an accompanying voice plays in a section under the tune."""
    voicings = _voicings(stage, comp, tune)
    steps = [settled(row, dice) for row in comp.steps]
    notes: list[Note] = []
    for bar in stage.bars:
        if comp.layer not in bar.layers:
            continue
        if stage.final and bar.last:
            notes += _ring(stage, bar, comp, voicings)
        elif comp.kind in ("held", "low"):
            notes += _held(stage, bar, comp, voicings)
        else:
            notes += _rhythmic(stage, bar, comp, voicings, steps[level(bar.energy)], swing)
    late = comp.late_ms / 1000
    if late:
        notes = [Note(n.start + late, n.length, n.key, n.velocity) for n in notes]
    return humanised(notes, dice, 4 * looseness, stage.end - 0.05)


def _voicings(stage: Stage, comp: Comp, tune: Sequence[Note]) -> Voicings:
    """Return a voicing per chord, each near the one before; the section begins in the middle of the register."""
    found: Voicings = {}
    before: tuple[int, ...] = ()
    sung = {span: _over(stage, span, tune) for span in stage.chords}
    lows = {span: _low_notes(notes) for span, notes in sung.items() if notes}
    usual = round(median(lows.values())) if lows else 127
    tops = {span: _top(comp, lows.get(span, usual)) for span in stage.chords}
    low = max(FLOOR, min(comp.low, min(tops.values()) - 12))
    for span in stage.chords:
        high = tops[span]
        if comp.kind == "low":
            root = nearest_key(span.chord.bass, (comp.low + comp.high) / 2)
            before = (root, root + 7)[: comp.voices if 7 in span.chord.tones else 1]
        else:
            bare = MOODS[stage.emotion].texture == "power" and comp.kind in ("block", "strum")
            harmony = bare_fifth(span.chord) if bare else _yielding(span.chord, stage, sung[span])
            keys = voicing(harmony, before, low, high, comp.voices, high - UNDER)
            if any(b - a == 1 for a, b in pairwise(keys)):  # no room to part a ninth from its third
                keys = voicing(_plain(harmony), before, low, high, comp.voices, high - UNDER)
            before = keys
        found[span] = Voicing(_within(before, comp.voice), high)
    return found


def _within(keys: Sequence[int], voice: str) -> tuple[int, ...]:
    """Return the chord with what lies below the voice's range an octave up, be it above the tune: there it has no sound."""
    low = VOICES[voice].low
    return tuple(sorted({key + 12 * max(0, -((key - low) // 12)) for key in keys}))


def _over(stage: Stage, span: ChordSpan, tune: Sequence[Note]) -> list[Note]:
    """Return the notes of the tune that sound over a chord for more than a moment."""
    start, end = stage.at(span.start), stage.at(span.end)
    return [note for note in tune if min(note.end, end) - max(note.start, start) > 0.06]


def _low_notes(notes: Sequence[Note]) -> int:
    """Return where the lower notes of a stretch of the tune lie; a single dip below them may touch the chords."""
    keys = sorted(note.key for note in notes)
    return keys[(len(keys) - 1) // 4]


def _top(comp: Comp, tune: int) -> int:
    """Return the highest key of a voice under a tune that comes down to `tune`: with a full octave to the floor, which any chord needs."""
    return max(FLOOR + 11, min(comp.high, tune - 2))


def _yielding(chord: Chord, stage: Stage, sung: Sequence[Note]) -> Chord:
    """Return the chord without the colour that a held note of the tune would rub against, a semitone or a minor ninth above it."""
    held = {note.key % 12 for note in sung if note.length > 0.7 * stage.beat_s}
    clear = tuple(t for t in chord.tones if t < 9 or (chord.root + t + 1) % 12 not in held)
    return Chord(chord.root, clear, chord.bass, chord.symbol)


def _plain(chord: Chord) -> Chord:
    """Return the chord without seventh and ninth."""
    return Chord(chord.root, tuple(t for t in chord.tones if t < 9), chord.bass, chord.symbol)


def _ring(stage: Stage, bar: Bar, comp: Comp, voicings: Voicings) -> list[Note]:
    span = stage.chord_at(bar.start)
    spread = 0.045 if comp.kind in ("broken", "strum") else 0.015
    start, length = stage.at(bar.start), max(0.1, stage.end - stage.at(bar.start) - 0.3)
    return [Note(start + n * spread, length, key, bar.velocity(6)) for n, key in enumerate(voicings[span].keys)]


def _held(stage: Stage, bar: Bar, comp: Comp, voicings: Voicings) -> Iterator[Note]:
    """Yield a chord for every span that begins in the bar, or that the bar cuts into after a rest."""
    for span in stage.chords:
        enters = span.start < bar.start - 1e-6 < span.end - 1e-6 and not _sounds_before(stage, bar, comp)
        if not (enters or bar.start - 1e-6 <= span.start < bar.start + bar.beats - 1e-6):
            continue
        start = max(span.start, bar.start)
        trembling = MOODS[stage.emotion].texture == "tremolo" and comp.voice in BOWED
        for key in voicings[span].keys:
            if trembling:
                yield from _tremolo(stage, start, span.end, key, bar.velocity(4))
            else:
                yield Note(stage.at(start), (span.end - start) * stage.beat_s * 0.99, key, bar.velocity(6))


def _tremolo(stage: Stage, start: float, end: float, key: int, velocity: int) -> Iterator[Note]:
    """Yield quick bow strokes, eight a beat or ten a second at most, growing over each bar."""
    pace = 0.125 if stage.beat_s > 0.8 else 0.25
    for n in range(round((end - start) / pace)):
        growing = 0.75 + 0.25 * (n * pace % stage.meter) / stage.meter
        yield Note(stage.at(start + n * pace), 0.9 * pace * stage.beat_s, key, max(1, round(velocity * growing)))


def _sounds_before(stage: Stage, bar: Bar, comp: Comp) -> bool:
    return bar.number > 0 and comp.layer in stage.bars[bar.number - 1].layers


def _rhythmic(stage: Stage, bar: Bar, comp: Comp, voicings: Voicings, steps: str, swing: float) -> Iterator[Note]:
    hits = strokes(steps, bar.beats) if steps else []
    highest = max((digit for _, digit in hits), default=0)  # a figure that has been heard long enough is turned round
    for n, (beat, digit) in enumerate(hits):
        span = stage.chord_at(bar.start + beat)
        following = hits[n + 1][0] if n + 1 < len(hits) else bar.beats
        until = min(following, span.end - bar.start, beat + 4)
        start = stage.at(bar.start + swung(beat, swing))
        length = max(0.08, (until - beat) * stage.beat_s * comp.hold)
        if comp.kind == "broken":
            digit = highest - digit if bar.phrase % 4 > 1 else digit
            yield Note(start, length, _tone(voicings[span], digit), bar.velocity(7 if beat % 1 == 0 else 5))
        elif comp.kind == "strum":
            yield from _strum(voicings[span].keys, start, length, bar.velocity(digit), up=beat % 1 != 0)
        else:
            for key in voicings[span].keys:
                yield Note(start, length, key, bar.velocity(digit))


def _tone(chord: Voicing, digit: int) -> int:
    """Return the chord tone of a digit: 0 the lowest, going on an octave above the last as far as the tune leaves room."""
    key = chord.keys[digit % len(chord.keys)] + 12 * (digit // len(chord.keys))
    return key if key <= chord.top else chord.keys[digit % len(chord.keys)]


def _strum(keys: Sequence[int], start: float, length: float, velocity: int, up: bool) -> Iterator[Note]:
    order = sorted(keys, reverse=up)[: 3 if up else None]
    for n, key in enumerate(order):
        touch = max(1, round(velocity * (0.8 if up else 1.0)) - 2 * n)
        yield Note(start + n * STRUM_S * (0.7 if up else 1.0), length, key, touch)


def bare_fifth(chord: Chord) -> Chord:
    """Return root, fifth and octave of a chord, the shape of angry guitars; a diminished fifth stays one."""
    fifth = 7 if 7 in chord.tones else 6 if 6 in chord.tones else 0
    return Chord(chord.root, (0, fifth, 12) if fifth else chord.tones, chord.bass, chord.symbol)
