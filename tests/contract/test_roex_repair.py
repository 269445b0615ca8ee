"""The published client, roex-python 1.6.0, unmodified, against the studio: the calls about one finished recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import requests
from roex_python import utils
from roex_python.client import RoExClient
from roex_python.models import AudioCleanupData, SoundSource
from roex_python.models.analysis import AnalysisMusicalStyle, MixAnalysisRequest
from roex_python.models.enhance import EnhanceMusicalStyle, MixEnhanceRequest
from roex_python.models.stemflow import StemSeparationRequest

from tonnbook import audio_files

RATE = 44100


def _mix(folder: Path, name: str, gain: float) -> Path:
    random = np.random.default_rng(7)
    middle, side = random.standard_normal((2, 4 * RATE)).cumsum(axis=1) * 1e-3
    high_passed = np.diff(np.stack([middle + 0.3 * side, middle - 0.3 * side]), prepend=0.0)
    return audio_files.write(folder / name, gain * high_passed / np.abs(high_passed).max(), RATE)


def test_an_analysis(client: RoExClient, tmp_path: Path) -> None:
    link = utils.upload_file(client, str(_mix(tmp_path, "mix.wav", 0.5)))
    result = client.analysis.analyze_mix(MixAnalysisRequest(link, AnalysisMusicalStyle.ROCK, is_master=False))
    assert result.error is False
    assert result.payload["peak_loudness_dbfs"] == pytest.approx(-6.02, abs=0.7)
    assert result.payload["stereo_field"] == "BALANCED"
    assert result.completion_time


def test_a_comparison(client: RoExClient, tmp_path: Path) -> None:
    quiet, loud = (utils.upload_file(client, str(_mix(tmp_path, f"{gain}.wav", gain))) for gain in (0.25, 0.5))
    found = client.analysis.compare_mixes(quiet, loud, AnalysisMusicalStyle.POP, is_master=True)
    assert found["differences"]["integrated_loudness_lufs"]["difference"] == pytest.approx(6.02, abs=0.02)
    assert found["differences"]["stereo_field"]["status"] == "SAME"


@pytest.mark.parametrize("source", SoundSource)
def test_a_cleanup(client: RoExClient, tmp_path: Path, source: SoundSource) -> None:
    link = utils.upload_file(client, str(_mix(tmp_path, "take.wav", 0.5)))
    answer = client.audio_cleanup.clean_up_audio(AudioCleanupData(link, source))
    assert answer is not None
    assert answer.error is False
    assert answer.audio_cleanup_results.error is False
    made = requests.get(answer.audio_cleanup_results.cleaned_audio_file_location, timeout=60)
    assert audio_files.decode(made.content)[0].shape == (2, 4 * RATE)


@pytest.mark.parametrize("full", [False, True])
def test_an_enhancement(client: RoExClient, tmp_path: Path, full: bool) -> None:
    link = utils.upload_file(client, str(_mix(tmp_path, "mix.wav", 0.5)))
    wished = MixEnhanceRequest(link, EnhanceMusicalStyle.AIRY_EXPANSIVE, apply_mastering=False, preview_start_time=1.0)
    start = client.enhance.create_mix_enhance if full else client.enhance.create_mix_enhance_preview
    task = start(wished)
    assert task.error is False
    result = client.enhance.retrieve_enhanced_track(task.mixrevive_task_id, poll_interval=1, timeout=60)
    made = requests.get(result.download_url_revived if full else result.download_url_preview_revived, timeout=60)
    assert audio_files.decode(made.content)[0].shape == (2, 4 * RATE)
    assert result.stems is None


@pytest.mark.parametrize("mode", [None, "vocals_instrumental"])
def test_a_separation(client: RoExClient, tmp_path: Path, mode: str | None) -> None:
    link = utils.upload_file(client, str(_mix(tmp_path, "mix.wav", 0.5)))
    task = client.stem_separation.create_separation(StemSeparationRequest(link, mode))
    assert client.stem_separation.wait_for_separation(task.stemflow_task_id, 1, 60).status == "complete"
    stems = client.stem_separation.retrieve_stems(task.stemflow_task_id)
    assert (stems.vocals is not None, stems.drums is None, stems.instrumental is None) == (True, bool(mode), not mode)
