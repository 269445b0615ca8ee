"""Every call that starts a task first checks its links, its webhook and the disk space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from outside import Caller, error_message, wav

from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.server.server import Studio

STYLE = {"musicalStyle": "POP"}
STARTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "/mixpreview": (
        "multitrackData",
        STYLE
        | {
            "trackData": [
                {"trackURL": "LINK", "instrumentGroup": "BASS_GROUP"},
                {"trackURL": "http://127.0.0.1:9/drums.wav", "instrumentGroup": "DRUMS_GROUP"},
            ]
        },
        "trackData[0].trackURL",
    ),
    "/masteringpreview": (
        "masteringData",
        STYLE | {"trackData": [{"trackURL": "LINK"}], "desiredLoudness": "LOW"},
        "trackData[0].trackURL",
    ),
    "/mixanalysis": ("mixDiagnosisData", STYLE | {"audioFileLocation": "LINK", "isMaster": False}, "audioFileLocation"),
    "/audio-cleanup": (
        "audioCleanupData",
        {"audioFileLocation": "LINK", "soundSource": "VOCAL_GROUP"},
        "audioFileLocation",
    ),
    "/mixenhancepreview": ("mixReviveData", STYLE | {"audioFileLocation": "LINK"}, "audioFileLocation"),
    "/mixenhance": ("mixReviveData", STYLE | {"audioFileLocation": "LINK"}, "audioFileLocation"),
    "/separate": ("stemflowData", {"audioFileLocation": "LINK"}, "audioFileLocation"),
    "/recombine": ("recombineData", STYLE | {"vocalStemURL": "LINK", "backingStemURL": "LINK"}, "vocalStemURL"),
}
WITH_WEBHOOKS = [call for call in STARTS if call not in ("/mixanalysis", "/audio-cleanup")]


def body(call: str, link: str, **options: Any) -> dict[str, Any]:
    envelope, inner, _ = STARTS[call]

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else link if value == "LINK" else value

    return {envelope: filled(inner) | options}


@pytest.fixture(scope="module")
def full() -> Iterator[Caller]:
    """A caller of a studio whose folder is full: an upload is kept until its link has expired."""
    with Studio(limits=Limits(folder_bytes=100_000)) as studio:
        caller = Caller(studio)
        caller.upload(bytes(200_000))
        yield caller


@pytest.mark.parametrize("call", STARTS)
def test_an_invalid_link_is_refused_before_a_task_is_started(caller: Caller, call: str) -> None:
    invalid = caller.studio.url + "/files/none/vocal.wav?expires=1&signature=0"
    assert error_message(caller.post(call, body(call, invalid)), 400).startswith(STARTS[call][2])


@pytest.mark.parametrize("call", WITH_WEBHOOKS)
def test_a_webhook_to_the_studio_itself_is_refused_before_a_task_is_started(caller: Caller, call: str) -> None:
    link = caller.upload(wav(), "bass.wav")
    answer = caller.post(call, body(call, link, webhookURL=caller.studio.url + "/mixpreview"))
    assert "webhookURL" in error_message(answer, 400)


@pytest.mark.parametrize("call", STARTS)
def test_a_task_is_refused_when_the_disk_limit_is_reached(full: Caller, call: str) -> None:
    link = "http://127.0.0.1:9/bass.wav"
    assert "folder is full" in error_message(full.post(call, body(call, link)), 507)
