"""Files that can be mixed, and errors for files that cannot: each names the track and the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.reverb import impulse_response, tail_frames
from tonnbook.errors import AudioError
from tonnbook.studio.mixing.render.delivery import stem_names
from tonnbook.studio.mixing.tracks import TrackFile

WAVE = material.words(material.noise(1, 200, 5000, 2.0))[None]
MATRIX = [
    ("wav", 8000, 1, 16),
    ("wav", 192000, 2, 24),
    ("flac", 48000, 2, 16),
    ("wav", 96000, 1, 32),
    ("mp3", 32000, 2, 16),
]


def noise_of(rate: int, channels: int, seconds: float = 2.0) -> np.ndarray:
    random = np.random.default_rng(rate)
    return 0.1 * random.standard_normal((channels, round(seconds * rate))) * np.array([[1.0], [0.8]])[:channels]


def partner(folder: Path) -> TrackFile:
    return material.track(material.save(folder, "bass.wav", material.noise(2, 50, 200, 2.0)), "BASS_GROUP")


@pytest.mark.parametrize(("ending", "rate", "channels", "depth"), MATRIX)
def test_formats_rates_and_channels(ending: str, rate: int, channels: int, depth: int, tmp_path: Path) -> None:
    path = audio_files.write(tmp_path / f"synth.{ending}", noise_of(rate, channels), rate, depth)  # type: ignore[arg-type]
    tracks = [material.track(path, "SYNTH_GROUP"), partner(tmp_path)]
    outcome = material.final(tracks, material.preview(tracks, tmp_path), tmp_path)
    mix = material.sound(outcome.mix)
    assert mix.shape[1] == pytest.approx(2 * 44100, abs=2)
    assert material.rms_db(material.stems_of(outcome)[path.name]) > -40


@pytest.mark.parametrize("seconds", [0.05, 0.35])
def test_a_very_short_sound_can_be_mixed(seconds: float, tmp_path: Path) -> None:
    paths = [material.save(tmp_path, f"{n}.wav", material.noise(n, 200, 5000, seconds)) for n in (1, 2)]
    tracks = [material.track(path, "PERCS_GROUP", reverb="LOW") for path in paths]
    outcome = material.final(tracks, material.preview(tracks, tmp_path), tmp_path)
    tail = tail_frames(impulse_response("POP", 44100))
    assert material.sound(outcome.mix).shape[1] == round(seconds * 44100) + tail
    assert outcome.notes.to_wire()


def broken(folder: Path) -> Path:
    path = folder / "vocal.wav"
    path.write_bytes(b"RIFF, but no more than that")
    return path


def silent(folder: Path) -> Path:
    return material.save(folder, "vocal.wav", np.zeros(44100))


def all_but_silent(folder: Path) -> Path:
    return material.save(folder, "vocal.wav", 1e-5 * np.ones(44100))


def empty(folder: Path) -> Path:
    return material.save(folder, "vocal.wav", np.zeros(0))


def surround(folder: Path) -> Path:
    return material.save(folder, "vocal.wav", np.repeat(WAVE, 6, axis=0))


def slow(folder: Path) -> Path:
    return audio_files.write(folder / "vocal.wav", WAVE, 6000, 16)


def long(folder: Path) -> Path:
    return audio_files.write(folder / "vocal.wav", np.tile(WAVE[:, :8000], 490), 8000, 16)


def not_finite(folder: Path) -> Path:
    return material.save(folder, "vocal.wav", np.where(np.arange(88200) == 50000, np.nan, WAVE[0]))


def missing(folder: Path) -> Path:
    return folder / "vocal.wav"


CASES = [
    (broken, "cannot be read"),
    (silent, "silent"),
    (all_but_silent, "silent"),
    (empty, "0 samples"),
    (surround, "6 channels"),
    (slow, "6000 Hz"),
    (long, "at most 8 min"),
    (not_finite, "NaN or infinity"),
    (missing, "no such file"),
]


@pytest.mark.parametrize(("make", "why"), CASES)
def test_a_faulty_track_is_named(make: Callable[[Path], Path], why: str, tmp_path: Path) -> None:
    request = material.track(tmp_path / "x.wav", "VOCAL_GROUP").request
    faulty = TrackFile("Lead take 3.wav", make(tmp_path), request)
    with pytest.raises(AudioError, match=why) as refused:
        material.preview([faulty, partner(tmp_path)], tmp_path / "out")
    assert "Lead take 3.wav" in str(refused.value)
    assert "vocal.wav" not in str(refused.value)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_stems_of_equal_names_do_not_overwrite_each_other() -> None:
    names = stem_names(["take.wav", "take.flac", "take (2).wav", "bass.wav"], ".wav")
    assert list(names.values()) == ["take.wav", "take (2).wav", "take (2) (2).wav", "bass.wav"]
    assert len(set(names.values())) == len(names)


def test_progress_increases_and_names_the_stages(tmp_path: Path) -> None:
    tracks = [material.track(material.save(tmp_path, "vocal.wav", WAVE), "VOCAL_GROUP"), partner(tmp_path)]
    reports: list[tuple[float, str]] = []
    request = material.MixRequest(tracks=tuple(t.request for t in tracks), style="POP")
    material.preview_mix(tracks, request, tmp_path / "out", lambda share, stage: reports.append((share, stage)))
    shares = [share for share, _ in reports]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert {"measuring vocal", "deciding", "mixing", "writing files"} <= {stage for _, stage in reports}
