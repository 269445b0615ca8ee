from collections.abc import Mapping

import numpy as np
import pytest
import soxr
from cuts import cut
from scipy import signal

from tonnbook.dsp.reverb import ROOMS, Convolver, impulse_response, tail_frames
from tonnbook.dsp.stereo import correlation


def convolved(audio: np.ndarray, ir: np.ndarray) -> np.ndarray:
    convolver = Convolver(ir)
    return np.hstack([convolver.process(audio), convolver.tail()])


@pytest.mark.parametrize("taps", [1, 2, 1000, 16384, 16385, 50_001])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_convolver_equals_a_direct_convolution(stems: Mapping[str, np.ndarray], taps: int, channels: int) -> None:
    audio = stems["guitar"][:channels, 400_000:450_000]
    ir = np.random.default_rng(taps).standard_normal((2, taps)) / np.sqrt(taps)
    np.testing.assert_allclose(convolved(audio, ir), signal.fftconvolve(audio, ir, axes=1), atol=1e-10, rtol=0)


@pytest.mark.parametrize("seed", range(4))
def test_the_output_is_independent_of_the_cut_into_blocks(stems: Mapping[str, np.ndarray], seed: int) -> None:
    audio = np.array(stems["guitar"][:, 400_000:600_000])
    audio[:, 50_000:150_000] = 0.0
    ir = impulse_response("HIPHOP_GRIME", 44100)
    convolver = Convolver(ir)
    pieces = [convolver.process(block) for block in cut(audio, seed)]
    np.testing.assert_array_equal(np.hstack([*pieces, convolver.tail()]), convolved(audio, ir))


def test_blocks_of_whole_partitions_keep_their_length() -> None:
    convolver = Convolver(np.ones((2, 3)))
    assert convolver.process(np.ones((1, 4 * Convolver.PARTITION))).shape == (2, 4 * Convolver.PARTITION)
    assert convolver.process(np.ones((1, 100))).shape == (2, 0)
    assert convolver.tail().shape == (2, 102)


def test_after_the_tail_the_next_stream_starts_from_zero(stems: Mapping[str, np.ndarray]) -> None:
    audio = stems["snare"][:, :100_000]
    convolver = Convolver(impulse_response("METAL", 44100))
    first = np.hstack([convolver.process(audio), convolver.tail()])
    np.testing.assert_array_equal(np.hstack([convolver.process(audio), convolver.tail()]), first)


def test_reverbs_add_up(stems: Mapping[str, np.ndarray]) -> None:
    ir = impulse_response("POP", 44100)
    a, b = stems["snare"][:, :100_000], stems["kick"][:, :100_000]
    np.testing.assert_allclose(convolved(a, ir) + convolved(b, ir), convolved(a + b, ir), atol=1e-12)


def test_invalid_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Convolver(np.empty((2, 0)))
    with pytest.raises(ValueError, match="3 channels"):
        Convolver(np.ones((2, 5))).process(np.ones((3, 10)))


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("style", ROOMS)
def test_the_tail_falls_by_60_db_in_the_time_of_the_style(style: str, rate: int) -> None:
    """Schroeder's backward integration, read from -5 to -25 dB in the octave around 1 kHz."""
    sos = signal.butter(3, [707, 1414], "bandpass", fs=rate, output="sos")
    energy = np.square(signal.sosfilt(sos, impulse_response(style, rate))).sum(axis=0)
    decay = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum())
    start, stop = np.argmax(decay < -5), np.argmax(decay < -25)
    assert 3 * (stop - start) / rate == pytest.approx(ROOMS[style].rt60_s, rel=0.15)


@pytest.mark.parametrize("style", ["POP", "REGGAE_DUB"])
def test_the_response_is_silent_during_the_predelay(style: str) -> None:
    ir = impulse_response(style, 48000)
    predelay = round(ROOMS[style].predelay_ms * 48)
    assert not ir[:, :predelay].any()
    assert ir[:, predelay : predelay + 480].any()


@pytest.mark.parametrize("style", ROOMS)
def test_both_channels_have_equal_energy_and_correlate_only_in_the_bass(style: str) -> None:
    ir = impulse_response(style, 44100)
    left, right = np.square(ir).sum(axis=1)
    assert left == pytest.approx(right, rel=0.05)
    high = signal.sosfilt(signal.butter(4, 500, "highpass", fs=44100, output="sos"), ir)
    low = signal.sosfilt(signal.butter(8, 120, "lowpass", fs=44100, output="sos"), ir)[:, 44 * 100 :]
    assert abs(correlation(high)) < 0.1
    assert correlation(low) > 0.9


def test_treble_decays_faster_than_the_middle() -> None:
    ir = impulse_response("ORCHESTRAL", 44100)
    seconds = []
    for low, high in ((707, 1414), (5600, 8000)):
        band = signal.sosfilt(signal.butter(3, [low, high], "bandpass", fs=44100, output="sos"), ir)
        decay = np.cumsum(np.square(band).sum(axis=0)[::-1])[::-1]
        seconds.append(np.argmax(decay < decay[0] / 1000) / 44100)
    assert seconds[1] < 0.8 * seconds[0]


def test_the_same_style_is_always_the_same_room() -> None:
    np.testing.assert_array_equal(impulse_response("POP", 44100), impulse_response("POP", 44100))
    assert impulse_response("POP", 44100).shape != impulse_response("METAL", 44100).shape
    np.testing.assert_array_equal(impulse_response("POLKA", 44100), impulse_response("OTHER", 44100))


@pytest.mark.parametrize("rate", [44100, 48000, 192000])
def test_noise_in_the_send_band_keeps_its_level(rate: int) -> None:
    gain = np.square(np.abs(np.fft.rfft(impulse_response("POP", rate), 4 * rate)))[:, 4 * 300 : 4 * 9000].mean(axis=1)
    np.testing.assert_allclose(10 * np.log10(gain), 0.0, atol=0.05)


@pytest.mark.parametrize("rate", [48000, 96000])
def test_a_style_is_the_same_room_at_every_rate(rate: int) -> None:
    """A mix that was judged in its preview must not change when the final one is made at another rate.

    Up to 1.5 kHz: above, half a sample of rounding in the pre-delay is too much for a difference.
    """
    here, there = impulse_response("POP", 44100), impulse_response("POP", rate)
    resampled = soxr.resample(there.T, rate, 44100, "VHQ").T[:, : here.shape[1]] * rate / 44100
    sos = signal.butter(6, 1500, fs=44100, output="sos")
    difference = np.square(signal.sosfilt(sos, resampled - here)).sum() / np.square(signal.sosfilt(sos, here)).sum()
    assert 10 * np.log10(difference) < -15


@pytest.mark.parametrize("style", ROOMS)
def test_the_tail_ends_where_a_millionth_of_the_energy_is_left(style: str) -> None:
    response = impulse_response(style, 44100)
    frames = tail_frames(response)
    energy = np.sum(np.square(response))
    assert np.sum(np.square(response[:, frames:])) <= 1e-6 * energy < np.sum(np.square(response[:, frames - 1 :]))
