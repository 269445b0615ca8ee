"""Clicks: detected and removed everywhere, while pulses of a voice and the ends of an excerpt stay."""

import numpy as np
import pytest

from tonnbook.dsp.clicks import Declicker

RATE = 44100


def declicked(audio: np.ndarray, block: int = 10**7) -> tuple[np.ndarray, list[int]]:
    declicker = Declicker(RATE, len(audio))
    parts = [declicker.process(audio[:, start : start + block]) for start in range(0, audio.shape[1], block)]
    return np.concatenate([*parts, declicker.flush()], axis=1), declicker.positions


def test_the_declicker_is_independent_of_the_cut_into_blocks() -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal((2, 3 * RATE + 17))
    (whole, _), (parts, _) = declicked(noise), declicked(noise, 4099)
    assert whole.shape == noise.shape
    assert np.array_equal(whole, parts)


def test_the_pulses_of_a_voice_are_not_clicks() -> None:
    pulses = np.zeros((1, RATE))
    pulses[0, ::300] = 0.5
    declicker = Declicker(RATE, 1)
    made = np.concatenate([declicker.process(pulses), declicker.flush()], axis=1)
    assert declicker.positions == []
    assert np.array_equal(made, pulses)


@pytest.mark.parametrize("frames", [1, 2, 700, 65536, 65537, 2 * RATE - 77])
def test_the_ends_of_an_excerpt_are_not_clicks(frames: int) -> None:
    cut = 0.2 * np.cos(2 * np.pi * 220.13 * np.arange(frames) / RATE)[None]
    made, positions = declicked(cut)
    assert positions == []
    assert np.array_equal(made, cut)


def test_a_click_just_before_a_pulse_of_a_voice_is_removed_and_the_pulse_stays() -> None:
    voice = 0.05 * np.sin(2 * np.pi * 110 * np.arange(RATE) / RATE)[None]
    voice[0, 150::300] += 0.005
    clicked = voice.copy()
    clicked[0, 30080:30094] += 0.4 * np.random.default_rng(4).standard_normal(14)
    made, positions = declicked(clicked)
    assert len(positions) == 1
    assert np.abs(made - voice).max() < 0.01


def test_a_click_near_either_end_is_removed() -> None:
    wave = 0.2 * np.cos(2 * np.pi * 220.13 * np.arange(2 * RATE) / RATE)[None]
    for place in (40, 300, 2 * RATE - 300, 2 * RATE - 40):
        clicked = wave.copy()
        clicked[:, place : place + 3] += 0.3
        made, positions = declicked(clicked)
        assert len(positions) == 1
        assert abs(positions[0] - place) <= 2
        assert np.abs(made - wave).max() < 0.01
        assert np.array_equal(declicked(clicked, 4099)[0], made)
