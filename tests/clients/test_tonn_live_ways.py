"""TonnClient with scripted answers that the studio never gives: no credits, unexpected bodies, one long call, foreign Locations."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scripted import Answer, Call, Scripted, scripted

from tonnbook import audio_files
from tonnbook.clients.http import Http
from tonnbook.clients.polling import PollSettings
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import (
    JobFailed,
    JobTimeout,
    OutOfCredits,
    RequestRejected,
    ServerFault,
    TonnbookError,
    TooManyRequests,
    UnexpectedAnswer,
    Unreachable,
)
from tonnbook.models.effects import Compression, EqBand, TrackEffects
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.mixing import MixPreview, MixRequest, MixTrack
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.vocabulary import DesiredLoudness, InstrumentGroup, MusicalStyle

QUICK = PollSettings(first_s=0.01, longest_s=0.02, retry_for_s=0.2)
LINKS = ["https://bucket.example/a1b2/vocal.flac?sig=SECRET", "https://bucket.example/c3d4/bass.flac?sig=SECRET"]
REQUEST = MixRequest(
    tracks=tuple(MixTrack(source=link, instrument=InstrumentGroup.OTHER_1) for link in LINKS),
    style=MusicalStyle.POP,
)
TASK = {"multitrack_task_id": "t1", "error": False, "message": "started"}
WORKING = Answer(202, {"status": "MIX_TASK_PREVIEW_PROCESSING", "message": "working"})
READY: dict[str, Any] = {
    "status": "MIX_TASK_PREVIEW_COMPLETED",
    "previewMixTaskResults": {
        "status": "MIX_TASK_PREVIEW_COMPLETED",
        "download_url_preview_mixed": "https://bucket.example/mix.mp3?sig=SECRET",
    },
}
FINAL = {"applyAudioEffectsResults": {"download_url_mixed": "https://bucket.example/mix.wav?sig=SECRET"}}
PREVIEW = MixPreview("t1", REQUEST, mix=None)  # type: ignore[arg-type]  # the final mix needs its id and request only


@contextmanager
def service(routes: dict[str, Any], **options: Any) -> Iterator[tuple[TonnClient, Scripted]]:
    """A service with an answer for each path: a fixed one, a list of answers in turn, or a function."""

    def answer(call: Call) -> Answer:
        found = routes[call.path]
        if callable(found):
            found = found(call)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if isinstance(found, Answer) else Answer(body=found)

    with scripted(answer) as server:
        with patch("tonnbook.clients.tonn.Http", partial(Http, retry_for_s=0, read_s=2)):
            client = TonnClient(server.url, "key", polling=QUICK, **options)
        yield client, server
        client.close()


def test_a_preview_that_is_ready_at_the_first_poll() -> None:
    with service({"/mixpreview": TASK, "/retrievepreviewmix": READY}) as (tonn, server):
        preview = tonn.preview_mix(REQUEST).result(timeout=60)
    assert (preview.task_id, preview.mix.name, preview.notes) == ("t1", "mix.mp3", None)
    assert preview.request == REQUEST
    assert [call.path for call in server.calls] == ["/mixpreview", "/retrievepreviewmix"]


def test_a_202_is_never_a_result_whatever_is_in_it() -> None:
    answers = [WORKING, Answer(202, READY), Answer(202, b"soon"), Answer(202, {"progress": "half"}), READY]
    with service({"/mixpreview": TASK, "/retrievepreviewmix": answers}) as (tonn, server):
        tonn.preview_mix(REQUEST).result(timeout=60)
    assert server.count("/retrievepreviewmix") == 5


def test_a_state_in_the_body_counts_at_either_level() -> None:
    inner = {"previewMixTaskResults": {"status": "MIX_TASK_PREVIEW_PROCESSING"}}
    answers = [{"status": "MIX_TASK_PREVIEW_PROCESSING"}, inner, {"status": "MIX_TASK_PREVIEW_ERROR"}]
    with service({"/mixpreview": TASK, "/retrievepreviewmix": answers}) as (tonn, server):
        with pytest.raises(JobFailed, match="MIX_TASK_PREVIEW_ERROR"):
            tonn.preview_mix(REQUEST).result(timeout=60)
        assert server.count("/retrievepreviewmix") == 3


@pytest.mark.parametrize("status", [200, 500])
def test_an_error_in_the_body_fails_the_job(status: int) -> None:
    failed = Answer(status, {"error": True, "message": "track 2 is silent"})
    with service({"/mixpreview": TASK, "/retrievepreviewmix": [WORKING, failed]}) as (tonn, server):
        with pytest.raises(JobFailed, match="preview mix t1 failed: track 2 is silent"):
            tonn.preview_mix(REQUEST).result(timeout=60)
        assert server.count("/retrievepreviewmix") == 2


def test_a_request_that_is_refused_in_the_body() -> None:
    refusal = {"error": True, "message": "too many tracks"}
    with service({"/mixpreview": refusal}) as (tonn, _), pytest.raises(JobFailed, match="too many tracks"):
        tonn.preview_mix(REQUEST).result(timeout=60)


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        (
            {"/mixpreview": {"task": "t1"}},
            "/mixpreview answered 200, and not as documented: multitrack_task_id: is missing",
        ),
        (
            {"/mixpreview": TASK, "/retrievepreviewmix": {"status": "MIX_TASK_PREVIEW_COMPLETED"}},
            "/retrievepreviewmix answered 200, and not as documented: previewMixTaskResults: is missing",
        ),
        (
            {"/mixpreview": TASK, "/retrievepreviewmix": {"previewMixTaskResults": {"stems": {}}}},
            r"previewMixTaskResults\.download_url_preview_mixed: is missing",
        ),
        ({"/mixpreview": Answer(200, b"<html>")}, "no JSON object"),
    ],
)
def test_a_success_of_the_wrong_shape_says_what_is_missing(routes: dict[str, Any], message: str) -> None:
    with service(routes) as (tonn, _), pytest.raises(UnexpectedAnswer, match=message):
        tonn.preview_mix(REQUEST).result(timeout=60)


def test_a_poll_that_fails_for_a_moment_is_repeated() -> None:
    page = Answer(200, b"<!doctype html><title>Log in</title>")
    answers = [Answer(429, headers={"Retry-After": "0"}), Answer(503), Answer(drop=True), page, READY]
    with service({"/mixpreview": TASK, "/retrievepreviewmix": answers}) as (tonn, server):
        tonn.preview_mix(REQUEST).result(timeout=60)
        assert server.count("/retrievepreviewmix") == 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(402, {"error": True, "message": "no credits"}), OutOfCredits),
        (Answer(429, {"message": "slow down"}, {"Retry-After": "0"}), TooManyRequests),
        (Answer(503, b"busy"), TonnbookError),
        (Answer(drop=True), Unreachable),
    ],
)
@pytest.mark.parametrize("path", ["/mixpreview", "/retrievefinalmix"])
def test_what_may_cost_credits_is_sent_exactly_once(path: str, answer: Answer, kind: type[TonnbookError]) -> None:
    with service({path: answer}) as (tonn, server):
        job = tonn.preview_mix(REQUEST) if path == "/mixpreview" else tonn.final_mix(PREVIEW)
        with pytest.raises(kind):
            job.result(timeout=60)
        assert (job.status, server.count(path)) == ("failed", 1)


def test_fx_settings_are_requested_once_when_the_mix_is_ready() -> None:
    requested: list[bool] = []

    def retrieve(call: Call) -> Answer:
        requested.append(call.json["multitrackData"]["retrieveFXSettings"])
        return WORKING if len(requested) < 4 else Answer(body=READY)

    with service({"/mixpreview": TASK, "/retrievepreviewmix": retrieve}) as (tonn, _):
        tonn.preview_mix(REQUEST, fx_settings=True).result(timeout=60)
        assert requested == [False, False, False, False, True]
        requested[:] = [False] * 4
        tonn.preview_mix(REQUEST).result(timeout=60)
        assert requested == [False] * 5


@pytest.mark.parametrize("junk", [b"{}", b"busy", b'{"previewMixTaskResults": {}}'])
def test_fx_settings_are_not_requested_for_what_is_no_preview(junk: bytes) -> None:
    with service({"/mixpreview": TASK, "/retrievepreviewmix": Answer(200, junk)}) as (tonn, server):
        with pytest.raises(UnexpectedAnswer):
            tonn.preview_mix(REQUEST, fx_settings=True).result(timeout=60)
        assert server.count("/retrievepreviewmix") == 1


def test_fx_settings_that_cannot_be_retrieved_are_not_requested_again() -> None:
    requested: list[bool] = []

    def retrieve(call: Call) -> Answer:
        requested.append(call.json["multitrackData"]["retrieveFXSettings"])
        return Answer(503) if requested[-1] else Answer(body=READY)

    with service({"/mixpreview": TASK, "/retrievepreviewmix": retrieve}) as (tonn, _):
        with pytest.raises(
            JobFailed, match=r"mix is ready, but its FX settings could not be retrieved.*fx_settings=False\) gets"
        ):
            tonn.preview_mix(REQUEST, fx_settings=True).result(timeout=60)
        assert requested == [False, True]
        assert tonn.attach("t1").result(timeout=60).mix.name == "mix.mp3"


@pytest.mark.parametrize("create_master", [None, False])
def test_a_final_mix_keeps_the_master_of_its_preview_unless_it_sets_its_own(create_master: bool | None) -> None:
    options = {"create_master": True, "desired_loudness": DesiredLoudness.HIGH}
    assert PREVIEW.request is not None
    preview = replace(PREVIEW, request=PREVIEW.request.model_copy(update=options))
    with service({"/retrievefinalmix": FINAL}) as (tonn, server):
        tonn.final_mix(preview, create_master=create_master).result(timeout=60)
    sent = server.calls[0].json["applyAudioEffectsData"]
    assert sent["createMaster"] is (create_master is None)
    assert sent["desiredLoudness"] == "HIGH"


def test_a_final_mix_names_every_track_by_its_link() -> None:
    changes = {
        "vocal": TrackEffects(gain_db=-1.5, pan_deg=-10, eq=(EqBand(centre_hz=310, gain_db=-2),)),
        "bass.flac": TrackEffects(compression=Compression(ratio=3)),
    }
    with service({"/retrievefinalmix": FINAL}) as (tonn, server):
        job = tonn.final_mix(PREVIEW, changes, return_stems=True, desired_loudness=DesiredLoudness.LOW)
        assert job.result(timeout=60).mix.name == "mix.wav"
    assert job.task_id == "t1"
    vocal, bass = server.calls[0].json["applyAudioEffectsData"].pop("trackData")
    assert server.calls[0].json["applyAudioEffectsData"] | {"trackData": 0} == {
        "multitrackTaskId": "t1",
        "trackData": 0,
        "returnStems": True,
        "createMaster": False,
        "desiredLoudness": "LOW",
        "sampleRate": "44100",
    }
    assert vocal == {
        "trackURL": LINKS[0],
        "gainDb": -1.5,
        "panning_settings": {"panning_angle": -10},
        "eq_settings": {"band_1": {"centre_freq": 310, "gain": -2, "q": 1}},
    }
    assert (bass["trackURL"], bass["gainDb"], bass["compression_settings"]["ratio"]) == (LINKS[1], 0, 3)
    assert set(bass) == {"trackURL", "gainDb", "compression_settings"}
    assert server.calls[0].headers["Prefer"] == "respond-async"


def test_a_server_that_answers_later_is_polled_at_its_location() -> None:
    accepted = Answer(202, {"status": "MIX_TASK_FINAL_PROCESSING"}, {"Location": "/studio/renders/7"})
    rendering = Answer(202, {"progress": 0.5, "message": "mixing"})
    with service({"/retrievefinalmix": accepted, "/studio/renders/7": [rendering, Answer(503), FINAL]}) as (
        tonn,
        server,
    ):
        tonn.final_mix(PREVIEW).result(timeout=60)
        assert (server.count("/retrievefinalmix"), server.count("/studio/renders/7")) == (1, 3)


def test_a_render_that_fails_on_the_way() -> None:
    accepted = Answer(202, {}, {"Location": "/studio/renders/7"})
    failed = Answer(500, {"error": True, "message": "vocal.flac cannot be read"})
    routes = {"/retrievefinalmix": accepted, "/studio/renders/7": failed}
    with (
        service(routes) as (tonn, _),
        pytest.raises(JobFailed, match=r"final mix t1 failed: vocal\.flac cannot be read"),
    ):
        tonn.final_mix(PREVIEW).result(timeout=60)


def test_a_location_on_another_server_is_not_followed() -> None:
    away = Answer(202, {}, {"Location": "https://evil.example/renders/7"})
    with service({"/retrievefinalmix": away}) as (tonn, _), pytest.raises(UnexpectedAnswer, match=r"evil\.example"):
        tonn.final_mix(PREVIEW).result(timeout=60)


def test_a_202_without_a_location_is_neither_a_result_nor_sent_again() -> None:
    with service({"/retrievefinalmix": Answer(202, {"message": "the preview is being made"})}) as (tonn, server):
        with pytest.raises(UnexpectedAnswer, match="without a Location: the preview is being made"):
            tonn.final_mix(PREVIEW).result(timeout=60)
        assert server.count("/retrievefinalmix") == 1


def test_one_long_call_is_waited_for_and_not_sent_again() -> None:
    gate = threading.Event()

    def slowly(call: Call) -> Answer:
        gate.wait(10)
        return Answer(body=FINAL)

    with service({"/retrievefinalmix": slowly}, final_read_s=30.0) as (tonn, server):
        job = tonn.final_mix(PREVIEW)
        with pytest.raises(JobTimeout):
            job.result(timeout=2.5)  # longer than any other call may take here
        gate.set()
        assert job.result(timeout=60).task_id == "t1"
        assert server.count("/retrievefinalmix") == 1


def test_one_long_call_that_takes_too_long() -> None:
    gate = threading.Event()

    def never(call: Call) -> Answer:
        gate.wait(10)
        return Answer(body=FINAL)

    with service({"/retrievefinalmix": never}, final_read_s=0.3) as (tonn, server):
        with pytest.raises(Unreachable, match=r"did not answer in time.*sent once.*may have arrived"):
            tonn.final_mix(PREVIEW).result(timeout=60)
        assert server.count("/retrievefinalmix") == 1
        gate.set()


def test_two_tracks_of_one_name_are_distinguished() -> None:
    links = ["https://a.example/1/take.wav", "https://a.example/2/take.wav", "https://a.example/3/take.flac"]
    tracks = tuple(MixTrack(source=link, instrument=InstrumentGroup.KEYS) for link in links)
    preview = MixPreview("t1", MixRequest(tracks=tracks, style=MusicalStyle.POP), mix=None)  # type: ignore[arg-type]
    with service({"/retrievefinalmix": FINAL}) as (tonn, server):
        with pytest.raises(ValueError, match=r"'take', which may be take\.wav or take\.flac: name it with its ending"):
            tonn.final_mix(preview, {"take": TrackEffects(gain_db=-1)})
        with pytest.raises(ValueError, match=r"changes names take \(2\)\.wav twice"):
            tonn.final_mix(preview, {"take (2)": TrackEffects(), "take (2).wav": TrackEffects()})
        tonn.final_mix(preview, {"take (2)": TrackEffects(gain_db=-1)}).result(timeout=60)
    assert [track["gainDb"] for track in server.calls[0].json["applyAudioEffectsData"]["trackData"]] == [0, -1, 0]


def test_a_final_mix_takes_strings_for_enumerations() -> None:
    with service({"/retrievefinalmix": FINAL}) as (tonn, server):
        tonn.final_mix(PREVIEW, sample_rate="48000", desired_loudness="LOW", create_master=True).result(timeout=60)
    sent = server.calls[0].json["applyAudioEffectsData"]
    assert (sent["sampleRate"], sent["desiredLoudness"]) == ("48000", "LOW")


def test_stems_of_one_name_become_two_files() -> None:
    results = {"download_url_mixed": "https://a.example/mix.wav", "stems": {}}
    results["stems"] = {"take.wav": "https://a.example/1.wav", "take.flac": "https://a.example/2.wav"}
    with service({"/retrievefinalmix": {"applyAudioEffectsResults": results}}) as (tonn, _):
        final = tonn.final_mix(PREVIEW).result(timeout=60)
    assert {name: file.name for name, file in final.stems.items()} == {
        "take.wav": "take.wav.wav",
        "take.flac": "take.flac.wav",
    }


RUNNING = Answer(202, {"message": "working"})
LINK = "https://bucket.example/a1b2/mix.wav?sig=SECRET"
SEPARATING = {"stemflowTaskId": "t1", "status": "processing", "message": "working"}
RECOMBINING = {"recombineTaskId": "t1", "status": "processing", "message": "working"}
CREATED = {
    "mastering_task_id": "t1",
    "mixrevive_task_id": "t1",
    "stemflowTaskId": "t1",
    "recombineTaskId": "t1",
    **TASK,
}
UNFINISHED: dict[str, Any] = {
    **dict.fromkeys(["/mixpreview", "/masteringpreview", "/mixenhance", "/separate", "/recombine"], CREATED),
    **dict.fromkeys(["/retrievepreviewmix", "/retrievepreviewmaster", "/retrieveenhancedtrack"], RUNNING),
    "/separatestatus/t1": SEPARATING,
    "/recombinestatus/t1": RECOMBINING,
}
RECOMBINE = RecombinationRequest(style="POP", vocal=LINK, backing=LINK)


@pytest.mark.parametrize(
    ("start", "find_again"),
    [
        (lambda tonn: tonn.preview_mix(REQUEST), "tonn.attach('t1')"),
        (lambda tonn: tonn.master(LINK), "tonn.attach_master('t1', final=True)"),
        (lambda tonn: tonn.master(LINK, final=False), "tonn.attach_master('t1', final=False)"),
        (lambda tonn: tonn.enhance(EnhancementRequest(source=LINK, style="POP")), "tonn.attach_enhancement('t1')"),
        (lambda tonn: tonn.separate(LINK), "tonn.attach_separation('t1')"),
        (lambda tonn: tonn.recombine(RECOMBINE), "tonn.attach_recombination('t1', final=True)"),
        (lambda tonn: tonn.recombine(RECOMBINE, final=False), "tonn.attach_recombination('t1', final=False)"),
    ],
)
def test_the_call_that_a_timeout_names_finds_the_job_again(start: Callable[[TonnClient], Any], find_again: str) -> None:
    with service(UNFINISHED) as (tonn, _):
        job = start(tonn)
        while job.task_id is None and not job.done:
            time.sleep(0.01)
        with pytest.raises(JobTimeout, match=re.escape(f"wait again with the same job, or {find_again} finds it.")):
            job.result(timeout=0.05)
        found = eval(find_again, {"tonn": tonn})
        assert (found.task_id, found.name.split()[0]) == ("t1", job.name.split()[0])
        with pytest.raises(JobTimeout, match=re.escape(find_again)):
            found.result(timeout=0.05)


@pytest.mark.parametrize("answer", [Answer(503, b"busy"), Answer(drop=True), Answer(200, b"<html>")])
@pytest.mark.parametrize("path", ["/mixanalysis", "/audio-cleanup", "/retrievefinalmix", "/retrievefinalmaster"])
def test_a_paid_call_without_a_usable_answer_says_that_it_may_have_been_charged(path: str, answer: Answer) -> None:
    ready = {"previewMasterTaskResults": {"download_url_mastered_preview": LINK, "preview_start_time": 0.0}}
    calls: dict[str, Callable[[TonnClient], Any]] = {
        "/mixanalysis": lambda tonn: tonn.analyse(LINK),
        "/audio-cleanup": lambda tonn: tonn.clean_up(LINK),
        "/retrievefinalmix": lambda tonn: tonn.final_mix(PREVIEW),
        "/retrievefinalmaster": lambda tonn: tonn.attach_master("t1", final=True),
    }
    with service({path: answer, "/retrievepreviewmaster": ready}) as (tonn, server):
        with pytest.raises(TonnbookError, match="It may have been charged: see your account") as caught:
            calls[path](tonn).result(timeout=60)
        again = "attach_master('t1', final=True)" if path == "/retrievefinalmaster" else "again"
        assert again in str(caught.value)
        assert server.count(path) == 1


@pytest.mark.parametrize("path", ["/mixanalysis", "/audio-cleanup"])
def test_an_analysis_or_cleanup_is_sent_exactly_once(path: str) -> None:
    with service({path: Answer(503, b"busy")}) as (tonn, server):
        job = tonn.analyse(LINK) if path == "/mixanalysis" else tonn.clean_up(LINK)
        with pytest.raises(ServerFault):
            job.result(timeout=60)
        assert server.count(path) == 1


def test_an_analysis_waits_like_any_job_and_a_closed_client_sends_none() -> None:
    gate = threading.Event()

    def slow(call: Call) -> Answer:
        gate.wait(10)
        return Answer(400, {"error": True, "message": "too short"})

    with service({"/mixanalysis": slow}) as (tonn, server):
        job = tonn.analyse(LINK)
        with pytest.raises(JobTimeout, match="cannot be found again by an id"):
            job.result(timeout=0.05)
        gate.set()
        with pytest.raises(RequestRejected, match="too short"):
            job.result(timeout=60)
        tonn.close()
        with pytest.raises(TonnbookError, match="has been closed"):
            tonn.analyse(LINK).result(timeout=60)
        assert server.count("/mixanalysis") == 1


@pytest.mark.parametrize("answer", [Answer(503, b"busy"), Answer(drop=True)])
def test_a_final_recombination_that_gets_no_answer_is_not_requested_again(answer: Answer) -> None:
    routes = {
        **UNFINISHED,
        "/recombinestatus/t1": {**RECOMBINING, "status": "complete"},
        "/retrieverecombinepreview": {"preview": {"preview_url": LINK, "preview_start_seconds": 0.0}},
        "/retrieverecombine": answer,
    }
    with service(routes) as (tonn, server):
        with pytest.raises(TonnbookError, match=r"may have been charged.*attach_recombination\('t1', final=True\)"):
            tonn.recombine(RECOMBINE).result(timeout=60)
        assert server.count("/retrieverecombine") == 1


def test_an_order_does_not_wait_longer_for_a_busy_server_than_its_limit(tmp_path: Path) -> None:
    def answer(call: Call) -> Answer:
        if call.path == "/upload":
            links = {"signed_url": f"{server.url}/put?s=1", "readable_url": f"{server.url}/get?s=1"}
            return Answer(body=links)
        if call.path == "/masteringpreview":
            return Answer(429, {"message": "slow down"}, {"Retry-After": "86400"})
        return Answer(body=b"")

    song = audio_files.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(1).normal(size=(2, 88200)), 44100, 16)
    with scripted(answer) as server:
        client = TonnClient(server.url, "key", polling=PollSettings(first_s=0.02, retry_for_s=1.0))
        album = client.master_all([song], tmp_path / "album").result(60)
        client.close()
    assert "slow down" in album.failed["a"]
