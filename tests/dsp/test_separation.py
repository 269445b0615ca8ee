"""Separation: the stems add up to the mix, for any cut into blocks, and each contains more of its instrument than the mix does."""

import numpy as np
import pytest

from tonnbook.dsp.separation import STEMS, Separator

RATE = 44100


def separated(mix: np.ndarray, block: int = 65536) -> dict[str, np.ndarray]:
    separator = Separator(RATE, len(mix))
    parts = [separator.process(mix[:, start : start + block]) for start in range(0, mix.shape[1], block)]
    return dict(zip(STEMS, np.concatenate([*parts, separator.flush()], axis=2), strict=True))


def band() -> dict[str, np.ndarray]:
    """Three seconds of a bass note, a voice-like chord in the middle, hits, and a chord on one side."""
    t = np.arange(3 * RATE) / RATE
    hits = np.random.default_rng(1).standard_normal(len(t)) * np.exp(-60.0 * np.mod(t, 0.5))
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (440.0, 880.0, 1320.0, 2200.0))
    side = sum(np.sin(2 * np.pi * hz * t) for hz in (587.0, 1174.0, 3000.0))
    both = np.ones((2, 1))
    return {
        "vocals": 0.1 * both * chord,
        "drums": 0.3 * both * hits,
        "bass": 0.3 * both * np.sin(2 * np.pi * 80.0 * t),
        "other": 0.1 * np.array([[1.0], [0.0]]) * side,
    }


def sdr(made: np.ndarray, own: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(np.square(own)) / np.sum(np.square(made - own))))


def test_the_stems_add_up_to_the_mix() -> None:
    mix = sum(band().values())
    stems = separated(mix)
    left = sum(stems.values()) - mix
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(mix))) < -250.0


@pytest.mark.parametrize("block", [5000, 10**7])
def test_the_output_is_independent_of_the_cut_into_blocks(block: int) -> None:
    mix = sum(band().values())
    whole, parts = separated(mix), separated(mix, block)
    assert all(np.array_equal(whole[name], parts[name]) for name in STEMS)


def test_each_stem_contains_its_own_instrument() -> None:
    truth = band()
    mix = sum(truth.values())
    stems = separated(mix)
    for name in STEMS:
        assert sdr(stems[name], truth[name]) > sdr(mix, truth[name]) + 6.0, name


def test_mono_and_short_sounds() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(3000) / RATE)[None]
    stems = separated(tone)
    assert stems["vocals"].shape == (1, 3000)
    assert np.abs(sum(stems.values()) - tone).max() < 1e-12
