"""Previews of masters: start, fades, loudness and peaks of the decoded file."""

from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.studio.mastering import preview as mastering_preview
from tonnbook.studio.mastering.preview import (
    NEAR_LU,
    PEAK_DBTP,
    PREVIEW_CEILING_DBTP,
    PREVIEW_S,
    preview_start,
    write_preview,
)
from tonnbook.studio.measure.song_features import SongFeatures, SongMeter

RATE = 8000


def measured(audio: np.ndarray) -> SongFeatures:
    meter = SongMeter(RATE, 2)
    meter.process(audio)
    return meter.features()


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(11).standard_normal((2, round(seconds * RATE))) * 0.05


@pytest.fixture(scope="module")
def late() -> SongFeatures:
    """Return 70 s that are loud from 25 to 55 s."""
    audio = noise(70.0)
    audio[:, 25 * RATE : 55 * RATE] *= 4.0
    return measured(audio)


def test_the_loudest_thirty_seconds_are_found(late: SongFeatures) -> None:
    assert preview_start(late, None) == pytest.approx(25.0, abs=0.1)


@pytest.mark.parametrize(("requested", "start"), [(0.0, 0.0), (3.5, 3.5), (40.0, 40.0), (40.1, 40.0), (1e6, 40.0)])
def test_a_requested_start_is_clamped_to_the_song(late: SongFeatures, requested: float, start: float) -> None:
    assert preview_start(late, requested) == pytest.approx(start)


def test_the_first_of_equally_loud_starts_is_chosen() -> None:
    assert preview_start(measured(np.full((2, 60 * RATE), 0.1)), None) == 0.0


@pytest.mark.parametrize("requested", [None, 5.0])
def test_a_short_song_starts_at_0(requested: float | None) -> None:
    assert preview_start(measured(noise(10.0)), requested) == 0.0


def test_cut_ends_are_faded_and_the_ends_of_the_song_are_not(tmp_path: Path) -> None:
    tone = np.stack([np.sin(np.arange(40 * 44100) * 0.05)] * 2) * 0.5
    master = audio_files.write(tmp_path / "master.wav", tone, 44100, 16)
    cut, _ = audio_files.read(write_preview(master, 5.0, tmp_path / "cut.mp3").path)
    whole, _ = audio_files.read(write_preview(master, 0.0, tmp_path / "start.mp3").path)
    assert cut.shape[1] == pytest.approx(PREVIEW_S * 44100, abs=2000)
    assert np.abs(cut[:, :100]).max() < 0.1 < np.abs(whole[:, :100]).max()
    assert np.abs(cut[:, -50:]).max() < 0.05


def hits(gain: float = 1.0) -> np.ndarray:
    time = np.arange(3 * 44100) / 44100
    beat = 0.75 * np.sin(2 * np.pi * 150 * time) * np.exp(-8.0 * (time % 0.5))
    audio = np.stack([beat, beat]) + np.random.default_rng(4).standard_normal((2, len(time))) * 0.04
    return audio * gain


def squashed() -> np.ndarray:
    flat = np.tanh(hits(40.0))
    return flat * to_gain(-1.01 - true_peak_db(flat, 44100))


def test_the_excerpt_is_limited_at_the_loudness_of_the_master_before_it_is_encoded(tmp_path: Path) -> None:
    audio = hits()
    assert true_peak_db(audio, 44100) > -1.5
    master = audio_files.write(tmp_path / "master.wav", audio, 44100, 24)
    made = write_preview(master, 0.0, tmp_path / "cut.wav")  # a WAV shows the input of the encoder
    cut, _ = audio_files.read(made.path)
    assert -2.6 < true_peak_db(cut, 44100) <= PREVIEW_CEILING_DBTP + 0.01
    assert integrated_loudness(cut, 44100) == pytest.approx(integrated_loudness(audio, 44100), abs=0.08)


@pytest.mark.parametrize("most_drive_db", [0.0, 3.0])
def test_the_decoded_preview_stays_below_the_peak_and_is_reported_correctly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_drive_db: float
) -> None:
    """The hits have no crest left, so without drive the preview cannot have both the headroom and the loudness."""
    monkeypatch.setattr(mastering_preview, "_MOST_DRIVE_DB", most_drive_db)
    audio = squashed()
    master = audio_files.write(tmp_path / "master.wav", audio, 44100, 24)
    made = write_preview(master, 0.0, tmp_path / "cut.mp3")
    decoded, _ = audio_files.read(made.path)
    assert true_peak_db(decoded, 44100) == pytest.approx(made.true_peak_dbtp, abs=0.01)
    assert made.true_peak_dbtp <= PEAK_DBTP
    quieter = integrated_loudness(audio, 44100) - integrated_loudness(decoded, 44100)
    assert made.quieter_lu == pytest.approx(quieter, abs=0.05)
    assert -NEAR_LU < made.quieter_lu < 3.0
    assert most_drive_db or made.quieter_lu > NEAR_LU


def test_drive_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A square wave has no peaks to reduce: no drive makes it as loud below a lower ceiling."""
    drives = []
    monkeypatch.setattr(mastering_preview, "to_gain", lambda gain_db: drives.append(gain_db) or to_gain(gain_db))
    square = np.sign(np.sin(2 * np.pi * 100.3 * np.arange(3 * 44100) / 44100)) * np.ones((2, 1))
    master = audio_files.write(tmp_path / "master.wav", square * to_gain(-1.01), 44100, 24)
    assert write_preview(master, 0.0, tmp_path / "cut.wav").quieter_lu > 1.0
    assert max(drives) == 3.0


def test_a_preview_of_silence_is_written(tmp_path: Path) -> None:
    master = audio_files.write(tmp_path / "master.wav", np.zeros((2, 44100)), 44100, 16)
    assert write_preview(master, 0.0, tmp_path / "cut.mp3").quieter_lu == 0.0
