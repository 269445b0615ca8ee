"""The calls, over a real port: what they answer, what they refuse, and in which words."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside import Caller, Web, patiently

from tonnbook import audio_files
from tonnbook.models.effects import Compression, EqBand
from tonnbook.models.mixing import (
    FinalMixAnswer,
    FinalMixRequest,
    FinalMixTrack,
    MixRequest,
    MixTrack,
    PreviewMixAnswer,
    PreviewMixQuery,
)
from tonnbook.models.upload import UploadRequest
from tonnbook.studio.limits import Limits
from tonnbook.studio.server import Studio

Held = tuple[ThreadPoolExecutor, threading.Event]


@pytest.fixture(scope="module")
def links(studio: Studio, excerpts: Mapping[str, Path]) -> dict[str, str]:
    caller = Caller(studio)
    return {name: caller.upload(excerpts[name]) for name in ("vocal", "bass", "guitar")}


@pytest.fixture(scope="module")
def task_id(studio: Studio, links: Mapping[str, str]) -> str:
    """A finished preview with stems."""
    caller = Caller(studio)
    task_id = caller.start(list(links.values()), returnStems=True)
    assert caller.finished(task_id).status_code == 200
    return task_id


def said(answer: requests.Response, status: int) -> str:
    """Check the one shape that every error has; return its message."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] is True
    return str(body["message"])


def wave_of(url: str, folder: Path) -> tuple[Any, int]:
    path = folder / Path(urlsplit(url).path).name
    path.write_bytes(requests.get(url, timeout=30).content)
    return audio_files.read(path)


# --- who may call


def test_health_needs_no_key(studio: Studio) -> None:
    assert requests.get(studio.url + "/health", timeout=10).json()["status"] == "ok"


def test_the_key_by_header_or_query(studio: Studio) -> None:
    url = studio.url + "/studio/ledger"
    assert requests.get(url, headers={"x-api-key": "studio"}, timeout=10).status_code == 200
    assert requests.get(url, params={"key": "studio"}, timeout=10).status_code == 200


@pytest.mark.parametrize("key", [None, "", "wrong", "studio ", "stüdio"])
@pytest.mark.parametrize("path", ["/upload", "/mixpreview", "/retrievepreviewmix", "/retrievefinalmix"])
def test_without_the_key_nothing_is_read(studio: Studio, path: str, key: str | None) -> None:
    answer = requests.post(studio.url + path, params={"key": key} if key else {}, data=b"not json", timeout=10)
    assert "key is missing or wrong" in said(answer, 401)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_web_pages_from_elsewhere_are_turned_away(caller: Caller, headers: dict[str, str]) -> None:
    answer = requests.get(caller.studio.url + "/health", headers=headers, timeout=10)
    assert "this machine only" in said(answer, 403)


def test_pages_of_this_machine_may_call(caller: Caller) -> None:
    answer = requests.get(caller.studio.url + "/health", headers={"Origin": "http://localhost:8888"}, timeout=10)
    assert answer.status_code == 200


# --- what the framework refuses, in our words


def test_unknown_addresses_and_wrong_methods(caller: Caller) -> None:
    assert "/nowhere" in said(caller.get("/nowhere"), 404)
    assert "allowed: POST" in said(caller.get("/mixpreview"), 405)
    assert "no such task" in said(caller.preview("nobody"), 404)
    assert "no such task" in said(caller.final("nobody"), 404)
    assert "no such render" in said(caller.get("/studio/renders/nobody"), 404)


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"\xff\xfe", b"[" * 100_000, b'["\\ud800"]', b"NaN", b"1" * 5000])
def test_what_is_not_json(caller: Caller, body: bytes) -> None:
    answer = requests.post(caller.studio.url + "/mixpreview", data=body, headers=caller.headers, timeout=10)
    assert "not JSON" in said(answer, 400)


@pytest.mark.parametrize("body", [[], {}, 1, "text", {"multitrackData": None}, {"trackData": []}])
def test_what_stands_outside_its_envelope(caller: Caller, body: Any) -> None:
    assert "multitrackData: is missing" in said(caller.post("/mixpreview", body), 400)


def test_a_body_beyond_the_limit(caller: Caller) -> None:
    for size in (2**20 + 1, 40 * 2**20):
        answer = requests.post(caller.studio.url + "/mixpreview", data=bytes(size), headers=caller.headers, timeout=10)
        assert "larger than 1 MiB" in said(answer, 413)


