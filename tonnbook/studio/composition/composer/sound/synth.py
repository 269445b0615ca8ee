"""Synthesise single notes: from the bank, or by additive synthesis for tabla and tanpura, which no SoundFont has.

Tabla: the loaded skin of the dayan is nearly harmonic (C. V. Raman, "The Indian musical drums", 1934): partials 1 to 5 of its Sa; the
bayan is a sine whose pitch the heel of the hand bends. Tanpura: the string buzzes at its bridge (jawari), so that its partials rise one
after another.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from functools import lru_cache

import numpy as np

from tonnbook.studio.composition.composer.sound.soundfont import RATE, Bank, Mono, default_bank
from tonnbook.studio.composition.composer.voices import KIT_BANK, Touch, Voice
from tonnbook.studio.composition.composer.writing.score import Note

_CACHE_FRAMES = 24_000_000
"""Size of the cache, in frames of four bytes."""
_VELOCITY_STEP = 8
_LONG_S = 1.5
"""Longer notes are expensive: their lengths and velocities are rounded more, so that repeated chords are in the cache."""


class Synth:
    """Synthesises single notes in mono. Equal notes come from a cache: all strokes of a hi-hat are one sound."""

    def __init__(self, tonic: int, bank: Bank | None = None) -> None:
        self._bank = bank or default_bank()
        self._sa = 56 + (tonic - 56) % 12
        self._cache: OrderedDict[tuple[object, ...], Mono] = OrderedDict()
        self._frames = 0

    def sound(self, voice: Voice, note: Note) -> Mono:
        """Return the sound of a note at 44.1 kHz, with its release."""
        step = _VELOCITY_STEP if note.length < _LONG_S else 3 * _VELOCITY_STEP
        layer = max(step, round(note.velocity / step) * step)
        name = (voice.name, note.key, note.bol, layer, _length(note, voice), note.bend)
        if name not in self._cache:
            self._store(name, self._synthesise(voice, note, layer))
        self._cache.move_to_end(name)
        return self._cache[name] * np.float32((note.velocity / layer) ** 2)

    def _store(self, name: tuple[object, ...], sound: Mono) -> None:
        self._cache[name] = sound
        self._frames += len(sound)
        while self._frames > _CACHE_FRAMES:
            _, dropped = self._cache.popitem(last=False)
            self._frames -= len(dropped)

    def _synthesise(self, voice: Voice, note: Note, velocity: int) -> Mono:
        seconds = _length(note, voice)
        if voice.name == "tabla":
            return tabla(note.bol, self._sa) * np.float32((velocity / 127) ** 2)
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
    """Return the length to render, rounded so that similar notes are equal; coarsely for drums and plucked strings."""
    if voice.bank == KIT_BANK:
        return round(max(0.1, note.length), 1)
    step = 0.25 if note.length > _LONG_S else 0.1 if voice.touch is Touch.PLUCKED or note.length > 0.8 else 0.025
    return round(max(0.05, round(note.length / step) * step), 3)


def bent(sound: Mono, curve: tuple[tuple[float, float], ...]) -> Mono:
    """Return the sound resampled at a varying speed, so that its pitch follows a curve of (seconds, semitones)."""
    times, semitones = zip(*curve, strict=True)
    t = np.arange(len(sound)) / RATE
    speed = 2 ** (np.interp(t, times, semitones) / 12)
    positions = np.cumsum(speed) - speed[0]
    inside = positions < len(sound) - 1
    return np.asarray(np.interp(positions[inside], np.arange(len(sound)), sound), np.float32)


def hertz(key: float) -> float:
    """Return the frequency of a MIDI key, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((key - 69) / 12))


