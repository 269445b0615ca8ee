"""Scales, chords, voicings, and the spelling of their names.

Pitches are MIDI keys (60 = middle C), pitch classes 0 to 11 with C = 0, and scale offsets are semitones above the tonic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

SCALES: dict[str, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
_ROMAN = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_TRIADS = {"major": (0, 4, 7), "minor": (0, 3, 7), "°": (0, 3, 6), "sus": (0, 5, 7), "sus2": (0, 2, 7), "5": (0, 7)}
_TOKEN = re.compile(r"^([b#]?)([ivIV]+)(°|5)?(maj7|7|9)?(sus2|sus)?(add9)?(?:/([b#]?)([ivIV]+))?$")
_SHARPS = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_FLATS = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")
_FLAT_KEYS = {1, 3, 5, 8, 10}
_LETTERS, _NATURALS = "CDEFGAB", (0, 2, 4, 5, 7, 9, 11)
_DEGREES = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_PARENTS = {"ionian": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "aeolian": 9, "locrian": 11}
_PARENTS |= {"harmonic minor": 9}
"""Semitones from the tonic of the major key with the same signature up to the tonic of each mode."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord on a root: `tones` are semitones above the root, `bass` is the pitch class of the lowest note."""

    root: int
    tones: tuple[int, ...]
    bass: int
    symbol: str
    """Its roman numeral in the progression: "bVI", "V7sus"."""

    @property
    def classes(self) -> frozenset[int]:
        """Its pitch classes."""
        return _classes(self.root, self.tones)

    @property
    def minor(self) -> bool:
        """True if it has a minor third."""
        return 3 in self.tones

    def name(self, tonic: int, mode: str = "") -> str:
        """Return the chord as lead sheets write it in the key of `tonic` and `mode`: "Am7", "F/C", "C♭/D♭"."""
        _, root, *_, bass = _parsed(self.symbol)
        third = "dim" if {3, 6} <= set(self.tones) else "m" if self.minor else ""
        if not {3, 4} & set(self.tones):
            third = "sus4" if 5 in self.tones else "sus2" if 2 in self.tones else "5"
        seventh = "maj7" if 11 in self.tones else "7" if 10 in self.tones else ""
        ninth = "9" if 14 in self.tones and seventh == "7" else "maj9" if 14 in self.tones and seventh else ""
        colour = ninth or seventh or ("add9" if 14 in self.tones else "")
        home = tonic_name(tonic, mode)
        text = _spelled(self.root, root, home) + (colour + third if third.startswith("sus") else third + colour)
        return text if self.bass == self.root else f"{text}/{_spelled(self.bass, bass or root, home)}"


@cache
def _classes(root: int, tones: tuple[int, ...]) -> frozenset[int]:
    return frozenset((root + t) % 12 for t in tones)


def _parsed(symbol: str) -> Sequence[str]:
    """Return the parts of a chord symbol, "" for a missing one: accidental, numeral, ..., accidental and numeral of the bass.

    Raises ValueError for anything that is not a chord symbol.
    """
    found = _TOKEN.match(symbol)
    if not found:
        raise ValueError(f"{symbol!r} is not a chord symbol")
    return found.groups("")


def _spelled(pitch_class: int, roman: str, home: str) -> str:
    """Return the name of a note on a degree of the key of `home`. Each degree has its own letter, so bVII of D♭ is C♭, not B."""
    letter = (_LETTERS.index(home[0]) + _DEGREES.index(roman.lower())) % 7
    raised = (pitch_class - _NATURALS[letter] + 6) % 12 - 6
    if abs(raised) > 1:  # double accidentals are not used in lead sheets
        return (_FLATS if raised < 0 else _SHARPS)[pitch_class]
    return _LETTERS[letter] + {-1: "♭", 0: "", 1: "♯"}[raised]


def tonic_name(tonic: int, mode: str = "") -> str:
    """Return the name of a tonic in the spelling whose signature has fewer accidentals: C♯ aeolian, but D♭ ionian."""
    parent = (tonic - _PARENTS.get(mode, 0)) % 12
    flat = tonic in _FLAT_KEYS if parent in (0, 6) or mode not in _PARENTS else parent in _FLAT_KEYS
    return (_FLATS if flat else _SHARPS)[tonic]


def _degree(accidental: str, roman: str) -> int:
    return _ROMAN[roman.lower()] + {"b": -1, "#": 1, "": 0}[accidental]


