"""The melody: rhythm from the theme, pitches by a beam search, and a second voice below it.

A `Slot` is a note without a pitch. The search for the pitches weighs steps, chord tones, and the contour of the phrase.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mean

from tonnbook.studio.composition.composer.voices import Touch, Voice
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.patterns import swung
from tonnbook.studio.composition.composer.writing.score import (
    Bar,
    ChordSpan,
    Note,
    ScoreSection,
    humanised,
    without_overlaps,
)
from tonnbook.studio.composition.composer.writing.theme import (
    Cell,
    Theme,
    apply_gesture,
    climax_index,
    climax_steps,
    contour_steps,
)
from tonnbook.studio.composition.composer.writing.theory import SCALES, keys_in, nearest_key


def melody_notes(
    section: ScoreSection, theme: Theme, voice: Voice, rng: random.Random, swing: float, busyness: float
) -> list[Note]:
    """Return the melody of a section. `busyness` is added to the density of the notes, -2 to 2."""
    mood = MOODS[section.emotion]
    slots = _find_slots(section, theme, voice, mood, rng, busyness)
    keys = _find_pitches(slots, section, voice, mood, rng)
    notes = []
    for n, (slot, key) in enumerate(zip(slots, keys, strict=True)):
        following = slots[n + 1].beat if n + 1 < len(slots) else section.beats
        start = section.at(swung(slot.beat, swing))
        accent = 8 if slot.strong else 6 if slot.beat % 1 == 0 else 5
        notes.append(Note(start, _sounding(section, slot, following, voice, mood), key, slot.bar.velocity(accent)))
    return humanised(without_overlaps(notes), rng, 7, section.end - 0.05)


def harmony_line(section: ScoreSection, notes: Sequence[Note], voice: Voice) -> list[Note]:
    """Return a second voice on chord tones a third to a sixth below the melody.

    It plays in the second half of phrases with the "extra" layer.
    """
    lengths = Counter(bar.phrase for bar in section.bars)
    line = []
    for note in notes:
        beat = section.beat_at(note.start)
        bar = max((b for b in section.bars if b.start <= beat + 0.05), key=lambda b: b.start, default=section.bars[0])
        if "extra" not in bar.layers or 2 * bar.index < lengths[bar.phrase] - 1:
            continue
        span = section.chord_at(beat)
        below = [k for k in range(max(voice.low, note.key - 9), note.key - 2) if k % 12 in span.chord.classes]
        if below:
            line.append(Note(note.start + 0.008, note.length, below[-1], max(1, note.velocity - 22)))
    return line


def _sounding(section: ScoreSection, slot: Slot, following: float, voice: Voice, mood: Mood) -> float:
    """Return the length of a note in seconds: with the articulation of the mood, and a rest at the end of every second bar."""
    gap = following - slot.beat
    if section.final and slot.bar.last:
        return section.end - section.at(slot.beat)
    rests = slot.bar.index % 2 == 1 or slot.bar.last_of_phrase
    leaves_bar = following >= slot.bar.start + slot.bar.beats - 1e-6
    if rests and leaves_bar and gap > 0.75:
        gap -= 0.5
    share = max(mood.articulation, 0.8) if voice.touch is Touch.PLUCKED else mood.articulation
    return max(0.09, min(gap, 4.0) * section.beat_s * share)


RETURNS = (0.43, 0.87)
"""Allowed range of the similarity of rhythms four bars apart; outside it the variations are drawn again."""
_DRAFTS = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """A note of the melody whose pitch is not decided yet."""

    bar: Bar
    beat: float
    """Beats from the start of the section."""
    target: float
    """The key that theme and contour suggest."""
    span: ChordSpan
    held: float
    """Beats to the next note or the end of the bar."""
    strong: bool
    closing: bool = False
    may_leap: bool = False
    """True if the gesture leaps to it."""
    ceiling: int = 128
    """The climax of the phrase; every other note is lower."""
    peak: int = 0
    """The key of the climax if this note is it, else 0."""

    def clashes(self, key: int) -> bool:
        """Return True if a key lies a semitone or a minor ninth above a tone of the chord."""
        return (key - 1) % 12 in self.span.chord.classes

    @property
    def exposed(self) -> bool:
        """True if a clash with the chord would be noticed as a wrong note: on a strong beat, or held for a beat or more."""
        return self.strong or self.held >= 1


def _find_slots(
    section: ScoreSection, theme: Theme, voice: Voice, mood: Mood, rng: random.Random, busyness: float
) -> list[Slot]:
    """Return the slots of a section.

    The variations are drawn again, denser in later attempts, until the rhythms of the bars repeat as much as those of melodies do.
    """
    drafts = []
    for turn in range(_DRAFTS):
        bars = _draft(section, theme, voice, mood, rng, busyness + 0.4 * (turn // 4))
        rows = [_rhythm(slots) for slots in bars]
        far, near = _alike(rows, 4), _alike(rows, 1)
        wrong = max(0.0, near + 0.03 - far) + max(0.0, RETURNS[0] - far) + max(0.0, far - RETURNS[1])
        drafts.append((wrong, bars))
        if not wrong or len(rows) < 6:
            break
    best = min(drafts, key=lambda draft: draft[0])[1]
    return _with_climaxes([slot for slots in best for slot in slots], section, voice, mood)


def _alike(rows: Sequence[tuple[float, ...]], lag: int) -> float:
    """Return the mean similarity (Jaccard index) of the onsets of bars that lie `lag` bars apart."""
    pairs = [(set(a), set(b)) for a, b in zip(rows, rows[lag:], strict=False)]
    return mean([len(a & b) / len(a | b) for a, b in pairs]) if pairs else 0.0


def _draft(
    section: ScoreSection, theme: Theme, voice: Voice, mood: Mood, rng: random.Random, busyness: float
) -> list[list[Slot]]:
    """Return the slots of every bar."""
    lengths = {p: sum(1 for b in section.bars if b.phrase == p) for p in {b.phrase for b in section.bars}}
    phrases = sorted({b.phrase for b in section.bars if "melody" in b.layers})
    bars: list[list[Slot]] = []
    before: list[tuple[float, ...]] = []
    for bar in section.bars:
        if "melody" not in bar.layers:
            continue
        leaping: frozenset[int] = frozenset()
        if section.final and bar.last and len(section.bars) > 1:
            cell = Cell(((0, 1, 0),))
        else:
            cell = theme.bar(phrases.index(bar.phrase), bar.index, lengths[bar.phrase], rng)
            opens = bar.index % 4 == 0 and bar.index < lengths[bar.phrase] - 1
            cell, leaping = apply_gesture(cell, mood.gesture, theme.fanfare, opens, section.beat_s)
        # A sparse mood uses few notes of its cells; a rhythm that would repeat a third time, or alternate again, gets more notes.
        drafts = [
            _bar_slots(section, bar, cell, leaping, voice, mood, lengths[bar.phrase], busyness + more)
            for more in range(4)
        ]
        chosen = next((draft for draft in drafts if not _repeats([*before, _rhythm(draft)])), drafts[0])
        before.append(_rhythm(chosen))
        bars.append(chosen)
    return bars


def _repeats(rows: Sequence[tuple[float, ...]]) -> bool:
    """Return True if the last three rhythms are equal, or the last four alternate between two."""
    if len(rows) > 2 and rows[-1] == rows[-2] == rows[-3]:
        return True
    return len(rows) > 3 and rows[-1] == rows[-3] and rows[-2] == rows[-4]


def _with_climaxes(slots: list[Slot], section: ScoreSection, voice: Voice, mood: Mood) -> list[Slot]:
    """Return the slots with one climax in every phrase that is long enough: a chord tone above all other notes."""
    with_climax = list(slots)
    scale = keys_in(SCALES[section.mode], section.tonic, 24, 108)
    home = min(range(len(scale)), key=lambda n: abs(scale[n] - melody_centre(voice, mood)))
    low, high = melody_range(voice, mood)
    for phrase in sorted({slot.bar.phrase for slot in slots}):
        bars = [bar for bar in section.bars if bar.phrase == phrase]
        inside = [n for n, slot in enumerate(slots) if slot.bar.phrase == phrase]
        first, beats = bars[0].start, sum(bar.beats for bar in bars)
        positions = [(slots[n].beat - first) / beats for n in inside]
        top = (
            climax_index(positions, [slots[n].strong and not slots[n].closing for n in inside])
            if len(bars) > 2
            else None
        )
        if top is None:
            continue
        chosen = slots[inside[top]]
        preferred = scale[home + round(climax_steps(mood.contour, len(inside)) + phrase % 2)]
        least = low + 5
        if section.final and bars[-1].last:  # the final tonic has to fit below it
            least = max(least, nearest_key(section.tonic, melody_centre(voice, mood)) + 1)
        keys = [k for k in range(least, high + 1) if k % 12 in chosen.span.chord.classes and not chosen.clashes(k)]
        key = min(keys or [high], key=lambda k: (abs(k - preferred), k))
        for n in inside:
            with_climax[n] = replace(slots[n], ceiling=key, target=min(slots[n].target, key - 1))
        with_climax[inside[top]] = replace(chosen, peak=key, strong=True, target=key)
    return with_climax


def _rhythm(slots: Sequence[Slot]) -> tuple[float, ...]:
    """Return where the notes of a bar begin, in beats of the bar."""
    return tuple(slot.beat - slot.bar.start for slot in slots)


def _bar_slots(
    section: ScoreSection,
    bar: Bar,
    cell: Cell,
    leaping: frozenset[int],
    voice: Voice,
    mood: Mood,
    phrase_bars: int,
    busyness: float,
) -> list[Slot]:
    density = max(1, min(5, round(1.2 + 3.6 * bar.energy + busyness)))
    scale = keys_in(SCALES[section.mode], section.tonic, 24, 108)
    centre = melody_centre(voice, mood)
    home = min(range(len(scale)), key=lambda n: abs(scale[n] - centre))
    notes = [n for n in cell.at(density) if n[0] / 4 < bar.beats - 1e-6]
    found = []
    for k, (step, _, degree) in enumerate(notes):
        beat = bar.start + step / 4
        raised = contour_steps(mood.contour, (bar.index + step / 4 / bar.beats) / phrase_bars, len(notes) * phrase_bars)
        target = scale[max(0, min(len(scale) - 1, home + round(degree + raised)))]
        gap = (notes[k + 1][0] - step) / 4 if k + 1 < len(notes) else bar.beats - step / 4
        closing = bar.last_of_phrase and k == len(notes) - 1
        strong = step % 8 == 0 or gap >= 1.5 or step in leaping
        found.append(Slot(bar, beat, target, section.chord_at(beat), gap, strong, closing, step in leaping))
    return found


def melody_centre(voice: Voice, mood: Mood) -> float:
    """Return the centre of the melody: that of the mood, limited so that the voice can play a phrase around it."""
    return min(max(mood.centre, voice.low + 5), voice.high - 7)


def register_error(voice: Voice, mood: Mood) -> float:
    """Return the distance in semitones between the register of a mood and the nearest one that a voice can play."""
    return abs(melody_centre(voice, mood) - mood.centre)


def melody_range(voice: Voice, mood: Mood) -> tuple[int, int]:
    """Return the lowest and the highest key of the melody."""
    centre, below, above = melody_centre(voice, mood), *((5, 7) if mood.contour == "low" else (8, 9))
    return max(voice.low, round(centre - below)), min(voice.high, round(centre + above))


BEAM = 20
_LEAPS = {0: 1.2, 1: 0.0, 2: 0.0, 3: 0.7, 4: 0.85, 5: 1.4, 6: 4.2, 7: 1.8, 8: 3.2, 9: 3.4, 12: 3.4}
"""Cost of a move by a number of semitones; 6 for all others."""
STEPS = (0.68, 0.89)
"""Allowed range of the share of moves by at most two semitones; outside it the search is repeated with another cost of thirds."""


def _find_pitches(
    slots: Sequence[Slot], section: ScoreSection, voice: Voice, mood: Mood, rng: random.Random
) -> list[int]:
    """Return a key for every slot. The cost of thirds is adjusted until the share of steps is within STEPS."""
    noise = [[0.7 * rng.random() for _ in range(128)] for _ in slots]
    thirds, tried = 1.3 - 0.8 * mood.leap, []
    for _ in range(4):
        keys = _cheapest(slots, section, voice, mood, noise, thirds)
        share = mean([abs(b - a) <= 2 for a, b in pairwise(keys)] or [STEPS[0]])
        off = max(STEPS[0] - share, share - STEPS[1])
        tried.append((off, keys))
        if off <= 0:
            break
        thirds *= 0.6 if share > STEPS[1] else 1.6
    return min(tried)[1]


def _cheapest(
    slots: Sequence[Slot],
    section: ScoreSection,
    voice: Voice,
    mood: Mood,
    noise: Sequence[Sequence[float]],
    thirds: float,
) -> list[int]:
    """Return the line of keys with the lowest cost, by a beam search."""
    low, high = melody_range(voice, mood)
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for n, slot in enumerate(slots):
        options = [k for k in keys_in(slot.span.scale, section.tonic, low, high) if k < slot.ceiling]
        if slot.peak:
            options = [slot.peak]
        elif section.final and n == len(slots) - 1:
            options = [k for k in options if k % 12 == section.tonic] or [
                nearest_key(section.tonic, melody_centre(voice, mood))
            ]
        costs = [(key, noise[n][key] + _slot_cost(slot, key, section.tonic)) for key in options]
        grown = [
            (cost + own_cost + _move_cost(key, line, mood.leap, thirds, slot.may_leap), (*line, key))
            for cost, line in beam
            for key, own_cost in costs
        ]
        beam = sorted(grown)[:BEAM]
    return list(beam[0][1])


def _slot_cost(slot: Slot, key: int, tonic: int) -> float:
    """Return the cost of a key in a slot: for its distance from the target, and for being outside the chord or clashing with it."""
    fits, clashes = key % 12 in slot.span.chord.classes, slot.clashes(key) and slot.exposed
    cost = (0.4 if slot.may_leap else 0.22) * abs(key - slot.target)
    if not fits:
        cost += 4.0 if slot.closing else 2.2 if slot.strong else 0.3
    if clashes:
        cost += 3.0
    elif key % 12 == tonic and (slot.strong or slot.closing):
        cost -= 0.5  # prefer the tonic on strong beats
    return cost


def _move_cost(key: int, line: tuple[int, ...], leap: float, thirds: float, may_leap: bool) -> float:
    """Return the cost of moving to a key after the notes of a line: for leaps, repetitions and trills."""
    if not line:
        return 0.0
    move = key - line[-1]
    cost = _LEAPS.get(abs(move), 6.0)
    if abs(move) > 2:
        cost *= thirds if abs(move) < 5 else 1.9 - 1.5 * leap
    if may_leap and abs(move) <= 7:
        cost *= 0.2
    if len(line) > 1:
        before = line[-1] - line[-2]
        if abs(before) > 4 and (move * before > 0 or abs(move) > 2):
            cost += 1.6  # a leap should be followed by a step back
        if move == 0 and before == 0:
            cost += 2.5
        if len(line) > 2 and key == line[-2] and line[-1] == line[-3]:
            cost += 1.2  # avoid alternating between two notes
    return cost
