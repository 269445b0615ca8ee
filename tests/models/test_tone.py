"""Comparing tones: smoothed spectra, relative to their mean, over the bands in which both have content."""

import pytest

from tonnbook.models.tone import average_db, centred, difference_db, distance_db, filled, smoothed, spread_db

FLAT = [0.0] * 28
NARROW = [*[0.0] * 20, *[-80.0] * 8]


def tilted(by_db: float) -> list[float]:
    return [by_db * n for n in range(28)]


def test_a_band_beside_an_empty_one_does_not_count() -> None:
    assert filled(FLAT) == [True] * 28
    assert filled(NARROW) == [True] * 19 + [False] * 9
    assert filled(FLAT, NARROW) == filled(NARROW)


def test_a_single_tone_is_all_that_counts() -> None:
    assert filled([-80.0] * 10 + [0.0] + [-80.0] * 17).count(True) == 1


def test_empty_bands_move_no_mean() -> None:
    assert centred([3.0] * 20 + [-80.0] * 8)[:19] == pytest.approx([0.0] * 19)


def test_a_bump_of_one_band_is_a_note_and_a_shelf_is_a_tone() -> None:
    bump = [4.0 if n == 14 else 0.0 for n in range(28)]
    assert max(smoothed(bump, [True] * 28)) < 1.0
    shelf = [4.0 if n >= 14 else 0.0 for n in range(28)]
    assert max(smoothed(shelf, [True] * 28)) == pytest.approx(2.0)


def test_the_difference_does_not_depend_on_the_levels() -> None:
    away = difference_db(tilted(0.5), [level + 7.0 for level in FLAT])
    assert away[0] > 0.0 > away[-1]
    assert away == pytest.approx(difference_db([level - 20.0 for level in tilted(0.5)], FLAT))


def test_empty_bands_are_not_lifted() -> None:
    away = difference_db([level + 0.5 * n for n, level in enumerate(reversed(NARROW))], FLAT)
    assert max(away[:8]) <= 0.0


def test_distance_is_zero_to_itself_and_grows_with_the_tilt_but_not_with_an_empty_band() -> None:
    assert distance_db(tilted(0.3), tilted(0.3)) == pytest.approx(0.0)
    assert distance_db(tilted(0.4), FLAT) == pytest.approx(2 * distance_db(tilted(0.2), FLAT))
    assert distance_db(NARROW, FLAT) == pytest.approx(0.0)


def test_songs_are_apart_by_the_root_mean_square_from_their_average() -> None:
    assert spread_db([FLAT, FLAT]) == pytest.approx(0.0)
    assert spread_db([tilted(0.3), tilted(-0.3)]) == pytest.approx(distance_db(tilted(0.3), FLAT))
    assert spread_db([FLAT, NARROW]) == pytest.approx(0.0)


def test_the_average_counts_every_song_the_same_and_a_band_for_those_that_fill_it() -> None:
    loud, quiet = [9.0, *[0.0] * 27], [-23.0, *[-20.0] * 27]
    tone = average_db([loud, quiet])
    assert tone[0] - tone[1] == pytest.approx(3.0)
    assert average_db([FLAT, NARROW])[-1] == pytest.approx(0.0, abs=0.01)
