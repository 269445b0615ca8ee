"""Fields that the live service requires: without them the studio's answer has a note, and a strict studio refuses the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from outside import Caller, Web, error_message, wav

from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.tonn import TonnClient
from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.mixing import MixRequest, MixTrack
from tonnbook.studio.server.server import Studio

FLAGS = {
    "isMaster": False,
    "fixClippingIssues": False,
    "fixStereoWidthIssues": False,
    "fixTonalProfileIssues": False,
    "fixLoudnessIssues": False,
    "applyMastering": False,
    "stemProcessing": False,
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Caller]:
    with Studio(strict=True) as studio:
        yield Caller(studio)


def test_an_answer_has_a_note_about_each_missing_field(caller: Caller, web: Web) -> None:
    links = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
    assert caller.mix(links, webhookURL=web.serve("/hook")).json()["info"] == ""
    started = caller.mix(links).json()
    assert started["info"] == "the live service requires webhookURL"
    task_id = started["multitrack_task_id"]
    preview = "the live service requires retrieveFXSettings"
    assert preview in notes(caller.finished(task_id).json()["previewMixTaskResults"])
    assert preview not in notes(caller.finished(task_id, retrieveFXSettings=False).json()["previewMixTaskResults"])
    bare = {"applyAudioEffectsData": {"multitrackTaskId": task_id, "trackData": []}}
    final = "the live service requires returnStems"
    assert final in notes(caller.post("/retrievefinalmix", bare).json()["applyAudioEffectsResults"])
    assert final not in notes(caller.final(task_id).json()["applyAudioEffectsResults"])


def notes(results: Any) -> list[str]:
    found: list[str] = results["tonnbook"]["info"]
    return found


def test_an_analysis_and_an_enhancement_have_a_note_too(caller: Caller) -> None:
    source = {"audioFileLocation": caller.upload(wav(4, channels=2)), "musicalStyle": "POP"}
    for fields, noted in ((source, True), (source | {"isMaster": False}, False)):
        results = caller.post("/mixanalysis", {"mixDiagnosisData": fields}).json()["mixDiagnosisResults"]
        assert ("the live service requires isMaster" in results["info"]) is noted
    some = {name: FLAGS[name] for name in FLAGS if name not in ("isMaster", "stemProcessing")}
    for call in ("/mixenhancepreview", "/mixenhance"):
        answer = caller.post(call, {"mixReviveData": source | some}).json()
        assert answer["info"] == "the live service requires isMaster, stemProcessing"
        assert caller.post(call, {"mixReviveData": source | FLAGS}).json()["info"] == ""


def test_a_strict_studio_names_every_missing_field(strict: Caller) -> None:
    link = strict.upload(wav(), "vocal.wav")
    source = {"audioFileLocation": link, "musicalStyle": "POP"}
    for call, body, fields in (
        ("/retrievepreviewmix", {"multitrackData": {"multitrackTaskId": "t"}}, ["retrieveFXSettings"]),
        ("/retrievefinalmix", {"applyAudioEffectsData": {"multitrackTaskId": "t", "trackData": []}}, ["returnStems"]),
        ("/mixanalysis", {"mixDiagnosisData": source | {"isMaster": None}}, ["isMaster"]),
        ("/mixenhancepreview", {"mixReviveData": source}, list(FLAGS)),
        ("/mixenhance", {"mixReviveData": source | FLAGS | {"isMaster": None}}, ["isMaster"]),
    ):
        expected = "; ".join(f"{field}: is missing; the live service requires it" for field in fields)
        assert error_message(strict.post(call, body), 400) == expected
    assert error_message(strict.mix([link]), 400) == "webhookURL: is missing; the live service requires it"


def test_our_client_sends_every_required_field(strict: Caller, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.wav" for name in ("vocal", "bass")]
    for path in paths:
        path.write_bytes(wav(4, channels=2))
    with ExitStack() as stack:
        inbox = stack.enter_context(closing(WebhookInbox()))
        tonn = stack.enter_context(closing(TonnClient(strict.studio.url, strict.studio.key, inbox=inbox)))
        tracks = [MixTrack(source=path, instrument="OTHER_GROUP1") for path in paths]
        preview = tonn.preview_mix(MixRequest(tracks=tracks, style="POP")).result(60)
        tonn.final_mix(preview).result(60)
        tonn.analyse(AnalysisRequest(source=paths[0], style="POP")).result(60)
        tonn.preview_enhancement(EnhancementRequest(source=paths[0], style="POP")).result(60)
