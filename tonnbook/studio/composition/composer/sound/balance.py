"""Set the level of each part: the same for all voices and songs of a genre, regardless of the level of the samples."""

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
"""Loudness of a part while it plays, in LUFS before limiting. Further parts of a role are softer."""
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
"""How much the level of a part follows its velocities: drums are quiet in a calm song, melodies hardly quieter."""
_BELOW_STEM = 1.4
"""How much quieter a part is whose velocities are lower than those of its stem: from 0 to 2, the exponent of the synthesizer."""
DRUM_LEVELS = {36: 0.0, 38: -0.5, 37: -8.0, 39: -3.0, 42: -13.0, 44: -14.0, 46: -10.0, 51: -13.0, 57: -7.5, 54: -13.0}
DRUM_LEVELS |= {82: -16.0, 56: -9.0, 63: -8.0, 80: -17.0, 50: -4.0, 48: -4.0, 47: -4.0, 45: -4.0, 43: -3.5, 41: -3.5}
"""Loudness of one stroke of a kit relative to the kick, in dB by key: the kits of the font differ by 20 dB."""
PEAKS_DB = {"percussion": -6.5, "bass": -8.0, "chords": -10.0, "melody": -10.0}
"""Highest peak of the loudest note of a part before limiting, in dBFS: a few strokes in a calm song are not raised to the loudness of
many, and the limiter has little to do."""
_SAMPLES = 20
_STROKE = 96
"""Velocity at which the strokes of a kit are measured."""

Sounds = list[tuple[Mono, float]]
"""Sounds of a part, each with the factor of its energy."""


def drum_gain(synth: Synth, part: Part, key: int) -> float:
    """Return the gain factor of a drum that gives it its level within the kit."""
    if part.voice == "tabla":
        return 1.0
    sound = synth.sound(VOICES[part.voice], Note(0.0, 0.3, key, _STROKE))
    return float(10 ** ((DRUM_LEVELS.get(key, -8.0) - 20.0 - _loudness([(sound, 1.0)], 0.1)) / 20))


def part_gain(synth: Synth, part: Part, rank: int, score: Score, drums: dict[int, float]) -> float:
    """Return the gain factor that gives a part its level; `rank` is its index among the parts of its role.

    Levels follow the velocities of the whole stem, so that a part that plays in a quiet section only stays as quiet as the others there.
    """
    voice = VOICES[part.voice]
    struck = voice.bank == KIT_BANK
    sounds = _strokes(synth, part, drums) if struck else _sampled(synth, part)
    measured = _loudness(sounds, _playing(part, struck))
    target = ROLE_LEVELS[part.role] + _GENRE_LEVELS.get(score.plan.genre, {}).get(part.role, 0.0) + voice.level_db
    target += _BEHIND_DB[part.role] * min(rank, 2)
    stem = _mean_velocity(note for other in score.of(part.role) for note in other.notes)
    target += _FOLLOWS[part.role] * 20 * log10(stem / 80) + _BELOW_STEM * 20 * log10(_mean_velocity(part.notes) / stem)
    in_one_channel = max(float(np.abs(sound).max()) for sound, _ in sounds) / 2**0.5
    highest = PEAKS_DB[part.role] + min(0.0, voice.level_db) - 20 * log10(max(in_one_channel, 1e-6))
    return float(10 ** (min(target - measured, highest) / 20))


def _mean_velocity(notes: Iterable[Note]) -> float:
    """Return the mean velocity of notes, 1 to 127."""
    return mean(note.velocity for note in notes)


def _strokes(synth: Synth, part: Part, drums: dict[int, float]) -> Sounds:
    """Return every stroke of a kit at its highest velocity, with the energy of all its repetitions as the factor."""
    sounds = []
    for key, bol in sorted({(note.key, note.bol) for note in part.notes}):
        velocities = [note.velocity for note in part.notes if (note.key, note.bol) == (key, bol)]
        loudest = Note(0.0, 0.3, key, max(velocities), (), bol)
        sound = synth.sound(VOICES[part.voice], loudest) * np.float32(drums[key])
        sounds.append((sound, sum((velocity / max(velocities)) ** 4 for velocity in velocities)))
    return sounds


def _sampled(synth: Synth, part: Part) -> Sounds:
    """Return the sounds of a random sample of the notes of a part; every nth note of a pattern could be the same one."""
    count = min(_SAMPLES, len(part.notes))
    notes = random.Random(count).sample(part.notes, count)
    return [(synth.sound(VOICES[part.voice], note), len(part.notes) / count) for note in notes]


def _playing(part: Part, struck: bool) -> float:
    """Return how many seconds a part plays: the union of its notes, including gaps of up to 0.15 s, or 1 s for drums."""
    bridge = 1.0 if struck else 0.15
    total, until = 0.0, -1.0
    for note in part.notes:
        end = max(note.end, note.start + 0.1) + bridge
        total += max(0.0, end - max(note.start, until))
        until = max(until, end)
    return max(total, 0.1)


def _loudness(sounds: Sounds, seconds: float) -> float:
    """Return the K-weighted level in LUFS of sounds that share `seconds`."""
    energy = 0.0
    for sound, times in sounds:
        weighted = Filter(k_weighting(RATE), 1).process(sound[None])
        energy += times * float(np.sum(weighted**2))
    return -0.691 + 10 * log10(max(energy, 1e-9) / (seconds * RATE))
