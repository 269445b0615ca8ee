import numpy as np
import pytest

from tonnbook.dsp.filters import Filter, peaking
from tonnbook.dsp.spectrum import (
    OCTAVES_HZ,
    THIRD_OCTAVES,
    changes_db,
    long_term_spectrum,
    third_octave_energies,
)

RATE = 44100


def sine(freq: float, rate: int, seconds: float = 4.0) -> np.ndarray:
    return np.sin(2 * np.pi * freq / rate * np.arange(round(seconds * rate)))[None]


def pink(rate: int, seconds: float) -> np.ndarray:
    frames = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(frames))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), frames)[None]


def test_the_centres_are_the_nominal_ones() -> None:
    assert len(THIRD_OCTAVES) == 28
    assert (THIRD_OCTAVES[0], THIRD_OCTAVES[15], THIRD_OCTAVES[-1]) == (31.5, 1000, 16000)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("band", [4, 10, 15, 20, 27])
def test_a_sine_lies_in_its_own_band(rate: int, band: int) -> None:
    energies = third_octave_energies(sine(1000 * 10 ** ((band - 15) / 10), rate), rate)[:, 5:-5]
    assert np.all(np.argmax(energies, axis=0) == band)
    np.testing.assert_allclose(energies.sum(axis=0), 0.5, rtol=0.01)
    assert np.all(energies[band] > 0.4)


def test_the_bands_hold_the_energy_of_the_sound_frame_by_frame() -> None:
    rate = 44100
    audio = np.vstack([sine(440, rate), 0.5 * sine(3000, rate)])
    audio[:, 2 * rate :] = 0.0
    energies = third_octave_energies(audio, rate, hop_s=0.1)
    assert energies.shape == (28, 40)
    np.testing.assert_allclose(energies[:, 2:18].sum(axis=0), 0.5 + 0.125, rtol=0.01)
    assert energies[:, 22:].max() < 1e-12


def test_bands_above_half_the_rate_are_empty() -> None:
    energies = third_octave_energies(pink(8000, 2.0), 8000)
    assert not energies[22:].any()
    assert energies[:20].all()


def test_pink_noise_is_level() -> None:
    energies = third_octave_energies(pink(44100, 30.0), 44100).mean(axis=1)
    level = 10 * np.log10(energies / energies.mean())
    assert np.abs(level[3:]).max() < 0.7
    freqs, spectrum = long_term_spectrum(pink(44100, 30.0), 44100)
    middle = spectrum[(freqs > 60) & (freqs < 16000)]
    assert np.ptp(middle) < 2.5


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
@pytest.mark.parametrize("fraction", [3, 6, 12])
def test_the_long_term_spectrum_reads_a_sine_at_its_level(rate: int, fraction: int) -> None:
    freqs, level = long_term_spectrum(sine(1000, rate), rate, fraction)
    top = np.argmax(level)
    assert 1000 / 2 ** (0.5 / fraction) <= freqs[top] <= 1000 * 2 ** (0.5 / fraction)
    assert level.max() == pytest.approx(-3.01, abs=0.1)
    assert freqs[0] == pytest.approx(20.0)
    assert freqs[-1] <= rate / 2
    assert np.all(level[freqs < 700] < -60)


def test_two_equal_channels_read_as_one() -> None:
    one = sine(500, 44100)
    np.testing.assert_allclose(long_term_spectrum(one, 44100)[1], long_term_spectrum(np.vstack([one, one]), 44100)[1])


def test_silence_and_very_short_audio() -> None:
    assert third_octave_energies(np.zeros((2, 100)), 44100).shape == (28, 1)
    assert np.all(long_term_spectrum(np.zeros((1, 44100)), 44100)[1] == -200.0)
    assert np.isfinite(long_term_spectrum(np.ones((1, 10)), 44100)[1]).all()


def test_float32_reads_like_float64() -> None:
    audio = pink(44100, 3.0)
    single = third_octave_energies(audio.astype(np.float32), 44100)
    np.testing.assert_allclose(single, third_octave_energies(audio, 44100), rtol=1e-4, atol=1e-15)


@pytest.fixture(scope="module")
def pink_stereo() -> np.ndarray:
    freqs = np.fft.rfftfreq(6 * RATE, 1 / RATE)
    white = np.fft.rfft(np.random.default_rng(1).standard_normal((2, 6 * RATE)))
    return 0.05 * np.fft.irfft(white / np.sqrt(np.maximum(freqs, 20.0)) * 20.0, 6 * RATE)


def test_a_gain_reads_the_same_in_every_octave_and_in_the_whole(pink_stereo: np.ndarray) -> None:
    whole, octaves = changes_db(pink_stereo, 0.5 * pink_stereo, RATE, 0.5)
    assert octaves.shape == (len(OCTAVES_HZ), len(whole))
    assert len(whole) == 12
    assert whole == pytest.approx(-6.02, abs=0.01)
    assert octaves == pytest.approx(-6.02, abs=0.01)


def test_a_bell_changes_its_octave_and_hardly_elsewhere(pink_stereo: np.ndarray) -> None:
    louder = Filter(np.atleast_2d(peaking(1000.0, 6.0, 1.4, RATE)), 2).process(pink_stereo)
    _, octaves = changes_db(pink_stereo, louder, RATE, 0.5)
    mean = octaves.mean(axis=1)
    assert mean[OCTAVES_HZ.index(1000)] == pytest.approx(4.7, abs=0.5)
    assert abs(mean[OCTAVES_HZ.index(125)]) < 0.1
    assert abs(mean[OCTAVES_HZ.index(8000)]) < 0.2


def test_a_later_change_is_measured_later(pink_stereo: np.ndarray) -> None:
    after = pink_stereo.copy()
    after[:, 3 * RATE :] *= 2.0
    whole, _ = changes_db(pink_stereo, after, RATE, 0.25)
    assert whole[:11] == pytest.approx(0.0, abs=0.01)
    assert whole[14:] == pytest.approx(6.02, abs=0.01)


def test_mono_and_stereo_are_compared_per_channel(pink_stereo: np.ndarray) -> None:
    whole, _ = changes_db(pink_stereo[:1], np.tile(pink_stereo[:1], (2, 1)), RATE, 0.5)
    assert whole == pytest.approx(0.0, abs=1e-9)


def test_the_change_is_nan_where_neither_version_sounds() -> None:
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
def test_each_third_octave_belongs_to_one_octave(pink_stereo: np.ndarray, hz: float, octave: float) -> None:
    note = 0.1 * np.sin(2 * np.pi * hz * np.arange(pink_stereo.shape[1]) / RATE)
    _, octaves = changes_db(pink_stereo, pink_stereo + note, RATE, 0.5)
    assert OCTAVES_HZ[int(np.argmax(octaves.mean(axis=1)))] == octave
