"""Access control, error messages, and that no input leaks a secret or causes a 500."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside import Caller, Web, error_message, wav

from tonnbook.models.effects import Compression, EqBand
from tonnbook.models.files import UploadRequest
from tonnbook.models.mixing import (
    FinalMixRequest,
    FinalMixTrack,
    MixRequest,
    MixTrack,
    PreviewMixQuery,
)
from tonnbook.studio.server import connection
from tonnbook.studio.server.server import Studio

# --- access control


def test_health_needs_no_key(studio: Studio) -> None:
    assert requests.get(studio.url + "/health", timeout=60).json()["status"] == "ok"


def test_the_key_by_header_or_query(studio: Studio) -> None:
    url = studio.url + "/studio/ledger"
    assert requests.get(url, headers={"x-api-key": "studio"}, timeout=60).status_code == 200
    assert requests.get(url, params={"key": "studio"}, timeout=60).status_code == 200


@pytest.mark.parametrize("key", [None, "", "wrong", "studio ", "stüdio"])
@pytest.mark.parametrize("path", ["/upload", "/mixpreview", "/retrievepreviewmix", "/retrievefinalmix"])
def test_without_the_key_nothing_is_read(studio: Studio, path: str, key: str | None) -> None:
    answer = requests.post(studio.url + path, params={"key": key} if key else {}, data=b"not json", timeout=60)
    assert "key is missing or wrong" in error_message(answer, 401)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_foreign_hosts_and_origins_are_refused(caller: Caller, headers: dict[str, str]) -> None:
    answer = requests.get(caller.studio.url + "/health", headers=headers, timeout=60)
    assert "this machine only" in error_message(answer, 403)


CROSS = {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("path", ["/health", "/unknown", "/studio/ledger"])
def test_what_a_page_of_another_site_embeds_is_refused(studio: Studio, path: str) -> None:
    answer = requests.get(studio.url + path, headers=CROSS | {"Sec-Fetch-Dest": "image"}, timeout=60)
    assert "this machine only" in error_message(answer, 403)


def test_a_notebook_at_localhost_plays_links_calls_and_opens_pages(caller: Caller) -> None:
    link = caller.upload(b"sound")
    assert requests.get(link, headers=CROSS | {"Sec-Fetch-Dest": "audio"}, timeout=60).content == b"sound"
    url = caller.studio.url + "/health"
    assert requests.get(url, headers=CROSS | {"Origin": "http://localhost:8888"}, timeout=60).ok
    assert requests.get(url, headers=CROSS | {"Sec-Fetch-Dest": "document"}, timeout=60).ok


def test_pages_of_this_machine_are_accepted(caller: Caller) -> None:
    answer = requests.get(caller.studio.url + "/health", headers={"Origin": "http://localhost:8888"}, timeout=60)
    assert answer.status_code == 200


# --- error messages


def test_unknown_paths_tasks_and_wrong_methods(caller: Caller) -> None:
    assert "unknown path /nowhere; see /docs" in error_message(caller.get("/nowhere"), 404)
    assert "allowed: POST" in error_message(caller.get("/mixpreview"), 405)
    assert "no such task" in error_message(caller.preview("nobody"), 404)
    assert "no such task" in error_message(caller.final("nobody"), 404)
    assert "no such render" in error_message(caller.get("/studio/renders/nobody"), 404)


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"\xff\xfe", b"[" * 100_000, b'["\\ud800"]', b"NaN", b"1" * 5000])
def test_a_body_that_is_not_json(caller: Caller, body: bytes) -> None:
    answer = requests.post(caller.studio.url + "/mixpreview", data=body, headers=caller.headers, timeout=60)
    assert "not JSON" in error_message(answer, 400)


@pytest.mark.parametrize("body", [[], {}, 1, "text", {"multitrackData": None}, {"trackData": []}])
def test_a_body_without_its_envelope(caller: Caller, body: Any) -> None:
    assert "multitrackData: is missing" in error_message(caller.post("/mixpreview", body), 400)


def test_a_body_over_the_size_limit(caller: Caller) -> None:
    for size in (2**20 + 1, 40 * 2**20):
        answer = requests.post(caller.studio.url + "/mixpreview", data=bytes(size), headers=caller.headers, timeout=60)
        assert "larger than 1 MiB" in error_message(answer, 413)


def test_every_wrong_field_is_named_with_what_is_allowed(caller: Caller) -> None:
    tracks = [{"trackURL": "vocal.wav", "instrumentGroup": "TRIANGLE"}, {"instrumentGroup": "BASS_GROUP"}]
    message = error_message(
        caller.post("/mixpreview", {"multitrackData": {"trackData": tracks, "sampleRate": 96000}}), 400
    )
    for words in (
        "trackData[0].trackURL: ",
        "trackData[0].instrumentGroup: is 'TRIANGLE'; allowed: BASS_GROUP",
        "trackData[1].trackURL: is missing",
        "musicalStyle: is missing",
        "sampleRate: is 96000",
    ):
        assert words in message


@pytest.mark.parametrize("kind", ["audio/aac", "audio/mp4", "audio/x-m4a"])
def test_an_aac_file_is_refused_and_the_error_names_types_that_are_accepted(caller: Caller, kind: str) -> None:
    message = error_message(caller.post("/upload", {"filename": "a.m4a", "contentType": kind}), 400)
    assert message.startswith(f'contentType: is "{kind}"')
    assert '"audio/wav" or "audio/mpeg" (MP3)' in message


def test_an_invalid_filename(caller: Caller) -> None:
    for name in ("..", "a/", " ", "\\", "a\nb.wav"):
        answer = caller.post("/upload", {"filename": name, "contentType": "audio/wav"})
        assert "filename" in error_message(answer, 400)
    links = caller.post("/upload", {"filename": "../../etc/vocal.wav", "contentType": "audio/wav"}).json()
    assert urlsplit(links["readable_url"]).path.count("/") == 3
    assert "contentType" in error_message(
        caller.post("/upload", {"filename": "a.wav", "contentType": "text/html"}), 400
    )


# --- secrets and random input


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
            requests.get(studio.url + "/nowhere?key=k-c0ffee", timeout=60).text,
            repr(studio),
        ]
        web.received.get(timeout=60)
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
def test_random_json_never_causes_a_500(studio: Studio, path: str, envelope: str | None, inner: Any) -> None:
    answer = Caller(studio).post(path, {envelope: inner} if envelope else inner)
    assert answer.status_code in (200, 400, 404), (answer.status_code, answer.text)
    if answer.status_code != 200:
        assert answer.json()["error"] is True
        assert answer.json()["message"]


@given(raw=st.binary(max_size=200))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_never_cause_a_500(studio: Studio, raw: bytes) -> None:
    answer = requests.post(studio.url + "/mixpreview?key=studio", data=raw, timeout=60)
    assert answer.status_code == 400


# --- unfinished requests


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHos"])
def test_a_connection_without_a_whole_request_is_closed(
    studio: Studio, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEADERS_S", 0.1)
    assert answer_to(studio, sent) == b""


def test_a_body_that_stops_is_not_waited_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_PAUSE_S", 0.1)
    head = f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {studio.key}\r\nContent-Length: 100\r\n\r\n"
    assert answer_to(studio, head.encode() + b"half") == b""


def test_a_second_request_on_a_connection_is_awaited_as_before(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADERS_S", 0.1)
    address = urlsplit(studio.url)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=20)) as kept:
        for _ in range(2):
            kept.request("GET", "/health")
            assert kept.getresponse().read()
            time.sleep(0.2)


def answer_to(studio: Studio, sent: bytes) -> bytes:
    address = urlsplit(studio.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=20) as raw:
        raw.sendall(sent)
        return raw.recv(1000)