@cache
def chord(symbol: str, tonic: int) -> Chord:
    """Return the chord of a roman numeral such as "i", "bVII", "IVmaj7", "V7sus", "II/I" in the key of `tonic`.

    Numerals count from the major scale, so minor keys spell their flats; lower case is a minor third. Raises ValueError.
    """
    accidental, roman, triad, seventh, sus, add, bass_accidental, bass_roman = _parsed(symbol)
    root = (tonic + _degree(accidental, roman)) % 12
    kind = triad or sus or ("minor" if roman.islower() else "major")
    tones = list(_TRIADS[kind])
    if seventh:
        tones.append(11 if seventh == "maj7" else 10)
    if add or seventh == "9":
        tones.append(14)
    bass = (tonic + _degree(bass_accidental, bass_roman)) % 12 if bass_roman else root
    return Chord(root, tuple(tones), bass, symbol)


def progression(symbols: str, tonic: int) -> tuple[Chord, ...]:
    """Return the chords of roman numerals separated by spaces."""
    return tuple(chord(symbol, tonic) for symbol in symbols.split())


def enriched(plain: Chord, scale: Sequence[int], tonic: int, colours: Sequence[int]) -> Chord:
    """Return the chord with the tones of `colours` (7, 9) added, each only if the scale contains it."""
    here = {(tonic + s - plain.root) % 12 for s in scale}
    tones = list(plain.tones)
    for colour in colours:
        options = (10, 11) if colour == 7 else (14,)
        fitting = [t for t in options if t % 12 in here and t not in tones]
        if fitting and len(tones) < 5 and 6 not in tones:
            tones.append(fitting[0])
    return Chord(plain.root, tuple(tones), plain.bass, plain.symbol)


def keys_in(scale: Sequence[int], tonic: int, low: int, high: int) -> list[int]:
    """Return the keys of a scale from `low` to `high`, ascending."""
    classes = {(tonic + s) % 12 for s in scale}
    return [key for key in range(low, high + 1) if key % 12 in classes]


def nearest_key(pitch_class: int, to: float) -> int:
    """Return the key of a pitch class that is nearest to `to`; the lower one of two."""
    base = int(to) - (int(to) - pitch_class) % 12
    return base if to - base <= base + 12 - to else base + 12


def voicing(
    harmony: Chord,
    before: Sequence[int],
    low: int = 52,
    high: int = 76,
    voices: int = 4,
    centre: float | None = None,
) -> tuple[int, ...]:
    """Return the chord in close position that moves least from the voicing `before`, with all keys from `low` to `high`.

    Positions near `centre` are preferred: by default the mean of `before`, or the middle of the register for the first chord.

    A chord with more tones than `voices` loses a doubled root first, then the fifth, then the ninth and the root, which the bass plays
    anyway; it keeps the third and the seventh, which define it.
    """
    tones = [t % 12 for t in harmony.tones]
    while len(tones) > voices:
        tones.remove(_least_needed(tones))
    classes = [(harmony.root + t) % 12 for t in tones]
    if centre is None:
        centre = sum(before) / len(before) if before else (low + high) / 2
    return min(_inversions(tuple(classes), low, high), key=lambda keys: (_movement(keys, before, centre), keys))


def _least_needed(tones: Sequence[int]) -> int:
    """Return the tone to leave out. With a seventh the root is left out before the ninth, without one after it."""
    seventh = 10 in tones or 11 in tones
    order = (7, 0, 2) if seventh else (7, 2, 0)
    return 0 if tones.count(0) > 1 else next(t for t in (*order, *tones) if t in tones)


@cache
def _inversions(classes: tuple[int, ...], low: int, high: int) -> tuple[tuple[int, ...], ...]:
    rows = [[k for k in range(low, high + 1) if k % 12 == c] for c in classes]
    found = {tuple(sorted(keys)) for keys in product(*rows)}
    spread = 12 if len(classes) < 5 else 16
    close = sorted(keys for keys in found if 3 <= keys[-1] - keys[0] <= spread)
    return tuple(keys for keys in close if _open_enough(keys)) or tuple(close)


def _open_enough(keys: tuple[int, ...]) -> bool:
    """Return True if no two neighbours are a semitone apart, and those below key 55 at least a minor third."""
    return all(b - a > 1 and (a >= 55 or b - a > 2) for a, b in pairwise(keys))


def _movement(keys: tuple[int, ...], before: Sequence[int], centre: float) -> float:
    drift = abs(sum(keys) / len(keys) - centre)
    if not before:
        return drift
    leading = sum(min(abs(k - b) for b in before) for k in keys) + sum(min(abs(k - b) for k in keys) for b in before)
    return leading + 0.4 * drift + 0.6 * abs(keys[-1] - max(before))


def scale_name(tonic: int, mode: str) -> str:
    """Return the name of a scale: "A aeolian"."""
    return f"{tonic_name(tonic, mode)} {mode}"
