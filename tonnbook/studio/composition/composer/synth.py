"""From a note to its sound: the bank or a voice of our own, bent where the note bends, kept for the next equal note."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from tonnbook.studio.composition.composer.indian_voices import tabla, tanpura
from tonnbook.studio.composition.composer.score import Note
from tonnbook.studio.composition.composer.soundfont import RATE, Bank, Mono, default_bank
from tonnbook.studio.composition.composer.voices import KIT_BANK, Touch, Voice

_CACHE_FRAMES = 24_000_000
"""Sounds that are kept, in frames of four bytes."""
_VELOCITY_STEP = 8
_LONG_S = 1.5
"""Longer notes are costly and slow: their lengths and layers are rounded more, so that a returning chord is found again."""


class Synth:
    """Plays single notes in mono. Equal notes come from a cache: the strokes of a hi-hat are all one sound."""

    def __init__(self, tonic: int, bank: Bank | None = None) -> None:
        self._bank = bank or default_bank()
        self._sa = 56 + (tonic - 56) % 12
        self._kept: OrderedDict[tuple[object, ...], Mono] = OrderedDict()
        self._frames = 0

    def sound(self, voice: Voice, note: Note) -> Mono:
        """Return the sound of a note at 44.1 kHz, with its release."""
        step = _VELOCITY_STEP if note.length < _LONG_S else 3 * _VELOCITY_STEP
        layer = max(step, round(note.velocity / step) * step)
        name = (voice.name, note.key, note.word, layer, _length(note, voice), note.bend)
        if name not in self._kept:
            self._keep(name, self._made(voice, note, layer))
        self._kept.move_to_end(name)
        return self._kept[name] * np.float32((note.velocity / layer) ** 2)

    def _keep(self, name: tuple[object, ...], sound: Mono) -> None:
        self._kept[name] = sound
        self._frames += len(sound)
        while self._frames > _CACHE_FRAMES:
            _, dropped = self._kept.popitem(last=False)
            self._frames -= len(dropped)

    def _made(self, voice: Voice, note: Note, velocity: int) -> Mono:
        seconds = _length(note, voice)
        if voice.name == "tabla":
            return tabla(note.word, self._sa) * np.float32((velocity / 127) ** 2)
        if voice.name == "tanpura":
            return tanpura(note.key, seconds) * np.float32((velocity / 127) ** 2)
        sound = self._bank.note(voice.bank, voice.program, note.key, velocity, seconds)
        if note.bend:
            sound = bent(sound, note.bend)
        if voice.attack_s:
            ramp = min(len(sound), int(voice.attack_s * RATE))
            sound = sound.copy()
            sound[:ramp] *= np.linspace(0, 1, ramp, dtype=np.float32) ** 2
        return sound


def _length(note: Note, voice: Voice) -> float:
    """Return the length to render, on a grid that makes equal notes equal; drums and plucked strings do not need it fine."""
    if voice.bank == KIT_BANK:
        return round(max(0.1, note.length), 1)
    step = 0.25 if note.length > _LONG_S else 0.1 if voice.touch is Touch.PLUCKED or note.length > 0.8 else 0.025
    return round(max(0.05, round(note.length / step) * step), 3)


def bent(sound: Mono, curve: tuple[tuple[float, float], ...]) -> Mono:
    """Return the sound with its pitch following a curve of (seconds, semitones), by reading it at a varying speed."""
    times, semitones = zip(*curve, strict=True)
    t = np.arange(len(sound)) / RATE
    speed = 2 ** (np.interp(t, times, semitones) / 12)
    place = np.cumsum(speed) - speed[0]
    inside = place < len(sound) - 1
    return np.asarray(np.interp(place[inside], np.arange(len(sound)), sound), np.float32)
