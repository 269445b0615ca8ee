"""The tasks of the composition calls over HTTP."""

from __future__ import annotations

from typing import Any

import requests
from outside import HeldExecutor

from tonnbook.studio.server.server import Studio


def test_a_second_request_for_stems_does_not_change_the_status_of_the_first(held: HeldExecutor) -> None:
    with Studio(executor=held) as studio:
        headers = {"Authorization": f"api_key {studio.key}"}

        def call(method: str, path: str, body: Any = None) -> Any:
            answer = requests.request(method, studio.url + path, json=body, headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text
            return answer.json()

        def finished(task_id: str) -> Any:
            while (status := call("GET", f"/api/v2/status/{task_id}"))["state"] in ("PENDING", "PROGRESS"):
                pass
            return status

        held.release()
        track = call("POST", "/api/v2/tracks", {"prompt": "5 seconds of calm ambient"})["uuid"]
        finished(call("POST", f"/api/v2/tracks/{track}/compose", {})["task_id"])
        first = call("POST", f"/api/v2/tracks/{track}/instrument_urls", {})["task_id"]
        assert finished(first)["state"] == "SUCCESS"
        held.hold()
        second = call("POST", f"/api/v2/tracks/{track}/instrument_urls", {})["task_id"]
        assert call("GET", f"/api/v2/status/{first}")["state"] == "SUCCESS"
        assert call("GET", f"/api/v2/status/{second}")["state"] == "PENDING"
        held.release()
        assert finished(second)["state"] == "SUCCESS"
