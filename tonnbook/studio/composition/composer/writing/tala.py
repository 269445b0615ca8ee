"""Talas: the cycles of the tabla, their strokes, and the tihai that ends a song.

The cycle runs through the whole song, across its sections. It is counted back from the last downbeat, which is a sam (the first beat of
a cycle): the tabla enters on a sam, and the tihai ends on one, whole cycles later. The remaining time before the entry is the alap,
which has no pulse.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from tonnbook.models.composition import Tempo
from tonnbook.studio.composition.composer.writing.score import Bar, Note, ScoreSection, humanised


@dataclass(frozen=True, slots=True)
class Tala:
    """A rhythmic cycle."""

    name: str
    theka: str
    """The strokes of the cycle, one for each matra."""
    matra: float
    """Beats per matra."""
    bar: float
    """Beats of a bar: one cycle, or a quarter of a cycle of teental."""

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
"""The nearest General MIDI drums of every bol: two for a stroke of both hands. The synthesised tabla uses the name of the bol."""
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
"""Beats from one final stroke of a tihai to the next."""
_LONG_CYCLE_S = 30.0
"""Shorter songs have no tala whose cycle is longer than a bar."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """The position of the cycle of a tala in a section."""

    tala: Tala
    sam: float
    """A beat on which a cycle begins, counted from the start of the section; it may lie outside the section."""
    entry: float
    """The beat at which the tabla enters. The alap is before it."""

    def matra(self, beat: float) -> int:
        """Return the index of the matra at a beat, 0 for sam."""
        return round((beat - self.sam) / self.tala.matra) % len(self.tala.theka.split())


def tala_for(tempo: Tempo, seconds: float, looping: bool, rng: random.Random) -> Tala:
    """Return the tala of a song; in short songs and loops one whose cycle is a bar."""
    choice = rng.choice(_TALAS[tempo])
    return choice if choice.cycle == choice.bar or (seconds >= _LONG_CYCLE_S and not looping) else _TALAS[tempo][-1]


def cycles(tala: Tala, beats: Sequence[float], opening: float, ending: float) -> tuple[Cycle, ...]:
    """Return the position of the cycle in each section. `beats` are the lengths of the sections, `opening` and `ending` those of
    the opening and of the last bar of the song (0 in a loop), in beats.

    The last downbeat of the song is a sam; in a loop its end is one. A song without time for a whole cycle after the opening has no alap.
    """
    landing = sum(beats) - ending
    entry = landing - (landing - opening) // tala.cycle * tala.cycle
    if entry >= landing - 1e-6:
        entry = 0.0
    found = []
    for n in range(len(beats)):
        first = sum(beats[:n])
        sam = (
            round((landing - first) / tala.matra) * tala.matra
        )  # a section with a fraction of a beat does not shift the strokes
        found.append(Cycle(tala, sam, max(0.0, round((entry - first) / tala.matra) * tala.matra)))
    return tuple(found)


def tabla_notes(section: ScoreSection, cycle: Cycle, rng: random.Random) -> list[Note]:
    """Return the notes of the tabla in a section: the theka, with more ornaments at higher energy, and the tihai at the end of the song."""
    notes: list[Note] = []
    tala, closing = cycle.tala, tihai_beats(section)
    words = tala.theka.split()
    for bar in section.bars:
        if "drums" not in bar.layers:
            continue
        count = ceil(bar.beats / tala.matra - 1e-6)
        for n in range(count):
            beat = bar.start + n * tala.matra
            if beat < cycle.entry - 1e-6 or (closing and beat >= closing[0] - 0.76):
                continue
            nth = cycle.matra(beat)
            notes += _matra(section, bar, beat, words[nth], tala, nth, n == count - 1 and bar.last_of_phrase, rng)
    notes += _tihai(section, closing)
    return humanised(notes, rng, 4, section.end - 0.05, 5)


def _matra(
    section: ScoreSection, bar: Bar, beat: float, word: str, tala: Tala, nth: int, turning: bool, rng: random.Random
) -> Iterator[Note]:
    chance = 0.75 * (bar.energy - 0.15)
    strokes = [word]
    if turning and bar.energy > 0.3:
        strokes = _RUN
    elif nth and rng.random() < chance:
        strokes = rng.choice(_ORNAMENTS[word]).split()
    accent = 9 if nth == 0 else 7 if (nth * tala.matra) % 2 == 0 else 6
    for k, bol in enumerate(strokes):
        yield _stroke(section, bar, beat + k * tala.matra / len(strokes), bol, accent - (2 if k else 0))


def _stroke(section: ScoreSection, bar: Bar, beat: float, bol: str, accent: float) -> Note:
    return Note(section.at(beat), 0.4, BOL_KEYS[bol][0], min(118, bar.velocity(accent) + 8), (), bol)


def tihai_beats(section: ScoreSection) -> tuple[float, ...]:
    """Return the beats of the three final strokes of the tihai, the last on the last downbeat; () if the song goes on or is too short."""
    last = section.bars[-1].start
    if not section.final or last < 4 * TIHAI_BEATS:
        return ()
    return (last - 2 * TIHAI_BEATS, last - TIHAI_BEATS, last)


def _tihai(section: ScoreSection, landings: tuple[float, ...]) -> Iterator[Note]:
    bar = section.bars[-1]
    for landing in landings:
        for before, bol in ((0.75, "dhin"), (0.5, "te"), (0.25, "te"), (0.0, "dha")):
            yield _stroke(section, bar, landing - before, bol, 9 if bol == "dha" else 6)
