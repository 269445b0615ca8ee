"""The melody of Indian songs: an alap, the theme in the raga, the tihai, and ornaments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import sin

from tonnbook.studio.composition.composer.voices import Voice
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.raga import SWARAS, Raga, options
from tonnbook.studio.composition.composer.writing.score import Bar, Note, ScoreSection, humanised, without_overlaps
from tonnbook.studio.composition.composer.writing.tala import tihai_beats
from tonnbook.studio.composition.composer.writing.theme import Cell, Theme
from tonnbook.studio.composition.composer.writing.theory import nearest_key

_BEAM = 20
ALAP_NOTE_S, ALAP_REST_S = (0.35, 1.1), (1.4, 2.6)
"""Range of the length of the notes within a phrase of the alap, and of the note on which it ends."""


def raga_melody(
    section: ScoreSection, raga: Raga, theme: Theme, voice: Voice, alap: float, rng: random.Random
) -> list[Note]:
    """Return the melody: an alap without a pulse for the first `alap` beats, then the theme of the song in the raga."""
    mood = MOODS[section.emotion]
    slots = _alap_slots(section, alap, rng) + _slots(section, theme, mood, alap, rng)
    keys = _pitched(slots, section, raga, voice, mood, rng)
    notes = []
    for n, ((bar, beat, _, _), key) in enumerate(zip(slots, keys, strict=True)):
        following = slots[n + 1][1] if n + 1 < len(slots) else section.beats
        rest = 0.5 if n + 1 < len(slots) and following - beat > 1.5 else 0.0
        length = (
            min(4.0 if beat >= alap else ALAP_REST_S[1] / section.beat_s, following - beat - rest)
            * section.beat_s
            * max(0.9, mood.articulation)
        )
        if n + 1 == len(slots) and section.final:
            length = section.end - section.at(beat)
        notes.append(Note(section.at(beat), max(0.1, length), key, min(120, bar.velocity(8 if beat % 2 == 0 else 6))))
    line = without_overlaps(notes)
    return humanised(list(_ornamented(line, section, raga, rng)), rng, 8, section.end - 0.05)


Slot = tuple[Bar, float, float, bool]
"""Bar, beat from the start of the section, scale steps from the centre, and True if the note is one to rest on."""


def _alap_slots(section: ScoreSection, alap: float, rng: random.Random) -> list[Slot]:
    """Return the slots of an alap: phrases of notes in free time that end on a long note and rise from the low register.

    Times are drawn in seconds, because there is no pulse; the last long note leads to the entry of the tabla.
    """
    slots: list[Slot] = []
    end = alap * section.beat_s
    at, height = 0.1 * end if end < ALAP_REST_S[1] else rng.uniform(0.4, 0.9), 0.0
    while at < end - ALAP_REST_S[0]:
        count = rng.randint(2, 4)
        for n in range(count + 1):
            if at > end - ALAP_REST_S[0]:
                break
            resting = n == count or at > end - 1.4 * ALAP_REST_S[0]
            beat = section.beat_at(section.start + at)
            bar = next(bar for bar in reversed(section.bars) if bar.start <= beat + 1e-6)
            slots.append((bar, beat, -3 + height + 2.5 * sin(3.1 * n / count), resting))
            at += rng.uniform(*ALAP_REST_S) if resting else rng.uniform(*ALAP_NOTE_S)
        height += rng.uniform(0.5, 1.5)
    return slots


def _slots(section: ScoreSection, theme: Theme, mood: Mood, alap: float, rng: random.Random) -> list[Slot]:
    closing = tihai_beats(section)
    lengths = {p: sum(1 for b in section.bars if b.phrase == p) for p in {b.phrase for b in section.bars}}
    slots: list[Slot] = []
    for bar in section.bars:
        if "melody" not in bar.layers and "opening" not in bar.layers:
            continue
        for half, first in enumerate(_halves(bar)):
            cell = theme.bar(bar.phrase, bar.index, lengths[bar.phrase], rng)
            slots += [slot for slot in _bar_slots(bar, first, half, cell, mood) if slot[1] > alap - 1e-6]
    if not closing:
        return slots
    kept = [slot for slot in slots if slot[1] < closing[0] - 0.8]
    last = section.bars[-1]
    landed = [(last, beat - 0.5, 1.0, False) for beat in closing] + [(last, beat, 0.0, True) for beat in closing]
    return kept + sorted(landed, key=lambda slot: slot[1])


def _halves(bar: Bar) -> list[float]:
    """Return where cells begin in a bar, in beats: a cell has four beats, a bar of rupak seven."""
    return [0.0] if bar.beats <= 4 else [0.0, 3.0]


def _bar_slots(bar: Bar, first: float, half: int, cell: Cell, mood: Mood) -> Iterator[Slot]:
    density = max(1, min(5, round(1.2 + 3.4 * bar.energy)))
    until = bar.beats if half or bar.beats <= 4 else 3.0
    notes = [n for n in cell.at(density) if first + n[0] / 4 < until - 1e-6]
    upper = bar.phrase % 2 == 0 and bar.phrase > 0  # every other phrase (the antara) rises to the high Sa
    height = (2.6 if upper else -0.8) + 1.8 * sin(2.4 * (bar.index + 0.5) / 8) - (2 if mood.contour == "low" else 0)
    for k, (step, _, degree) in enumerate(notes):
        gap = (notes[k + 1][0] - step) / 4 if k + 1 < len(notes) else until - first - step / 4
        yield (
            bar,
            bar.start + first + step / 4,
            degree + height,
            gap >= 0.9 or (k + 1 == len(notes) and bar.last_of_phrase),
        )


def _pitched(
    slots: list[Slot], section: ScoreSection, raga: Raga, voice: Voice, mood: Mood, rng: random.Random
) -> list[int]:
    sa = nearest_key(section.tonic, 62 if mood.centre < 70 else 66)
    low, high = max(voice.low, sa - 5), min(voice.high, sa + 13)
    ladder = raga.ladder(False, sa, low, high)
    home = ladder.index(min(ladder, key=lambda k: abs(k - sa - 3)))
    rests = raga.rests()
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for n, (_, _, degree, resting) in enumerate(slots):
        target = ladder[max(0, min(len(ladder) - 1, home + round(degree)))]
        must = (sa, sa + 12) if n + 1 == len(slots) and section.final else ()
        noise = {key: 0.6 * rng.random() for key in range(low, high + 1)}
        grown = []
        for cost, line in beam:
            choices = options(raga, sa, line[-1] if line else None, low, high)
            grown += [
                (
                    cost
                    + noise[k]
                    + _cost(k, target, resting, line, rests, sa, raga)
                    + 9 * bool(must and k not in must),
                    (*line, k),
                )
                for k in choices
            ]
        beam = sorted(grown)[:_BEAM]
    return list(beam[0][1])


def _cost(
    key: int, target: int, resting: bool, line: tuple[int, ...], rests: dict[int, float], sa: int, raga: Raga
) -> float:
    cost = 0.25 * abs(key - target) - 0.75 * (SWARAS[(key - sa) % 12] == raga.vadi)
    if resting:
        cost += 1.8 * (1 - rests.get((key - sa) % 12, 0.0))
    if not line:
        return cost
    between = len([k for k in range(min(key, line[-1]) + 1, max(key, line[-1])) if (k - sa) % 12 in raga.scale])
    cost += 1.1 if key == line[-1] else 0.6 * between**1.3
    if len(line) > 2 and key == line[-2] and line[-1] == line[-3]:
        cost += 2.5  # avoid alternating between two notes
    return cost + 0.35 * line[-6:].count(key)


def _ornamented(notes: list[Note], section: ScoreSection, raga: Raga, rng: random.Random) -> Iterator[Note]:
    """Yield the line with glides (meend) into long notes, grace notes, gamak, and the slow oscillations of the raga (andolan)."""
    for n, note in enumerate(notes):
        swara = SWARAS[(note.key - section.tonic) % 12]
        before = notes[n - 1].key - note.key if n else 0
        bend: tuple[tuple[float, float], ...] = ()
        if swara in raga.sway and note.length > 0.5:
            bend = _swayed(note.length, 0.35, 1.6)
        elif note.length > 0.45 and 1 <= abs(before) <= 4 and rng.random() < 0.7:
            glide = rng.uniform(0.08, 0.18)
            bend = ((0.0, float(before)), (0.02, float(before)), (glide, 0.0))
        elif note.length > 0.7 and rng.random() < 0.5:
            bend = ((0.0, rng.choice((-2.0, -1.0))), (rng.uniform(0.08, 0.16), 0.0))
        elif note.length > 0.2 and rng.random() < 0.2:
            bend = ((0.0, 1.0 if before > 0 else 2.0), (0.05, 0.0))
        if note.length > 1.1 and swara not in raga.sway and rng.random() < 0.4:
            bend = (*(bend or ((0.0, 0.0),)), *_shaken(note.length, rng.uniform(5.0, 6.0)))
        yield Note(note.start, note.length, note.key, note.velocity, bend)


def _swayed(length: float, depth: float, rate_hz: float) -> tuple[tuple[float, float], ...]:
    """Return the bend of a slow oscillation between the note and `depth` semitones below it."""
    return tuple((t / 20, -depth * (1 - _cosine(t / 20 * rate_hz)) / 2) for t in range(int(length * 20) + 1))


def _shaken(length: float, rate_hz: float) -> tuple[tuple[float, float], ...]:
    """Return the bend of a gamak, a fast oscillation in the second half of a note."""
    start, points = length * 0.5, int(length * 0.5 * 40)
    return tuple((start + t / 40, 0.45 * sin(6.2832 * rate_hz * t / 40)) for t in range(points))


def _cosine(turns: float) -> float:
    return sin(6.2832 * (turns + 0.25))
