"""The limiter: peaks, steady tones, the cut into blocks, and audio that needs no limiting."""

from collections.abc import Mapping

import numpy as np
import pytest
from cuts import cut
from reference_meters import ffmpeg_true_peak, libebur128_true_peak

from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.limiter import Limiter
from tonnbook.dsp.true_peak import true_peak_db


def limited(audio: np.ndarray, rate: int, ceiling_db: float = -1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    limiter = Limiter(rate, len(audio), ceiling_db)
    out = np.concatenate([*(limiter.process(block) for block in cut(audio, seed)), limiter.flush()], axis=1)
    return out, limiter.reduction


def residue_db(audio: np.ndarray, frequency: float, rate: int) -> float:
    """Return everything except the tone relative to the tone, in dB (THD+N)."""
    time = np.arange(len(audio)) / rate
    basis = np.stack([np.sin(2 * np.pi * frequency * time), np.cos(2 * np.pi * frequency * time)], axis=1)
    tone = basis @ np.linalg.lstsq(basis, audio, rcond=None)[0]
    return float(10 * np.log10(np.mean(np.square(audio - tone)) / np.mean(np.square(tone))))


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("frequency", [50, 100, 997, 1000])
def test_a_steady_tone_is_reduced_by_3_db_without_distortion(frequency: int, rate: int) -> None:
    time = np.arange(4 * rate) / rate
    tone = np.stack([np.sin(2 * np.pi * frequency * time)] * 2) * to_gain(2.0)
    out, reduction = limited(tone, rate)
    steady = slice(rate, 3 * rate)
    assert residue_db(out[0, steady], frequency, rate) < -80
    assert 2.99 < reduction[rate // CELL : -rate // CELL].mean() < 3.05
    assert np.ptp(reduction[rate // CELL : -rate // CELL]) < 0.1


@pytest.fixture(scope="module")
def hot(stems: Mapping[str, np.ndarray]) -> np.ndarray:
    """Eight seconds of a mix, driven 9 dB above the ceiling."""
    mix = np.sum([np.broadcast_to(stem, (2, stem.shape[1]))[:, : 8 * 44100] for stem in stems.values()], axis=0)
    return mix * to_gain(8.0 - true_peak_db(mix, 44100))


@pytest.fixture(scope="module")
def out(hot: np.ndarray) -> np.ndarray:
    return limited(hot, 44100)[0]


class TestRecordings:
    def test_no_meter_reads_above_the_ceiling(self, out: np.ndarray) -> None:
        assert true_peak_db(out, 44100) <= -1.0 + 1e-3
        assert libebur128_true_peak(out, 44100) <= -1.0 + 1e-3
        assert ffmpeg_true_peak(out, 44100) <= -1.0

    def test_the_output_is_as_long_as_the_input_and_aligned(self, hot: np.ndarray, out: np.ndarray) -> None:
        assert out.shape == hot.shape
        lags = np.fft.irfft(np.conj(np.fft.rfft(hot[0])) * np.fft.rfft(out[0]))
        assert np.argmax(lags) == 0

    @pytest.mark.parametrize("seed", [1, 2])
    def test_the_output_is_independent_of_the_cut_into_blocks(
        self, hot: np.ndarray, out: np.ndarray, seed: int
    ) -> None:
        assert np.array_equal(limited(hot, 44100, seed=seed)[0], out)

    def test_a_lower_ceiling_is_kept_too(self, hot: np.ndarray) -> None:
        assert -6.01 < true_peak_db(limited(hot, 44100, -6.0)[0], 44100) <= -6.0 + 1e-3

    def test_both_channels_get_the_same_gain_reduction(self, hot: np.ndarray, out: np.ndarray) -> None:
        sounding = np.abs(hot).min(axis=0) > 1e-3
        left, right = (out / np.where(sounding, hot, 1.0))[:, sounding]
        assert np.allclose(left, right)

    def test_no_sample_becomes_louder(self, hot: np.ndarray, out: np.ndarray) -> None:
        assert (np.abs(out) <= np.abs(hot) + 1e-12).all()


def test_audio_below_the_ceiling_is_unchanged() -> None:
    quiet = np.random.default_rng(3).standard_normal((2, 50_000)) * 0.1
    out, reduction = limited(quiet, 48000)
    assert np.array_equal(out, quiet)
    assert not reduction.any()


def test_a_single_click_is_reduced_briefly() -> None:
    audio = np.full((1, 44100), 0.1)
    audio[0, 22050] = 2.0
    out, reduction = limited(audio, 44100)
    assert true_peak_db(out, 44100) <= -1.0 + 1e-3
    assert np.array_equal(out[:, :21900], audio[:, :21900])
    assert reduction[22050 // CELL] >= 7.0
    assert reduction[-1] < 0.5


@pytest.mark.parametrize("frames", [0, 1, 7, 5000])
def test_short_audio_keeps_its_length(frames: int) -> None:
    out, reduction = limited(np.full((2, frames), 1.5), 44100)
    assert out.shape == (2, frames)
    assert len(reduction) == -(-frames // CELL)
    assert (np.abs(out) <= to_gain(-1.0) + 1e-6).all()
