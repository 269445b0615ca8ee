"""The cleanup call over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from faults import RATE
from outside import Caller

from tonnbook import audio_files


@pytest.mark.parametrize("source", ["VOCAL_GROUP", "KICK_GROUP"])
def test_a_cleanup_is_answered_when_it_is_done(caller: Caller, wide: Path, source: str) -> None:
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


def test_a_cleanup_of_another_sound_source_is_refused(caller: Caller, wide: Path) -> None:
    body = {"audioFileLocation": caller.upload(wide), "soundSource": "BASS_GROUP"}
    answer = caller.post("/audio-cleanup", {"audioCleanupData": body})
    assert answer.status_code == 400
    assert "soundSource: is 'BASS_GROUP'; allowed: KICK_GROUP" in answer.json()["message"]
