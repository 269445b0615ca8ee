"""Ragas: which notes lead up, which lead down, which one rules, and what the drone rests on (composition.md 3.8).

Notes are written S r R g G m M P d D n N for the twelve semitones above Sa; M is the sharp fourth. Which raga suits which emotion
differs between schools; this is one choice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tonnbook.models.composition import Emotion
from tonnbook.studio.composition.composer.writing.score import ChordSpan, Note, Stage, humanised
from tonnbook.studio.composition.composer.writing.theory import Chord, nearest_key

SWARAS = "SrRgGmMPdDnN"


@dataclass(frozen=True, slots=True)
class Raga:
    """A melodic mode."""

    name: str
    up: str
    """The notes of the ascent (aroha)."""
    down: str
    """The notes of the descent (avaroha)."""
    vadi: str
    samvadi: str
    drone: str
    """The note that the tanpura's first string takes: P, or another where the raga has no P."""
    lead: tuple[str, ...]
    """Voices that suit it."""
    sway: str = ""
    """Notes that are swayed slowly (andolan)."""

    @property
    def scale(self) -> tuple[int, ...]:
        """All its notes as semitones above Sa."""
        return _scale(self.up + self.down)

    def ladder(self, rising: bool, sa: int, low: int, high: int) -> list[int]:
        """Return the keys from `low` to `high` that a rising or a falling line may touch."""
        offsets = {SWARAS.index(c) for c in (self.up if rising else self.down)}
        return [key for key in range(low, high + 1) if (key - sa) % 12 in offsets]

    def rests(self) -> dict[int, float]:
        """Return how restful each note is for the end of a phrase, by semitones above Sa; 1 for Sa and the vadi."""
        calm = {0: 1.0, SWARAS.index(self.vadi): 1.0, SWARAS.index(self.samvadi): 0.7}
        return calm if 7 not in self.scale else {7: 0.5, **calm}


@cache
def _scale(swaras: str) -> tuple[int, ...]:
    return tuple(sorted({SWARAS.index(c) for c in swaras}))


_SITAR, _BANSURI, _SARANGI, _SHEHNAI = "sitar", "bansuri", "sarangi", "shehnai"

RAGAS: dict[Emotion, Raga] = {
    Emotion.CALM: Raga("Yaman", "SRGMDN", "SRGMPDN", "G", "N", "P", (_BANSURI, _SITAR)),
    Emotion.RELAXING: Raga("Yaman", "SRGMDN", "SRGMPDN", "G", "N", "P", (_SITAR, _BANSURI)),
    Emotion.DREAMY: Raga("Yaman", "SRGMDN", "SRGMPDN", "G", "N", "P", (_BANSURI, _SARANGI)),
    Emotion.HAPPY: Raga("Bhupali", "SRGPD", "SRGPD", "G", "D", "P", (_SITAR, _BANSURI)),
    Emotion.JOYFUL: Raga("Bhupali", "SRGPD", "SRGPD", "G", "D", "P", (_SHEHNAI, _SITAR)),
    Emotion.CHEERFUL: Raga("Khamaj", "SGmPDN", "SRGmPDn", "G", "N", "P", (_SITAR, _BANSURI)),
    Emotion.MOTIVATIONAL: Raga("Desh", "SRmPN", "SRGmPDn", "R", "P", "P", (_SITAR, _SHEHNAI)),
    Emotion.INSPIRATIONAL: Raga("Durga", "SRmPD", "SRmPD", "m", "S", "P", (_BANSURI, _SITAR)),
    Emotion.TRIUMPHANT: Raga("Hansadhwani", "SRGPN", "SRGPN", "S", "P", "P", (_SHEHNAI, _SITAR)),
    Emotion.ENERGETIC: Raga("Kafi", "SRgmPDn", "SRgmPDn", "P", "S", "P", (_SITAR,)),
    Emotion.SAD: Raga("Asavari", "SRmPd", "SRgmPdn", "d", "g", "P", (_SARANGI, _BANSURI)),
    Emotion.DEPRESSING: Raga("Darbari", "SRgmPdn", "SRgmPdn", "R", "P", "P", (_SARANGI, _SITAR), sway="gd"),
    Emotion.ANGRY: Raga("Adana", "SRmPn", "SRgmPdn", "S", "P", "P", (_SHEHNAI, _SITAR)),
    Emotion.TENSE: Raga("Marwa", "SrGMDN", "SrGMDN", "r", "D", "D", (_SARANGI, _SITAR)),
    Emotion.SCARY: Raga("Malkauns", "Sgmdn", "Sgmdn", "m", "S", "m", (_SARANGI, _BANSURI)),
    Emotion.FEARFUL: Raga("Todi", "SrgMdN", "SrgMPdN", "d", "g", "P", (_SARANGI, _BANSURI)),
}


