from __future__ import annotations

import logging
from concurrent.futures import wait

import pytest
from outside import Web

from tonnbook.models.vocabulary import TaskState
from tonnbook.studio.runtime.webhooks import PAUSES_S, Webhooks, webhook_body

QUICK = (0.0, 0.0, 0.0)


def delivered(webhooks: Webhooks, url: str) -> bool:
    sent = webhooks.send(url, {"state": "MIX_TASK_PREVIEW_COMPLETED"})
    assert sent is not None
    return sent.result(timeout=60)


def test_the_body_arrives_and_the_log_does_not_contain_the_path(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert delivered(Webhooks(QUICK), web.serve("/hook-c0ffee"))
    assert "answered 200" in caplog.text
    assert "c0ffee" not in caplog.text
    assert web.received.get(timeout=5) == {"state": "MIX_TASK_PREVIEW_COMPLETED"}


def test_a_webhook_is_repeated_after_a_server_error(web: Web) -> None:
    for status in (500, 429, 200):
        web.serve("/hook", status)
    assert delivered(Webhooks(QUICK), web.url + "/hook")
    assert web.received.qsize() == 3


def test_it_stops_after_the_last_pause(web: Web) -> None:
    assert not delivered(Webhooks(QUICK), web.serve("/hook", 503))
    assert web.received.qsize() == 1 + len(QUICK)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410])
def test_client_errors_are_not_repeated_and_redirects_not_followed(web: Web, status: int) -> None:
    assert not delivered(Webhooks(QUICK), web.serve("/hook", status, Location="/elsewhere"))
    assert web.requested_paths == ["/hook"]


def test_an_unreachable_receiver_is_logged_without_the_query(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.close()
    with caplog.at_level(logging.DEBUG):
        assert not delivered(Webhooks(QUICK), f"{web.url}/hook?token=c0ffee")
    assert "cannot be reached" in caplog.text
    assert "c0ffee" not in caplog.text


def test_pauses_grow() -> None:
    assert list(PAUSES_S) == sorted(set(PAUSES_S))


def test_close_does_not_wait_for_a_pause(web: Web) -> None:
    webhooks = Webhooks((3600.0,))
    sent = webhooks.send(web.serve("/hook", 500), {})
    assert sent is not None
    web.received.get(timeout=60)
    webhooks.close()
    assert wait([sent], timeout=10).not_done == set()
    assert webhooks.send(web.url, {}) is None


def test_the_body_is_one_flat_object() -> None:
    links = {"download_url_preview_mixed": "http://127.0.0.1/mix.mp3"}
    body = webhook_body("t1", (TaskState.PREVIEW_COMPLETED, links), 0.0, 1.5, None)
    assert body == {
        "multitrack_task_id": "t1",
        "state": "MIX_TASK_PREVIEW_COMPLETED",
        "download_url_preview_mixed": "http://127.0.0.1/mix.mp3",
        "creation_time": "1970-01-01T00:00:00.000+00:00",
        "completion_time": "1970-01-01T00:00:01.500+00:00",
        "error_message": None,
    }
