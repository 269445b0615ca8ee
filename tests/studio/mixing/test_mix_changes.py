"""Changes for the final mix are added or replace the decided settings, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.models.effects import Compression, EqBand, TrackEffects
from tonnbook.studio.mixing.decide.decision import MixDecision, apply_changes
from tonnbook.studio.mixing.tracks import TrackFile

RATE = 48000


@pytest.fixture(scope="module")
def tracks(excerpts: Mapping[str, Path]) -> list[TrackFile]:
    names = ("vocal", "guitar", "bass", "synth")
    return material.song({n: excerpts[n] for n in names}, synth={"reverb": "HIGH"}, bass={"reverb": "LOW"})


@pytest.fixture(scope="module")
def decision(tracks: list[TrackFile]) -> MixDecision:
    return material.decided(tracks, style="ACOUSTIC")


@pytest.fixture(scope="module")
def as_decided(
    tracks: list[TrackFile], decision: MixDecision, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray]:
    return material.stems_of(material.final(tracks, decision, tmp_path_factory.mktemp("plain"), rate=RATE))


def test_no_change_is_no_change(decision: MixDecision) -> None:
    assert apply_changes(decision, {}) is decision
    assert apply_changes(decision, {"vocal.wav": TrackEffects()}) is decision


def test_gain_is_an_offset_and_all_else_stays(decision: MixDecision) -> None:
    after = apply_changes(decision, {"vocal.wav": TrackEffects(gain_db=-1.5)})
    before = decision.settings["vocal.wav"]
    assert after.settings["vocal.wav"] == before.model_copy(update={"gain_db": before.gain_db - 1.5})
    assert {n: s for n, s in after.settings.items() if n != "vocal.wav"} == {
        n: s for n, s in decision.settings.items() if n != "vocal.wav"
    }
    reasons = {r.setting: r.text for r in after.tracks["vocal.wav"].notes.reasons}
    assert reasons["gain"].startswith("-1.5 dB as you asked")
    assert "not balanced again" in after.info[0]


def test_pan_eq_and_compression_replace(decision: MixDecision) -> None:
    change = TrackEffects(pan_deg=-30.0, eq=(EqBand(centre_hz=500, gain_db=3, q=2),), compression=Compression(ratio=8))
    after = apply_changes(decision, {"guitar.wav": change})
    settings = after.settings["guitar.wav"]
    assert settings.pan_deg == -30.0
    assert [(b.centre_hz, b.gain_db, b.q) for b in settings.eq] == [(500, 3, 2)]
    assert settings.compression is not None
    assert settings.compression.ratio == 8
    assert settings.gain_db == decision.settings["guitar.wav"].gain_db
    assert "as you asked" in next(r.text for r in after.tracks["guitar.wav"].notes.reasons if r.setting == "eq.band_1")


def test_an_empty_eq_takes_it_out_and_none_keeps_it(decision: MixDecision) -> None:
    assert decision.settings["synth.wav"].eq
    kept = apply_changes(decision, {"synth.wav": TrackEffects(gain_db=1)})
    out = apply_changes(decision, {"synth.wav": TrackEffects(eq=())})
    assert kept.settings["synth.wav"].eq == decision.settings["synth.wav"].eq
    assert out.settings["synth.wav"].eq == ()
    assert not [r for r in out.tracks["synth.wav"].notes.reasons if r.setting.startswith("eq.band")]


def test_settings_without_effect_count_as_removed(decision: MixDecision) -> None:
    flat = (EqBand(),) * 6
    change = TrackEffects(eq=flat, compression=Compression(ratio=1))
    after = apply_changes(decision, {"guitar.wav": change})
    assert (after.settings["guitar.wav"].eq, after.settings["guitar.wav"].compression) == ((), None)
    reasons = {r.setting: r.text for r in after.tracks["guitar.wav"].notes.reasons}
    assert reasons["eq"] == reasons["compression"] == "removed as you asked"
    first = apply_changes(decision, {"guitar.wav": TrackEffects(eq=(EqBand(gain_db=2), *flat[1:]))})
    assert len(first.settings["guitar.wav"].eq) == 1
    assert sum(r.setting.startswith("eq") for r in first.tracks["guitar.wav"].notes.reasons) == 1


def test_an_unknown_track_is_an_error(decision: MixDecision) -> None:
    with pytest.raises(KeyError):
        apply_changes(decision, {"flute.wav": TrackEffects(gain_db=1)})


def test_the_other_stems_do_not_move(
    tracks: list[TrackFile], decision: MixDecision, as_decided: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    """In a style without a compressor on the bus, they stay the same to the last bit."""
    change = {"vocal.wav": TrackEffects(gain_db=-6.0)}
    outcome = material.final(tracks, decision, tmp_path, rate=RATE, changes=change)
    stems, mix = material.stems_of(outcome), material.sound(outcome.mix)
    for name in ("guitar.wav", "bass.wav", "synth.wav"):
        assert np.array_equal(stems[name], as_decided[name])
    assert material.rms_db(stems["vocal.wav"]) - material.rms_db(as_decided["vocal.wav"]) == pytest.approx(
        -6.0, abs=0.01
    )
    assert material.rms_db(sum(stems.values()) - mix) - material.rms_db(mix) <= -100


def test_loud_changes_bring_everything_down_together(
    tracks: list[TrackFile], decision: MixDecision, as_decided: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    change = {"vocal.wav": TrackEffects(gain_db=12.0)}
    outcome = material.final(tracks, decision, tmp_path, rate=RATE, changes=change)
    mix, stems = material.sound(outcome.mix), material.stems_of(outcome)
    assert true_peak_db(mix, RATE) <= -3.0
    down = material.rms_db(stems["bass.wav"]) - material.rms_db(as_decided["bass.wav"])
    assert down < -1.0
    assert material.rms_db(stems["vocal.wav"]) - material.rms_db(as_decided["vocal.wav"]) == pytest.approx(
        12 + down, abs=0.01
    )
    assert any(f"turned down {-down:.1f} dB" in text for text in outcome.notes.info)


def test_turning_all_down_turns_the_mix_down(
    tracks: list[TrackFile], decision: MixDecision, as_decided: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    change = {t.name: TrackEffects(gain_db=-10.0) for t in tracks}
    stems = material.stems_of(material.final(tracks, decision, tmp_path, rate=RATE, changes=change))
    for name, stem in stems.items():
        assert material.rms_db(stem) - material.rms_db(as_decided[name]) == pytest.approx(-10.0, abs=0.01)


def test_what_cancels_in_the_mix_does_not_clip_as_a_stem(tmp_path: Path) -> None:
    """Two tracks that take each other out: the mix is quiet, its stems are not."""
    wave = material.noise(1, 100, 4000)
    quiet = material.noise(2, 200, 2000) * 0.01
    paths = [
        material.save(tmp_path, "one.wav", wave),
        material.save(tmp_path, "other.wav", -wave),
        material.save(tmp_path, "keys.wav", quiet),
    ]
    pair = [material.track(path, "OTHER_GROUP1", presence="LEAD", pan="CENTRE") for path in paths[:2]]
    pair.append(material.track(paths[2], "FX_GROUP", presence="BACKGROUND", pan="CENTRE"))
    outcome = material.final(pair, material.decided(pair, style="ACOUSTIC"), tmp_path / "out", rate=RATE)
    stems, mix = material.stems_of(outcome), material.sound(outcome.mix)
    assert 0.99 < max(np.abs(stem).max() for stem in stems.values()) < 1.0
    assert np.abs(sum(stems.values()) - mix).max() < 1e-6
    assert any("one stem is louder than the mix" in text for text in outcome.notes.info)
