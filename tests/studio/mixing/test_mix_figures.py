"""The figures that the project promises for the shipped song, measured on the rendered files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest
import reference_meters

from tonnbook.dsp.reverb import impulse_response, tail_frames
from tonnbook.dsp.stereo import balance_db
from tonnbook.studio.mixing.engine import MixOutcome
from tonnbook.studio.mixing.features import TrackFeatures

RATE = 48000


@pytest.fixture(scope="module")
def features() -> Mapping[str, TrackFeatures]:
    return material.measured(material.song())


@pytest.fixture(scope="module")
def mixed(features: Mapping[str, TrackFeatures], tmp_path_factory: pytest.TempPathFactory) -> MixOutcome:
    tracks = material.song()
    decision = material.decided(tracks, features)
    return material.final(tracks, decision, tmp_path_factory.mktemp("final"), rate=RATE)


@pytest.fixture(scope="module")
def stems(mixed: MixOutcome) -> dict[str, np.ndarray]:
    return material.stems_of(mixed)


def test_no_meter_reads_a_peak_over_minus_3_dbtp(mixed: MixOutcome) -> None:
    mix = material.sound(mixed.mix)
    assert reference_meters.libebur128_true_peak(mix, RATE) <= -3.0
    assert reference_meters.ffmpeg_true_peak(mix, RATE) <= -3.0


def test_the_mix_has_minus_18_lufs_or_peaks_of_minus_3_dbtp(mixed: MixOutcome) -> None:
    loudness, peak = reference_meters.libebur128(mixed.mix)
    assert loudness <= -17.95
    assert loudness >= -18.05 or peak >= -3.2
    assert mixed.notes.loudness_lufs == pytest.approx(loudness, abs=0.05)


def test_both_sides_are_within_1_db(mixed: MixOutcome) -> None:
    assert abs(balance_db(material.sound(mixed.mix))) <= 1.0


def test_the_vocal_is_0_to_3_lu_over_the_rest(stems: Mapping[str, np.ndarray]) -> None:
    assert 0.0 <= material.vocal_over_rest(stems, "vocal.flac", RATE) <= 3.0


def test_the_vocal_is_audible_and_no_track_is_masked(stems: Mapping[str, np.ndarray]) -> None:
    shares = material.audible(stems, RATE)
    assert shares["vocal.flac"] >= 0.8
    assert min(shares.values()) >= 0.3


def test_the_reported_audible_shares_are_those_of_the_rendered_stems(
    mixed: MixOutcome, stems: Mapping[str, np.ndarray]
) -> None:
    """Within the difference that the other frame length of the measurement makes."""
    shares = material.audible(stems, RATE)
    said = {name: notes.audible for name, notes in mixed.notes.tracks.items()}
    assert said["vocal.flac"] == pytest.approx(shares["vocal.flac"], abs=0.05)
    assert np.mean([said[name] - shares[name] for name in shares]) == pytest.approx(0.0, abs=0.05)


def test_the_mix_is_clearer_than_the_plain_sum(stems: Mapping[str, np.ndarray]) -> None:
    raw = {t.name: material.sound(t.path) for t in material.song()}
    plain = {name: np.broadcast_to(audio, (2, audio.shape[1])) for name, audio in raw.items()}
    assert material.audible(plain, 44100)["vocal.flac"] < 0.4
    assert np.mean(list(material.audible(stems, RATE).values())) > np.mean(
        list(material.audible(plain, 44100).values())
    )


def test_24_bit_stems_sum_to_the_mix(mixed: MixOutcome, stems: Mapping[str, np.ndarray]) -> None:
    mix = material.sound(mixed.mix)
    assert material.rms_db(sum(stems.values()) - mix) - material.rms_db(mix) <= -100.0


def test_stems_sum_to_a_16_bit_mix(features: Mapping[str, TrackFeatures], tmp_path: Path) -> None:
    """With reverb, pan, and a changed track."""
    tracks = material.song(vocal={"presence": "LEAD", "reverb": "MEDIUM"}, guitar={"pan": "LEFT", "reverb": "LOW"})
    outcome = material.final(tracks, material.decided(tracks, features), tmp_path)
    mix, stems = material.sound(outcome.mix), material.stems_of(outcome)
    assert material.rms_db(sum(stems.values()) - mix) - material.rms_db(mix) <= -55.0
    assert {stem.shape for stem in stems.values()} == {mix.shape}
    assert mix.shape[1] == 24 * 44100 + tail_frames(impulse_response("POP", 44100))


@pytest.mark.parametrize("name", list(material.SONG))
def test_lead_over_normal_over_background(name: str, features: Mapping[str, TrackFeatures]) -> None:
    shares = []
    for presence in ("BACKGROUND", "NORMAL", "LEAD"):
        tracks = material.song(**{name: {"presence": presence}})
        decision = material.decided(tracks, features)
        shares.append(decision.tracks[f"{name}.flac"].notes.audible)
    assert shares[0] < shares[1] < shares[2]


def test_lead_over_normal_over_background_in_the_rendered_mix(
    features: Mapping[str, TrackFeatures], stems: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    shares = {"NORMAL": material.audible(stems, RATE)["guitar.flac"]}
    for presence in ("BACKGROUND", "LEAD"):
        tracks = material.song(guitar={"presence": presence})
        outcome = material.final(tracks, material.decided(tracks, features), tmp_path / presence, rate=RATE)
        shares[presence] = material.audible(material.stems_of(outcome), RATE)["guitar.flac"]
    assert shares["BACKGROUND"] < shares["NORMAL"] < shares["LEAD"]
