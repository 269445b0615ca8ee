"""What every call that starts work does first, whatever it starts: look at its links and its webhook, and make room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from outside import Caller, said, wav

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
def test_a_link_that_leads_nowhere_is_refused_before_any_work(caller: Caller, call: str) -> None:
    nothing = caller.studio.url + "/files/none/vocal.wav?expires=1&signature=0"
    assert said(caller.post(call, body(call, nothing)), 400).startswith(STARTS[call][2])


@pytest.mark.parametrize("call", WITH_WEBHOOKS)
def test_a_webhook_that_nobody_can_hear_is_refused_before_any_work(caller: Caller, call: str) -> None:
    link = caller.upload(wav(), "bass.wav")
    answer = caller.post(call, body(call, link, webhookURL=caller.studio.url + "/mixpreview"))
    assert "webhookURL" in said(answer, 400)


@pytest.mark.parametrize("call", STARTS)
def test_work_that_finds_no_room_is_refused(full: Caller, call: str) -> None:
    elsewhere = "http://127.0.0.1:9/bass.wav"
    assert "folder is full" in said(full.post(call, body(call, elsewhere)), 507)
