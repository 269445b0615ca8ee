from __future__ import annotations

import numpy as np
import pytest

from tonnbook.dsp.differences import OCTAVES_HZ, changes_db
from tonnbook.dsp.filters import Filter, peaking

RATE = 44100


@pytest.fixture(scope="module")
def pink() -> np.ndarray:
    freqs = np.fft.rfftfreq(6 * RATE, 1 / RATE)
    white = np.fft.rfft(np.random.default_rng(1).standard_normal((2, 6 * RATE)))
    return 0.05 * np.fft.irfft(white / np.sqrt(np.maximum(freqs, 20.0)) * 20.0, 6 * RATE)


def test_a_gain_reads_the_same_in_every_octave_and_in_the_whole(pink: np.ndarray) -> None:
    whole, octaves = changes_db(pink, 0.5 * pink, RATE, 0.5)
    assert octaves.shape == (len(OCTAVES_HZ), len(whole))
    assert len(whole) == 12
    assert whole == pytest.approx(-6.02, abs=0.01)
    assert octaves == pytest.approx(-6.02, abs=0.01)


def test_a_bell_is_seen_in_its_octave_and_hardly_elsewhere(pink: np.ndarray) -> None:
    louder = Filter(np.atleast_2d(peaking(1000.0, 6.0, 1.4, RATE)), 2).process(pink)
    _, octaves = changes_db(pink, louder, RATE, 0.5)
    mean = octaves.mean(axis=1)
    assert mean[OCTAVES_HZ.index(1000)] == pytest.approx(4.7, abs=0.5)
    assert abs(mean[OCTAVES_HZ.index(125)]) < 0.1
    assert abs(mean[OCTAVES_HZ.index(8000)]) < 0.2


def test_what_changes_late_is_seen_late(pink: np.ndarray) -> None:
    after = pink.copy()
    after[:, 3 * RATE :] *= 2.0
    whole, _ = changes_db(pink, after, RATE, 0.25)
    assert whole[:11] == pytest.approx(0.0, abs=0.01)
    assert whole[14:] == pytest.approx(6.02, abs=0.01)


def test_mono_and_stereo_are_compared_by_the_channel(pink: np.ndarray) -> None:
    whole, _ = changes_db(pink[:1], np.tile(pink[:1], (2, 1)), RATE, 0.5)
    assert whole == pytest.approx(0.0, abs=1e-9)


def test_where_neither_sounds_there_is_no_value() -> None:
    low = 0.1 * np.sin(2 * np.pi * 125 * np.arange(2 * RATE) / RATE)[None]
    _, octaves = changes_db(low, 0.5 * low, RATE, 0.25)
    assert np.isfinite(octaves[OCTAVES_HZ.index(125)]).all()
    assert np.isnan(octaves[OCTAVES_HZ.index(8000), 1:-1]).all()
    silence = np.zeros((1, RATE))
    assert np.isnan(changes_db(silence, silence, RATE, 0.25)[0]).all()
    at_32k, _ = changes_db(low, low, 32000, 0.25)
    assert np.nanmax(np.abs(at_32k)) == 0.0


@pytest.mark.parametrize(
    ("hz", "octave"), [(40, 31.5), (50, 63), (80, 63), (800, 1000), (1250, 1000), (1600, 2000), (12500, 16000)]
)
def test_each_third_octave_belongs_to_one_octave(pink: np.ndarray, hz: float, octave: float) -> None:
    note = 0.1 * np.sin(2 * np.pi * hz * np.arange(pink.shape[1]) / RATE)
    _, octaves = changes_db(pink, pink + note, RATE, 0.5)
    assert OCTAVES_HZ[int(np.argmax(octaves.mean(axis=1)))] == octave
