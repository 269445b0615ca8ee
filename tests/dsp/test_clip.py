"""The soft clipper: its curve, what it leaves alone, its harmonics, and the cut into blocks."""

import numpy as np
import pytest
from cuts import cut

from tonnbook.dsp.clip import KNEE_DB, SoftClipper, clipped
from tonnbook.dsp.levels import db, to_gain
from tonnbook.dsp.true_peak import true_peak_db

RATE = 44100


def rounded(audio: np.ndarray, ceiling_db: float, seed: int = 0) -> np.ndarray:
    clipper = SoftClipper(len(audio), ceiling_db)
    return np.concatenate([*(clipper.process(block) for block in cut(audio, seed)), clipper.flush()], axis=1)


def tone(frequency: float, amplitude: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.hanning(len(time)) * np.sin(2 * np.pi * frequency * time))[None]


def test_the_curve_is_straight_up_to_the_knee_and_nears_the_ceiling() -> None:
    levels = np.linspace(0.0, 4.0, 400)
    curve = clipped(levels, 0.9)
    below = levels <= 0.9 * to_gain(-KNEE_DB)
    assert np.array_equal(curve[below], levels[below])
    assert (np.diff(curve) > -1e-12).all()
    assert (np.diff(curve, 2)[~below[2:]] < 1e-9).all()
    assert 0.899 < curve[-1] <= 0.9


def test_what_stays_under_the_knee_passes_bit_for_bit() -> None:
    audio = tone(1000, to_gain(-1.0 - KNEE_DB - 0.1))
    assert np.array_equal(rounded(audio, -1.0), audio)


def test_tips_are_rounded_to_the_ceiling() -> None:
    assert true_peak_db(rounded(tone(1000, 1.4), -1.0), RATE) == pytest.approx(-1.0, abs=0.1)


def test_only_odd_harmonics_are_made_and_nothing_folds_back() -> None:
    spectrum = np.abs(np.fft.rfft(rounded(tone(1000, 1.4, 2.0), -1.0)[0]))
    freqs = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    harmonic = np.abs((freqs / 1000) - np.round(freqs / 1000)) * 1000 < 30
    odd = harmonic & (np.round(freqs / 1000) % 2 == 1)
    assert db(float(spectrum[~odd].max() / spectrum.max())) < -90


@pytest.mark.parametrize("seed", [1, 2])
def test_the_cut_into_blocks_changes_not_one_bit(stems: dict[str, np.ndarray], seed: int) -> None:
    audio = stems["guitar"][:, :200_000] * 3
    out = rounded(audio, -3.0, seed)
    assert out.shape == audio.shape
    assert np.array_equal(out, rounded(audio, -3.0))
    assert np.abs(out - audio).max() > 0.1