def legal(raga: Raga, sa: int, before: int, key: int) -> bool:
    """Whether a line may go from one key to another: upwards on ascending notes, downwards on descending ones."""
    if key == before:
        return True
    ladder = raga.up if key > before else raga.down
    return all(SWARAS[(k - sa) % 12] in ladder for k in (before, key))


def options(raga: Raga, sa: int, before: int | None, low: int, high: int) -> list[int]:
    """Return the keys that may follow `before`, or may begin a line."""
    notes: Iterable[int] = raga.ladder(True, sa, low, high) + raga.ladder(False, sa, low, high)
    return sorted({key for key in notes if before is None or legal(raga, sa, before, key)})


def drone(stage: Stage, raga: Raga) -> ChordSpan:
    """Return the drone as the one harmony of a section: Sa with Pa, or with what stands for Pa."""
    tones = (0, SWARAS.index(raga.drone))
    return ChordSpan(Chord(stage.tonic, tones, stage.tonic, f"raga {raga.name}"), 0.0, stage.beats, raga.scale)


def tanpura_notes(stage: Stage, raga: Raga, dice: random.Random) -> list[Note]:
    """Return the four strings of the tanpura, one a beat: Pa (or its stand-in), Sa, Sa, low Sa; they ring into each other."""
    sa = nearest_key(stage.tonic, 51)
    fifth = sa - 12 + SWARAS.index(raga.drone)
    strings = (fifth, sa, sa, sa - 12)
    notes = []
    for n in range(int(stage.beats + 0.999)):
        start = stage.at(n)
        length = min(4 * stage.beat_s, stage.end - start - 0.2)
        if length > 0.2:
            notes.append(Note(start, length, strings[n % 4], 78 if n % 4 else 70))
    return humanised(notes, dice, 9, stage.end - 0.05, 3)


def harmonium_notes(stage: Stage, raga: Raga, alap: float) -> list[Note]:
    """Return the harmonium: Sa and the vadi, held four bars at a time and left out in the alap, the first `alap` beats."""
    sa = nearest_key(stage.tonic, 60)
    keys = sorted({sa, sa + (SWARAS.index(raga.vadi) or 12)})
    notes = []
    for bar in [bar for bar in stage.bars if bar.start > alap - 1e-6][::4]:
        end = min(stage.end - 0.3, stage.at(bar.start + 4 * stage.meter))
        length = max(0.2, end - stage.at(bar.start) - 0.05)
        notes += [Note(stage.at(bar.start), length, key, bar.velocity(4)) for key in keys]
    return notes


def swarmandal_notes(stage: Stage, raga: Raga, dice: random.Random) -> list[Note]:
    """Return the swarmandal: a run up the raga where the section and its phrases begin, each string damped as the hand moves on."""
    sa = nearest_key(stage.tonic, 60)
    ladder = raga.ladder(True, sa, sa, sa + 12)
    notes = []
    for bar in stage.bars:
        if bar.place and not bar.last:
            continue
        pace = min(0.07, stage.beat_s * 0.9 / len(ladder))
        notes += [
            Note(stage.at(bar.start) + n * pace, 0.3, key, min(90, bar.velocity(4) + n)) for n, key in enumerate(ladder)
        ]
    return humanised(notes, dice, 3, stage.end - 0.05, 3)


def santoor_notes(stage: Stage, raga: Raga, alap: float, dice: random.Random) -> list[Note]:
    """Return the santoor's patterns between Sa, vadi and samvadi in the fuller bars after the alap."""
    sa = nearest_key(stage.tonic, 62)
    tones = sorted({sa, sa + SWARAS.index(raga.vadi), sa + SWARAS.index(raga.samvadi), sa + 12})
    row = dice.choice(("0.1.2.1.3.1.2.1.", "0.2.1.2.0.2.3.2.", "0...12..1...3.2."))
    notes = []
    for bar in stage.bars:
        if "pad" not in bar.layers or bar.start < alap - 1e-6 or (stage.final and bar.last):
            continue
        for n, c in enumerate((row * 2)[: round(bar.beats * 4)]):
            if c.isdigit() and (bar.energy > 0.35 or n % 4 == 0):
                key = tones[int(c) % len(tones)]
                notes.append(Note(stage.at(bar.start + n / 4), 0.3, key, bar.velocity(6 if n % 4 == 0 else 4)))
    return humanised(notes, dice, 5, stage.end - 0.05)
