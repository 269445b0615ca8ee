"""Http: what is repeated, which errors are raised, and that neither keys nor signed links are shown."""

import io
import logging
import socket
import traceback
from collections.abc import Iterator
from email.utils import formatdate
from time import time

import pytest
from scripted import Answer, Scripted, scripted

from tonnbook.clients.http import Http
from tonnbook.errors import (
    ApiError,
    NotAuthorised,
    NotFound,
    OutOfCredits,
    RequestRejected,
    ServerFault,
    TooManyRequests,
    UnexpectedAnswer,
    Unreachable,
)

KEY = "very-secret-key-123"
SIGNED = "/files/1/vocal.flac?signature=SECRET"


@pytest.fixture
def script() -> list[Answer]:
    """The answers to give, in order; the last one stays."""
    return []


@pytest.fixture
def server(script: list[Answer]) -> Iterator[Scripted]:
    with scripted(lambda call: script.pop(0) if len(script) > 1 else script[0]) as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def http(server: Scripted, pauses: list[float]) -> Iterator[Http]:
    http = Http(server.url, KEY, sleep=pauses.append, read_s=5)
    yield http
    http.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRejected),
        (401, NotAuthorised),
        (402, OutOfCredits),
        (403, NotAuthorised),
        (404, NotFound),
        (409, ApiError),
        (422, RequestRejected),
        (429, TooManyRequests),
        (500, ServerFault),
        (503, ServerFault),
    ],
)
def test_a_creating_call_is_sent_once_and_raises_the_error_of_its_status(
    server: Scripted, script: list[Answer], http: Http, status: int, kind: type[ApiError]
) -> None:
    script.append(Answer(status, {"error": True, "message": "message of the server"}, {"Retry-After": "0"}))
    with pytest.raises(kind, match=r"/mixpreview answered .* message of the server") as caught:
        http.create("/mixpreview", {})
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert len(server.calls) == 1


def test_a_creating_call_that_gets_no_answer_is_not_sent_again(
    server: Scripted, script: list[Answer], http: Http
) -> None:
    script.append(Answer(drop=True))
    with pytest.raises(Unreachable, match="sent once and is not repeated"):
        http.create("/mixpreview", {})
    assert len(server.calls) == 1


@pytest.mark.parametrize("first", [Answer(503), Answer(429), Answer(500, b"<html>"), Answer(drop=True), Answer(cut=1)])
@pytest.mark.parametrize("method", ["get", "retrieve", "put"])
def test_what_costs_nothing_is_repeated(
    server: Scripted, script: list[Answer], http: Http, pauses: list[float], method: str, first: Answer
) -> None:
    script += [first, first, Answer(body={"ok": 1})]
    if method == "get":
        assert http.get("/x").json() == {"ok": 1}
    elif method == "retrieve":
        assert http.retrieve("/x", {"a": 1}).json() == {"ok": 1}
    else:
        http.put(server.url + SIGNED, io.BytesIO(b"sound"), "audio/wav", "upload of vocal.flac")
        assert [call.body for call in server.calls] == [b"sound"] * 3
    assert len(server.calls) == 3
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


def test_an_invalid_request_is_not_repeated(server: Scripted, script: list[Answer], http: Http) -> None:
    script.append(Answer(404))
    with pytest.raises(NotFound):
        http.get("/x")
    assert len(server.calls) == 1


@pytest.mark.parametrize("requested", ["7", "date"])
def test_the_server_says_how_long_to_pause(
    script: list[Answer], http: Http, pauses: list[float], requested: str
) -> None:
    script += [
        Answer(429, headers={"Retry-After": formatdate(time() + 7) if requested == "date" else requested}),
        Answer(),
    ]
    http.get("/x")
    assert pauses == [pytest.approx(7, abs=1.1)]


