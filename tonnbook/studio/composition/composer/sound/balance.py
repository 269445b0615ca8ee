"""How loud each part is: the same for every voice and every song of a genre, whatever the samples' own levels."""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import log10
from statistics import mean

import numpy as np

from tonnbook.dsp.filters import Filter
from tonnbook.dsp.loudness import k_weighting
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.sound.soundfont import RATE, Mono
from tonnbook.studio.composition.composer.sound.synth import Synth
from tonnbook.studio.composition.composer.voices import KIT_BANK, VOICES
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score

ROLE_LEVELS = {"bass": -21.0, "chords": -24.5, "melody": -19.5, "percussion": -20.0}
"""Loudness of a part while it plays, in LUFS before mastering. Further parts of a role lie lower."""
_BEHIND_DB = {"chords": -2.5, "percussion": -2.0, "melody": 0.0, "bass": 0.0}
_GENRE_LEVELS: dict[Genre, dict[str, float]] = {
    Genre.AMBIENT: {"chords": 2.5, "melody": -2.0, "bass": -2.0, "percussion": -11.0},
    Genre.CINEMATIC: {"chords": 2.0, "melody": 0.5, "percussion": -2.0, "bass": -1.0},
    Genre.ELECTRONIC: {"percussion": 2.5, "bass": 1.0, "chords": -0.5},
    Genre.HIPHOP: {"percussion": 3.0, "bass": 1.5, "chords": -1.0, "melody": -2.5},
    Genre.RNB: {"percussion": 1.0, "bass": 1.0, "melody": -1.0},
    Genre.INDIE: {"chords": 2.5, "percussion": 0.5},
    Genre.INDIAN: {"chords": -1.5, "bass": -4.0, "percussion": -0.5},
}
_FOLLOWS = {"percussion": 1.0, "bass": 0.6, "chords": 0.2, "melody": 0.2}
"""How far a part's level follows its touch: drummers of a calm song are quiet, singers are heard in any."""
_SECTIONS = 1.4
"""How much of a quieter section's touch is kept by a part that plays there alone, from 0 to 2, the synthesizer's own law."""
DRUM_LEVELS = {36: 0.0, 38: -0.5, 37: -8.0, 39: -3.0, 42: -13.0, 44: -14.0, 46: -10.0, 51: -13.0, 57: -7.5, 54: -13.0}
DRUM_LEVELS |= {82: -16.0, 56: -9.0, 63: -8.0, 80: -17.0, 50: -4.0, 48: -4.0, 47: -4.0, 45: -4.0, 43: -3.5, 41: -3.5}
"""Loudness of one stroke of a kit against the kick, by key: the kits of the font differ by 20 dB among themselves."""
PEAKS_DB = {"percussion": -6.5, "bass": -8.0, "chords": -10.0, "melody": -10.0}
"""How high the loudest note of a part may reach before mastering, in dBFS: a few strokes in a calm song are not blown up to the
loudness of a busy drummer, and the limiter is left little to do."""
_SAMPLES = 20
_STROKE = 96
"""Velocity at which the strokes of a kit are compared."""

Heard = list[tuple[Mono, float]]
"""Sounds of a part, each with how many times its energy counts."""


def drum_gain(synth: Synth, part: Part, key: int) -> float:
    """Return the factor that brings a drum of a kit to its place in the kit."""
    if part.voice == "tabla":
        return 1.0
    sound = synth.sound(VOICES[part.voice], Note(0.0, 0.3, key, _STROKE))
    return float(10 ** ((DRUM_LEVELS.get(key, -8.0) - 20.0 - _loudness([(sound, 1.0)], 0.1)) / 20))


def part_gain(synth: Synth, part: Part, rank: int, score: Score, drums: dict[int, float]) -> float:
    """Return the factor that brings a part to its level; `rank` counts the parts of its role from 0.

    Who plays in a quiet section only stays as quiet as those who play on: levels are set by the touch of the whole stem.
    """
    voice = VOICES[part.voice]
    struck = voice.bank == KIT_BANK
    heard = _strokes(synth, part, drums) if struck else _sampled(synth, part)
    measured = _loudness(heard, _playing(part, struck))
    target = ROLE_LEVELS[part.role] + _GENRE_LEVELS.get(score.plan.genre, {}).get(part.role, 0.0) + voice.level_db
    target += _BEHIND_DB[part.role] * min(rank, 2)
    stem = _touch(note for other in score.of(part.role) for note in other.notes)
    target += _FOLLOWS[part.role] * 20 * log10(stem / 80) + _SECTIONS * 20 * log10(_touch(part.notes) / stem)
    in_one_channel = max(float(np.abs(sound).max()) for sound, _ in heard) / 2**0.5
    highest = PEAKS_DB[part.role] + min(0.0, voice.level_db) - 20 * log10(max(in_one_channel, 1e-6))
    return float(10 ** (min(target - measured, highest) / 20))


def _touch(notes: Iterable[Note]) -> float:
    """Return the mean velocity of some notes, 1 to 127."""
    return mean(note.velocity for note in notes)


def _strokes(synth: Synth, part: Part, drums: dict[int, float]) -> Heard:
    """Return every kind of stroke of a kit at its loudest, counted by the touch of all its strokes."""
    heard = []
    for key, word in sorted({(note.key, note.word) for note in part.notes}):
        touches = [note.velocity for note in part.notes if (note.key, note.word) == (key, word)]
        loudest = Note(0.0, 0.3, key, max(touches), (), word)
        sound = synth.sound(VOICES[part.voice], loudest) * np.float32(drums[key])
        heard.append((sound, sum((touch / max(touches)) ** 4 for touch in touches)))
    return heard


def _sampled(synth: Synth, part: Part) -> Heard:
    """Return some notes of a part, drawn by lot: every nth note of a pattern would be the same one."""
    count = min(_SAMPLES, len(part.notes))
    notes = random.Random(count).sample(part.notes, count)
    return [(synth.sound(VOICES[part.voice], note), len(part.notes) / count) for note in notes]


def _playing(part: Part, struck: bool) -> float:
    """Return how many seconds a part is at it: the union of its notes, gaps of up to a second counted for drums."""
    bridge = 1.0 if struck else 0.15
    total, until = 0.0, -1.0
    for note in part.notes:
        end = max(note.end, note.start + 0.1) + bridge
        total += max(0.0, end - max(note.start, until))
        until = max(until, end)
    return max(total, 0.1)


def _loudness(heard: Heard, seconds: float) -> float:
    """Return the K-weighted level in LUFS of sounds that share `seconds`."""
    energy = 0.0
    for sound, times in heard:
        weighted = Filter(k_weighting(RATE), 1).process(sound[None])
        energy += times * float(np.sum(weighted**2))
    return -0.691 + 10 * log10(max(energy, 1e-9) / (seconds * RATE))
