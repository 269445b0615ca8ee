"""Analysis, cleanup, enhancement and separation with roex-python 1.6.0, unmodified, on the studio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from roex_python import utils
from roex_python.client import RoExClient
from roex_python.models import AudioCleanupData, SoundSource
from roex_python.models.analysis import AnalysisMusicalStyle, MixAnalysisRequest
from roex_python.models.enhance import EnhancedTrackResult, EnhanceMusicalStyle, MixEnhanceRequest
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
    request = MixEnhanceRequest(link, EnhanceMusicalStyle.AIRY_EXPANSIVE, apply_mastering=False, preview_start_time=1.0)
    start = client.enhance.create_mix_enhance if full else client.enhance.create_mix_enhance_preview
    task = start(request)
    assert task.error is False
    result = client.enhance.retrieve_enhanced_track(task.mixrevive_task_id, poll_interval=1, timeout=60)
    made = requests.get(result.download_url_revived if full else result.download_url_preview_revived, timeout=60)
    assert audio_files.decode(made.content)[0].shape == (2, 4 * RATE)
    assert result.stems is None


OFF = {
    **dict.fromkeys(("fix_clipping_issues", "fix_stereo_width_issues", "fix_tonal_profile_issues"), False),
    **dict.fromkeys(("fix_loudness_issues", "apply_mastering"), False),
    **dict.fromkeys(("apply_drum_enhancement", "apply_vocal_enhancement"), False),
}


def _enhanced(client: RoExClient, mix: Path, **fields: Any) -> tuple[np.ndarray, EnhancedTrackResult]:
    """Enhance a mix; return the samples of the full track, and the answer of roex-python."""
    request = MixEnhanceRequest(utils.upload_file(client, str(mix)), EnhanceMusicalStyle.POP, **fields)
    task = client.enhance.create_mix_enhance(request)
    result = client.enhance.retrieve_enhanced_track(task.mixrevive_task_id, poll_interval=1, timeout=60)
    return _fetched(result.download_url_revived), result


def _fetched(link: str) -> np.ndarray:
    return audio_files.decode(requests.get(link, timeout=60).content)[0]


@pytest.mark.parametrize("gain", [0.5, 8.0])
def test_with_every_flag_off_a_compressed_or_clipped_mix_is_unchanged(
    client: RoExClient, tmp_path: Path, gain: float
) -> None:
    """roex-python has no flag for compression, so those in OFF are all that can be switched off."""
    whole = audio_files.read(_mix(tmp_path, "whole.wav", 0.5))[0]
    mix = audio_files.write(tmp_path / "mix.wav", np.clip(gain * np.tanh(8.0 * whole), -1.0, 1.0), RATE)
    made, _ = _enhanced(client, mix, **OFF)
    assert np.array_equal(made, audio_files.read(mix)[0])


def test_the_stems_of_an_enhancement_add_up(client: RoExClient, tmp_path: Path) -> None:
    """All flags off and the mix untouched, so the stems have to be those of the mix itself."""
    mix = _mix(tmp_path, "mix.wav", 1.0)
    made, result = _enhanced(client, mix, get_processed_stems=True, **OFF)
    assert set(result.stems) == {"vocal", "bass", "drums", "other"}
    assert _null_db(sum(map(_fetched, result.stems.values())), made) < -100.0


def _null_db(total: np.ndarray, whole: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(total - whole)) / np.mean(np.square(whole)) + 1e-30))


@pytest.mark.parametrize("mode", [None, "vocals_instrumental"])
def test_the_stems_of_a_mix_at_full_scale_add_up(client: RoExClient, tmp_path: Path, mode: str | None) -> None:
    whole = audio_files.read(_mix(tmp_path, "whole.wav", 1.0))[0]
    mix = audio_files.write(tmp_path / "hot.wav", np.clip(4.0 * whole, -1.0, 1.0), RATE)
    task = client.stem_separation.create_separation(StemSeparationRequest(utils.upload_file(client, str(mix)), mode))
    assert client.stem_separation.wait_for_separation(task.stemflow_task_id, 1, 60).status == "complete"
    found = client.stem_separation.retrieve_stems(task.stemflow_task_id)
    names = ("vocals", "instrumental") if mode else ("vocals", "drums", "bass", "other")
    assert _null_db(sum(_fetched(getattr(found, name)) for name in names), audio_files.read(mix)[0]) < -100.0


@pytest.mark.parametrize("mode", [None, "vocals_instrumental"])
def test_a_separation(client: RoExClient, tmp_path: Path, mode: str | None) -> None:
    link = utils.upload_file(client, str(_mix(tmp_path, "mix.wav", 0.5)))
    task = client.stem_separation.create_separation(StemSeparationRequest(link, mode))
    assert client.stem_separation.wait_for_separation(task.stemflow_task_id, 1, 60).status == "complete"
    stems = client.stem_separation.retrieve_stems(task.stemflow_task_id)
    assert (stems.vocals is not None, stems.drums is None, stems.instrumental is None) == (True, bool(mode), not mode)
