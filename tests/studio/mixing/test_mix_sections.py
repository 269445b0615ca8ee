"""The tracks of one instrument share what the masking EQ may cut; what a track loses in mono is judged by its power."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.mixing.decide import masking_eq
from tonnbook.studio.mixing.decide.decision import decide
from tonnbook.studio.mixing.decide.gain import decide_gains
from tonnbook.studio.mixing.decide.sections import section_loss_db, section_of
from tonnbook.studio.mixing.decide.strip import EqBandDecision, PredictedSound, Strip
from tonnbook.studio.mixing.features import TrackFeatures, TrackMeter


def measured(audio: np.ndarray) -> TrackFeatures:
    meter = TrackMeter(material.RATE, len(audio))
    meter.process(audio)
    return meter.features(Clipping())


def strip(name: str, group: str, audio: np.ndarray, *bands: EqBandDecision) -> Strip:
    track = Strip(name, material.track(Path(name), group).request, PredictedSound(measured(np.atleast_2d(audio))))
    return track.with_eq(bands)


def test_the_loss_of_a_section_is_that_of_its_sum() -> None:
    """Two microphones of equal level: both cut, one cut, and a cut that the recording itself needs."""
    wave = material.noise(1, 60, 12000)
    cut = EqBandDecision(1000.0, -6.0, 1.0)
    both = section_loss_db(
        [strip("over left", "DRUMS_GROUP", wave, cut), strip("over right", "DRUMS_GROUP", wave, cut)]
    )
    one = section_loss_db([strip("over left", "DRUMS_GROUP", wave, cut), strip("over right", "DRUMS_GROUP", wave)])
    own = section_loss_db([strip("over left", "DRUMS_GROUP", wave, replace(cut, cleaning=True))])
    assert both == pytest.approx(6.0, abs=0.2)
    assert one == pytest.approx(-10 * np.log10((1 + 10**-0.6) / 2), abs=0.1)
    assert own == 0.0


def test_a_kit_a_choir_and_a_section_are_one_instrument_each() -> None:
    wave = material.noise(1, 60, 12000)
    groups = ["KICK_GROUP", "CYMBALS_GROUP", "BACKING_VOX_GROUP", "BRASS_GROUP", "BACKING_VOX_GROUP", "DRUMS_GROUP"]
    strips = [strip(str(n), group, wave) for n, group in enumerate(groups)]
    assert [section_of(strips, n) for n in range(4)] == [[0, 1, 5], [0, 1, 5], [2, 4], [3]]


@pytest.mark.parametrize("largest_db", [0.8, 3.0])
def test_two_guitars_that_play_in_turn_lose_no_more_than_their_common_budget(
    largest_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a budget they lose 0.9 dB together."""
    monkeypatch.setattr(masking_eq, "LARGEST_SECTION_LOSS_DB", largest_db)
    riff = material.noise(2, 100, 6000) + 3 * material.noise(3, 2000, 4000)
    first = np.arange(len(riff)) / material.RATE % 3 < 1.5
    strips = [
        strip("one", "E_GUITAR_GROUP", riff * first),
        strip("two", "E_GUITAR_GROUP", riff * ~first),
        strip("voice", "VOCAL_GROUP", material.words(material.noise(1, 150, 8000))),
        strip("bass", "BASS_GROUP", material.noise(4, 40, 200)),
    ]
    changed = masking_eq.decide_masking_eq(decide_gains(strips, MusicalStyle.POP))
    assert 0.3 < section_loss_db(changed[:2]) <= largest_db
    assert (section_loss_db(changed[:2]) > 0.8) == (largest_db == 3.0)


def remarks(left: np.ndarray, right: np.ndarray) -> list[str]:
    sounds = {"keys": np.stack([left, right]), "bass": material.noise(9, 40, 300)}
    groups = {"keys": "KEYS_GROUP", "bass": "BASS_GROUP"}
    requests = {name: material.track(Path(name), group).request for name, group in groups.items()}
    features = {name: measured(np.atleast_2d(wave)) for name, wave in sounds.items()}
    decision = decide(features, requests, MusicalStyle.POP)
    return [r.text for r in decision.tracks["keys"].notes.reasons if r.setting == "track"]


def test_a_wide_recording_is_no_reversed_one_and_a_reversed_one_is_told_what_it_loses() -> None:
    one, other = material.noise(1, 100, 5000), material.noise(2, 100, 5000)
    assert remarks(one, other - 0.3 * one) == []
    told = remarks(one, 0.2 * other - one)
    assert len(told) == 1
    mono = material.rms_db((one + 0.2 * other - one) / 2)
    stereo = material.rms_db(np.stack([one, 0.2 * other - one]))
    assert f"in mono the track is {stereo - mono:.1f} dB quieter" in told[0]


def test_two_sides_of_unequal_level_lose_little_in_mono() -> None:
    one, other = material.noise(1, 100, 5000), material.noise(2, 100, 5000)
    assert remarks(one, 0.15 * (0.5 * other - one)) == []
