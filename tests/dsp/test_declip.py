"""The declipper: a wave that was cut off gets its tips back; everything else stays as it is."""

import numpy as np
import pytest
from cuts import cut

from tonnbook.dsp.declip import Declipper

RATE = 44100


def repaired(audio: np.ndarray, ceiling: float, seed: int = 0) -> tuple[np.ndarray, int]:
    declipper = Declipper(RATE, len(audio), ceiling)
    out = np.concatenate([*(declipper.process(block) for block in cut(audio, seed)), declipper.flush()], axis=1)
    return out, declipper.runs


@pytest.mark.parametrize("frequency", [110, 220, 997])
def test_most_of_what_was_cut_off_a_tone_comes_back(frequency: float) -> None:
    whole = np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)[None]
    cut_off = np.clip(whole, -0.8, 0.8)
    out, runs = repaired(cut_off, 0.8)
    assert runs == pytest.approx(2 * 2 * frequency, abs=2)
    assert np.std(out - whole) < 0.12 * np.std(cut_off - whole)


def test_samples_off_the_ceiling_are_not_touched() -> None:
    cut_off = np.clip(np.random.default_rng(5).standard_normal((2, 30_000)).cumsum(axis=1) * 0.02, -0.5, 0.5)
    out, _ = repaired(cut_off, 0.5)
    free = np.abs(cut_off) < 0.5
    assert np.array_equal(out[free], cut_off[free])
    assert (np.abs(out[~free]) >= 0.5).all()


def test_a_square_wave_is_no_clipped_wave() -> None:
    square = np.sign(np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE))[None] * 0.7
    assert np.array_equal(repaired(square, 0.7)[0], square)


def test_the_cut_into_blocks_changes_not_one_bit() -> None:
    cut_off = np.clip(np.sin(np.arange(200_000) * 0.03)[None] * 1.3, -1.0, 1.0)
    first, runs = repaired(cut_off, 1.0)
    second, again = repaired(cut_off, 1.0, seed=4)
    assert np.array_equal(first, second)
    assert runs == again > 1000


def test_each_channel_and_each_half_has_a_ceiling_of_its_own() -> None:
    wave = np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)
    cut_off = np.stack([np.clip(wave, -0.5, np.inf), np.clip(wave, -np.inf, 0.8)])
    declipper = Declipper(RATE, 2, ((np.inf, 0.5), (0.8, np.inf)))
    out = np.concatenate([declipper.process(cut_off), declipper.flush()], axis=1)
    assert declipper.runs == 2 * 220
    assert np.array_equal(out[0][wave > -0.49], wave[wave > -0.49])
    assert np.array_equal(out[1][wave < 0.79], wave[wave < 0.79])
    assert out[0].min() < -0.6
    assert out[1].max() > 0.85
