"""Coherent albums: the songs keep their order of loudness, and get one target tone."""

from itertools import pairwise
from pathlib import Path

import pytest

from tonnbook.clients.album.plan import KEPT_LU, coherent_requests, target_loudnesses
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.masters import spread
from tonnbook.models.notes import Sound
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle


def sounds(*levels: float) -> dict[str, Sound]:
    return {f"song {n}": Sound(loudness_lufs=level, tone_db=(float(n), *[0.0] * 27)) for n, level in enumerate(levels)}


def test_equal_songs_all_get_the_target() -> None:
    assert list(target_loudnesses(sounds(-20, -20, -20), -14).values()) == pytest.approx([-14] * 3)


def test_small_differences_are_kept_as_they_are() -> None:
    one, two, three = target_loudnesses(sounds(-20, -21, -19.5), -12).values()
    assert one - two == pytest.approx(1.0, abs=0.01)
    assert three - one == pytest.approx(0.5, abs=0.01)


def test_large_differences_are_reduced_and_the_order_is_kept() -> None:
    wild = sounds(-17.6, -22.5, -27.9, -32.0, -40.0)
    targets = list(target_loudnesses(wild, -14).values())
    assert targets == sorted(targets, reverse=True)
    assert targets[0] - targets[-1] <= 4 * KEPT_LU
    assert all(a - b > 0.05 for a, b in pairwise(targets))


def test_the_loudness_of_a_mix_of_the_studio_is_not_kept() -> None:
    """A jazz mix of the studio at -22.5 LUFS: between two songs that a person mixed, and beside another mix of the studio."""
    handed_in = sounds(-20, -21)
    jazz = Sound(loudness_lufs=-22.5, tone_db=(0.0,) * 28, own_mix=True)
    loud, quiet, placed = target_loudnesses({**handed_in, "jazz": jazz}, -14).values()
    assert loud - quiet == pytest.approx(1.0, abs=0.01)
    assert quiet < placed < loud
    assert target_loudnesses(handed_in, -14) == {"song 0": loud, "song 1": quiet}
    ours = {"jazz": jazz, "pop": jazz.model_copy(update={"loudness_lufs": -18.0})}
    assert list(target_loudnesses(ours, -14).values()) == pytest.approx([-14.0, -14.0])


def test_no_song_leaves_the_allowed_range() -> None:
    assert min(target_loudnesses(sounds(-10, -30, -70), -39).values()) >= -40.0


@pytest.mark.parametrize("levels", [(-20.0, -20.0), (-17.6, -22.5, -27.9, -32.0), (-10.0, -30.0, -30.0, -30.0)])
def test_the_loudest_song_gets_the_target_and_a_louder_target_makes_every_song_louder(
    levels: tuple[float, ...],
) -> None:
    quiet, medium, loud = (list(target_loudnesses(sounds(*levels), target).values()) for target in (-14.0, -10.0, -8.0))
    assert [max(each) for each in (quiet, medium, loud)] == pytest.approx([-14.0, -10.0, -8.0])
    assert all(one < two < three for one, two, three in zip(quiet, medium, loud, strict=True))


def test_a_request_has_the_fields_of_both_servers() -> None:
    one = MasteringRequest(source=Path("a.wav"), style=MusicalStyle.POP, desired_loudness=DesiredLoudness.LOW)
    placed = coherent_requests({"song 0": one, "song 1": one}, sounds(-20, -21.5))["song 1"]
    assert placed.target_lufs == pytest.approx(-15.5, abs=0.01)
    assert (placed.forced_loudness, placed.forced_loudness_lufs) == (True, -16)
    assert placed.album is not None
    assert placed.album.tone_db is not None


def test_spread_has_the_differences_between_songs() -> None:
    apart = spread(list(sounds(-20, -26).values()))
    assert apart is not None
    assert apart.loudness_lu == 6.0
    assert apart.tone_db > 0
    assert str(apart).startswith("6.0 LU in loudness, ")
    assert spread(list(sounds(-20).values())) is None