def test_every_wrong_field_is_named_with_what_is_allowed(caller: Caller) -> None:
    tracks = [{"trackURL": "vocal.wav", "instrumentGroup": "TRIANGLE"}, {"instrumentGroup": "BASS_GROUP"}]
    message = said(caller.post("/mixpreview", {"multitrackData": {"trackData": tracks, "sampleRate": 96000}}), 400)
    for words in (
        "trackData[0].trackURL: ",
        "trackData[0].instrumentGroup: is 'TRIANGLE'; allowed: BASS_GROUP",
        "trackData[1].trackURL: is missing",
        "musicalStyle: is missing",
        "sampleRate: is 96000",
    ):
        assert words in message


def test_a_filename_that_is_none(caller: Caller) -> None:
    for name in ("..", "a/", " ", "\\", "a\nb.wav"):
        answer = caller.post("/upload", {"filename": name, "contentType": "audio/wav"})
        assert "filename" in said(answer, 400)
    links = caller.post("/upload", {"filename": "../../etc/vocal.wav", "contentType": "audio/wav"}).json()
    assert urlsplit(links["readable_url"]).path.count("/") == 3
    assert "contentType" in said(caller.post("/upload", {"filename": "a.wav", "contentType": "text/html"}), 400)


# --- what a mix request may hold


def test_links_that_lead_nowhere_are_refused_at_once(caller: Caller, links: Mapping[str, str]) -> None:
    other = links["bass"]
    unsent = caller.post("/upload", {"filename": "late.wav", "contentType": "audio/wav"}).json()["readable_url"]
    for link, words in (
        (unsent, "late.wav): nothing has been uploaded yet"),
        (links["vocal"][:-4] + "0000", "trackData[0].trackURL (vocal.wav): no such file"),
        (caller.studio.url + "/studio/ledger?key=studio", "is no file"),
        ("http://[", "not a usable http or https link"),
        ("ftp://127.0.0.1/vocal.wav", "not an http or https link"),
        ("/etc/passwd", "not an http or https link"),
        ("http://127.0.0.1:9/" + "x" * 300 + ".wav", "file name is too long"),
        ("http://127.0.0.1:9/a%00b.wav", "unprintable"),
        ("http://127.0.0.1:9/..", "rename the file"),
    ):
        assert words in said(caller.mix([link, other]), 400)


def test_options_that_cannot_be(caller: Caller, links: Mapping[str, str]) -> None:
    both = [links["vocal"], links["bass"]]
    for options, words in (
        ({"createMaster": True}, "createMaster: mastering of a mix comes with the mastering engine"),
        ({"webhookURL": ""}, "webhookURL"),
        ({"webhookURL": "ftp://h/x"}, "webhookURL"),
        ({"webhookURL": caller.studio.url + "/mixpreview?key=studio"}, "webhookURL: is the studio itself"),
        ({"desiredLoudness": "LOUD"}, "desiredLoudness: is 'LOUD'; allowed: LOW, MEDIUM or HIGH"),
    ):
        assert words in said(caller.mix(both, **options), 400)
    assert "at least 2" in said(caller.mix([links["vocal"]]), 400)
    assert "at most 32" in said(caller.mix([f"http://127.0.0.1:9/{n}.wav" for n in range(33)]), 400)


def test_null_counts_as_absent_and_unknown_fields_are_ignored(caller: Caller, links: Mapping[str, str]) -> None:
    tracks = [
        {"trackURL": links[name], "instrumentGroup": group, "presenceSetting": None, "fixDRCIssues": True}
        for name, group in (("vocal", "VOCAL_GROUP"), ("bass", "BASS_GROUP"))
    ]
    inner = {"trackData": tracks, "musicalStyle": "POP", "webhookURL": None, "sampleRate": 48000, "colour": {"a": [1]}}
    started = caller.post("/mixpreview", {"multitrackData": inner, "more": None})
    assert started.status_code == 200
    assert caller.finished(started.json()["multitrack_task_id"]).status_code == 200


# --- a mix


