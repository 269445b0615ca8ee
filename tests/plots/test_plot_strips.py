from __future__ import annotations

import pytest
from handmade_mixes import Mix

from tonnbook.models.effects import Compression, EqBand, TrackEffects, TrackSettings
from tonnbook.plots.strips import find, labels, settings_of, strips


@pytest.mark.parametrize("name", ["vocal", "vocal.flac"])
def test_a_track_is_found_with_or_without_its_ending(mix: Mix, name: str) -> None:
    assert strips(mix, name) == {"vocal.flac": mix.settings["vocal.flac"]}


def test_an_unknown_track_is_answered_with_the_track_names(mix: Mix) -> None:
    with pytest.raises(ValueError, match="unknown track 'vox'; the tracks are: kick, snare, hi-hat, bass"):
        strips(mix, "vox")


def test_a_name_that_matches_two_tracks_is_refused() -> None:
    names = ["vocal.wav", "vocal.flac"]
    with pytest.raises(ValueError, match=r"'vocal' matches vocal.wav and vocal.flac: give the whole name"):
        find("vocal", names)
    assert labels(names) == {"vocal.wav": "vocal.wav", "vocal.flac": "vocal.flac"}
    assert find("vocal.wav", names) == "vocal.wav"


def test_a_mix_without_settings_says_how_to_get_them() -> None:
    with pytest.raises(ValueError, match="fx_settings=True"):
        strips(Mix({}))


def test_effects_are_drawn_as_the_settings_they_ask_for() -> None:
    effects = TrackEffects(
        gain_db=-2, pan_deg=20, eq=(EqBand(centre_hz=80, gain_db=-3, q=1),), compression=Compression(ratio=3)
    )
    settings = settings_of(effects)
    assert (settings.gain_db, settings.pan_deg, settings.eq[0].centre_hz) == (-2, 20, 80)
    assert settings.compression is not None
    assert settings.compression.ratio == 3
    assert settings_of(TrackEffects()) == TrackSettings()
