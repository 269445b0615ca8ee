"""What leads is heard in front, in the middle, and each presence is audibly apart from the next, for every instrument group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.decision import MixDecision, decide
from tonnbook.studio.mixing.decide.strip import PredictedSound
from tonnbook.studio.mixing.features import TrackFeatures, TrackMeter

BAND = {"kick": "KICK_GROUP", "bass": "BASS_GROUP", "keys": "KEYS_GROUP", "guitar": "E_GUITAR_GROUP"}
OTHER = [group for group in styles.OTHERS if group is not InstrumentGroup.OTHER_1]
GROUPS = [group for group in InstrumentGroup if group not in OTHER and group is not InstrumentGroup.BACKING_TRACK]


def measured(audio: np.ndarray) -> TrackFeatures:
    meter = TrackMeter(material.RATE, len(audio))
    meter.process(audio)
    return meter.features(Clipping())


@pytest.fixture(scope="module")
def features() -> Mapping[str, TrackFeatures]:
    """A band, a tune in phrases over it, and overheads in stereo that lean to the left."""
    sounds = {
        "kick": material.hits(1, 40, 4000),
        "bass": material.noise(2, 45, 400),
        "keys": material.noise(3, 150, 5000),
        "guitar": material.noise(4, 120, 6000),
        "tune": material.words(material.noise(5, 250, 5000)),
        "hat": material.hits(6, 5000, 14000, 0.25),
    }
    wide = np.stack([1.7 * material.hits(7, 300, 14000), material.hits(8, 300, 14000)])
    return {name: measured(np.atleast_2d(wave)) for name, wave in sounds.items()} | {"overheads": measured(wide)}


def mixed(
    features: Mapping[str, TrackFeatures], tracks: Mapping[str, str], style: str = "POP", **options: Mapping[str, str]
) -> MixDecision:
    requests = {n: material.track(Path(n), group, **options.get(n, {})).request for n, group in tracks.items()}
    return decide({n: features[n] for n in tracks}, requests, MusicalStyle(style))


def over_rest(decision: MixDecision, features: Mapping[str, TrackFeatures], lead: str) -> float:
    """Return the level of a track over the sum of all others in the 400 ms blocks in which it plays."""
    energies = {}
    for name, settings in decision.settings.items():
        sound = PredictedSound(features[name], settings.eq, settings.compression)
        energies[name] = np.convolve(sound.energies * 10 ** (settings.gain_db / 10), np.ones(40) / 40, "valid")
    rest = sum(energy for name, energy in energies.items() if name != lead)
    plays = energies[lead] > energies[lead].max() / 100
    return float(10 * np.log10(energies[lead][plays].sum() / rest[plays].sum()))


@pytest.mark.parametrize("group", sorted(styles.MELODIC - set(OTHER)))
@pytest.mark.parametrize("style", ["POP", "METAL", "ACOUSTIC"])
def test_an_instrument_leads_at_minus_3_to_0_lu_over_the_rest(
    group: str, style: str, features: Mapping[str, TrackFeatures]
) -> None:
    decision = mixed(features, {**BAND, "tune": group}, style, tune={"presence": "LEAD"})
    assert -3.0 <= over_rest(decision, features, "tune") <= 0.7
    reason = next(r.text for r in decision.tracks["tune"].notes.reasons if r.setting == "gain")
    assert "as the lead of a" in reason
    assert reason.endswith("with LEAD presence")


@pytest.mark.parametrize("group", GROUPS)
def test_the_presences_are_2_lu_apart_and_the_gain_follows_the_word(
    group: str, features: Mapping[str, TrackFeatures]
) -> None:
    made = [
        mixed(features, {**BAND, "tune": group}, tune={"presence": word}) for word in ("BACKGROUND", "NORMAL", "LEAD")
    ]
    levels = [over_rest(decision, features, "tune") for decision in made]
    gains = [decision.settings["tune"].gain_db for decision in made]
    assert min(np.diff(levels)) >= 2.0
    assert min(np.diff(gains)) > 0


def test_a_lead_stands_in_the_middle_unless_it_is_panned(features: Mapping[str, TrackFeatures]) -> None:
    tracks = {**BAND, "tune": "BRASS_GROUP"}
    assert mixed(features, tracks, tune={"presence": "LEAD"}).settings["tune"].pan_deg == 0
    assert abs(mixed(features, tracks).settings["tune"].pan_deg) >= 10
    assert mixed(features, tracks, tune={"presence": "LEAD", "pan": "LEFT"}).settings["tune"].pan_deg <= -20


def test_hats_stay_within_30_degrees_and_overheads_keep_their_image(features: Mapping[str, TrackFeatures]) -> None:
    """Overheads that lean to the left must not push the hat to the edge, nor be turned so far that they become narrow."""
    drums = {"kick": "KICK_GROUP", "overheads": "CYMBALS_GROUP"}
    assert 0 < mixed(features, drums).settings["overheads"].pan_deg <= 5
    assert 25 <= mixed(features, {**drums, "hat": "CYMBALS_GROUP"}).settings["hat"].pan_deg <= 30
