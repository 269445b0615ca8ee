"""How loud each part is: the same for every voice and every song of a genre, whatever the samples' own levels."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import numpy as np

from tonnbook.dsp.filters import Filter
from tonnbook.dsp.loudness import k_weighting
from tonnbook.models.composition import Genre
from tonnbook.studio.composer.score import Note, Part
from tonnbook.studio.composer.soundfont import RATE, Mono
from tonnbook.studio.composer.synth import Synth
from tonnbook.studio.composer.voices import KIT_BANK, VOICES

ROLE_LEVELS = {"bass": -21.0, "chords": -23.5, "melody": -19.5, "percussion": -20.0}
"""Loudness of a part while it plays, in LUFS before mastering. Further parts of a role lie lower."""
_BEHIND_DB = {"chords": -2.5, "percussion": -2.0, "melody": 0.0, "bass": 0.0}
_GENRE_LEVELS: dict[Genre, dict[str, float]] = {
    Genre.AMBIENT: {"chords": 2.5, "melody": -2.0, "bass": -2.0, "percussion": -11.0},
    Genre.CINEMATIC: {"chords": 2.0, "melody": 0.5, "percussion": -2.0, "bass": -1.0},
    Genre.ELECTRONIC: {"percussion": 2.5, "bass": 1.0, "chords": -0.5},
    Genre.HIPHOP: {"percussion": 1.5, "bass": 1.5, "chords": -1.0, "melody": -1.5},
    Genre.RNB: {"percussion": 1.0, "bass": 1.0, "melody": -1.0},
    Genre.INDIE: {"chords": 1.5, "percussion": 0.5},
    Genre.INDIAN: {"chords": -3.5, "bass": -4.0, "percussion": -0.5},
}
_FOLLOWS = {"percussion": 1.0, "bass": 0.6, "chords": 0.2, "melody": 0.2}
"""How far a part's level follows its touch: drummers of a calm song are quiet, singers are heard in any."""
DRUM_LEVELS = {36: 0.0, 38: -0.5, 37: -8.0, 39: -3.0, 42: -13.0, 44: -14.0, 46: -10.0, 51: -13.0, 57: -7.5, 54: -13.0}
DRUM_LEVELS |= {82: -16.0, 56: -9.0, 63: -8.0, 80: -17.0, 50: -4.0, 48: -4.0, 47: -4.0, 45: -4.0, 43: -3.5, 41: -3.5}
"""Loudness of one stroke of a kit against the kick, by key: the kits of the font differ by 20 dB among themselves."""
_SAMPLES = 20


def drum_gain(synth: Synth, part: Part, key: int) -> float:
    """Return the factor that brings a drum of a kit to its place in the kit."""
    if part.voice == "tabla":
        return 1.0
    sound = synth.sound(VOICES[part.voice], Note(0.0, 0.3, key, 96))
    return float(10 ** ((DRUM_LEVELS.get(key, -8.0) - 20.0 - _loudness([sound], 0.1)) / 20))


def part_gain(synth: Synth, part: Part, rank: int, genre: Genre, drums: dict[int, float]) -> float:
    """Return the factor that brings a part to its level; `rank` counts the parts of its role from 0."""
    notes = part.notes[:: max(1, len(part.notes) // _SAMPLES)]
    voice = VOICES[part.voice]
    sounds = [synth.sound(voice, note) * np.float32(drums.get(note.key, 1.0)) for note in notes]
    per_note = len(part.notes) / len(notes)
    measured = _loudness(sounds, _playing(part, voice.bank == KIT_BANK) / per_note)
    target = ROLE_LEVELS[part.role] + _GENRE_LEVELS.get(genre, {}).get(part.role, 0.0) + voice.level_db
    target += _BEHIND_DB[part.role] * min(rank, 2)
    touch = sum(note.velocity for note in part.notes) / len(part.notes)
    target += _FOLLOWS[part.role] * 20 * log10(touch / 80)
    return float(10 ** ((target - measured) / 20))


def _playing(part: Part, struck: bool) -> float:
    """Return how many seconds a part is at it: the union of its notes, gaps of up to a second counted for drums."""
    bridge = 1.0 if struck else 0.15
    total, until = 0.0, -1.0
    for note in part.notes:
        end = max(note.end, note.start + 0.1) + bridge
        total += max(0.0, end - max(note.start, until))
        until = max(until, end)
    return max(total, 0.1)


def _loudness(sounds: Sequence[Mono], seconds: float) -> float:
    """Return the K-weighted level in LUFS of sounds that share `seconds`."""
    energy = 0.0
    for sound in sounds:
        weighted = Filter(k_weighting(RATE), 1).process(sound[None])
        energy += float(np.sum(weighted**2))
    return -0.691 + 10 * log10(max(energy, 1e-9) / (seconds * RATE))
