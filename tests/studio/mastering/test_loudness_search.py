"""The search for a gain: on curves like that of a limiter, and across a jump that the loudness gate causes."""

from collections.abc import Callable
from math import log10
from pathlib import Path

import numpy as np
import pytest

from tonnbook.dsp.cell_peaks import CELL
from tonnbook.studio.mastering.chain import ENERGY_FRAMES, PreparedSong
from tonnbook.studio.mastering.loudness_search import GainSearch, LoudnessEstimate


def tries(curve: Callable[[float], float], target: float, start: float) -> int:
    search = GainSearch(target, start)
    while search.add(curve(search.gain_db)) > 0.02:
        assert search.tries < 12
    return search.tries


@pytest.mark.parametrize("target", [-14.0, -10.0, -7.0])
def test_a_flattening_curve_is_solved_in_a_few_steps(target: float) -> None:
    assert tries(lambda gain: -5.0 - 10.0 * log10(1.0 + 10.0 ** (-gain / 10.0)), target, -8.0) <= 6


def test_a_linear_gain_is_found_at_once() -> None:
    assert tries(lambda gain: gain - 20.0, -14.0, 6.0) == 1


def test_a_jump_over_the_target_is_found() -> None:
    def gated(gain: float) -> float:
        return gain - 20.0 + (0.3 if gain > 6.0 else 0.0)

    search = GainSearch(-13.9, 6.05)
    for _ in range(4):
        search.add(gated(search.gain_db))
    assert search.gap is not None
    gain, too_loud = search.gap
    assert 6.0 < gain < 6.1
    assert too_loud == pytest.approx(gain - 20.0 + 0.3 + 13.9)
    search.restart(gain - too_loud)
    assert search.gap is None


def test_an_ordinary_slope_is_no_jump() -> None:
    search = GainSearch(-14.0, 5.0)
    search.add(-15.0)
    search.gain_db = 8.0
    search.add(-13.5)
    assert search.gap is None


def test_no_gain_is_solved_for_a_song_without_a_loudness() -> None:
    frames = 48000
    nothing = np.zeros(frames // ENERGY_FRAMES)
    song = PreparedSong(Path("prepared.f32"), 48000, frames, nothing, np.full(frames // CELL, 1e-9))
    assert LoudnessEstimate(song).solve(-1.0, -14.0) is None
