"""WebhookInbox: what it accepts and what it rejects."""

import http.client
import json
import logging
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tonnbook.clients.inbox import MAX_BODY, Webhook, WebhookInbox

DONE = {
    "multitrack_task_id": "t1",
    "state": "MIX_TASK_PREVIEW_COMPLETED",
    "download_url_preview_mixed": "https://evil.example/mix.mp3?signature=SECRET",
}


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def inbox(woken: list[str]) -> Iterator[WebhookInbox]:
    inbox = WebhookInbox()
    inbox.on_task(woken.append)
    yield inbox
    inbox.close()


def post(inbox: WebhookInbox, body: bytes, path: str | None = None, kind: str | None = "application/json") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", inbox.port, timeout=60)
    headers = {"Content-Type": kind} if kind else {}
    connection.request("POST", path or urlsplit(inbox.url).path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_webhook_names_a_changed_task(inbox: WebhookInbox, woken: list[str]) -> None:
    assert post(inbox, json.dumps(DONE).encode(), kind="application/json; charset=utf-8") == 200
    assert woken == ["t1"]
    assert inbox.received == (Webhook("t1", "MIX_TASK_PREVIEW_COMPLETED"),)


@pytest.mark.parametrize("key", ["multitrack_task_id", "mastering_task_id", "mixrevive_task_id", "task_id"])
def test_each_service_has_its_own_key_for_the_task_id(inbox: WebhookInbox, woken: list[str], key: str) -> None:
    post(inbox, json.dumps({key: "t2"}).encode())
    assert woken == ["t2"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"not json", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 60000, "application/json", 400),
        (json.dumps(DONE).encode(), "text/plain", 415),
        (json.dumps(DONE).encode(), None, 415),
        (b" " * (MAX_BODY + 1), "application/json", 413),
    ],
)
def test_invalid_webhooks_are_rejected(
    inbox: WebhookInbox, woken: list[str], body: bytes, kind: str | None, status: int
) -> None:
    assert post(inbox, body, kind=kind) == status
    assert woken == []


def test_a_task_id_that_is_no_text_is_ignored(inbox: WebhookInbox, woken: list[str]) -> None:
    for odd in (None, 7, ["t1"], {"a": 1}, "", "x" * 300):
        assert post(inbox, json.dumps({"multitrack_task_id": odd}).encode()) == 200
    assert woken == []


def test_other_paths_are_not_found(inbox: WebhookInbox, woken: list[str]) -> None:
    for path in ("/", "/webhooks", "/webhooks/guess", urlsplit(inbox.url).path + "x"):
        assert post(inbox, json.dumps(DONE).encode(), path) == 404
    assert woken == []


def test_it_listens_on_this_machine_only_and_each_on_a_path_of_its_own(inbox: WebhookInbox) -> None:
    assert urlsplit(inbox.url).hostname == "127.0.0.1"
    other = WebhookInbox()
    assert urlsplit(other.url).path != urlsplit(inbox.url).path
    assert len(urlsplit(inbox.url).path) >= len("/webhooks/") + 22
    other.close()


def test_a_public_address_is_sent_unchanged(woken: list[str]) -> None:
    inbox = WebhookInbox("https://tunnel.example/hooks/7")
    inbox.on_task(woken.append)
    assert inbox.url == "https://tunnel.example/hooks/7"
    assert post(inbox, json.dumps(DONE).encode(), "/hooks/7") == 200
    assert post(inbox, json.dumps(DONE).encode(), "/hooks/8") == 404
    assert woken == ["t1"]
    inbox.close()


def test_a_sender_that_hangs_up_or_sends_nonsense_does_no_harm(
    inbox: WebhookInbox, woken: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = urlsplit(inbox.url).path
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for start in ("", "nonsense\r\n\r\n", f"{head}Content-Length: 500\r\n\r\n{{", f"{head}Content-Length: -5\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", inbox.port)) as sender:
            sender.sendall(start.encode())
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # reset instead of a farewell
    assert post(inbox, json.dumps(DONE).encode()) == 200
    assert woken == ["t1"]
    assert capfd.readouterr() == ("", "")


def test_links_and_the_path_are_not_shown(inbox: WebhookInbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post(inbox, json.dumps({**DONE, "state": "see http://a.example/x?signature=SECRET"}).encode())
    shown = caplog.text + repr(inbox) + repr(inbox.received)
    assert "SECRET" not in shown
    assert urlsplit(inbox.url).path not in shown


def test_closing_twice() -> None:
    inbox = WebhookInbox()
    inbox.close()
    inbox.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", inbox.port), timeout=1)
