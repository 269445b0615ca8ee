"""The tasks of the composition calls over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import requests
from outside import Caller, HeldExecutor, poll

from tonnbook import audio_files
from tonnbook.studio.server.server import Studio

Call = Callable[..., Any]
RATE = 44100


@pytest.fixture
def call(held: HeldExecutor) -> Iterator[Call]:
    """Return a function that calls a studio whose work is held, and returns the answer."""
    with Studio(executor=held) as studio:
        headers = {"Authorization": f"api_key {studio.key}"}

        def send(method: str, path: str, body: Any = None, status: int = 200) -> Any:
            answer = requests.request(method, studio.url + path, json=body, headers=headers, timeout=60)
            assert answer.status_code == status, answer.text
            return answer.json()

        yield send


def finished(call: Call, task_id: str) -> Any:
    while (status := call("GET", f"/api/v2/status/{task_id}"))["state"] in ("PENDING", "PROGRESS"):
        pass
    return status


def test_a_second_request_for_stems_does_not_change_the_status_of_the_first(held: HeldExecutor, call: Call) -> None:
    held.release()
    track = call("POST", "/api/v2/tracks", {"prompt": "5 seconds of calm ambient"})["uuid"]
    finished(call, call("POST", f"/api/v2/tracks/{track}/compose", {})["task_id"])
    first = call("POST", f"/api/v2/tracks/{track}/instrument_urls", {})["task_id"]
    assert finished(call, first)["state"] == "SUCCESS"
    held.hold()
    second = call("POST", f"/api/v2/tracks/{track}/instrument_urls", {})["task_id"]
    assert call("GET", f"/api/v2/status/{first}")["state"] == "SUCCESS"
    assert call("GET", f"/api/v2/status/{second}")["state"] == "PENDING"
    held.release()
    assert finished(call, second)["state"] == "SUCCESS"


def test_a_track_is_answered_with_its_newest_finished_version(held: HeldExecutor, call: Call) -> None:
    path = f"/api/v2/tracks/{call('POST', '/api/v2/tracks', {'prompt': '3 seconds of calm ambient'})['uuid']}"
    first = call("POST", f"{path}/compose", {})["task_id"]
    assert "still being composed" in call("GET", path, status=404)["message"]
    held.release()
    finished(call, first)
    held.hold()
    second = call("POST", f"{path}/compose", {})["task_id"]
    assert call("GET", path)["tonnbook"]["version"] == 1
    stems = call("POST", f"{path}/instrument_urls", {})["task_id"]
    assert "still being composed" in call("GET", f"{path}?version=2", status=404)["message"]
    held.release()
    assert finished(call, stems)["state"] == finished(call, second)["state"] == "SUCCESS"
    assert len(call("GET", f"{path}?version=1")["instrument_urls"]) == 1
    assert call("GET", path)["tonnbook"]["version"] == 2


def composed(caller: Caller, prompt: str, format_: str, *, looping: bool) -> np.ndarray:
    """Return the song that v1 composes."""
    token = {"Authorization": f"Bearer {caller.studio.key}"}
    order = {"prompt": {"text": prompt}, "format": format_, "looping": looping}
    task = caller.post("/api/v1/tracks/compose", order, **token).json()["task_id"]
    url = f"{caller.studio.url}/api/v1/tasks/{task}"

    def finished() -> requests.Response:
        answer = requests.get(url, headers=token, timeout=60)
        if answer.json()["status"] != "composed":
            answer.status_code = 202
        return answer

    link = poll(finished).json()["meta"]["track_url"]
    return audio_files.decode(requests.get(link, timeout=60).content)[0]


@pytest.mark.parametrize("format_", ["wav", "mp3"])
@pytest.mark.parametrize("prompt", ["8 seconds of happy pop", "9 seconds of relaxing hip hop"])
def test_the_end_of_a_loop_leads_into_its_beginning(caller: Caller, prompt: str, format_: str) -> None:
    loop = composed(caller, prompt, format_, looping=True)
    assert loop.shape[1] == round(float(prompt[0]) * RATE)
    seam = np.concatenate([loop[:, -RATE:], loop[:, :RATE]], axis=1)
    bend = np.abs(np.diff(seam, 2, axis=1)).max(axis=0)  # a step in level or phase bends the wave
    assert bend[RATE - 8 : RATE + 8].max() < 0.4 * np.quantile(bend, 0.99)
    before = np.square(seam[:, RATE - 441 : RATE]).mean()
    assert before > 1e-4 * np.square(loop).mean()  # no fade-out
    song = composed(caller, prompt, format_, looping=False)
    assert np.square(song[:, -441:]).mean() < 1e-5 * np.square(song).mean()
