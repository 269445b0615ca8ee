"""The enhancement calls over HTTP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import requests
from faults import RATE
from outside import Caller, Web, poll

from tonnbook import audio_files


def _enhance(caller: Caller, call: str, link: str, **fields: object) -> str:
    options = {
        **dict.fromkeys(("fixClippingIssues", "fixStereoWidthIssues", "fixTonalProfileIssues"), True),
        "fixLoudnessIssues": True,
        "applyMastering": False,
        "stemProcessing": False,
        "isMaster": False,
    }
    body = {"audioFileLocation": link, "musicalStyle": "WARM", **options, "fixDRCIssues": True, **fields}
    answer = caller.post(call, {"mixReviveData": body})
    assert answer.status_code == 200, answer.text
    assert answer.json()["error"] is False
    return str(answer.json()["mixrevive_task_id"])


def _enhanced(caller: Caller, task_id: str) -> requests.Response:
    return poll(lambda: caller.post("/retrieveenhancedtrack", {"mixReviveData": {"mixReviveTaskId": task_id}}))


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
    heard = web.received.get(timeout=60)
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


def test_the_stems_of_a_preview_are_as_long_as_it(caller: Caller, wide: Path, web: Web) -> None:
    repeated = np.tile(audio_files.read(wide)[0], (1, 1 + 35 * RATE // audio_files.read(wide)[0].shape[1]))
    song = audio_files.write(wide.with_name("long.wav"), repeated, RATE)
    fields = {"getProcessedStems": True, "previewStartTime": 2.0, "webhookURL": web.serve("/hook")}
    task_id = _enhance(caller, "/mixenhancepreview", caller.upload(song), **fields)
    results = _enhanced(caller, task_id).json()["revivedTrackTaskResults"]
    assert set(results["stems"]) == {"vocal", "bass", "drums", "other"}
    stems = [audio_files.decode(requests.get(link, timeout=60).content)[0] for link in results["stems"].values()]
    preview, _ = audio_files.decode(requests.get(results["download_url_preview_revived"], timeout=60).content)
    assert {stem.shape for stem in stems} == {preview.shape} == {(2, 30 * RATE)}
    middle = slice(RATE, -RATE)  # without the fades of the preview
    assert np.corrcoef(np.sum(stems, axis=0)[0, middle], preview[0, middle])[0, 1] > 0.95
    assert set(web.received.get(timeout=60)["stems"]) == set(results["stems"])


def test_a_failed_an_unknown_and_an_invalid_enhancement(caller: Caller, tmp_path: Path) -> None:
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
