"""Chords and pads: voicings that move little, played in the manner of each accompanying voice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tonnbook.studio.composer.moods import MOODS
from tonnbook.studio.composer.patterns import Comp, level, settled, strokes, swung
from tonnbook.studio.composer.score import Bar, ChordSpan, Note, Stage, humanised
from tonnbook.studio.composer.theory import Chord, nearest_key, voicing

BOWED = frozenset({"strings", "low-strings", "violin"})
STRUM_S = 0.011
"""Time from one string to the next; an up-stroke is quicker and lighter."""


def comp_notes(stage: Stage, comp: Comp, dice: random.Random, swing: float, looseness: float) -> list[Note]:
    """Return what an accompanying voice plays in a section."""
    voicings = _voicings(stage, comp)
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


def _voicings(stage: Stage, comp: Comp) -> dict[ChordSpan, tuple[int, ...]]:
    """Return a voicing per chord, each near the one before; the section begins in the middle of the register."""
    found: dict[ChordSpan, tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    for span in stage.chords:
        if comp.kind == "low":
            root = nearest_key(span.chord.bass, (comp.low + comp.high) / 2)
            before = (root, root + 7)[: comp.voices if 7 in span.chord.tones else 1]
        else:
            bare = MOODS[stage.emotion].texture == "power" and comp.kind in ("block", "strum")
            before = voicing(bare_fifth(span.chord) if bare else span.chord, before, comp.low, comp.high, comp.voices)
        found[span] = before
    return found


def loudness(bar: Bar, accent: float) -> int:
    """Return the velocity of an accent of 0 to 9 in a bar: quiet moods play softly, full bars play hard."""
    return round(min(124, (34 + 62 * bar.energy) * (0.62 + 0.042 * accent) + 8))


def _ring(stage: Stage, bar: Bar, comp: Comp, voicings: dict[ChordSpan, tuple[int, ...]]) -> list[Note]:
    span = stage.chord_at(bar.start)
    spread = 0.045 if comp.kind in ("broken", "strum") else 0.015
    start, length = stage.at(bar.start), max(0.1, stage.end - stage.at(bar.start) - 0.3)
    return [Note(start + n * spread, length, key, loudness(bar, 6)) for n, key in enumerate(voicings[span])]


def _held(stage: Stage, bar: Bar, comp: Comp, voicings: dict[ChordSpan, tuple[int, ...]]) -> Iterator[Note]:
    """Yield a chord for every span that begins in the bar, or that the bar cuts into after a rest."""
    for span in stage.chords:
        enters = span.start < bar.start - 1e-6 < span.end - 1e-6 and not _sounds_before(stage, bar, comp)
        if not (enters or bar.start - 1e-6 <= span.start < bar.start + bar.beats - 1e-6):
            continue
        start = max(span.start, bar.start)
        trembling = MOODS[stage.emotion].texture == "tremolo" and comp.voice in BOWED
        for key in voicings[span]:
            if trembling:
                yield from _tremolo(stage, start, span.end, key, loudness(bar, 4))
            else:
                yield Note(stage.at(start), (span.end - start) * stage.beat_s * 0.99, key, loudness(bar, 6))


def _tremolo(stage: Stage, start: float, end: float, key: int, velocity: int) -> Iterator[Note]:
    """Yield quick bow strokes, eight a beat or ten a second at most, growing over each bar."""
    pace = 0.125 if stage.beat_s > 0.8 else 0.25
    for n in range(round((end - start) / pace)):
        growing = 0.75 + 0.25 * (n * pace % stage.meter) / stage.meter
        yield Note(stage.at(start + n * pace), 0.9 * pace * stage.beat_s, key, max(1, round(velocity * growing)))


def _sounds_before(stage: Stage, bar: Bar, comp: Comp) -> bool:
    return bar.number > 0 and comp.layer in stage.bars[bar.number - 1].layers


def _rhythmic(
    stage: Stage, bar: Bar, comp: Comp, voicings: dict[ChordSpan, tuple[int, ...]], steps: str, swing: float
) -> Iterator[Note]:
    hits = strokes(steps, bar.beats) if steps else []
    for n, (beat, digit) in enumerate(hits):
        span = stage.chord_at(bar.start + beat)
        following = hits[n + 1][0] if n + 1 < len(hits) else bar.beats
        until = min(following, span.end - bar.start, beat + 4)
        start = stage.at(bar.start + swung(beat, swing))
        length = max(0.08, (until - beat) * stage.beat_s * comp.hold)
        if comp.kind == "broken":
            yield Note(start, length, _tone(voicings[span], digit), loudness(bar, 7 if beat % 1 == 0 else 5))
        elif comp.kind == "strum":
            yield from _strum(voicings[span], start, length, loudness(bar, digit), up=beat % 1 != 0)
        else:
            for key in voicings[span]:
                yield Note(start, length, key, loudness(bar, digit))


def _tone(keys: Sequence[int], digit: int) -> int:
    """Return the chord tone of a digit: 0 the lowest, going on an octave above the last."""
    return keys[digit % len(keys)] + 12 * (digit // len(keys))


def _strum(keys: Sequence[int], start: float, length: float, velocity: int, up: bool) -> Iterator[Note]:
    order = sorted(keys, reverse=up)[: 3 if up else None]
    for n, key in enumerate(order):
        touch = max(1, round(velocity * (0.8 if up else 1.0)) - 2 * n)
        yield Note(start + n * STRUM_S * (0.7 if up else 1.0), length, key, touch)


def bare_fifth(chord: Chord) -> Chord:
    """Return root, fifth and octave of a chord, the shape of angry guitars; a diminished fifth stays one."""
    fifth = 7 if 7 in chord.tones else 6 if 6 in chord.tones else 0
    return Chord(chord.root, (0, fifth, 12) if fifth else chord.tones, chord.bass, chord.symbol)
