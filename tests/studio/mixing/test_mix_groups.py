"""Each instrument group and each style makes a mix of its own; the OTHER groups are alike, and the notes say so."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.decision import MixDecision, decide
from tonnbook.studio.mixing.features import TrackFeatures

FIXED = {"kick": "KICK_GROUP", "bass": "BASS_GROUP", "vocal": "VOCAL_GROUP"}
OTHERS = [group for group in InstrumentGroup if group in styles.OTHERS]
NAMED = [group for group in InstrumentGroup if group not in styles.OTHERS] + OTHERS[:1]


@pytest.fixture(scope="module")
def features(excerpts: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, TrackFeatures]:
    """Three tracks, and the pad in mono and in stereo."""
    pad, rate = audio_files.read(excerpts["pad"])
    wide = np.stack([pad[0], np.roll(pad[0], 300)])
    path = audio_files.write(tmp_path_factory.mktemp("wide") / "wide.wav", wide, rate, 16)
    paths = {name: excerpts[name] for name in (*FIXED, "pad")} | {"wide": path}
    return {name: material.measured([material.track(p, "OTHER_GROUP1")])[p.name] for name, p in paths.items()}


def mixed(features: Mapping[str, TrackFeatures], name: str, group: str, style: str, **options: str) -> MixDecision:
    groups = {**FIXED, name: group}
    requests = {n: material.track(Path(n), g, **(options if n == name else {})).request for n, g in groups.items()}
    return decide({n: features[n] for n in groups}, requests, MusicalStyle(style))


def same(first: MixDecision, second: MixDecision) -> bool:
    return (first.settings, first.bus.compression) == (second.settings, second.bus.compression)


@pytest.mark.parametrize("name", ["pad", "wide"])
@pytest.mark.parametrize("style", ["POP", "OTHER"])
def test_no_two_named_groups_are_treated_alike(features: Mapping[str, TrackFeatures], name: str, style: str) -> None:
    made = {group: mixed(features, name, group, style) for group in NAMED}
    assert [pair for pair in combinations(made, 2) if same(made[pair[0]], made[pair[1]])] == []
    assert not any(decision.info for group, decision in made.items() if group not in styles.OTHERS)


def test_the_other_groups_are_alike_and_the_notes_say_so(features: Mapping[str, TrackFeatures]) -> None:
    first, *more = (mixed(features, "pad", group, "POP") for group in OTHERS)
    assert all(same(first, each) for each in more)
    assert more[0].info[0].startswith("OTHER_GROUP2: the OTHER groups name no instrument, so all five are treated like")


def test_no_two_styles_are_treated_alike(features: Mapping[str, TrackFeatures]) -> None:
    made = {style: mixed(features, "pad", "SYNTH_GROUP", style) for style in MusicalStyle}
    assert [pair for pair in combinations(made, 2) if same(made[pair[0]], made[pair[1]])] == []
    assert made[MusicalStyle.OTHER].bus.compression is None
    assert "no style is given" in made[MusicalStyle.OTHER].bus.reasons[-1].text


def test_an_instrument_gets_its_usual_cut_unless_it_leads(features: Mapping[str, TrackFeatures]) -> None:
    tone = styles.TONE[InstrumentGroup.BRASS]

    def has_cut(presence: Presence) -> bool:
        notes = mixed(features, "pad", "BRASS_GROUP", "POP", presence=presence).tracks["pad"].notes
        return any(tone.reason in reason.text for reason in notes.reasons)

    assert has_cut(Presence.NORMAL)
    assert not has_cut(Presence.LEAD)
