"""The analysis call over HTTP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faults import RATE, noise
from outside import Caller

from tonnbook import audio_files


def test_an_analysis_is_answered_when_it_is_done(caller: Caller, wide: Path) -> None:
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


@pytest.mark.parametrize("style", ["ROCK_INDIE", "HIPHOP_GRIME", "OTHER", "lo_fi", "Hip_Hop_Grime"])
def test_the_names_of_the_mix_styles_are_accepted(caller: Caller, wide: Path, style: str) -> None:
    body = {"audioFileLocation": caller.upload(wide), "musicalStyle": style, "isMaster": "false", "unknown": 1}
    assert caller.post("/mixanalysis", {"mixDiagnosisData": body}).json()["mixDiagnosisResults"]["error"] is False


def test_a_style_that_is_treated_like_another_one_is_reported(caller: Caller, wide: Path) -> None:
    body = {"audioFileLocation": caller.upload(wide), "musicalStyle": "FOLK", "isMaster": False}
    info = caller.post("/mixanalysis", {"mixDiagnosisData": body}).json()["mixDiagnosisResults"]["info"]
    assert "FOLK is treated like ACOUSTIC: both are played on the same instruments" in info


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"musicalStyle": "POLKA"}, "musicalStyle: is 'POLKA'; allowed: ROCK"),
        ({"isMaster": "perhaps"}, "isMaster"),
        ({"audioFileLocation": "file:///etc/passwd"}, "audioFileLocation"),
        ({"audioFileLocation": None}, "audioFileLocation: is missing"),
    ],
)
def test_an_invalid_request_names_the_field(caller: Caller, fields: dict[str, str], words: str) -> None:
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
