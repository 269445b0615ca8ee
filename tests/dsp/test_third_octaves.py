"""Third-octave spectra: the response of an EQ, K weighting, loudness and centroid."""

from __future__ import annotations

import numpy as np
import pytest

from tonnbook.dsp.filters import eq, response_db
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.spectrum import third_octave_energies
from tonnbook.dsp.third_octaves import CENTRES_HZ, centroid_hz, eq_power, k_power, loudness_of
from tonnbook.models.effects import EqBandReading

RATE = 48000


def test_the_power_of_an_eq_is_close_to_its_response_at_the_centres() -> None:
    bands = (EqBandReading(centre_hz=300, gain_db=-6, q=1), EqBandReading(centre_hz=3000, gain_db=4, q=2))
    power = 10 * np.log10(eq_power(bands))
    exact = response_db(eq(bands, RATE), CENTRES_HZ, RATE)
    assert np.abs(power - exact).max() < 0.3


def test_an_empty_eq_has_unit_power() -> None:
    assert np.array_equal(eq_power(()), np.ones(28))


def test_loudness_of_a_spectrum_is_the_loudness_of_its_sound() -> None:
    """Between 200 Hz and 8 kHz, where the response of the K filter changes little within a third octave."""
    freqs = np.fft.rfftfreq(10 * RATE, 1 / RATE)
    spectrum = np.where((freqs > 200) & (freqs < 8000), np.random.default_rng(1).standard_normal(len(freqs)), 0.0)
    sound = np.fft.irfft(spectrum)[None]
    sound *= 0.1 / np.abs(sound).max()
    measured = third_octave_energies(sound, RATE).mean(axis=1)
    assert loudness_of(measured) == pytest.approx(integrated_loudness(sound, RATE), abs=0.2)


def test_k_weighting_lifts_the_treble_by_4_db() -> None:
    level = 10 * np.log10(k_power())
    assert level[-1] == pytest.approx(4.0, abs=0.1)
    assert level[0] < -6.0


def test_the_centroid_lies_in_the_middle_of_equal_weights() -> None:
    weight = np.zeros(28)
    weight[[10, 20]] = 1.0
    assert centroid_hz(weight) == pytest.approx(np.sqrt(CENTRES_HZ[10] * CENTRES_HZ[20]))
