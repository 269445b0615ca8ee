"""Ragas, and the instruments that accompany them: tanpura, harmonium, swarmandal and santoor.

Notes are written S r R g G m M P d D n N for the twelve semitones from Sa; M is the sharp fourth. Schools differ on which raga suits
which emotion; the table is one choice. There are no chord progressions: a drone is the only harmony, and the melody carries the piece.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tonnbook.models.composition import Emotion
from tonnbook.studio.composition.composer.writing.score import ChordSpan, Note, ScoreSection, humanised
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
    """The note of the tanpura's first string: P, or another note if the raga has no P."""
    lead: tuple[str, ...]
    """Voices for the melody."""
    sway: str = ""
    """Notes with a slow oscillation (andolan)."""

    @property
    def scale(self) -> tuple[int, ...]:
        """All its notes in semitones above Sa."""
        return _scale(self.up + self.down)

    def ladder(self, rising: bool, sa: int, low: int, high: int) -> list[int]:
        """Return the keys from `low` to `high` that a rising or a falling line may use."""
        offsets = {SWARAS.index(c) for c in (self.up if rising else self.down)}
        return [key for key in range(low, high + 1) if (key - sa) % 12 in offsets]

    def rests(self) -> dict[int, float]:
        """Return how suitable notes are for the end of a phrase, by semitones above Sa: 1 for Sa and the vadi, less for others."""
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
    """Return True if a line may move from one key to another: upwards on notes of the ascent, downwards on notes of the descent."""
    if key == before:
        return True
    ladder = raga.up if key > before else raga.down
    return all(SWARAS[(k - sa) % 12] in ladder for k in (before, key))


def options(raga: Raga, sa: int, before: int | None, low: int, high: int) -> list[int]:
    """Return the keys that may follow `before`; all keys if `before` is None."""
    notes: Iterable[int] = raga.ladder(True, sa, low, high) + raga.ladder(False, sa, low, high)
    return sorted({key for key in notes if before is None or legal(raga, sa, before, key)})


def drone(section: ScoreSection, raga: Raga) -> ChordSpan:
    """Return the drone, the only harmony of a section: Sa with Pa, or with the note that replaces Pa."""
    tones = (0, SWARAS.index(raga.drone))
    return ChordSpan(Chord(section.tonic, tones, section.tonic, f"raga {raga.name}"), 0.0, section.beats, raga.scale)


def tanpura_notes(section: ScoreSection, raga: Raga, rng: random.Random) -> list[Note]:
    """Return the notes of the tanpura, one string a beat: Pa (or its replacement), Sa, Sa, low Sa. Each rings for four beats."""
    sa = nearest_key(section.tonic, 51)
    fifth = sa - 12 + SWARAS.index(raga.drone)
    strings = (fifth, sa, sa, sa - 12)
    notes = []
    for n in range(int(section.beats + 0.999)):
        start = section.at(n)
        length = min(4 * section.beat_s, section.end - start - 0.2)
        if length > 0.2:
            notes.append(Note(start, length, strings[n % 4], 78 if n % 4 else 70))
    return humanised(notes, rng, 9, section.end - 0.05, 3)


def harmonium_notes(section: ScoreSection, raga: Raga, alap: float) -> list[Note]:
    """Return the notes of the harmonium: Sa and the vadi, held for four bars; nothing in the alap, the first `alap` beats."""
    sa = nearest_key(section.tonic, 60)
    keys = sorted({sa, sa + (SWARAS.index(raga.vadi) or 12)})
    notes = []
    for bar in [bar for bar in section.bars if bar.start > alap - 1e-6][::4]:
        end = min(section.end - 0.3, section.at(bar.start + 4 * section.meter))
        length = max(0.2, end - section.at(bar.start) - 0.05)
        notes += [Note(section.at(bar.start), length, key, bar.velocity(4)) for key in keys]
    return notes


def swarmandal_notes(section: ScoreSection, raga: Raga, rng: random.Random) -> list[Note]:
    """Return the notes of the swarmandal: a run up the raga at the start of the section and of its phrases."""
    sa = nearest_key(section.tonic, 60)
    ladder = raga.ladder(True, sa, sa, sa + 12)
    notes = []
    for bar in section.bars:
        if bar.index and not bar.last:
            continue
        pace = min(0.07, section.beat_s * 0.9 / len(ladder))
        notes += [
            Note(section.at(bar.start) + n * pace, 0.3, key, min(90, bar.velocity(4) + n))
            for n, key in enumerate(ladder)
        ]
    return humanised(notes, rng, 3, section.end - 0.05, 3)


def santoor_notes(section: ScoreSection, raga: Raga, alap: float, rng: random.Random) -> list[Note]:
    """Return the notes of the santoor: patterns of Sa, vadi and samvadi in the fuller bars after the alap."""
    sa = nearest_key(section.tonic, 62)
    tones = sorted({sa, sa + SWARAS.index(raga.vadi), sa + SWARAS.index(raga.samvadi), sa + 12})
    row = rng.choice(("0.1.2.1.3.1.2.1.", "0.2.1.2.0.2.3.2.", "0...12..1...3.2."))
    notes = []
    for bar in section.bars:
        if "pad" not in bar.layers or bar.start < alap - 1e-6 or (section.final and bar.last):
            continue
        for n, c in enumerate((row * 2)[: round(bar.beats * 4)]):
            if c.isdigit() and (bar.energy > 0.35 or n % 4 == 0):
                key = tones[int(c) % len(tones)]
                notes.append(Note(section.at(bar.start + n / 4), 0.3, key, bar.velocity(6 if n % 4 == 0 else 4)))
    return humanised(notes, rng, 5, section.end - 0.05)
