"""The melody: the theme's cells laid over the harmony by a beam search that weighs steps, chord tones and the shape of the phrase."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin

from tonnbook.studio.composer.comping import loudness
from tonnbook.studio.composer.moods import MOODS, Mood
from tonnbook.studio.composer.patterns import swung
from tonnbook.studio.composer.score import Bar, ChordSpan, Note, Stage, humanised, without_overlaps
from tonnbook.studio.composer.theme import Cell, Theme
from tonnbook.studio.composer.theory import SCALES, keys_in, nearest_key
from tonnbook.studio.composer.voices import Touch, Voice

BEAM = 20
_LEAPS = {0: 1.0, 1: 0.0, 2: 0.0, 3: 0.7, 4: 0.85, 5: 1.4, 6: 4.2, 7: 1.8, 8: 2.5, 9: 2.7, 12: 2.4}
"""What a move of so many semitones costs; others cost 5."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the melody that waits for its pitch."""

    bar: Bar
    beat: float
    """From the start of the section."""
    target: float
    """The key that theme and phrase would like."""
    span: ChordSpan
    strong: bool
    closing: bool = False


def melody_notes(
    stage: Stage, theme: Theme, voice: Voice, dice: random.Random, swing: float, taste: float
) -> list[Note]:
    """Return the melody of a section. `taste`: how busy the genre likes its tunes, -2 to 2 steps of density."""
    mood = MOODS[stage.emotion]
    slots = _slots(stage, theme, voice, mood, dice, taste)
    keys = _pitched(slots, stage, voice, mood, dice)
    notes = []
    for n, (slot, key) in enumerate(zip(slots, keys, strict=True)):
        following = slots[n + 1].beat if n + 1 < len(slots) else stage.beats
        start = stage.at(swung(slot.beat, swing))
        accent = 8 if slot.strong else 6 if slot.beat % 1 == 0 else 5
        notes.append(Note(start, _sounding(stage, slot, following, voice, mood), key, loudness(slot.bar, accent)))
    return humanised(without_overlaps(notes), dice, 7, stage.end - 0.05)


def harmony_line(stage: Stage, notes: Sequence[Note], voice: Voice) -> list[Note]:
    """Return a second voice below the melody, a third or a sixth away on chord tones, where the bar has the "extra" layer."""
    line = []
    for note in notes:
        beat = stage.beat_at(note.start)
        bar = max((b for b in stage.bars if b.start <= beat + 0.05), key=lambda b: b.start, default=stage.bars[0])
        if "extra" not in bar.layers:
            continue
        span = stage.chord_at(beat)
        below = [k for k in range(max(voice.low, note.key - 9), note.key - 2) if k % 12 in span.chord.classes]
        if below:
            line.append(Note(note.start + 0.008, note.length, below[-1], max(1, note.velocity - 22)))
    return line


def _slots(stage: Stage, theme: Theme, voice: Voice, mood: Mood, dice: random.Random, taste: float) -> list[Slot]:
    lengths = {p: sum(1 for b in stage.bars if b.phrase == p) for p in {b.phrase for b in stage.bars}}
    sung = sorted({b.phrase for b in stage.bars if "melody" in b.layers})
    slots: list[Slot] = []
    before: list[tuple[float, ...]] = []
    for bar in stage.bars:
        if "melody" not in bar.layers:
            continue
        if stage.final and bar.last and len(stage.bars) > 1:
            cell = Cell(((0, 1, 0),))
        else:
            cell = theme.bar(sung.index(bar.phrase), bar.place, lengths[bar.phrase], dice)
        # A sparse mood leaves little of its cells: what would be the same bar for the third time becomes a fuller one.
        ways = [_bar_slots(stage, bar, cell, voice, mood, lengths[bar.phrase], taste + more) for more in range(4)]
        chosen = next((way for way in ways if before[-2:] != [_rhythm(way)] * 2), ways[0])
        before.append(_rhythm(chosen))
        slots += chosen
    return slots


def _rhythm(slots: Sequence[Slot]) -> tuple[float, ...]:
    """Return where the notes of a bar begin, in beats of the bar."""
    return tuple(slot.beat - slot.bar.start for slot in slots)


