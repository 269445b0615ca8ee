"""Analysis, cleanup, enhancement, separation and recombination with the real studio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import AudioError, JobFailed, RequestRejected
from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.vocabulary import AnalysisStyle, EnhancementStyle, RecombinationStyle, StereoField
from tonnbook.studio.server.server import Studio

RATE = 44100


@pytest.fixture(scope="module")
def tonn(studio: Studio) -> Iterator[TonnClient]:
    client = TonnClient(studio.url, studio.key)
    yield client
    client.close()


@pytest.fixture(scope="module")
def mono(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    return audio_files.write(tmp_path_factory.mktemp("mono") / "my mix.wav", np.stack([tone, tone]), RATE)


def test_analysing_a_file(tonn: TonnClient, mono: Path) -> None:
    analysis = tonn.analyse(mono, "JAZZ", is_master=True).result(60)
    assert analysis.name == "my mix.wav"
    assert analysis.path == mono
    assert analysis.verdicts.stereo_field is StereoField.MONO
    assert analysis.verdicts.musical_style == "JAZZ"
    assert analysis.verdicts.mix_style == "MASTER"
    assert analysis.notes is not None
    assert "Jazz" in analysis.summary


def test_analysing_a_request_or_a_link(tonn: TonnClient, mono: Path) -> None:
    link = tonn.upload(mono)
    one = tonn.analyse(AnalysisRequest(source=mono, style=AnalysisStyle.POP)).result(60)
    other = tonn.analyse(link).result(60)
    assert one.verdicts == other.verdicts
    assert (one.name, other.name, other.path) == ("my mix.wav", "my mix.wav", None)
    assert "signature" not in repr(other)


def test_a_file_that_cannot_be_uploaded_raises_before_anything_is_sent(tonn: TonnClient, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nothing\.wav does not exist"):
        tonn.analyse(tmp_path / "nothing.wav")
    with pytest.raises(ValueError, match="POLKA"):
        tonn.analyse(tmp_path / "nothing.wav", "POLKA")


def test_a_refusal_of_the_server_is_reported(tonn: TonnClient, tmp_path: Path) -> None:
    silent = audio_files.write(tmp_path / "silent.wav", np.zeros((2, RATE)), RATE)
    with pytest.raises(RequestRejected, match=r"silent\.wav is silent from beginning to end"):
        tonn.analyse(silent).result(60)


def test_cleaning_a_file(tonn: TonnClient, mono: Path) -> None:
    track = tonn.clean_up(mono, "E_GUITAR_GROUP").result(60)
    assert track.name == "my mix.wav"
    assert track.original == mono
    assert track.cleaned.path.name == "my mix cleaned.wav"
    assert track.notes is not None
    assert audio_files.read(track.cleaned.path)[0].shape == (2, RATE)
    assert list(track.playable) == ["cleaned"]
    assert "signature" not in repr(track)


def test_an_enhancement_from_preview_to_full_track(tonn: TonnClient, mono: Path) -> None:
    request = EnhancementRequest(source=mono, style=EnhancementStyle.POP, apply_mastering=False, fix_tone=False)
    preview = tonn.preview_enhancement(request).result(60)
    assert preview.name == "my mix.wav"
    assert preview.track.path.name == "my mix enhanced preview.mp3"
    assert preview.preview_start_s == 0.0
    job = tonn.enhance(request)
    full = job.result(60)
    assert job.name == "enhancement"
    assert audio_files.info(full.track.path).rate == RATE
    assert full.original == mono
    assert full.notes is not None
    again = tonn.attach_enhancement(full.task_id).result(60)
    assert again.track.path.read_bytes() == full.track.path.read_bytes()


def test_an_enhancement_that_fails_says_why(tonn: TonnClient, tmp_path: Path) -> None:
    silent = audio_files.write(tmp_path / "silent.wav", np.zeros((2, RATE)), RATE)
    with pytest.raises(JobFailed, match=r"silent\.wav is silent"):
        tonn.enhance(EnhancementRequest(source=silent, style=EnhancementStyle.POP)).result(60)
    with pytest.raises(TypeError, match="EnhancementRequest"):
        tonn.enhance(silent)  # type: ignore[arg-type]


def test_separating_a_mix(tonn: TonnClient, mono: Path) -> None:
    apart = tonn.separate(mono).result(60)
    assert set(apart.playable) == {"vocals", "drums", "bass", "other"}
    assert apart.separation == "classical"
    total = sum(audio_files.read(stem.path)[0] for stem in apart.stems.values())
    assert np.abs(total - audio_files.read(mono)[0]).max() < 1e-5
    two = tonn.separate(mono, "vocals_instrumental").result(60)
    assert set(two.stems) == {"vocals", "instrumental"}
    again = tonn.attach_separation(two.task_id).result(60)
    assert again.stems["vocals"].path.read_bytes() == two.stems["vocals"].path.read_bytes()


def test_recombining_a_voice_and_its_backing(tonn: TonnClient, mono: Path, tmp_path: Path) -> None:
    backing = tmp_path / "my mix.wav"
    backing.write_bytes(mono.read_bytes())
    request = RecombinationRequest(style=RecombinationStyle.POP, vocal=mono, backing=backing, vocal_gain_db=-1.0)
    preview = tonn.recombine(request, final=False).result(60)
    assert preview.master is None
    assert preview.loudness_lufs == pytest.approx(-10.0, abs=0.1)
    assert audio_files.info(preview.preview.path).format == "mp3"
    full = tonn.recombine(request).result(60)
    assert full.master is not None
    assert audio_files.info(full.master.path).bit_depth == 16
    again = tonn.attach_recombination(full.task_id).result(60)
    assert again.master is not None
    assert again.master.path.read_bytes() == full.master.path.read_bytes()
    with pytest.raises(ValueError, match="give either stemJobId"):
        RecombinationRequest(style=RecombinationStyle.POP, vocal=mono)
