"""Ragas: which notes lead up, which lead down, which one rules, and what the drone rests on (composition.md 3.8).

Notes are written S r R g G m M P d D n N for the twelve semitones above Sa; M is the sharp fourth. Which raga suits which emotion
differs between schools; this is one choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tonnbook.models.composition import Emotion

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
