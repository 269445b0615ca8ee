"""A decision is a pure function, its settings are within the ranges of a request, and each has a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import mix_material as material
import numpy as np
import pytest
from pydantic import TypeAdapter

from tonnbook.dsp.third_octaves import CENTRES_HZ
from tonnbook.models.effects import Compression, EqBand, Pan, TrackSettings
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide import masking as mix_masking
from tonnbook.studio.mixing.decide import pan as mix_pan
from tonnbook.studio.mixing.decide.decision import MixDecision
from tonnbook.studio.mixing.decide.eq import REGION_OF
from tonnbook.studio.mixing.decide.strip import PredictedSound, Strip
from tonnbook.studio.mixing.features import Fold, TrackFeatures

PREFERENCES = {
    "vocal": {"presence": "LEAD", "reverb": "MEDIUM"},
    "guitar": {"pan": "LEFT", "reverb": "LOW"},
    "synth": {"pan": "RIGHT", "presence": "BACKGROUND", "reverb": "HIGH"},
    "pad": {"pan": "CENTRE"},
}


@pytest.fixture(scope="module")
def features() -> Mapping[str, TrackFeatures]:
    return material.measured(material.song())


@pytest.fixture(scope="module")
def decision(features: Mapping[str, TrackFeatures]) -> MixDecision:
    return material.decided(material.song(**PREFERENCES), features)


def test_the_same_features_give_the_same_decision(features: Mapping[str, TrackFeatures], decision: MixDecision) -> None:
    again = material.decided(material.song(**PREFERENCES), features)
    assert again == decision
    assert again.seed == decision.seed


@pytest.mark.parametrize("style", list(MusicalStyle))
def test_settings_are_what_a_request_may_carry(style: MusicalStyle, features: Mapping[str, TrackFeatures]) -> None:
    for settings in material.decided(material.song(**PREFERENCES), features, style).settings.values():
        assert len(settings.eq) <= 6
        for band in settings.eq:
            EqBand(centre_hz=band.centre_hz, gain_db=band.gain_db, q=band.q)
        if settings.compression is not None:
            Compression(**settings.compression.model_dump())
        TypeAdapter(Pan).validate_python(settings.pan_deg)
        assert TrackSettings.model_validate(json.loads(json.dumps(settings.to_wire()))) == settings


def test_settings_are_round_numbers(decision: MixDecision) -> None:
    for settings in decision.settings.values():
        assert settings.gain_db == round(settings.gain_db, 1)
        assert settings.pan_deg == round(settings.pan_deg)
        assert all(band.gain_db == round(band.gain_db, 1) and band.centre_hz % 5 == 0 for band in settings.eq)


def test_every_setting_has_a_reason_with_its_number(decision: MixDecision) -> None:
    for name, track in decision.tracks.items():
        reasons = {reason.setting: reason.text for reason in track.notes.reasons}
        settings = track.settings
        wanted = {"gain", "compression", "pan"} | {f"eq.band_{n}" for n in range(1, len(settings.eq) + 1)}
        assert wanted <= set(reasons), name
        assert f"{abs(settings.gain_db):.1f} dB" in reasons["gain"]
        for n, band in enumerate(settings.eq, 1):
            assert f"{abs(band.gain_db):.1f} dB at {band.centre_hz:.0f} Hz: " in reasons[f"eq.band_{n}"]
        if settings.compression:
            assert (
                f"{settings.compression.ratio:.1f}:1 above {settings.compression.threshold_db:.1f} dBFS"
                in reasons["compression"]
            )
        assert ("reverb" in reasons) == (track.wet_gain_db is not None) == (track.notes.reverb_send_db is not None)


def test_bands_are_sorted_and_each_is_alone_in_its_region(decision: MixDecision) -> None:
    for settings in decision.settings.values():
        centres = [band.centre_hz for band in settings.eq]
        regions = [int(np.searchsorted((80, 250, 500, 2000, 8000), centre, side="right")) for centre in centres]
        assert centres == sorted(centres)
        assert len(set(regions)) == len(regions)


def test_requested_pan_preferences_are_met(decision: MixDecision) -> None:
    angles = {name: settings.pan_deg for name, settings in decision.settings.items()}
    assert -45 <= angles["guitar.flac"] <= -20
    assert 20 <= angles["synth.flac"] <= 50
    assert angles["pad.flac"] == 0
    assert [angles[f"{name}.flac"] for name in ("kick", "snare", "bass", "vocal")] == [0, 0, 0, 0]
    assert abs(angles["hi-hat.flac"]) > 20


def test_reverb_follows_the_request_and_is_limited_in_the_mix(
    features: Mapping[str, TrackFeatures], decision: MixDecision
) -> None:
    sends = {name: track.notes.reverb_send_db for name, track in decision.tracks.items()}
    assert sends["guitar.flac"] == -24
    assert sends["vocal.flac"] == -18
    assert sends["bass.flac"] is None
    soaked = material.decided(material.song(**{name: {"reverb": "HIGH"} for name in material.SONG}), features)
    limited = {name: track.notes.reverb_send_db for name, track in soaked.tracks.items()}
    strings = limited.pop("pad.flac")
    assert set(limited.values()) == {-12.2}
    assert strings == pytest.approx(-10.2)


def test_the_style_sets_dynamics_and_glue(features: Mapping[str, TrackFeatures]) -> None:
    orchestral = material.decided(material.song(), features, "ORCHESTRAL")
    pop = material.decided(material.song(), features, "POP")
    assert orchestral.bus.compression is None
    assert pop.bus.compression is not None
    ratios = [s.compression.ratio for s in orchestral.settings.values() if s.compression]
    assert max(ratios) <= 1.5
    assert max(s.compression.ratio for s in pop.settings.values() if s.compression) > 2


def test_effects_and_backing_tracks_are_not_compressed(features: Mapping[str, TrackFeatures]) -> None:
    requests = [
        material.track(Path("guitar.flac"), "BACKING_TRACK_GROUP"),
        material.track(Path("vocal.flac"), "VOCAL_GROUP"),
    ]
    found = material.decided(requests, {t.name: features[t.name] for t in requests})
    assert found.settings["guitar.flac"].compression is None
    assert found.settings["vocal.flac"].compression is not None
    assert "already processed" in next(
        r.text for r in found.tracks["guitar.flac"].notes.reasons if r.setting == "compression"
    )


@pytest.mark.parametrize("count", [1, 12])
def test_both_sides_are_equally_loud_with_any_number_of_tracks(
    count: int, features: Mapping[str, TrackFeatures]
) -> None:
    """Mono keyboards of different pitch, each of which may be panned to either side."""
    strips = []
    for n in range(count):
        request = material.track(Path(f"{n}.wav"), "KEYS_GROUP").request
        name = ("hi-hat", "vocal", "snare")[n % 3]
        strips.append(
            Strip(
                f"{n}.wav",
                request,
                PredictedSound(features[f"{name}.flac"]),
                gain_db=-n * 0.7 - features[f"{name}.flac"].played_lufs,
            )
        )
    strips.append(
        Strip(
            "bass.flac",
            material.track(Path("bass.flac"), "BASS_GROUP").request,
            PredictedSound(features["bass.flac"]),
            gain_db=26,
        )
    )
    placed = mix_pan.decide_pan(strips)
    assert abs(material.predicted_balance_db(placed)) <= 0.8
    assert {strip.features.fold for strip in placed} == {Fold.MONO}


def test_masking_is_symmetrical_and_level_decides(features: Mapping[str, TrackFeatures]) -> None:
    request = material.track(Path("x"), "KEYS_GROUP").request
    pair = [Strip(name, request, PredictedSound(features["guitar.flac"])) for name in ("one", "other")]
    assert mix_masking.audible_shares(pair) == pytest.approx([1.0, 1.0])
    apart = [pair[0], replace(pair[1], gain_db=-5.0)]
    assert mix_masking.audible_shares(apart) == pytest.approx([1.0, 0.0], abs=1e-6)
    assert mix_masking.audible_shares(pair[:1]) == pytest.approx([1.0])


def test_masking_spreads_upwards_further_than_downwards() -> None:
    at_1k = int(np.argmin(abs(CENTRES_HZ - 1000)))
    spread = 10 * np.log10(mix_masking.SPREAD[:, at_1k])
    assert spread[at_1k + 3] == pytest.approx(-15.0, abs=1e-4)
    assert spread[at_1k - 3] == pytest.approx(-37.5, abs=1e-4)


def test_the_regions_of_the_third_octaves() -> None:
    assert list(np.bincount(REGION_OF)) == [4, 5, 3, 6, 6, 4]
