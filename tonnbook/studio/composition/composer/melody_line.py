"""The pitches of a tune: a beam search that weighs steps, chord tones and the shape of the phrase."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

from tonnbook.studio.composition.composer.melody_slots import Slot, centre_of, reach_of
from tonnbook.studio.composition.composer.moods import Mood
from tonnbook.studio.composition.composer.score import Stage
from tonnbook.studio.composition.composer.theory import keys_in, nearest_key
from tonnbook.studio.composition.composer.voices import Voice

BEAM = 20
_LEAPS = {0: 1.2, 1: 0.0, 2: 0.0, 3: 0.7, 4: 0.85, 5: 1.4, 6: 4.2, 7: 1.8, 8: 3.2, 9: 3.4, 12: 3.4}
"""What a move of so many semitones costs; others cost 6."""
STEPS = (0.68, 0.89)
"""Share of moves by two semitones at most, from..to: a line outside is sought again with another taste for thirds (3.5, rule 3)."""


def pitched(slots: Sequence[Slot], stage: Stage, voice: Voice, mood: Mood, dice: random.Random) -> list[int]:
    """Return a key for every slot; thirds come dearer or cheaper where the line is out of what tunes do."""
    whims = [[0.7 * dice.random() for _ in range(128)] for _ in slots]
    thirds, tried = 1.3 - 0.8 * mood.leap, []
    for _ in range(4):
        keys = _cheapest(slots, stage, voice, mood, whims, thirds)
        share = mean([abs(b - a) <= 2 for a, b in pairwise(keys)] or [STEPS[0]])
        off = max(STEPS[0] - share, share - STEPS[1])
        tried.append((off, keys))
        if off <= 0:
            break
        thirds *= 0.6 if share > STEPS[1] else 1.6
    return min(tried)[1]


def _cheapest(
    slots: Sequence[Slot], stage: Stage, voice: Voice, mood: Mood, whims: Sequence[Sequence[float]], thirds: float
) -> list[int]:
    """Return the cheapest of the lines that the beam keeps."""
    low, high = reach_of(voice, mood)
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for n, slot in enumerate(slots):
        options = [k for k in keys_in(slot.span.scale, stage.tonic, low, high) if k < slot.ceiling]
        if slot.peak:
            options = [slot.peak]
        elif stage.final and n == len(slots) - 1:
            options = [k for k in options if k % 12 == stage.tonic] or [
                nearest_key(stage.tonic, centre_of(voice, mood))
            ]
        places = [(key, whims[n][key] + _place_cost(slot, key, stage.tonic)) for key in options]
        grown = [
            (cost + place + _move_cost(key, line, mood.leap, thirds, slot.bold), (*line, key))
            for cost, line in beam
            for key, place in places
        ]
        beam = sorted(grown)[:BEAM]
    return list(beam[0][1])


def _place_cost(slot: Slot, key: int, tonic: int) -> float:
    """Return how little a key fits its place: away from the target, off the chord or rubbing with it on strong beats."""
    fits, rubs = key % 12 in slot.span.chord.classes, slot.rubs(key) and slot.exposed
    cost = (0.4 if slot.bold else 0.22) * abs(key - slot.target)
    if not fits:
        cost += 4.0 if slot.closing else 2.2 if slot.strong else 0.3
    if rubs:
        cost += 3.0
    elif key % 12 == tonic and (slot.strong or slot.closing):
        cost -= 0.5  # a tune knows where it is at home
    return cost


def _move_cost(key: int, line: tuple[int, ...], leap: float, thirds: float, bold: bool) -> float:
    """Return how little a key follows from the notes before it: leaping, circling."""
    if not line:
        return 0.0
    move = key - line[-1]
    cost = _LEAPS.get(abs(move), 6.0)
    if abs(move) > 2:
        cost *= thirds if abs(move) < 5 else 1.9 - 1.5 * leap
    if bold and abs(move) <= 7:
        cost *= 0.2
    if len(line) > 1:
        before = line[-1] - line[-2]
        if abs(before) > 4 and (move * before > 0 or abs(move) > 2):
            cost += 1.6  # a leap wants to be answered by a step back
        if move == 0 and before == 0:
            cost += 2.5
        if len(line) > 2 and key == line[-2] and line[-1] == line[-3]:
            cost += 1.2  # no trilling between two notes
    return cost
