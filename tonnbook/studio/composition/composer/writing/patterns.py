"""The notation of patterns: one character for each sixteenth, one string for each layer at low, middle and high energy.

Drums and chords: a digit is an accent (9 is loudest), "." a rest, "?" an optional stroke, which is decided for each song.
Bass: R root, 5 fifth, 8 octave, 3 third, a approach to the next chord; a note lasts until the next character.
Broken chords: a digit is a chord tone counted from the lowest; digits above the highest continue an octave higher.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

LOW, MIDDLE, HIGH = 0, 1, 2
STEPS_PER_BEAT = 4

Levels = tuple[str, str, str]
"""The pattern of a layer at low, middle and high energy."""


def level(energy: float) -> int:
    """Return the index of the pattern for an energy of 0 to 1."""
    return LOW if energy < 0.4 else MIDDLE if energy < 0.76 else HIGH


@dataclass(frozen=True, slots=True)
class Comp:
    """An accompanying voice: which tones of the chord it plays, and when."""

    voice: str
    kind: str
    """"held" (whole spans), "block", "strum", "broken" or "low" (the root, with two voices its fifth too)."""
    steps: Levels = ("9", "9", "9")
    hold: float = 0.9
    """Length of a note as a fraction of the time to the next one."""
    low: int = 52
    high: int = 76
    voices: int = 4
    layer: str = "chords"
    """The layer that a bar must have for it to play."""
    late_ms: float = 0.0
    """Delay after the beat."""


@dataclass(frozen=True, slots=True)
class Groove:
    """The percussion of a band: patterns by layer name (see `groove.STROKES`)."""

    kit: str
    layers: dict[str, Levels]
    fill: str = "toms"
    """"toms", "snare", "claps", "roll" or "none"."""
    swing: tuple[float, float] = (0.5, 0.5)
    """Range of the position of the odd sixteenths within their eighth; 0.5 is straight."""
    snare_late_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Band:
    """The instruments of a band and their patterns."""

    name: str
    """For readers of the tables."""
    bass: str
    """Voice of the bass."""
    bass_lines: tuple[Levels, ...]
    comps: tuple[Comp, ...]
    grooves: tuple[Groove, ...]
    tender: tuple[str, ...]
    """`tender`, `bright`, `dark`, `strong`: lead voices for calm, bright, dark and very lively moods."""
    bright: tuple[str, ...]
    dark: tuple[str, ...]
    strong: tuple[str, ...]
    colours: tuple[int, ...] = ()
    """Tones added to triads where the scale has them: 7, 9."""
    rhythm: str = "straight"
    """Rhythms of the melody: "straight", "syncopated" or "long"."""
    looseness: float = 1.0
    """Factor on the standard deviation of the timing."""
    ducked: bool = False
    """True if the kick ducks chords and bass (side-chain)."""


def resolve_optional(steps: str, rng: random.Random, chance: float = 0.45) -> str:
    """Return a pattern in which every "?" is replaced at random by a soft stroke or a rest."""
    return "".join((str(rng.randint(4, 7)) if rng.random() < chance else ".") if c == "?" else c for c in steps)


def strokes(steps: str, beats: float) -> list[tuple[float, int]]:
    """Return (beat, digit) for every digit of a pattern, which is repeated to fill a bar of `beats`."""
    count = round(beats * STEPS_PER_BEAT)
    row = steps * (count // len(steps) + 1)
    return [(n / STEPS_PER_BEAT, int(c)) for n, c in enumerate(row[:count]) if c.isdigit()]


def swung(beat: float, position: float) -> float:
    """Return a beat, moved to `position` (0 to 1) within its eighth if it lies on an odd sixteenth."""
    sixteenth = round(beat * STEPS_PER_BEAT, 6)
    odd = sixteenth % 2 == 1
    return beat + (position - 0.5) / 2 if odd else beat