def _time(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(int(seconds * RATE)) / RATE


@lru_cache(maxsize=64)
def tabla(bol: str, sa: int) -> Mono:
    """Return one stroke of the tabla at 44.1 kHz; `sa` is the key to which the dayan is tuned."""
    strokes = {"dha": ("ge", "na"), "dhin": ("ge", "tin")}.get(bol, (bol,))
    parts = [_DAYAN[s](sa) if s in _DAYAN else _BAYAN[s](sa) for s in strokes]
    out = np.zeros(max(map(len, parts)))
    for part in parts:
        out[: len(part)] += part * np.minimum(1, (len(part) - np.arange(len(part))) / (0.15 * len(part)))
    return (0.35 * out).astype(np.float32)


def _skin(sa: int, levels: tuple[float, ...], decays: tuple[float, ...], seconds: float) -> Mono:
    """Return a resonant stroke of the dayan: partials of Sa with their levels and decay times, after the click of the finger."""
    t = _time(seconds)
    out = np.zeros(len(t))
    for n, (level, decay) in enumerate(zip(levels, decays, strict=True), start=1):
        out += level * np.sin(2 * np.pi * hertz(sa) * n * (1 + 0.0006 * n) * t) * np.exp(-t / decay)
    out *= 1 - np.exp(-t / 0.0007)
    return np.asarray(out + _click("skin", 0.35, 0.004, len(t)), np.float32)


def _click(name: str, level: float, decay: float, length: int) -> Mono:
    """Return a decaying burst of band-pass noise; the same for the same name."""
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(length)
    smooth = np.convolve(noise, np.hanning(9) / 4, "same")
    band = smooth - np.convolve(smooth, np.ones(60) / 60, "same")
    return np.asarray(level * band * np.exp(-np.arange(length) / RATE / decay), np.float32)


def _na(sa: int) -> Mono:
    return _skin(sa, (0.12, 0.6, 0.75, 0.35, 0.22), (0.05, 0.24, 0.20, 0.12, 0.09), 0.7)


def _tin(sa: int) -> Mono:
    return _skin(sa, (0.25, 0.85, 0.25, 0.12, 0.06), (0.10, 0.50, 0.22, 0.12, 0.08), 1.2)


def _tun(sa: int) -> Mono:
    return _skin(sa, (1.0, 0.25, 0.1, 0.05, 0.0), (0.55, 0.25, 0.15, 0.1, 0.1), 1.4)


def _te(sa: int) -> Mono:
    t = _time(0.12)
    thud = 0.35 * np.sin(2 * np.pi * hertz(sa) * 1.6 * t) * np.exp(-t / 0.012)
    return np.asarray(thud + _click("te", 0.8, 0.014, len(t)), np.float32)


def _ge(sa: int) -> Mono:
    t = _time(0.9)
    bend = 1 + 0.35 * np.exp(-t / 0.035) + 0.05 * np.sin(2 * np.pi * 1.4 * t) * np.minimum(1, t / 0.2)
    phase = 2 * np.pi * np.cumsum(hertz(sa - 24 if sa >= 60 else sa - 12) * bend) / RATE
    body = np.sin(phase) + 0.25 * np.sin(2 * phase) + 0.08 * np.sin(3 * phase)
    out = body * np.exp(-t / 0.26) * (1 - np.exp(-t / 0.003))
    return np.asarray(1.15 * out + _click("ge", 0.2, 0.006, len(t)), np.float32)


def _ke(sa: int) -> Mono:
    t = _time(0.14)
    thud = 0.7 * np.sin(2 * np.pi * 105 * t) * np.exp(-t / 0.018)
    return np.asarray(thud + _click("ke", 0.55, 0.010, len(t)), np.float32)


_DAYAN = {"na": _na, "ta": _na, "tin": _tin, "tun": _tun, "te": _te}
_BAYAN = {"ge": _ge, "ke": _ke}


@lru_cache(maxsize=32)
def tanpura(key: int, seconds: float) -> Mono:
    """Return one plucked string of the tanpura that sounds for `seconds`, with a fade-out of 0.6 s."""
    t = _time(seconds + 0.6)
    f = hertz(key)
    out = np.zeros(len(t))
    for h in range(1, 28):
        if h * f > 9000:
            break
        swell = np.clip((t - 0.012 * h) / (0.03 + 0.006 * h), 0, 1)
        decay = 4.2 / h**0.35
        beat = 1 + 0.12 * np.sin(2 * np.pi * (0.35 + 0.11 * h) * t + h)
        out += (
            h**-0.55
            * swell
            * beat
            * np.sin(2 * np.pi * f * h * (1 + 1.5e-6 * h * h) * t + 0.7 * h)
            * np.exp(-t / decay)
        )
    fade = np.minimum(1, (t[-1] - t) / 0.6)
    return np.asarray(0.05 * out * fade**2, np.float32)