def test_a_preview_holds_what_was_asked_for(
    caller: Caller, task_id: str, links: Mapping[str, str], tmp_path: Path
) -> None:
    plain, full = caller.preview(task_id).json(), caller.preview(task_id, retrieveFXSettings=True).json()
    assert plain["status"] == plain["previewMixTaskResults"]["status"] == "MIX_TASK_PREVIEW_COMPLETED"
    assert "mix_output_settings" not in plain["previewMixTaskResults"]
    assert "download_url_unmixed" not in plain["previewMixTaskResults"]
    results = PreviewMixAnswer.model_validate(full).results
    assert results.settings is not None
    assert results.stem_urls is not None
    assert results.notes is not None
    names = {f"{name}.wav" for name in links}
    assert set(results.settings) == set(results.stem_urls) == set(results.notes.tracks) == names
    mix, rate = wave_of(results.mix_url, tmp_path)
    assert (rate, len(mix)) == (44100, 2)
    assert np.abs(mix).max() > 0.01


def test_a_final_mix_is_rendered_once_for_one_payload_and_charged_once(
    caller: Caller, task_id: str, links: Mapping[str, str], tmp_path: Path
) -> None:
    before = caller.studio.ledger.credits
    change = [{"trackURL": links["vocal"], "gainDb": -6, "eq_settings": {"band_1": {"centre_freq": 200, "gain": -3}}}]
    answers = [caller.final(task_id, change, sampleRate=rate) for rate in ("48000", 48000)]
    finals = [FinalMixAnswer.model_validate(answer.json()).results for answer in answers]
    assert urlsplit(finals[0].mix_url).path == urlsplit(finals[1].mix_url).path
    assert caller.studio.ledger.credits - before == 250
    assert finals[0].notes is not None
    assert finals[0].notes.credits_live == 250
    found = audio_files.info(fetched(finals[0].mix_url, tmp_path))
    assert (found.rate, found.bit_depth, found.format) == (48000, 24, "wav")
    settings = finals[0].settings
    assert settings is not None
    assert [band.centre_hz for band in settings["vocal.wav"].eq] == [200]
    louder = caller.final(task_id, [change[0] | {"gainDb": 0}], sampleRate=48000).json()
    assert urlsplit(louder["applyAudioEffectsResults"]["download_url_mixed"]).path != urlsplit(finals[0].mix_url).path
    assert caller.studio.ledger.credits - before == 500


def fetched(url: str, folder: Path) -> Path:
    path = folder / "final.wav"
    path.write_bytes(requests.get(url, timeout=30).content)
    return path


def test_a_link_that_was_signed_again_still_names_its_track(
    caller: Caller, task_id: str, links: Mapping[str, str]
) -> None:
    again = links["vocal"].partition("?")[0] + "?expires=1&signature=2"
    assert caller.final(task_id, [{"trackURL": again, "gainDb": -1}]).status_code == 200


def test_a_final_mix_of_tracks_that_are_not_in_the_preview(
    caller: Caller, task_id: str, links: Mapping[str, str]
) -> None:
    vocal = {"trackURL": links["vocal"]}
    for tracks, words in (
        ([{"trackURL": "http://127.0.0.1:9/kick.wav"}], "is no track of this preview; it has vocal.wav, bass.wav"),
        ([vocal, vocal], "trackData[1].trackURL: vocal.wav stands here twice"),
        ([vocal | {"gainDb": 13}], "trackData[0].gainDb: is 13; at most 12"),
        ([vocal | {"panning_settings": {"panning_angle": 90}}], "at most 60"),
        ([vocal | {"compression_settings": {"ratio": 0}}], "at least 1"),
    ):
        assert words in said(caller.final(task_id, tracks), 400)
    assert "createMaster" in said(caller.final(task_id, [vocal], createMaster=True), 400)


def test_prefer_respond_async(caller: Caller, links: Mapping[str, str], held: Held) -> None:
    pool, gate = held
    with Studio(executor=pool) as studio:
        own = Caller(studio)
        gate.set()
        task_id = own.start([own.upload(wav(), "vocal.wav"), own.upload(wav(), "bass.wav")])
        assert own.finished(task_id).status_code == 200
        again = threading.Event()
        pool.submit(again.wait)
        answer = own.final(task_id, prefer="wait=5, Respond-Async; x=1")
        assert answer.status_code == 202
        assert answer.headers["Preference-Applied"] == "respond-async"
        assert set(answer.json()) == {"status", "message", "progress", "stage"}
        assert answer.json()["status"] == "MIX_TASK_FINAL_PROCESSING"
        where = answer.headers["Location"]
        assert requests.get(studio.url + where, timeout=10).status_code == 401
        assert own.get(where).status_code == 202
        again.set()
        done = patiently(lambda: own.get(where))
        assert done.status_code == 200
        assert set(done.json()["applyAudioEffectsResults"]) == set(
            own.final(task_id).json()["applyAudioEffectsResults"]
        )


