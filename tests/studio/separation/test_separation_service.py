"""The separation calls over HTTP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import requests
from faults import RATE
from outside import Caller, poll

from tonnbook import audio_files


@pytest.mark.parametrize(
    ("mode", "names"),
    [("all_stems", {"vocals", "drums", "bass", "other"}), ("vocals_instrumental", {"vocals", "instrumental"})],
)
def test_a_separation(caller: Caller, wide: Path, mode: str, names: set[str]) -> None:
    before = caller.studio.ledger.credits
    body = {"audioFileLocation": caller.upload(wide), "separationMode": mode}
    task_id = caller.post("/separate", {"stemflowData": body}).json()["stemflowTaskId"]
    assert task_id.startswith("sf_")
    done = poll(lambda: caller.post("/retrievestems", {"stemflowData": {"stemflowTaskId": task_id}}))
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
    failed = poll(lambda: caller.post("/retrievestems", {"stemflowData": {"stemflowTaskId": task_id}}))
    assert failed.status_code == 500
    status = caller.get(f"/separatestatus/{task_id}").json()
    assert (status["status"], status["error"]) == ("failed", True)
    assert "is silent" in status["info"]
    assert caller.get("/separatestatus/sf_none").status_code == 404
    assert caller.studio.ledger.credits == before
