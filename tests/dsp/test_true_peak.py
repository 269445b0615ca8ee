"""Cases 15 to 23 of EBU Tech 3341, synthesised; then libebur128 and an ungated meter as second opinions."""

from collections.abc import Mapping
from math import inf, log10

import numpy as np
import pyebur128
import pytest
import soxr
from cuts import cut
from scipy import signal

from tonnbook.dsp.true_peak import LONG_TAPS, SHORT_TAPS, TruePeakMeter, highest_of, true_peak_db

RATES = [44100, 48000, 96000]


def ramped_tone(amplitude: float, cycles: float, phase_deg: float, rate: int) -> np.ndarray:
    """A tone of `cycles` per sample, faded in and out over 50 ms: at fs/4 an abrupt start has a higher true peak."""
    frames = rate
    ramp = rate // 20
    envelope = np.ones(frames)
    envelope[:ramp] = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
    envelope[-ramp:] = envelope[:ramp][::-1]
    tone = amplitude * envelope * np.sin(2 * np.pi * cycles * np.arange(frames) + np.radians(phase_deg))
    return np.stack([tone, tone])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("amplitude", "cycles", "phase_deg", "expected"),
    [
        pytest.param(0.50, 1 / 4, 0.0, -6.0, id="3341-15"),
        pytest.param(0.50, 1 / 4, 45.0, -6.0, id="3341-16"),
        pytest.param(0.50, 1 / 6, 60.0, -6.0, id="3341-17"),
        pytest.param(0.50, 1 / 8, 67.5, -6.0, id="3341-18"),
        pytest.param(1.41, 1 / 4, 45.0, 3.0, id="3341-19"),
    ],
)
def test_3341_15_to_19_tones(amplitude: float, cycles: float, phase_deg: float, expected: float, rate: int) -> None:
    reading = true_peak_db(ramped_tone(amplitude, cycles, phase_deg, rate), rate)
    assert expected - 0.4 <= reading <= expected + 0.2


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", range(4), ids=["3341-20", "3341-21", "3341-22", "3341-23"])
def test_3341_20_to_23_a_peak_between_the_samples(offset: int, rate: int) -> None:
    """A tone at fs/6 with one period at fs/4 and twice the amplitude in it, made at 4 fs and decimated at four offsets."""
    quiet = 0.5 * np.sin(2 * np.pi * np.arange(24 * 400) / 24)
    loud = np.sin(2 * np.pi * np.arange(16) / 16)
    ramp = np.minimum(1.0, np.arange(len(quiet)) / 2400)
    spliced = np.concatenate([quiet * ramp, loud, (quiet * ramp)[::-1] * -1])
    low_passed = np.convolve(spliced, signal.firwin(255, 0.23, window=("kaiser", 8.0)), mode="same")
    audio = low_passed[offset::4][None]
    assert -0.4 <= true_peak_db(audio, rate) <= 0.2


def second_opinion(audio: np.ndarray, rate: int) -> float:
    state = pyebur128.R128State(len(audio), rate, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(np.ascontiguousarray(audio.T).ravel(), audio.shape[1])
    return 20 * log10(max(pyebur128.get_true_peak(state, channel) for channel in range(len(audio))))


@pytest.mark.parametrize("name", ["kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal"])
def test_libebur128_reads_the_same_and_never_more(stems: Mapping[str, np.ndarray], name: str) -> None:
    ours, theirs = true_peak_db(stems[name], 44100), second_opinion(stems[name], 44100)
    assert -1e-4 <= ours - theirs <= 0.2


def everywhere(audio: np.ndarray) -> float:
    """The same maximum without gates: every interpolator at every sample."""
    padded = np.pad(audio, ((0, 0), (64, 64)))
    readings = [np.abs(audio).max()]
    for taps in (SHORT_TAPS, LONG_TAPS):
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(taps), axis=1)
        readings.append(np.abs(windows @ taps).max())
    return 20 * log10(max(readings))


@pytest.mark.parametrize("name", ["snare", "guitar", "synth"])
def test_the_gates_do_not_miss_the_maximum(stems: Mapping[str, np.ndarray], name: str) -> None:
    audio = stems[name][:, 400_000:700_000]
    assert true_peak_db(audio, 44100) == pytest.approx(everywhere(audio), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_gates_do_not_miss_the_maximum_in_coloured_noise(seed: int) -> None:
    random = np.random.default_rng(seed)
    sos = signal.butter(2, [0.05, 0.3, 0.8][seed % 3], ["lowpass", "highpass"][seed // 3], output="sos")
    audio = signal.sosfilt(sos, np.sign(random.standard_normal((2, 60_000))))
    assert true_peak_db(audio, 44100) == pytest.approx(everywhere(audio), abs=1e-9)


@pytest.mark.parametrize("name", ["snare", "guitar", "synth"])
def test_it_reads_no_less_than_eightfold_oversampling(stems: Mapping[str, np.ndarray], name: str) -> None:
    audio = stems[name][:, 400_000:700_000]
    eightfold = soxr.resample(audio.T, 44100, 8 * 44100, "VHQ")
    assert true_peak_db(audio, 44100) >= 20 * log10(np.abs(eightfold).max()) - 0.02


def test_the_interpolators_are_symmetric_and_pass_a_steady_signal() -> None:
    itu, libebur128 = SHORT_TAPS[:, :4], SHORT_TAPS[:, 4:]
    np.testing.assert_array_equal(itu[:, :2], itu[::-1, 2:])
    for taps in (libebur128, LONG_TAPS):
        np.testing.assert_allclose(taps, taps[::-1, ::-1], atol=1e-12)
    for taps in (itu, libebur128, LONG_TAPS):
        np.testing.assert_allclose(taps.sum(axis=0), 1.0, atol=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_the_result_is_independent_of_the_cut_into_blocks(stems: Mapping[str, np.ndarray], seed: int) -> None:
    audio = stems["guitar"][:, 400_000:600_000]
    meter = TruePeakMeter(44100, 2)
    for block in cut(audio, seed):
        meter.process(block)
    assert meter.dbtp == true_peak_db(audio, 44100)


@pytest.mark.parametrize("frames", [1, 11, 8192, 8193, 20_000])
def test_a_peak_on_the_very_last_sample_counts(frames: int) -> None:
    audio = np.full((1, frames), 0.01)
    audio[0, -1] = 0.9
    assert true_peak_db(audio, 48000) >= 20 * log10(0.9)


def test_reading_the_result_does_not_change_it(stems: Mapping[str, np.ndarray]) -> None:
    audio = stems["synth"][:, :50_000]
    meter = TruePeakMeter(44100, 2)
    for start in range(0, 50_000, 5_000):
        meter.process(audio[:, start : start + 5_000])
        assert meter.dbtp > -inf
    assert meter.dbtp == true_peak_db(audio, 44100)


def test_silence_has_no_peak() -> None:
    assert true_peak_db(np.zeros((2, 1000)), 44100) == -inf
    assert TruePeakMeter(44100, 2).dbtp == -inf


@pytest.mark.parametrize("window", [1, 2, 3, 11, 64, 75])
def test_the_highest_of_every_window(window: int) -> None:
    values = np.random.default_rng(window).standard_normal((2, 200))
    plain = np.lib.stride_tricks.sliding_window_view(values, window, axis=1).max(axis=2)
    assert np.array_equal(highest_of(values, window), plain)
