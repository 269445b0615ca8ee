"""The calls about one finished recording, over a real port."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import requests
from faults import RATE, noise, stereo
from outside import Caller, Web, patiently

from tonnbook import audio_files


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide")
    return audio_files.write(folder / "wide mix.wav", stereo(noise(1), 2.0 * noise(2)), RATE)


def test_an_analysis_is_answered_at_once(caller: Caller, wide: Path) -> None:
    before = caller.studio.ledger.credits
    body = {"audioFileLocation": caller.upload(wide), "musicalStyle": "HIP_HOP_GRIME", "isMaster": True}
    answer = caller.post("/mixanalysis", {"mixDiagnosisData": body})
    assert answer.status_code == 200, answer.text
    results = answer.json()["mixDiagnosisResults"]
    payload = results["payload"]
    assert set(payload) == {
        *("bit_depth", "sample_rate", "integrated_loudness_lufs", "peak_loudness_dbfs", "clipping"),
        *("if_mix_loudness", "if_mix_drc", "if_master_drc", "if_master_loudness", "mono_compatible", "phase_issues"),
        *("stereo_field", "mix_style", "musical_style", "tonal_profile", "summary"),
    }
    assert payload["stereo_field"] == "WIDE"
    assert payload["musical_style"] == "HIP_HOP_GRIME"
    assert set(payload["tonal_profile"]) == {
        *("bass_frequency", "low_mid_frequency", "high_mid_frequency", "high_frequency")
    }
    assert results["tonnbook"]["width_db"] > -5.0
    assert results["error"] is False
    assert results["completion_time"]
    assert results["tonnbook"]["credits_live"] == caller.studio.ledger.credits - before == 10


@pytest.mark.parametrize("style", ["ROCK_INDIE", "HIPHOP_GRIME", "OTHER"])
def test_the_names_of_the_mix_styles_are_taken(caller: Caller, wide: Path, style: str) -> None:
    body = {"audioFileLocation": caller.upload(wide), "musicalStyle": style, "isMaster": "false", "unknown": 1}
    assert caller.post("/mixanalysis", {"mixDiagnosisData": body}).json()["mixDiagnosisResults"]["error"] is False


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"musicalStyle": "POLKA"}, "musicalStyle: is 'POLKA'; allowed: ROCK"),
        ({"isMaster": "perhaps"}, "isMaster"),
        ({"audioFileLocation": "file:///etc/passwd"}, "audioFileLocation"),
        ({"audioFileLocation": None}, "audioFileLocation: is missing"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(caller: Caller, fields: dict[str, str], words: str) -> None:
    body = {"audioFileLocation": "http://example.invalid/a.wav", "musicalStyle": "POP", "isMaster": False} | fields
    answer = caller.post("/mixanalysis", {"mixDiagnosisData": body})
    assert answer.status_code == 400
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    ("audio", "words"),
    [(np.zeros((2, RATE)), "is silent"), (0.1 * np.ones((3, RATE)), "3 channels"), (noise(1)[:4410], "too short")],
)
def test_a_recording_that_cannot_be_used_is_a_400(
    caller: Caller, tmp_path: Path, audio: np.ndarray, words: str
) -> None:
    link = caller.upload(audio_files.write(tmp_path / "odd.wav", np.atleast_2d(audio), RATE))
    body = {"audioFileLocation": link, "musicalStyle": "POP", "isMaster": False}
    before = caller.studio.ledger.credits
    answer = caller.post("/mixanalysis", {"mixDiagnosisData": body})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["message"]
    assert "signature" not in answer.text
    assert caller.studio.ledger.credits == before


@pytest.mark.parametrize("source", ["VOCAL_GROUP", "KICK_GROUP"])
def test_a_cleanup_is_answered_at_once(caller: Caller, wide: Path, source: str) -> None:
    before = caller.studio.ledger.credits
    body = {"audioFileLocation": caller.upload(wide), "soundSource": source}
    answer = caller.post("/audio-cleanup", {"audioCleanupData": body})
    assert answer.status_code == 200, answer.text
    results = answer.json()["audioCleanupResults"]
    assert (answer.json()["error"], results["error"]) == (False, False)
    made = requests.get(results["cleaned_audio_file_location"], timeout=60)
    audio, rate = audio_files.decode(made.content)
    assert (audio.shape, rate) == (audio_files.read(wide)[0].shape, RATE)
    assert results["tonnbook"]["sound_source"] == source
    assert results["tonnbook"]["credits_live"] == caller.studio.ledger.credits - before == 10


def test_a_cleanup_of_something_else_is_refused(caller: Caller, wide: Path) -> None:
    body = {"audioFileLocation": caller.upload(wide), "soundSource": "BASS_GROUP"}
    answer = caller.post("/audio-cleanup", {"audioCleanupData": body})
    assert answer.status_code == 400
    assert "soundSource: is 'BASS_GROUP'; allowed: KICK_GROUP" in answer.json()["message"]


def _enhance(caller: Caller, call: str, link: str, **fields: object) -> str:
    wished = {
        **dict.fromkeys(("fixClippingIssues", "fixStereoWidthIssues", "fixTonalProfileIssues"), True),
        "fixLoudnessIssues": True,
        "applyMastering": False,
        "stemProcessing": False,
        "isMaster": False,
    }
    body = {"audioFileLocation": link, "musicalStyle": "WARM", **wished, "fixDRCIssues": True, **fields}
    answer = caller.post(call, {"mixReviveData": body})
    assert answer.status_code == 200, answer.text
    assert answer.json()["error"] is False
    return str(answer.json()["mixrevive_task_id"])


def _enhanced(caller: Caller, task_id: str) -> requests.Response:
    return patiently(lambda: caller.post("/retrieveenhancedtrack", {"mixReviveData": {"mixReviveTaskId": task_id}}))


def test_the_preview_of_an_enhancement(caller: Caller, wide: Path, web: Web) -> None:
    before = caller.studio.ledger.credits
    hook = web.serve("/hook")
    done = _enhanced(caller, _enhance(caller, "/mixenhancepreview", caller.upload(wide), webhookURL=hook))
    results = done.json()["revivedTrackTaskResults"]
    assert done.json()["error"] is False
    assert "download_url_revived" not in results
    made = requests.get(results["download_url_preview_revived"], timeout=60)
    assert made.headers["Content-Type"] == "audio/mpeg"
    assert results["preview_start_time"] == 0.0
    assert results["tonnbook"]["before"]["stereo_field"] == "WIDE"
    assert results["tonnbook"]["after"]["stereo_field"] == "BALANCED"
    heard = web.heard.get(timeout=60)
    assert heard["state"] == "MIXREVIVE_TASK_PREVIEW_COMPLETED"
    assert heard["download_url_preview_revived"].startswith("http://127.0.0.1")
    assert caller.studio.ledger.credits == before


def test_a_full_enhancement(caller: Caller, wide: Path) -> None:
    before = caller.studio.ledger.credits
    task_id = _enhance(caller, "/mixenhance", caller.upload(wide), loudnessPreference="STREAMING_LOUDNESS")
    results = _enhanced(caller, task_id).json()["revivedTrackTaskResults"]
    audio, rate = audio_files.decode(requests.get(results["download_url_revived"], timeout=60).content)
    assert (audio.shape, rate) == (audio_files.read(wide)[0].shape, RATE)
    assert results["tonnbook"]["after"]["integrated_loudness_lufs"] == pytest.approx(-14.0, abs=0.1)
    assert results["tonnbook"]["credits_live"] == caller.studio.ledger.credits - before == 250


def test_what_cannot_be_enhanced_is_said(caller: Caller, tmp_path: Path) -> None:
    silent = audio_files.write(tmp_path / "silent.wav", np.zeros((2, RATE)), RATE)
    failed = _enhanced(caller, _enhance(caller, "/mixenhance", caller.upload(silent)))
    assert failed.status_code == 500
    assert "silent.wav is silent" in failed.json()["message"]
    unknown = caller.post("/retrieveenhancedtrack", {"mixReviveData": {"mixReviveTaskId": "nothing"}})
    assert unknown.status_code == 404
    wrong = caller.post(
        "/mixenhance", {"mixReviveData": {"audioFileLocation": "http://x.invalid/a.wav", "musicalStyle": "JAZZ"}}
    )
    assert wrong.status_code == 400
    assert "musicalStyle: is 'JAZZ'; allowed: ROCK_INDIE" in wrong.json()["message"]


@pytest.mark.parametrize(
    ("mode", "names"),
    [("all_stems", {"vocals", "drums", "bass", "other"}), ("vocals_instrumental", {"vocals", "instrumental"})],
)
def test_a_separation(caller: Caller, wide: Path, mode: str, names: set[str]) -> None:
    before = caller.studio.ledger.credits
    body = {"audioFileLocation": caller.upload(wide), "separationMode": mode}
    task_id = caller.post("/separate", {"stemflowData": body}).json()["stemflowTaskId"]
    assert task_id.startswith("sf_")
    done = patiently(lambda: caller.post("/retrievestems", {"stemflowData": {"stemflowTaskId": task_id}}))
    assert caller.get(f"/separatestatus/{task_id}").json()["status"] == "complete"
    assert done.json()["separation"] == "classical"
    stems = done.json()["stems"]
    assert set(stems) == names
    mix = audio_files.read(wide)[0]
    total = sum(audio_files.decode(requests.get(link, timeout=60).content)[0] for link in stems.values())
    assert np.mean(np.square(total - mix)) < 1e-10 * np.mean(np.square(mix))
    assert caller.studio.ledger.credits - before == 75


def test_a_separation_that_fails(caller: Caller, tmp_path: Path) -> None:
    silent = audio_files.write(tmp_path / "silent.wav", np.zeros((2, RATE)), RATE)
    before = caller.studio.ledger.credits
    body = {"audioFileLocation": caller.upload(silent)}
    task_id = caller.post("/separate", {"stemflowData": body}).json()["stemflowTaskId"]
    failed = patiently(lambda: caller.post("/retrievestems", {"stemflowData": {"stemflowTaskId": task_id}}))
    assert failed.status_code == 500
    status = caller.get(f"/separatestatus/{task_id}").json()
    assert (status["status"], status["error"]) == ("failed", True)
    assert "is silent" in status["info"]
    assert caller.get("/separatestatus/sf_none").status_code == 404
    assert caller.studio.ledger.credits == before
