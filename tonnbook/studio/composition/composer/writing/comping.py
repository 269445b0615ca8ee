"""Accompaniment: chord voicings that move little and stay below the melody, played in the style of each voice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.patterns import Comp, level, resolve_optional, strokes, swung
from tonnbook.studio.composition.composer.writing.score import Bar, ChordSpan, Note, ScoreSection, humanised
from tonnbook.studio.composition.composer.writing.theory import Chord, nearest_key, voicing

_BOWED = frozenset({"strings", "low-strings", "violin"})
LOWEST_KEY = 47
"""The lowest key of a chord: close positions below it sound muddy."""
CENTRE_BELOW_TOP = 6
"""Preferred distance of the centre of a chord from its highest allowed key, in semitones."""
STRUM_S = 0.011
"""Seconds from one string to the next; an up-stroke is faster and softer."""


class Voicing(NamedTuple):
    """The keys on which a voice plays a chord."""

    keys: tuple[int, ...]
    top: int
    """The highest key that stays below the melody."""


Voicings = dict[ChordSpan, Voicing]


def comp_notes(
    section: ScoreSection, comp: Comp, tune: Sequence[Note], rng: random.Random, swing: float, looseness: float
) -> list[Note]:
    """Return the notes of an accompanying voice in a section below the melody `tune`."""
    voicings = _voicings(section, comp, tune)
    steps = [resolve_optional(row, rng) for row in comp.steps]
    notes: list[Note] = []
    for bar in section.bars:
        if comp.layer not in bar.layers:
            continue
        if section.final and bar.last:
            notes += _final_chord(section, bar, comp, voicings)
        elif comp.kind in ("held", "low"):
            notes += _held(section, bar, comp, voicings)
        else:
            notes += _rhythmic(section, bar, comp, voicings, steps[level(bar.energy)], swing)
    late = comp.late_ms / 1000
    if late:
        notes = [Note(n.start + late, n.length, n.key, n.velocity) for n in notes]
    return humanised(notes, rng, 4 * looseness, section.end - 0.05)


def _voicings(section: ScoreSection, comp: Comp, tune: Sequence[Note]) -> Voicings:
    """Return a voicing for each chord, near the one before; the first lies in the middle of the register."""
    found: Voicings = {}
    before: tuple[int, ...] = ()
    melody = {span: _notes_over(section, span, tune) for span in section.chords}
    lows = {span: _low_notes(notes) for span, notes in melody.items() if notes}
    usual = round(median(lows.values())) if lows else 127
    tops = {span: _top(comp, lows.get(span, usual)) for span in section.chords}
    low = max(LOWEST_KEY, min(comp.low, min(tops.values()) - 12))
    for span in section.chords:
        high = tops[span]
        if comp.kind == "low":
            root = nearest_key(span.chord.bass, (comp.low + comp.high) / 2)
            before = (root, root + 7)[: comp.voices if 7 in span.chord.tones else 1]
        else:
            power = MOODS[section.emotion].texture == "power" and comp.kind in ("block", "strum")
            harmony = power_chord(span.chord) if power else _without_clashes(span.chord, section, melody[span])
            keys = voicing(harmony, before, low, high, comp.voices, high - CENTRE_BELOW_TOP)
            if any(b - a == 1 for a, b in pairwise(keys)):  # a ninth would lie a semitone from the third
                keys = voicing(_plain(harmony), before, low, high, comp.voices, high - CENTRE_BELOW_TOP)
            before = keys
        found[span] = Voicing(_within(before, comp.voice), high)
    return found


def _within(keys: Sequence[int], voice: str) -> tuple[int, ...]:
    """Return the chord with keys below the voice's range moved up by octaves, even above the melody: below it has no sound."""
    low = VOICES[voice].low
    return tuple(sorted({key + 12 * max(0, -((key - low) // 12)) for key in keys}))


def _notes_over(section: ScoreSection, span: ChordSpan, tune: Sequence[Note]) -> list[Note]:
    """Return the notes of the melody that sound over a chord for more than 60 ms."""
    start, end = section.at(span.start), section.at(span.end)
    return [note for note in tune if min(note.end, end) - max(note.start, start) > 0.06]


def _low_notes(notes: Sequence[Note]) -> int:
    """Return the lower quartile of the keys of some notes; single notes below it may overlap with the chords."""
    keys = sorted(note.key for note in notes)
    return keys[(len(keys) - 1) // 4]


def _top(comp: Comp, tune: int) -> int:
    """Return the highest key of a voice below a melody whose low notes are at `tune`, at least an octave above LOWEST_KEY."""
    return max(LOWEST_KEY + 11, min(comp.high, tune - 2))


def _without_clashes(chord: Chord, section: ScoreSection, melody: Sequence[Note]) -> Chord:
    """Return the chord without the seventh or ninth that clashes with a held note of the melody a semitone above it."""
    held = {note.key % 12 for note in melody if note.length > 0.7 * section.beat_s}
    clear = tuple(t for t in chord.tones if t < 9 or (chord.root + t + 1) % 12 not in held)
    return Chord(chord.root, clear, chord.bass, chord.symbol)


def _plain(chord: Chord) -> Chord:
    """Return the chord without seventh and ninth."""
    return Chord(chord.root, tuple(t for t in chord.tones if t < 9), chord.bass, chord.symbol)


def _final_chord(section: ScoreSection, bar: Bar, comp: Comp, voicings: Voicings) -> list[Note]:
    span = section.chord_at(bar.start)
    spread = 0.045 if comp.kind in ("broken", "strum") else 0.015
    start, length = section.at(bar.start), section.end - section.at(bar.start)
    return [Note(start + n * spread, length, key, bar.velocity(6)) for n, key in enumerate(voicings[span].keys)]


def _held(section: ScoreSection, bar: Bar, comp: Comp, voicings: Voicings) -> Iterator[Note]:
    """Yield the chords that begin in the bar, and one that began before it if the voice rested until then."""
    for span in section.chords:
        enters = span.start < bar.start - 1e-6 < span.end - 1e-6 and not _sounds_before(section, bar, comp)
        if not (enters or bar.start - 1e-6 <= span.start < bar.start + bar.beats - 1e-6):
            continue
        start = max(span.start, bar.start)
        tremolo = MOODS[section.emotion].texture == "tremolo" and comp.voice in _BOWED
        for key in voicings[span].keys:
            if tremolo:
                yield from _tremolo(section, start, span.end, key, bar.velocity(4))
            else:
                yield Note(section.at(start), (span.end - start) * section.beat_s * 0.99, key, bar.velocity(6))


def _tremolo(section: ScoreSection, start: float, end: float, key: int, velocity: int) -> Iterator[Note]:
    """Yield repeated notes, four a beat (eight if the beat is longer than 0.8 s), with a crescendo over each bar."""
    pace = 0.125 if section.beat_s > 0.8 else 0.25
    for n in range(round((end - start) / pace)):
        growing = 0.75 + 0.25 * (n * pace % section.meter) / section.meter
        yield Note(section.at(start + n * pace), 0.9 * pace * section.beat_s, key, max(1, round(velocity * growing)))


def _sounds_before(section: ScoreSection, bar: Bar, comp: Comp) -> bool:
    return bar.number > 0 and comp.layer in section.bars[bar.number - 1].layers


def _rhythmic(
    section: ScoreSection, bar: Bar, comp: Comp, voicings: Voicings, steps: str, swing: float
) -> Iterator[Note]:
    hits = strokes(steps, bar.beats) if steps else []
    highest = max((digit for _, digit in hits), default=0)  # the figure is inverted in every other pair of phrases
    for n, (beat, digit) in enumerate(hits):
        span = section.chord_at(bar.start + beat)
        following = hits[n + 1][0] if n + 1 < len(hits) else bar.beats
        until = min(following, span.end - bar.start, beat + 4)
        start = section.at(bar.start + swung(beat, swing))
        length = max(0.08, (until - beat) * section.beat_s * comp.hold)
        if comp.kind == "broken":
            digit = highest - digit if bar.phrase % 4 > 1 else digit
            yield Note(start, length, _tone(voicings[span], digit), bar.velocity(7 if beat % 1 == 0 else 5))
        elif comp.kind == "strum":
            yield from _strum(voicings[span].keys, start, length, bar.velocity(digit), up=beat % 1 != 0)
        else:
            for key in voicings[span].keys:
                yield Note(start, length, key, bar.velocity(digit))


def _tone(chord: Voicing, digit: int) -> int:
    """Return the chord tone of a digit: 0 is the lowest; an octave higher after the last, as long as it stays below the melody."""
    key = chord.keys[digit % len(chord.keys)] + 12 * (digit // len(chord.keys))
    return key if key <= chord.top else chord.keys[digit % len(chord.keys)]


def _strum(keys: Sequence[int], start: float, length: float, velocity: int, up: bool) -> Iterator[Note]:
    order = sorted(keys, reverse=up)[: 3 if up else None]
    for n, key in enumerate(order):
        softer = max(1, round(velocity * (0.8 if up else 1.0)) - 2 * n)
        yield Note(start + n * STRUM_S * (0.7 if up else 1.0), length, key, softer)


def power_chord(chord: Chord) -> Chord:
    """Return root, fifth and octave of a chord; a diminished fifth is kept."""
    fifth = 7 if 7 in chord.tones else 6 if 6 in chord.tones else 0
    return Chord(chord.root, (0, fifth, 12) if fifth else chord.tones, chord.bass, chord.symbol)