def wav(seconds: float = 1.0, level: float = 0.1, rate: int = 44100, channels: int = 1) -> bytes:
    noise = np.random.default_rng(3).normal(0, level or 1, (channels, round(seconds * rate))).clip(-1, 1)
    return audio_files.encode(noise if level else np.zeros_like(noise), rate, "wav")


def test_202_until_it_is_done_for_preview_and_final(held: Held) -> None:
    pool, gate = held
    with Studio(executor=pool) as studio:
        caller = Caller(studio)
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        for answer in (caller.preview(task_id), caller.final(task_id)):
            assert answer.status_code == 202
            assert answer.json()["status"] == "MIX_TASK_PREVIEW_PROCESSING"
            assert 0 <= answer.json()["progress"] < 1
        gate.set()
        assert caller.finished(task_id).status_code == 200
        assert caller.final(task_id).status_code == 200


def test_too_many_tasks_are_429(held: Held) -> None:
    pool, gate = held
    with Studio(executor=pool, limits=Limits(unfinished_tasks=1)) as studio:
        caller = Caller(studio)
        both = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
        first = caller.start(both)
        answer = caller.mix(both)
        assert "try again" in said(answer, 429)
        assert "Retry-After" in answer.headers
        gate.set()
        assert caller.finished(first).status_code == 200
        caller.finished(caller.start(both))


def test_old_results_make_room_for_new_work_and_say_so() -> None:
    with Studio(limits=Limits(folder_bytes=250_000)) as studio:
        caller = Caller(studio)
        both = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
        first = caller.start(both)
        assert caller.finished(first).status_code == 200
        assert caller.final(first).status_code == 200
        assert caller.preview(first).status_code == 200
        second = caller.start(both)
        assert "make room" in said(caller.preview(first), 404)
        assert "make room" in said(caller.final(first, [{"trackURL": both[0], "gainDb": 1}]), 404)
        assert caller.finished(second).status_code == 200


def test_a_failed_final_mix_is_not_tried_again_by_a_client_that_repeats_itself(web: Web) -> None:
    now = [1_000_000.0]
    with Studio(clock=lambda: now[0]) as studio:
        caller, hook = Caller(studio), web.serve("/hook")
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        assert caller.finished(task_id).status_code == 200
        assert studio._library is not None
        for track in studio._library.folder.rglob("tracks/*/vocal.wav"):
            track.unlink()
        for _ in range(3):
            assert "vocal.wav: there is no such file" in said(caller.final(task_id, webhookURL=hook), 500)
        assert web.heard.get(timeout=10)["state"] == "MIX_TASK_FINAL_ERROR"
        assert web.heard.empty()
        now[0] += 61
        said(caller.final(task_id, webhookURL=hook), 500)
        assert web.heard.get(timeout=10)["state"] == "MIX_TASK_FINAL_ERROR"
        assert studio.ledger.credits == 0


# --- jobs go on


