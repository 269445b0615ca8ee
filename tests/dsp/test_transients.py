"""Transients: detected where a sound begins, independent of its level and of the cut into blocks."""

import numpy as np
import pytest

from tonnbook.dsp.transients import Powers, attack_gain, attacks_db

RATE = 44100


def powers_of(audio: np.ndarray, block: int = 65536) -> np.ndarray:
    powers = Powers(RATE)
    for start in range(0, audio.shape[1], block):
        powers.measure(audio[:, start : start + block])
    return powers.powers


def hits(level: float = 1.0) -> np.ndarray:
    t = np.arange(2 * RATE) / RATE
    rng = np.random.default_rng(1)
    return (level * rng.standard_normal(len(t)) * (0.05 + np.exp(-np.mod(t - 0.25, 0.5) / 0.05)))[None]


def test_attacks_are_detected_at_the_beginning_of_hits_only() -> None:
    attacks = attacks_db(powers_of(hits()))
    for begins_ms in (750, 1250, 1750):
        assert attacks[begins_ms : begins_ms + 10].max() > 6.0
        assert attacks[begins_ms + 120 : begins_ms + 480].mean() < 0.7
    assert attacks.min() == 0.0


def test_attacks_do_not_depend_on_the_level() -> None:
    assert attacks_db(powers_of(hits(0.01))) == pytest.approx(attacks_db(powers_of(hits())), abs=1e-9)


@pytest.mark.parametrize("block", [100, 4096])
def test_the_result_is_independent_of_the_cut_into_blocks(block: int) -> None:
    assert powers_of(hits(), block) == pytest.approx(powers_of(hits()), rel=1e-12)


def test_silence_has_no_hits() -> None:
    assert not attacks_db(powers_of(np.zeros((2, RATE)))).any()
    assert len(attacks_db(np.empty(0))) == 0


def test_the_gain_is_1_between_the_hits_and_the_most_at_them() -> None:
    gains = attack_gain(np.array([0.0, 3.0, 6.0, 20.0]), 4.0)
    assert 20 * np.log10(gains) == pytest.approx([0.0, 2.0, 4.0, 4.0])
    assert attack_gain(np.array([0.0, 9.0]), -6.0) == pytest.approx([1.0, 10 ** (-6.0 / 20)])