def test_a_requested_pause_that_is_too_long_ends_the_retries(
    script: list[Answer], http: Http, pauses: list[float]
) -> None:
    script.append(Answer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(TooManyRequests) as caught:
        http.get("/x")
    assert pauses == []
    assert caught.value.retry_after_s == 3600


def test_retries_end_after_their_time_limit(server: Scripted, script: list[Answer]) -> None:
    script.append(Answer(503))
    http = Http(server.url, KEY, retry_for_s=0.3, first_pause_s=0.05)
    with pytest.raises(ServerFault):
        http.get("/x")
    assert 2 <= len(server.calls) <= 8
    http.close()


def test_a_failed_task_is_an_answer_and_not_a_fault_of_the_server(
    server: Scripted, script: list[Answer], http: Http
) -> None:
    script.append(Answer(500, {"error": True, "message": "vocal.wav is silent"}))
    assert http.retrieve("/retrievepreviewmix", {}).refusal == "vocal.wav is silent"
    assert len(server.calls) == 1


def test_the_key_goes_in_its_header_to_the_server_and_to_nobody_else(
    server: Scripted, script: list[Answer], http: Http
) -> None:
    script.append(Answer())
    http.get("/x")
    with http.open(server.url + SIGNED, "download") as response:
        response.content  # noqa: B018  (reads the stream to its end)
    http.put(server.url + SIGNED, io.BytesIO(b"x"), "audio/wav", "upload")
    assert [call.headers.get("X-API-Key") for call in server.calls] == [KEY, None, None]
    assert all(KEY not in call.path for call in server.calls)


def test_a_redirect_is_not_followed_with_the_key(server: Scripted, script: list[Answer], http: Http) -> None:
    script.append(Answer(307, headers={"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(UnexpectedAnswer, match="redirect"):
        http.create("/mixpreview", {})
    assert server.count("/elsewhere") == 0


def test_a_location_must_lead_to_the_same_server(script: list[Answer], http: Http) -> None:
    assert http.same_origin("/studio/renders/1") == "/studio/renders/1"
    assert http.same_origin(http.url + "/studio/renders/1") == "/studio/renders/1"
    with pytest.raises(UnexpectedAnswer, match=r"redirects to evil\.example, and the key is not sent"):
        http.same_origin("https://evil.example/renders/1")


def test_a_success_that_is_no_json(script: list[Answer], http: Http) -> None:
    script.append(Answer(200, b"please log in"))
    with pytest.raises(UnexpectedAnswer, match="no JSON object"):
        http.get("/x").json()


def test_a_web_page_in_place_of_a_free_answer_is_asked_past(script: list[Answer], http: Http) -> None:
    script += [Answer(200, b"<html>please log in</html>"), Answer(body={"ready": True})]
    assert http.get("/x").json() == {"ready": True}


def test_an_expired_link_is_reported_as_expired(server: Scripted, script: list[Answer], http: Http) -> None:
    script.append(Answer(403, b"<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(NotFound, match="older than an hour"), http.open(server.url + SIGNED, "download of mix.mp3"):
        pass


def test_a_busy_server_says_how_long_to_wait(script: list[Answer], http: Http) -> None:
    script.append(Answer(429, b"slow down", {"Retry-After": "86400"}))
    with pytest.raises(TooManyRequests, match=r"asks for a pause of 86400 s\. Wait, then make the call again"):
        http.get("/x")


def test_an_unknown_path_says_nothing_of_links(script: list[Answer], http: Http) -> None:
    script.append(Answer(404, b"{}"))
    with pytest.raises(NotFound) as caught:
        http.get("/api/v2/composition_params")
    assert "link" not in str(caught.value)


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    http = Http(f"http://127.0.0.1:{port}", KEY, retry_for_s=0)
    with pytest.raises(Unreachable, match=r"/health at 127\.0\.0\.1:\d+: the connection was refused"):
        http.get("/health")


def test_an_unknown_host_name() -> None:
    with pytest.raises(Unreachable, match="the name of the server was not found"):
        Http("http://nowhere.invalid", KEY, retry_for_s=0).get("/health")


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        http = Http(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, read_s=0.2)
        with pytest.raises(Unreachable, match=r"did not answer in time.* sent once"):
            http.create("/retrievefinalmix", {})
        http.close()


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
def test_an_invalid_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="copy it again") as caught:
        Http("http://127.0.0.1:1", key)
    assert not key or key not in str(caught.value)


def test_this_machine_is_reached_whatever_proxy_the_environment_names(
    script: list[Answer], server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    script.append(Answer())
    http = Http(server.url, KEY, retry_for_s=0)
    assert http.get("/x").status == 200
    http.close()


def test_each_request_is_one_line_in_the_log_and_nothing_is_printed(
    script: list[Answer], http: Http, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    script.append(Answer())
    with caplog.at_level(logging.DEBUG, "tonnbook"):
        http.create("/mixpreview", {})
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("POST /mixpreview 200 ")
    assert caplog.messages[0].endswith(" ms")
    assert capsys.readouterr() == ("", "")


def test_secrets_are_in_no_log_no_repr_and_no_traceback(
    server: Scripted, script: list[Answer], http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = server.url + SIGNED
    seen = [repr(http), str(vars(http))]
    script.append(Answer())
    seen.append(repr(http.get("/x")))
    http.put(link, io.BytesIO(b"x"), "audio/wav", "upload of vocal.flac")
    script[:] = [Answer(401, {"error": True, "message": f"key {KEY} is unknown, see {link}"})]
    for attempt in (lambda: http.create("/x", {}), lambda: http.put(link, io.BytesIO(b"x"), "audio/wav", "upload")):
        with pytest.raises(ApiError) as caught:
            attempt()
        seen += traceback.format_exception(caught.value)
    script[:] = [Answer(drop=True)]
    with pytest.raises(Unreachable) as gone:
        Http(server.url, KEY, retry_for_s=0).put(link, io.BytesIO(b"x"), "audio/wav", "upload")
    assert gone.value.__context__ is None
    seen += traceback.format_exception(gone.value)
    shown = "\n".join([*seen, caplog.text])
    assert "urllib3" in caplog.text
    assert KEY not in shown
    assert "SECRET" not in shown