def test_a_task_survives_a_client_that_goes_away(held: Held) -> None:
    pool, gate = held
    with Studio(executor=pool) as studio:
        caller = Caller(studio)
        gate.set()
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        assert caller.finished(task_id).status_code == 200
        again = threading.Event()
        pool.submit(again.wait)
        inner = {"multitrackTaskId": task_id, "trackData": [], "returnStems": False}
        body = json.dumps({"applyAudioEffectsData": inner}).encode()
        port = urlsplit(studio.url).port
        with socket.create_connection(("127.0.0.1", port)) as client:
            head = (
                f"POST /retrievefinalmix?key=studio HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body)
            while not caller.final(task_id, prefer="respond-async").headers.get("Location"):
                pass
        again.set()
        assert caller.final(task_id).status_code == 200
        assert [entry.call for entry in studio.ledger.entries].count("final_mix") == 1


def test_a_client_that_breaks_off_its_upload(caller: Caller) -> None:
    links = caller.post("/upload", {"filename": "vocal.wav", "contentType": "audio/wav"}).json()
    target = urlsplit(links["signed_url"])
    with socket.create_connection(("127.0.0.1", target.port)) as client:
        head = f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\n"
        client.sendall(head.encode() + b"Content-Length: 1000\r\n\r\nRIFF")
    assert requests.get(links["readable_url"], timeout=10).status_code == 404
    put = requests.put(links["signed_url"], data=b"whole", headers={"Content-Type": "audio/wav"}, timeout=10)
    assert put.status_code == 200
    assert requests.get(links["readable_url"], timeout=10).content == b"whole"


BROKEN = wav()[:44] + b"\x00" * 10

PLANTED = {
    "empty.wav": (b"", "is empty"),
    "broken.wav": (b"RIFF\x00\x00", "cannot be read as sound"),
    "cut_off.flac": (
        audio_files.encode(np.random.default_rng(1).normal(0, 0.1, (1, 200_000)), 44100, "flac")[:9000],
        "",
    ),
    "text.wav": (b"This is not sound. " * 100, "cannot be read as sound"),
    "silent.wav": (wav(level=0), "is silent from beginning to end"),
    "long.wav": (wav(3), "lasts 3.0 s; at most 2.0 s are allowed"),
    "six.wav": (wav(channels=6), "has 6 channels; mono and stereo are read"),
    "slow.wav": (wav(rate=4000), "sample rate of 4000 Hz"),
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Caller]:
    with Studio(limits=Limits(track_seconds=2)) as studio:
        yield Caller(studio)


@pytest.mark.parametrize("name", PLANTED)
def test_a_bad_file_fails_its_task_and_names_itself(strict: Caller, name: str) -> None:
    content, words = PLANTED[name]
    good = strict.upload(wav(), "bass.wav")
    bad = strict.upload(content, name)
    failing, going = strict.start([good, bad]), strict.start([good, strict.upload(wav(), "vocal.wav")])
    message = said(strict.finished(failing), 500)
    assert message.startswith(name)
    assert words in message
    assert strict.studio._library is not None
    assert str(strict.studio._library.folder) not in message
    assert message == said(strict.final(failing), 500)
    assert strict.finished(going).status_code == 200


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (404, {}, "take.wav: the link to 127.0.0.1:"),
        (302, {"Location": "file:///etc/passwd"}, "leads on to something that is no http or https link"),
        (200, {"Content-Type": "text/html"}, "take.wav: the link to 127.0.0.1:"),
    ],
)
def test_a_bad_link_fails_its_task_and_names_its_track(
    caller: Caller, links: Mapping[str, str], web: Web, status: int, headers: dict[str, str], words: str
) -> None:
    web.replies["/take.wav"].append((status, headers, b"x"))
    failing = caller.start([links["bass"], web.url + "/take.wav?sig=c0ffee"])
    message = said(caller.finished(failing), 500)
    assert words in message
    assert "c0ffee" not in message


