"""The engine finds planted faults of a recording, corrects what it can, and gives the reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook.dsp.stereo import balance_db
from tonnbook.studio.mixing.decide.decision import MixDecision, TrackDecision
from tonnbook.studio.mixing.features import Fold, TrackFeatures


@pytest.fixture(scope="module")
def clean() -> Mapping[str, TrackFeatures]:
    return material.measured(material.song())


def with_fault(name: str, wave: np.ndarray, clean: Mapping[str, TrackFeatures], folder: Path) -> MixDecision:
    """Return the decision for the song with one recording replaced."""
    tracks = material.song()
    path = material.save(folder, f"{name}.wav", wave)
    features = {
        **clean,
        f"{name}.flac": material.measure_track(material.track(path, material.SONG[name]), material.RATE),
    }
    return material.decided(tracks, features)


def reasons(track: TrackDecision, setting: str) -> list[str]:
    return [reason.text for reason in track.notes.reasons if reason.setting.startswith(setting)]


def recording(name: str) -> np.ndarray:
    return material.sound(material.demo.stems()[name])


@pytest.mark.parametrize("level_db", [-6.0, 0.0, 6.0])
def test_rumble_on_a_vocal_is_cut_low(level_db: float, clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    voice = recording("vocal")
    rumble = np.sin(2 * np.pi * 35 * np.arange(voice.shape[1]) / material.RATE)
    rumble *= np.sqrt(2 * np.mean(np.square(voice))) * 10 ** (level_db / 20)
    track = with_fault("vocal", voice + rumble, clean, tmp_path).tracks["vocal.flac"]
    low = track.settings.eq[0]
    assert low.centre_hz <= 60
    assert low.gain_db <= -9
    assert "rumble" in reasons(track, "eq.band_1")[0]
    assert "35 Hz" in reasons(track, "eq.band_1")[0]


def test_a_clean_vocal_gets_no_low_cut(clean: Mapping[str, TrackFeatures]) -> None:
    track = material.decided(material.song(), clean).tracks["vocal.flac"]
    assert not [band for band in track.settings.eq if band.centre_hz < 80]


def test_a_guitar_over_the_words_is_cut_there_and_the_vocal_is_not(tmp_path: Path) -> None:
    """Both are strong at 2 to 4 kHz, the guitar most of all."""
    sounds = {
        "vocal": (material.words(material.noise(1, 150, 8000)), "VOCAL_GROUP", "LEAD"),
        "guitar": (material.noise(2, 100, 6000) + 3 * material.noise(3, 2000, 4000), "E_GUITAR_GROUP", "NORMAL"),
        "bass": (material.noise(4, 40, 200), "BASS_GROUP", "NORMAL"),
    }
    tracks = [
        material.track(material.save(tmp_path, f"{name}.wav", wave), group, presence=presence)
        for name, (wave, group, presence) in sounds.items()
    ]
    decision = material.decided(tracks)
    guitar, vocal = decision.tracks["guitar.wav"], decision.tracks["vocal.wav"]
    there = [band for band in guitar.settings.eq if 2000 <= band.centre_hz <= 4000 and band.gain_db < 0]
    assert there
    assert any("vocal" in text for text in reasons(guitar, "eq"))
    assert not [band for band in vocal.settings.eq if band.gain_db < 0]


def test_noise_on_the_guitar_of_the_song_is_cut_there(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    guitar = recording("guitar")
    noise = np.tile(material.band_passed(material.noise(5, 1000, 8000, 24.0), 2000, 4000), (2, 1))
    noise *= np.sqrt(np.mean(np.square(guitar)) / np.mean(np.square(noise)))
    decision = with_fault("guitar", 0.3 * (guitar + noise), clean, tmp_path)
    bands = decision.settings["guitar.flac"].eq
    assert [band for band in bands if 2000 <= band.centre_hz <= 4500 and band.gain_db < 0]
    assert not [band for band in decision.settings["vocal.flac"].eq if band.gain_db < 0]


def test_a_clipped_recording_gets_a_remark(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    decision = material.decided(material.song(), clean)
    assert "clipped" in reasons(decision.tracks["guitar.flac"], "track")[0]
    assert not any("clipped" in text for text in reasons(decision.tracks["synth.flac"], "track"))
    turned_down = with_fault("bass", np.clip(recording("bass"), -0.12, 0.12), clean, tmp_path)
    assert "clipped: it hits -18.4 dBFS" in reasons(turned_down.tracks["bass.flac"], "track")[0]


def test_a_one_sided_recording_does_not_unbalance_the_mix(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    synth = recording("synth")
    synth[1] = 0.0
    decision = with_fault("synth", synth, clean, tmp_path)
    track = decision.tracks["synth.flac"]
    assert track.fold is Fold.LEFT
    assert "only the left channel" in reasons(track, "track")[0]
    tracks = [
        material.TrackFile(t.name, tmp_path / "synth.wav" if "synth" in t.name else t.path, t.request)
        for t in material.song()
    ]
    mix = material.sound(material.final(tracks, decision, tmp_path / "out").mix)
    assert abs(balance_db(mix)) <= 1.0


def test_a_lopsided_recording_does_not_unbalance_the_mix_either(
    clean: Mapping[str, TrackFeatures], tmp_path: Path
) -> None:
    lopsided = recording("guitar") * np.array([[1.0], [0.35]])
    decision = with_fault("guitar", lopsided, clean, tmp_path)
    tracks = [
        material.TrackFile(t.name, tmp_path / "guitar.wav" if "guitar" in t.name else t.path, t.request)
        for t in material.song()
    ]
    mix = material.sound(material.final(tracks, decision, tmp_path / "out").mix)
    assert abs(balance_db(mix)) <= 1.0


def test_dc_offset_is_reported_and_removed(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    decision = with_fault("bass", recording("bass") + 0.1, clean, tmp_path)
    track = decision.tracks["bass.flac"]
    assert "DC offset" in reasons(track, "track")[0]
    assert track.settings.gain_db == pytest.approx(
        material.decided(material.song(), clean).settings["bass.flac"].gain_db, abs=0.5
    )
    tracks = [
        material.TrackFile(t.name, tmp_path / "bass.wav" if "bass" in t.name else t.path, t.request)
        for t in material.song()
    ]
    stem = material.stems_of(material.final(tracks, decision, tmp_path / "out"))["bass.flac"]
    assert abs(stem[:, material.RATE :].mean()) < 1e-4


def test_channels_out_of_phase_get_a_remark(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    reversed_polarity = np.vstack([recording("bass"), -recording("bass")])
    decision = with_fault("bass", reversed_polarity, clean, tmp_path)
    assert any("reversed polarity" in text for text in reasons(decision.tracks["bass.flac"], "track"))


def test_dual_mono_is_mixed_as_mono(clean: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    decision = with_fault("vocal", np.vstack([recording("vocal")] * 2), clean, tmp_path)
    mono = material.decided(material.song(), clean)
    assert decision.tracks["vocal.flac"].fold is Fold.MONO
    assert decision.settings["vocal.flac"] == mono.settings["vocal.flac"]
