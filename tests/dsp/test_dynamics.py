"""The compressor, compared with the recursion of the paper as a plain loop, sample by sample."""

from collections.abc import Mapping
from math import exp, inf, log10

import numpy as np
import pytest
from cuts import cut

from tonnbook.dsp.dynamics import BusCompressor, Compressor, gain_reduction_db

RATE = 44100


def static_curve(level: float, threshold: float, ratio: float, knee: float) -> float:
    over = level - threshold
    if 2 * over < -knee:
        return 0.0
    if 2 * over > knee:
        return over * (1 - 1 / ratio)
    return (1 - 1 / ratio) * (over + knee / 2) ** 2 / (2 * knee) if knee else 0.0


def reduction_by_loop(
    audio: np.ndarray, threshold: float, ratio: float, attack: float, release: float, rate: int, knee: float
) -> np.ndarray:
    a_attack, a_release = exp(-1e3 / (attack * rate)), exp(-1e3 / (release * rate))
    held, smooth, out = 0.0, 0.0, []
    for amplitude in np.abs(audio).max(axis=0):
        level = 20 * log10(max(float(amplitude), 1e-20))
        held = max(static_curve(level, threshold, ratio, knee), a_release * held)
        smooth = a_attack * smooth + (1 - a_attack) * held
        out.append(smooth)
    return np.array(out)


@pytest.mark.parametrize("knee", [0.0, 6.0, 12.0])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 20.0, inf])
def test_the_static_curve(ratio: float, knee: float) -> None:
    levels = np.linspace(-60, 6, 200)
    curve = gain_reduction_db(levels, -20.0, ratio, knee)
    np.testing.assert_allclose(curve, [static_curve(x, -20.0, ratio, knee) for x in levels], atol=1e-12)


@pytest.mark.parametrize(("ratio", "expected"), [(2.0, -10.0), (4.0, -15.0), (20.0, -19.0), (1.0, 0.0)])
def test_a_steady_tone_is_reduced_by_the_ratio(ratio: float, expected: float) -> None:
    steady = np.ones((1, 3 * RATE))
    out = Compressor(-20.0, ratio, 10.0, 100.0, RATE).process(steady)
    assert 20 * np.log10(out[0, -1]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("attack", "release", "rate", "knee"),
    [(15, 120, 44100, 6), (0.1, 1, 8000, 0), (0.1, 1, 192000, 6), (100, 1000, 48000, 12), (0.074, 0.022, 44100, 6)],
)
def test_it_equals_a_sample_by_sample_loop(
    stems: Mapping[str, np.ndarray], attack: float, release: float, rate: int, knee: float
) -> None:
    audio = np.array(stems["guitar"][:, 500_000:560_000])
    audio[:, 20_000:30_000] = 0.0
    audio[1] *= 0.5
    expected = reduction_by_loop(audio, -24.0, 4.0, attack, release, rate, knee)
    ours = Compressor(-24.0, 4.0, attack, release, rate, knee).reduction(audio)
    assert expected.max() > 6.0
    np.testing.assert_allclose(ours, expected, atol=1e-9, rtol=0)


def test_the_output_is_the_input_times_the_gain_reduction(stems: Mapping[str, np.ndarray]) -> None:
    audio = stems["guitar"][:, 500_000:600_000]
    settings = (-30.0, 3.0, 5.0, 80.0, RATE)
    reduction = Compressor(*settings).reduction(audio)
    out = Compressor(*settings, makeup_db=4.0).process(audio)
    np.testing.assert_allclose(out, audio * 10 ** ((4.0 - reduction) / 20), rtol=1e-12, atol=1e-15)


def test_both_channels_get_the_same_gain_reduction() -> None:
    audio = np.vstack([np.ones(RATE), np.full(RATE, 0.01)])
    left, right = Compressor(-20.0, 4.0, 1.0, 50.0, RATE).process(audio)
    np.testing.assert_allclose(right, 0.01 * left)


def test_below_the_knee_the_audio_is_unchanged_bit_for_bit(stems: Mapping[str, np.ndarray]) -> None:
    vocal = stems["vocal"]
    threshold = 20 * np.log10(np.abs(vocal).max()) + 3.0 + 1e-6
    np.testing.assert_array_equal(Compressor(threshold, 4.0, 5.0, 80.0, RATE).process(vocal), vocal)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("attack", "release"), [(15, 120), (0.1, 1), (100, 1000)])
def test_the_output_is_independent_of_the_cut_into_blocks(
    stems: Mapping[str, np.ndarray], attack: float, release: float, seed: int
) -> None:
    audio = np.array(stems["guitar"][:, 400_000:700_000])
    audio[:, 100_000:250_000] *= 1e-4  # long enough to come to rest, and to wake up again
    whole = Compressor(-20.0, 4.0, attack, release, RATE, makeup_db=1.5).process(audio)
    compressor = Compressor(-20.0, 4.0, attack, release, RATE, makeup_db=1.5)
    np.testing.assert_array_equal(np.hstack([compressor.process(block) for block in cut(audio, seed)]), whole)


def test_after_a_long_silence_the_state_is_zero() -> None:
    audio = np.zeros((1, 30 * RATE))
    audio[0, :1000] = 1.0
    reduction = Compressor(-20.0, 4.0, 100.0, 120.0, RATE).reduction(audio)
    assert reduction.max() > 1.0
    assert not reduction[-RATE:].any()


@pytest.mark.parametrize(
    "wrong",
    [{"ratio": 0.5}, {"knee_db": -1.0}, {"attack_ms": 0.0}, {"release_ms": 0.0}],
    ids=lambda each: next(iter(each)),
)
def test_invalid_settings_are_refused(wrong: dict[str, float]) -> None:
    settings = {"threshold_db": -20.0, "ratio": 2.0, "attack_ms": 10.0, "release_ms": 100.0} | wrong
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Compressor(**settings, rate=RATE)


@pytest.mark.parametrize("makeup", [0.0, 2.5])
def test_the_bus_compressor_is_close_to_the_compressor(stems: Mapping[str, np.ndarray], makeup: float) -> None:
    audio = np.broadcast_to(stems["snare"], (2, stems["snare"].shape[1]))[:, :160_000]
    settings = (-30.0, 2.0, 5.0, 80.0, RATE, 6.0, makeup)
    whole, exact = BusCompressor(*settings).process(audio), Compressor(*settings).process(audio)
    assert np.abs(exact - audio * 10 ** (makeup / 20)).max() > 0.05
    residue = np.sum(np.square(whole - exact)) / np.sum(np.square(exact))
    assert 10 * log10(residue) < -39  # 0.1 dB of gain, in the attack of a hit


def test_the_bus_compressor_is_independent_of_the_cut_into_blocks(
    stems: Mapping[str, np.ndarray],
) -> None:
    audio = stems["guitar"][:, :80_000]
    whole = BusCompressor(-30.0, 2.0, 5.0, 80.0, RATE).process(audio)
    pieces = BusCompressor(-30.0, 2.0, 5.0, 80.0, RATE)
    blocks = np.split(audio, [8, 8000, 40_000], axis=1)
    assert np.array_equal(np.concatenate([pieces.process(block) for block in blocks], axis=1), whole)
