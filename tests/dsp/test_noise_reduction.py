"""Noise reduction: the noise profile, the reduction, and the cut into blocks."""

import numpy as np
import pytest

from tonnbook.dsp.noise_reduction import FrameLevels, NoiseProfile, NoiseReducer, frame_size, noise_profile

RATE = 44100
AUDIO = 0.1 * np.random.default_rng(2).standard_normal((2, 3 * RATE + 17))
QUIET = NoiseProfile(np.full((2, frame_size(RATE) // 2 + 1), 1e-9), ((0, 1),), 40.0, 1.0)
LOUD = NoiseProfile(np.full((2, frame_size(RATE) // 2 + 1), 20.0), ((0,), (1,)), 5.0, 1.0)


def reduced(reducer: NoiseReducer, block: int) -> np.ndarray:
    parts = [reducer.process(AUDIO[:, start : start + block]) for start in range(0, AUDIO.shape[1], block)]
    return np.concatenate([*parts, reducer.flush()], axis=1)


def test_the_reducer_is_independent_of_the_cut_into_blocks() -> None:
    whole, parts = (reduced(NoiseReducer(RATE, 2, LOUD, -18.0), block) for block in (10**7, 4099))
    assert whole.shape == AUDIO.shape
    assert np.array_equal(whole, parts)


def test_without_noise_the_reducer_changes_nothing() -> None:
    assert np.abs(reduced(NoiseReducer(RATE, 2, QUIET, -18.0), 65536) - AUDIO).max() < 1e-4


def test_noise_alone_is_reduced_to_the_floor() -> None:
    levels = FrameLevels(RATE)
    levels.measure(AUDIO)
    profile = noise_profile([AUDIO], RATE, levels.levels)
    assert profile is not None
    made = reduced(NoiseReducer(RATE, 2, profile, -18.0), 65536)
    inner = slice(RATE, 2 * RATE)
    change = 10 * np.log10(np.mean(np.square(made[:, inner])) / np.mean(np.square(AUDIO[:, inner])))
    assert -18.1 < change < -14.0


@pytest.mark.parametrize(
    ("lower_db", "groups"), [(0.0, ((0, 1),)), (1.0, ((0, 1),)), (5.0, ((0, 1),)), (10.0, ((0,), (1,)))]
)
@pytest.mark.parametrize("louder", [0, 1])
def test_noise_of_different_level_per_channel_is_detected(
    lower_db: float, groups: tuple[tuple[int, ...], ...], louder: int
) -> None:
    noisy = AUDIO * np.array([[1.0], [10 ** (-lower_db / 20)]])
    noisy = noisy if louder == 0 else noisy[::-1]
    levels = FrameLevels(RATE)
    levels.measure(noisy)
    profile = noise_profile([noisy], RATE, levels.levels)
    assert profile is not None
    assert {frozenset(group) for group in profile.groups} == {frozenset(group) for group in groups}
    own = 10 * np.log10(profile.power[louder].mean() / profile.power[1 - louder].mean())
    assert own == pytest.approx(lower_db, abs=0.2)


def test_a_channel_without_noise_is_not_reduced() -> None:
    t = np.arange(AUDIO.shape[1]) / RATE
    one_sided = np.stack([AUDIO[0], 0.05 * np.sin(2 * np.pi * 440 * t)])
    levels = FrameLevels(RATE)
    levels.measure(one_sided)
    profile = noise_profile([one_sided], RATE, levels.levels)
    assert profile is not None
    assert profile.groups == ((0,),)
    reducer = NoiseReducer(RATE, 2, profile, -18.0)
    reduced = np.concatenate([reducer.process(one_sided), reducer.flush()], axis=1)
    assert np.abs(reduced[1] - one_sided[1]).max() < 1e-12
    assert np.std(reduced[0]) < 0.25 * np.std(one_sided[0])


def test_a_tone_is_not_noise() -> None:
    t = np.arange(2 * RATE) / RATE
    tone = (np.sin(2 * np.pi * 440 * t) * (1.0 + 0.3 * np.sin(2 * np.pi * 3 * t)))[None]
    levels = FrameLevels(RATE)
    levels.measure(tone)
    assert noise_profile([tone], RATE, levels.levels) is None


def test_silence_and_short_sounds_have_no_noise() -> None:
    for audio in (np.zeros((1, RATE)), AUDIO[:1, :2000]):
        levels = FrameLevels(RATE)
        levels.measure(audio)
        assert noise_profile([audio], RATE, levels.levels) is None
