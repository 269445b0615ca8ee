from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tonnbook.dsp.spectrum import long_term_spectrum
from tonnbook.plots import plot_spectrum

RATE = 44100


@pytest.fixture
def noise() -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(5).standard_normal((2, 2 * RATE))


@dataclass(frozen=True)
class File:
    path: Path


@dataclass(frozen=True)
class Mixed:
    mix: File


def test_draws_the_measured_spectrum(noise: NDArray[np.float64]) -> None:
    ax = plot_spectrum((noise, RATE), fraction=6)
    freqs, level = long_term_spectrum(noise, RATE, 6)
    line = ax.lines[0]
    assert np.array_equal(line.get_xdata(), freqs)
    assert np.array_equal(line.get_ydata(), level)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("frequency, Hz", "level in each 1/6 octave, dBFS")


def test_two_sounds_of_one_tone_fall_together_at_equal_loudness(noise: NDArray[np.float64]) -> None:
    ax = plot_spectrum((noise, RATE), (noise / 10, RATE), names=("raw", "mix"))
    first, second = ax.lines
    assert np.allclose(first.get_ydata(), second.get_ydata(), atol=1e-6)
    assert second.get_label() == "mix, +20.0 dB for equal loudness"
    assert first.get_linestyle() != second.get_linestyle()


def test_levels_can_be_left_as_they_are(noise: NDArray[np.float64]) -> None:
    first, second = plot_spectrum((noise, RATE), (noise / 10, RATE), equal_loudness=False).lines
    assert np.allclose(np.subtract(first.get_ydata(), second.get_ydata()), 20)


def test_takes_files_and_mixes(noise: NDArray[np.float64], tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise.T, RATE, subtype="FLOAT")
    expected = plot_spectrum((noise, RATE)).lines[0].get_ydata()
    for thing in (path, str(path), File(path), Mixed(File(path))):
        assert np.allclose(plot_spectrum(thing).lines[0].get_ydata(), expected, atol=1e-4)


def test_the_words_tell_where_the_tone_differs(noise: NDArray[np.float64]) -> None:
    from tonnbook.dsp.filters import Filter, high_shelf

    bright = Filter(high_shelf(2000, 6, 0.7, RATE), 2).process(noise)
    said = plot_spectrum((noise, RATE), (bright, RATE), equal_loudness=False).figure.description
    assert said.startswith("Long-term spectra of before and after: bass, under 200 Hz 0 dB, middle")
    assert "treble, over 2 kHz +5." in said


def test_silence_is_drawn_without_a_shift() -> None:
    silence = np.zeros((1, RATE))
    ax = plot_spectrum((silence, RATE), (silence, RATE))
    assert [line.get_label() for line in ax.lines] == ["before", "after"]