def test_a_track_from_elsewhere(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    web.serve("/get", 302, Location="/files/real%20take.wav?x=1")
    web.serve("/files/real%20take.wav", body=wav())
    task_id = caller.start([links["bass"], web.url + "/get?id=7"])
    answer = caller.finished(task_id, retrieveFXSettings=True)
    assert set(answer.json()["previewMixTaskResults"]["mix_output_settings"]) == {"bass.wav", "get"}


# --- webhooks


def test_a_webhook_hears_of_the_end(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    hook = web.serve("/hook")
    task_id = caller.start([links["vocal"], links["bass"]], webhookURL=hook, returnStems=True)
    body = web.heard.get(timeout=60)
    assert body["multitrack_task_id"] == task_id
    assert body["state"] == "MIX_TASK_PREVIEW_COMPLETED"
    assert body["error_message"] is None
    assert body["creation_time"] <= body["completion_time"]
    assert set(body["stems"]) == {"vocal.wav", "bass.wav"}
    assert requests.get(body["download_url_preview_mixed"], timeout=10).status_code == 200
    assert caller.final(task_id, webhookURL=hook).status_code == 200
    body = web.heard.get(timeout=60)
    assert body["state"] == "MIX_TASK_FINAL_COMPLETED"
    assert requests.head(body["download_url_mixed"], timeout=10).status_code == 200


def test_a_webhook_hears_of_a_failure(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    silent = caller.upload(wav(level=0), "silent.wav")
    task_id = caller.start([links["bass"], silent], webhookURL=web.serve("/hook"))
    body = web.heard.get(timeout=60)
    assert (body["multitrack_task_id"], body["state"]) == (task_id, "MIX_TASK_PREVIEW_ERROR")
    assert body["error_message"].startswith("silent.wav is silent")
    assert "download_url_preview_mixed" not in body


# --- nothing leaks, nothing breaks


def test_no_key_and_no_signature_in_any_log_or_message(
    web: Web, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), Studio(key="k-c0ffee") as studio:
        caller = Caller(studio)
        good, hook = caller.upload(wav(), "bass.wav"), web.serve("/hook", 404) + "?token=c0ffee"
        bad = web.serve("/gone.wav", 404) + "?sig=c0ffee"
        messages = [
            caller.finished(caller.start([good, bad], webhookURL=hook)).text,
            caller.mix([good + "c0ffee", "http://[?c0ffee"]).text,
            caller.mix([good, good]).text,
            caller.mix([good, "http://127.0.0.1:1/x.wav?c0ffee"], webhookURL="http://?c0ffee").text,
            requests.get(studio.url + "/nowhere?key=k-c0ffee", timeout=10).text,
            repr(studio),
        ]
        web.heard.get(timeout=10)
    secrets = ("c0ffee", "signature=")
    ours = [record.getMessage() for record in caplog.records if record.threadName != "MainThread"]
    written = capfd.readouterr()
    for text in (*messages, *ours, written.out, written.err):
        assert not any(secret in text for secret in secrets), text
    assert written.out + written.err == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    ["POP", "VOCAL_GROUP", "LEAD", "http://127.0.0.1:9/a.wav", "http://[", "x" * 5000, "\u2028", ""]
)
MODELS = (UploadRequest, MixRequest, MixTrack, PreviewMixQuery, FinalMixRequest, FinalMixTrack, EqBand, Compression)
FIELDS = st.sampled_from([field.alias or name for model in MODELS for name, field in model.model_fields.items()])
NEARLY = st.recursive(
    JSON | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=15,
)


@given(
    path=st.sampled_from(["/upload", "/mixpreview", "/retrievepreviewmix", "/retrievefinalmix"]),
    envelope=st.sampled_from(["multitrackData", "applyAudioEffectsData", None]),
    inner=NEARLY,
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bodies_never_break_the_studio(studio: Studio, path: str, envelope: str | None, inner: Any) -> None:
    answer = Caller(studio).post(path, {envelope: inner} if envelope else inner)
    assert answer.status_code in (200, 400, 404), (answer.status_code, answer.text)
    if answer.status_code != 200:
        assert answer.json()["error"] is True
        assert answer.json()["message"]


@given(raw=st.binary(max_size=200))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_never_break_the_studio(studio: Studio, raw: bytes) -> None:
    answer = requests.post(studio.url + "/mixpreview?key=studio", data=raw, timeout=10)
    assert answer.status_code == 400


# --- the documents


def test_openapi_describes_envelopes_ranges_and_units(studio: Studio) -> None:
    document = requests.get(studio.url + "/openapi.json", timeout=10).json()
    body = document["paths"]["/mixpreview"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["multitrackData"]
    schemas = document["components"]["schemas"]
    assert body["properties"]["multitrackData"]["$ref"].rpartition("/")[2] == "MixRequest"
    assert (schemas["MixRequest"]["properties"]["trackData"]["minItems"]) == 2
    gain = schemas["FinalMixTrack"]["properties"]["gainDb"]
    assert (gain["minimum"], gain["maximum"], gain["unit"]) == (-60, 12, "dB")
    assert schemas["SampleRate"]["enum"] == ["44100", "48000", 44100, 48000]
    eq = schemas["FinalMixTrack"]["properties"]["eq_settings"]["properties"]
    assert list(eq) == [f"band_{n}" for n in range(1, 7)]
    assert set(document["paths"]["/retrievefinalmix"]["post"]["responses"]) >= {
        "200",
        "202",
        "400",
        "401",
        "404",
        "500",
    }


def test_every_reference_of_the_document_leads_somewhere(studio: Studio) -> None:
    text = requests.get(studio.url + "/openapi.json", timeout=10).text
    document = json.loads(text)
    for reference in {part.split('"')[0] for part in text.split('"$ref":"')[1:]}:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_page_about_all_calls_needs_no_other_server(studio: Studio) -> None:
    answer = requests.get(studio.url + "/", timeout=10)
    assert answer.url == studio.url + "/docs"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = answer.text
    for words in ("/retrievefinalmix", "-60 to 12", "number dB", "VOCAL_GROUP, BACKING_VOX_GROUP", "X-API-Key: $KEY"):
        assert words in page
    for tag in ("<link", "<img", " src=", "@import", "url("):
        assert tag not in page
