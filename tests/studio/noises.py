"""Steady noises, mixing them with a sound, and the SI-SDR of the result; shared by the tests of the cleanup and its benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tonnbook.models.vocabulary import SoundSource

RATE = 44100
SPEECH = Path(__file__).parent / "recordings" / "speech.flac"
Array = np.ndarray

PLAYED = {
    SoundSource.VOCAL: "vocal",
    SoundSource.BACKING_VOX: "vocal",
    SoundSource.KICK: "kick",
    SoundSource.SNARE: "snare",
    SoundSource.PERCS: "hi-hat",
    SoundSource.E_GUITAR: "guitar",
    SoundSource.ACOUSTIC_GUITAR: "guitar",
    SoundSource.STRINGS: "pad",
    SoundSource.BRASS: "synth",
}
"""Stem of the demo song used for each sound source."""


def white(frames: int) -> Array:
    return np.random.default_rng(1).standard_normal(frames)


def pink(frames: int) -> Array:
    freqs = np.fft.rfftfreq(frames, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(white(frames)) / np.sqrt(np.maximum(freqs, 20.0)), frames)


def mains_hum(frames: int) -> Array:
    t = np.arange(frames) / RATE
    return sum(np.sin(2 * np.pi * 50.02 * n * t + n) / n for n in (1, 2, 3, 5, 7))


def fan(frames: int) -> Array:
    """Return the noise of a fan: broadband noise with slow level changes, and two tones of the blades."""
    t, freqs = np.arange(frames) / RATE, np.fft.rfftfreq(frames, 1 / RATE)
    air = np.fft.irfft(np.fft.rfft(white(frames)) / np.maximum(freqs, 40.0) ** 0.8 / (1 + (freqs / 3000) ** 2), frames)
    air *= (1 + 0.1 * np.sin(2 * np.pi * 1.3 * t)) / np.std(air)
    return air + 0.25 * np.sin(2 * np.pi * 118 * t) + 0.15 * np.sin(2 * np.pi * 236 * t)


def under(sound: Array, noise: Array, snr_db: float) -> Array:
    """Return the noise scaled to `snr_db` below the sound."""
    return noise * np.sqrt(np.mean(np.square(sound)) / np.mean(np.square(noise))) * 10 ** (-snr_db / 20)


def si_sdr(made: Array, reference: Array) -> float:
    """Return the scale-invariant ratio of signal to distortion (J. Le Roux et al., ICASSP 2019), at most 120 dB."""
    part = (made @ reference) / (reference @ reference) * reference
    return float(10 * np.log10((part @ part) / max((made - part) @ (made - part), 1e-12 * (part @ part))))
