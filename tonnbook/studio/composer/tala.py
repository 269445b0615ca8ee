"""Talas: the cycles of the tabla, their strokes, and the tihai that closes a piece (composition.md 3.8)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tonnbook.models.composition import Tempo
from tonnbook.studio.composer.comping import loudness
from tonnbook.studio.composer.score import Bar, Note, Stage, humanised


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

BOL_KEYS = {"na": 60, "ta": 60, "tin": 63, "te": 62, "tun": 64, "ge": 61, "ke": 65, "dha": 66, "dhin": 67}
"""A key for every bol, near what General MIDI has in hand drums; our own tabla reads the word instead."""
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


def tala_for(tempo: Tempo, dice: random.Random) -> Tala:
    """Return the tala of a song."""
    return dice.choice(_TALAS[tempo])


def tabla_notes(stage: Stage, tala: Tala, dice: random.Random) -> list[Note]:
    """Return what the tabla plays in a section: the theka, ornamented where the energy is, and the tihai at the song's end."""
    notes: list[Note] = []
    words = tala.theka.split()
    closing = tihai_beats(stage)
    for bar in stage.bars:
        if "drums" not in bar.layers or "opening" in bar.layers:
            continue
        count = round(bar.beats / tala.matra)
        for n in range(count):
            beat = bar.start + n * tala.matra
            if closing and beat >= closing[0] - 0.76:
                break
            nth = round(beat / tala.matra) % len(words)
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
    return Note(stage.at(beat), 0.4, BOL_KEYS[bol], min(118, loudness(bar, accent) + 8), (), bol)


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
