"""Talas: the cycles of the tabla, their strokes, and the tihai that closes a piece (composition.md 3.8).

The cycle runs through the whole song, over the borders of its sections. It is counted back from the last downbeat, which is a sam
(the first beat of a cycle): the tabla enters on a sam, and whole cycles later the tihai lands on one. What is left over before that
belongs to the alap, which has no beat.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from tonnbook.models.composition import Tempo
from tonnbook.studio.composition.composer.writing.score import Bar, Note, Stage, humanised


@dataclass(frozen=True, slots=True)
class Tala:
    """A rhythmic cycle."""

    name: str
    theka: str
    """The strokes that name the cycle, one per matra."""
    matra: float
    """Beats per matra."""
    bar: float
    """Beats of what we count as a bar: the cycle, or a quarter of teental's."""

    @property
    def cycle(self) -> float:
        """Beats from sam to sam."""
        return len(self.theka.split()) * self.matra


_TALAS = {
    Tempo.SLOW: (
        Tala("dadra", "dha dhin na dha tun na", 0.5, 3),
        Tala("keherwa", "dha ge na tin na ke dhin na", 0.5, 4),
    ),
    Tempo.MEDIUM: (
        Tala("keherwa", "dha ge na tin na ke dhin na", 0.5, 4),
        Tala("rupak", "tin tin na dhin na dhin na", 1.0, 7),
    ),
    Tempo.FAST: (
        Tala("teental", "dha dhin dhin dha dha dhin dhin dha dha tin tin ta ta dhin dhin dha", 1.0, 4),
        Tala("keherwa", "dha ge na tin na ke dhin na", 0.5, 4),
    ),
}

BOL_KEYS: dict[str, tuple[int, ...]] = {"na": (60,), "ta": (60,), "tin": (63,), "te": (62,), "tun": (64,)}
BOL_KEYS |= {"ge": (61,), "ke": (41,), "dha": (60, 61), "dhin": (63, 61)}
"""What comes nearest to every bol among the drums of General MIDI, a stroke of both hands as two of them; our own tabla reads the
word instead."""
_ORNAMENTS = {
    "dha": ("dha te", "dha dha"),
    "dhin": ("dhin dhin", "dhin te"),
    "na": ("na te", "na na"),
    "ta": ("ta te",),
    "tin": ("tin te", "tin tin"),
    "tun": ("tun na",),
    "ge": ("ge ge", "ge te"),
    "ke": ("ke te", "te ke"),
}
_RUN = ["te", "te", "ke", "te"]
TIHAI_BEATS = 1.5
"""From one landing of a tihai to the next."""
_ROOM_S = 30.0
"""A song of less has no room for an alap and some of the long cycles."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Where a tala stands in a section."""

    tala: Tala
    sam: float
    """A beat of the section on which a cycle begins; it may lie before or after the section."""
    entry: float
    """The beat from which the tabla plays. Before it is alap."""

    def matra(self, beat: float) -> int:
        """Return which matra of the cycle a beat is, 0 for sam."""
        return round((beat - self.sam) / self.tala.matra) % len(self.tala.theka.split())


def tala_for(tempo: Tempo, seconds: float, looping: bool, dice: random.Random) -> Tala:
    """Return the tala of a song; a short song and a loop take one whose cycle is a bar."""
    choice = dice.choice(_TALAS[tempo])
    return choice if choice.cycle == choice.bar or (seconds >= _ROOM_S and not looping) else _TALAS[tempo][-1]


def cycles(tala: Tala, beats: Sequence[float], opening: float, looping: bool) -> tuple[Cycle, ...]:
    """Return where the cycle stands in each section, given their lengths and that of the opening, all in beats.

    The last downbeat of the song is a sam; in a loop its end is. A song too short for a whole cycle after the opening has no alap.
    """
    landing = sum(beats) if looping else sum(beats[:-1]) + (ceil(beats[-1] / tala.bar - 1e-6) - 1) * tala.bar
    entry = landing - (landing - opening) // tala.cycle * tala.cycle
    if entry >= landing - 1e-6:
        entry = 0.0
    found = []
    for n in range(len(beats)):
        first = sum(beats[:n])
        sam = round((landing - first) / tala.matra) * tala.matra  # a section of broken beats does not shift the strokes
        found.append(Cycle(tala, sam, max(0.0, round((entry - first) / tala.matra) * tala.matra)))
    return tuple(found)


def tabla_notes(stage: Stage, cycle: Cycle, dice: random.Random) -> list[Note]:
    """Return what the tabla plays in a section: the theka, ornamented where the energy is, and the tihai at the song's end."""
    notes: list[Note] = []
    tala, closing = cycle.tala, tihai_beats(stage)
    words = tala.theka.split()
    for bar in stage.bars:
        if "drums" not in bar.layers:
            continue
        count = ceil(bar.beats / tala.matra - 1e-6)
        for n in range(count):
            beat = bar.start + n * tala.matra
            if beat < cycle.entry - 1e-6 or (closing and beat >= closing[0] - 0.76):
                continue
            nth = cycle.matra(beat)
            notes += _matra(stage, bar, beat, words[nth], tala, nth, n == count - 1 and bar.last_of_phrase, dice)
    notes += _tihai(stage, closing)
    return humanised(notes, dice, 4, stage.end - 0.05, 5)


def _matra(
    stage: Stage, bar: Bar, beat: float, word: str, tala: Tala, nth: int, turning: bool, dice: random.Random
) -> Iterator[Note]:
    chance = 0.75 * (bar.energy - 0.15)
    strokes = [word]
    if turning and bar.energy > 0.3:
        strokes = _RUN
    elif nth and dice.random() < chance:
        strokes = dice.choice(_ORNAMENTS[word]).split()
    accent = 9 if nth == 0 else 7 if (nth * tala.matra) % 2 == 0 else 6
    for k, bol in enumerate(strokes):
        yield _stroke(stage, bar, beat + k * tala.matra / len(strokes), bol, accent - (2 if k else 0))


def _stroke(stage: Stage, bar: Bar, beat: float, bol: str, accent: float) -> Note:
    return Note(stage.at(beat), 0.4, BOL_KEYS[bol][0], min(118, bar.velocity(accent) + 8), (), bol)


def tihai_beats(stage: Stage) -> tuple[float, ...]:
    """Return the three landings of the tihai, the third on the last downbeat; none where the song goes on or is short."""
    last = stage.bars[-1].start
    if not stage.final or last < 4 * TIHAI_BEATS:
        return ()
    return (last - 2 * TIHAI_BEATS, last - TIHAI_BEATS, last)


def _tihai(stage: Stage, landings: tuple[float, ...]) -> Iterator[Note]:
    bar = stage.bars[-1]
    for landing in landings:
        for before, bol in ((0.75, "dhin"), (0.5, "te"), (0.25, "te"), (0.0, "dha")):
            yield _stroke(stage, bar, landing - before, bol, 9 if bol == "dha" else 6)