def _bar_slots(
    stage: Stage, bar: Bar, cell: Cell, voice: Voice, mood: Mood, phrase_bars: int, taste: float
) -> list[Slot]:
    density = max(1, min(5, round(1.2 + 3.6 * bar.energy + taste)))
    scale = keys_in(SCALES[mood.mode], stage.tonic, 24, 108)
    centre = _centre(voice, mood)
    home = min(range(len(scale)), key=lambda n: abs(scale[n] - centre))
    lift = _shape(mood.contour, (bar.place + 0.5) / phrase_bars)
    notes = [n for n in cell.at(density) if n[0] / 4 < bar.beats - 1e-6]
    found = []
    for k, (step, _, degree) in enumerate(notes):
        beat = bar.start + step / 4
        target = scale[max(0, min(len(scale) - 1, home + round(degree + lift)))]
        gap = (notes[k + 1][0] - step) / 4 if k + 1 < len(notes) else bar.beats - step / 4
        closing = bar.last_of_phrase and k == len(notes) - 1
        found.append(Slot(bar, beat, target, stage.chord_at(beat), step % 8 == 0 or gap >= 1.5, closing))
    return found


def _centre(voice: Voice, mood: Mood) -> float:
    """Return the mood's register, moved by octaves into the voice's comfortable middle."""
    centre = mood.centre
    while centre - 4 < voice.low:
        centre += 12
    while centre + 8 > voice.high:
        centre -= 12
    return centre


def _shape(contour: str, position: float) -> float:
    """Return how many scale steps a phrase lies above its middle at a position of 0 to 1; peaks stand near two thirds."""
    bow = sin(pi * min(1.0, position / 1.33) ** 1.4)
    return {
        "arch": 3 * bow - 1,
        "rise": 4.5 * position - 1.5,
        "fall": 2.5 - 4 * position,
        "wave": 1.6 * sin(2 * pi * position * 1.5),
        "low": 0.8 * bow - 0.5,
    }[contour]


def _pitched(slots: Sequence[Slot], stage: Stage, voice: Voice, mood: Mood, dice: random.Random) -> list[int]:
    """Return a key for every slot: the cheapest of the lines that the beam keeps."""
    centre = _centre(voice, mood)
    reach = 6 if mood.contour == "low" else 8
    low, high = max(voice.low, round(centre - reach)), min(voice.high, round(centre + reach + 1))
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for n, slot in enumerate(slots):
        options = keys_in(slot.span.scale, stage.tonic, low, high)
        if stage.final and n == len(slots) - 1:
            options = [k for k in options if k % 12 == stage.tonic] or [nearest_key(stage.tonic, centre)]
        places = [(key, 0.7 * dice.random() + _place_cost(slot, key, stage.tonic)) for key in options]
        grown = [
            (cost + place + _move_cost(key, line, mood), (*line, key)) for cost, line in beam for key, place in places
        ]
        beam = sorted(grown)[:BEAM]
    return list(beam[0][1])


def _place_cost(slot: Slot, key: int, tonic: int) -> float:
    """Return how little a key fits its place: away from the target, off the chord on strong beats."""
    fits = key % 12 in slot.span.chord.classes
    cost = 0.22 * abs(key - slot.target)
    if not fits:
        cost += 4.0 if slot.closing else 2.2 if slot.strong else 0.3
    if key % 12 == tonic and (slot.strong or slot.closing):
        cost -= 0.5  # a tune knows where it is at home
    return cost


def _move_cost(key: int, line: tuple[int, ...], mood: Mood) -> float:
    """Return how little a key follows from the notes before it: leaping, circling."""
    if not line:
        return 0.0
    move = key - line[-1]
    cost = _LEAPS.get(abs(move), 5.0) * (1 - 0.4 * mood.leap)
    if len(line) > 1:
        before = line[-1] - line[-2]
        if abs(before) > 4 and (move * before > 0 or abs(move) > 2):
            cost += 1.6  # a leap wants to be answered by a step back
        if move == 0 and before == 0:
            cost += 2.5
        if len(line) > 2 and key == line[-2] and line[-1] == line[-3]:
            cost += 1.2  # no trilling between two notes
    return cost


def _sounding(stage: Stage, slot: Slot, following: float, voice: Voice, mood: Mood) -> float:
    """Return the length of a note in seconds: articulated, and with a breath at the end of every second bar."""
    gap = following - slot.beat
    if stage.final and slot.bar.last:
        return max(0.2, stage.end - stage.at(slot.beat) - 0.35)
    breathes = slot.bar.place % 2 == 1 or slot.bar.last_of_phrase
    leaves_bar = following >= slot.bar.start + slot.bar.beats - 1e-6
    if breathes and leaves_bar and gap > 0.75:
        gap -= 0.5
    share = max(mood.articulation, 0.8) if voice.touch is Touch.PLUCKED else mood.articulation
    return max(0.09, min(gap, 4.0) * stage.beat_s * share)
