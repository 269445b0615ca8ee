"""How a pattern is written down: one character per sixteenth, one string per layer, three strings for low, middle and high energy.

Drums and chords: a digit is an accent (9 loud), "." nothing, "?" a stroke that some songs have and others do not.
Bass: R root, 5 fifth, 8 octave, 3 third, a approach to the next chord; a note lasts to the next character, "/" stops it.
Broken chords: a digit is a chord tone counted from below, going on an octave higher after the top one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

LOW, MIDDLE, HIGH = 0, 1, 2
STEPS_PER_BEAT = 4

Levels = tuple[str, str, str]
"""The same layer at low, middle and high energy."""


def level(energy: float) -> int:
    """Return which of the three strings an energy of 0 to 1 reads."""
    return LOW if energy < 0.4 else MIDDLE if energy < 0.76 else HIGH


@dataclass(frozen=True, slots=True)
class Comp:
    """An accompanying voice: what it plays of the chord, and when."""

    voice: str
    kind: str
    """"held" (whole spans), "block", "strum", "broken" or "low" (the root, with two voices its fifth too)."""
    steps: Levels = ("9", "9", "9")
    hold: float = 0.9
    """Sounding part of the time to its next stroke."""
    low: int = 52
    high: int = 76
    voices: int = 4
    layer: str = "chords"
    """The layer of the bar that lets it play."""
    late_ms: float = 0.0
    """How far behind the beat it sits."""


@dataclass(frozen=True, slots=True)
class Groove:
    """The percussion of a band: strokes by layer name (see `groove.STROKES`)."""

    kit: str
    layers: dict[str, Levels]
    fill: str = "toms"
    """"toms", "snare", "claps", "roll" or "none"."""
    swing: tuple[float, float] = (0.5, 0.5)
    """Place of the odd sixteenth within its eighth, from..to; 0.5 is straight."""
    snare_late_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Band:
    """Who plays, and what."""

    name: str
    bass: str
    bass_lines: tuple[Levels, ...]
    comps: tuple[Comp, ...]
    grooves: tuple[Groove, ...]
    tender: tuple[str, ...]
    """Lead voices for calm moods, for bright ones, for dark ones, and for the strongest of either."""
    bright: tuple[str, ...]
    dark: tuple[str, ...]
    strong: tuple[str, ...]
    colours: tuple[int, ...] = ()
    """What is added to triads where the scale has it: 7, 9."""
    rhythm: str = "straight"
    """Which rhythm cells the melody draws from: "straight", "syncopated", "long"."""
    looseness: float = 1.0
    """Factor on the players' timing spread."""
    ducked: bool = False
    """Whether the kick presses chords and bass down (side-chain)."""


def settled(steps: str, dice: random.Random, chance: float = 0.45) -> str:
    """Return the string with every "?" decided: a soft stroke or none."""
    return "".join((str(dice.randint(4, 7)) if dice.random() < chance else ".") if c == "?" else c for c in steps)


def strokes(steps: str, beats: float) -> list[tuple[float, int]]:
    """Return (beat, digit) of every digit of a string that is repeated to fill a bar of `beats`."""
    count = round(beats * STEPS_PER_BEAT)
    row = steps * (count // len(steps) + 1)
    return [(n / STEPS_PER_BEAT, int(c)) for n, c in enumerate(row[:count]) if c.isdigit()]


def swung(beat: float, place: float) -> float:
    """Return a beat with its odd sixteenths moved to `place` within their eighth."""
    sixteenth = round(beat * STEPS_PER_BEAT, 6)
    odd = sixteenth % 2 == 1
    return beat + (place - 0.5) / 2 if odd else beat
