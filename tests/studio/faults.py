"""Test sounds with a single fault at a chosen distance from a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings

RATE = 44100
SECONDS = 4.0
BEYOND_DB = 0.2
Array = np.ndarray


def time(seconds: float = SECONDS, rate: int = RATE) -> Array:
    return np.arange(round(seconds * rate)) / rate


def sine(hz: float, peak: float = 0.1, seconds: float = SECONDS, rate: int = RATE) -> Array:
    """Return a tone with faded ends."""
    t = time(seconds, rate)
    return peak * np.sin(2 * np.pi * hz * t) * np.clip(np.minimum(t, t[-1] - t) / 0.02, 0.0, 1.0)


def noise(seed: int, seconds: float = SECONDS, low_hz: float = 30.0, high_hz: float = 16000.0) -> Array:
    """Return pink noise between two frequencies, RMS 0.05."""
    frames = round(seconds * RATE)
    freqs = np.fft.rfftfreq(frames, 1 / RATE)
    random = np.random.default_rng(seed)
    spectrum = random.normal(size=len(freqs)) + 1j * random.normal(size=len(freqs))
    spectrum *= np.where((freqs >= low_hz) & (freqs <= high_hz), 1.0 / np.sqrt(np.maximum(freqs, 1.0)), 0.0)
    sound = np.fft.irfft(spectrum, frames)
    return sound * (0.05 / np.sqrt(np.mean(np.square(sound))))


def stereo(middle: Array, side: Array) -> Array:
    return np.stack([middle + side, middle - side])


def found(folder: Path, audio: Array, rate: int = RATE) -> Findings:
    """Write a sound to a float file and listen to it."""
    return measure_findings(audio_files.write(folder / "planted.wav", np.atleast_2d(audio), rate, 32))


def tones(shares_db: Mapping[float, float]) -> Array:
    """Return a sum of tones with the given levels in dB."""
    return sum((sine(hz, 0.2 * to_gain(level)) for hz, level in shares_db.items()), np.zeros(round(SECONDS * RATE)))


def with_peak(steady: Array, above_db: float, folder: Path, at_s: float = 2.0) -> Findings:
    """Add one short burst, so that the true peak is `above_db` above the integrated loudness; return the findings."""
    start = round(at_s * RATE)
    burst = np.zeros_like(steady)
    pulse = np.hanning(400) * np.sin(2 * np.pi * 1000 * np.arange(400) / RATE)
    level = to_gain(found(folder, steady).loudness_lufs + above_db)
    for _ in range(3):
        burst[start : start + 400] = level * pulse
        findings = found(folder, np.where(burst != 0.0, burst, steady))
        level *= to_gain(above_db - findings.plr_lu)
    return findings
