"""The stereo field meter: powers and correlations of known signals, the same for any cut into blocks."""

import numpy as np
import pytest

from tonnbook.dsp.stereo_field import StereoFieldMeter, StereoFieldReading, band_correlation

RATE = 44100
BANDS = ((50.0, 200.0), (200.0, 2000.0), (2000.0, 8000.0))


def read(audio: np.ndarray, block: int = 65536) -> StereoFieldReading:
    meter = StereoFieldMeter(RATE, BANDS)
    for start in range(0, audio.shape[1], block):
        meter.process(audio[:, start : start + block])
    return meter.reading()


def noise(seed: int, frames: int = 3 * RATE) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(frames)


def test_powers_are_mean_squares() -> None:
    t = np.arange(2 * RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 1000 * t)
    reading = read(np.stack([tone, 0.5 * tone]))
    inner = slice(2, -3)
    assert reading.middle[1, inner] == pytest.approx(0.125 * 0.75**2, rel=1e-3)
    assert reading.side[1, inner] == pytest.approx(0.125 * 0.25**2, rel=1e-3)
    assert reading.power[[0, 2]][:, inner].max() < 1e-9
    assert reading.coherence[1] > 0.99


@pytest.mark.parametrize("block", [1000, 4410, 65536, 10**6])
def test_the_result_is_independent_of_the_cut_into_blocks(block: int) -> None:
    audio = np.stack([noise(1), noise(2)])
    whole, parts = read(audio, 10**7), read(audio, block)
    for name in ("middle", "side", "common", "coherence"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


def test_unrelated_middle_and_side_have_no_coherence() -> None:
    reading = read(np.stack([noise(1, 20 * RATE), noise(2, 20 * RATE)]))
    rho = band_correlation(reading.middle.mean(axis=1), reading.side.mean(axis=1), reading.common.mean(axis=1))
    assert np.abs(rho).max() < 0.05
    assert reading.coherence.max() < 0.02


@pytest.mark.parametrize(
    ("left", "right", "expected"), [(1, 1, 1.0), (1, -1, -1.0), (1, 0, 0.0), (0, 0, 1.0), (1, 0.3, 1.0)]
)
def test_correlation_of_simple_fields(left: float, right: float, expected: float) -> None:
    reading = read(np.stack([left * noise(1), right * noise(1)]))
    assert band_correlation(reading.middle, reading.side, reading.common) == pytest.approx(expected, abs=1e-6)


def test_mono_and_short_sounds() -> None:
    assert read(noise(1)[None]).side.max() == 0.0
    assert read(np.stack([noise(1, 100), noise(2, 100)])).middle.shape == (3, 1)
    assert read(np.stack([noise(1, 5000), noise(2, 5000)])).coherence.max() == 0.0
