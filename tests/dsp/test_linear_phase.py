"""Linear-phase filters: their curve, their phase, bands that add up, and the cut into blocks."""

import numpy as np
import pytest
from cuts import cut

from tonnbook.dsp import linear_phase

CENTRES = [31.5, 100.0, 1000.0, 8000.0]
GAINS = [3.0, -2.0, 0.0, 2.0]


def filtered(impulses: np.ndarray, audio: np.ndarray, seed: int = 0) -> np.ndarray:
    bank = linear_phase.FilterBank(impulses)
    return np.concatenate([*(bank.process(block) for block in cut(audio, seed)), bank.flush()], axis=-1)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2, 120_000)) * 0.1


@pytest.mark.parametrize("rate", [44100, 48000])
class TestCurves:
    def test_the_response_is_the_requested_curve(self, rate: int) -> None:
        impulse = linear_phase.impulse(linear_phase.gains_between(CENTRES, GAINS, rate))
        assert linear_phase.response(impulse, CENTRES, rate) == pytest.approx(GAINS, abs=0.5)
        assert linear_phase.response(impulse, [1000.0, 8000.0], rate) == pytest.approx([0.0, 2.0], abs=0.01)

    def test_no_frequency_is_delayed_more_than_another(self, rate: int) -> None:
        impulse = linear_phase.impulse(linear_phase.gains_between(CENTRES, GAINS, rate))
        assert np.allclose(impulse, impulse[::-1], atol=1e-15)

    def test_a_crossover_is_half_at_its_corner_and_0_an_octave_above(self, rate: int) -> None:
        low = linear_phase.impulse(linear_phase.below(2500.0, rate))
        assert linear_phase.response(low, [1500.0, 2500.0], rate) == pytest.approx([0.0, -6.02], abs=0.1)
        assert linear_phase.response(low, [4000.0], rate)[0] < -60

    def test_bands_add_up_to_the_whole(self, rate: int, noise: np.ndarray) -> None:
        tone = linear_phase.gains_between(CENTRES, GAINS, rate)
        low, rest = linear_phase.below(120.0, rate), 1.0 - linear_phase.below(120.0, rate)
        bands = filtered(np.array([[linear_phase.impulse(tone * share)] * 2 for share in (low, rest)]), noise)
        whole = filtered(np.array([[linear_phase.impulse(tone)] * 2]), noise)
        assert np.allclose(bands.sum(axis=0), whole[0], atol=1e-14)


def test_a_flat_curve_changes_nothing(noise: np.ndarray) -> None:
    flat = linear_phase.impulse(np.ones(len(linear_phase.grid(44100))))
    assert np.allclose(filtered(np.array([[flat, flat]]), noise)[0], noise, atol=1e-14)


def test_each_channel_has_its_own_response(noise: np.ndarray) -> None:
    flat = linear_phase.impulse(np.ones(len(linear_phase.grid(44100))))
    out = filtered(np.array([[flat, 0.5 * flat]]), noise)[0]
    assert np.allclose(out, noise * [[1.0], [0.5]], atol=1e-14)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_output_is_independent_of_the_cut_into_blocks(noise: np.ndarray, seed: int) -> None:
    impulse = linear_phase.impulse(linear_phase.gains_between(CENTRES, GAINS, 44100))
    bank = np.array([[impulse, impulse]])
    assert np.array_equal(filtered(bank, noise, seed), filtered(bank, noise))


def test_an_impulse_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="4095 taps"):
        linear_phase.FilterBank(np.zeros((1, 2, 100)))


def test_the_noise_of_float32_is_130_db_below_the_audio(noise: np.ndarray) -> None:
    impulse = linear_phase.impulse(linear_phase.gains_between(CENTRES, GAINS, 44100))
    bank = np.array([[impulse, impulse]])
    exact = filtered(bank, noise)
    rounding = filtered(bank.astype(np.float32), noise) - exact
    assert 0.0 < np.sqrt(np.mean(np.square(rounding)) / np.mean(np.square(exact))) < 10 ** (-130 / 20)
