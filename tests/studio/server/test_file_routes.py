"""Uploads and downloads over HTTP: content types, sizes, byte ranges and expiry."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside import Caller, wav

from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage
from tonnbook.studio.server.server import Studio


def new_upload(studio: Studio, kind: str = "audio/wav") -> dict[str, str]:
    body = {"filename": "vocal.wav", "contentType": kind}
    answer = requests.post(studio.url + "/upload", json=body, headers={"X-API-Key": studio.key}, timeout=60)
    return dict(answer.json())


@pytest.fixture
def readable(studio: Studio) -> str:
    both = new_upload(studio)
    assert requests.get(both["readable_url"], timeout=60).status_code == 404
    put = requests.put(both["signed_url"], data=bytes(range(100)), headers={"Content-Type": "audio/wav"}, timeout=60)
    assert put.status_code == 200
    return both["readable_url"]


def test_a_download_has_the_uploaded_bytes(readable: str) -> None:
    whole = requests.get(readable, timeout=60)
    assert (whole.status_code, whole.content) == (200, bytes(range(100)))
    assert whole.headers["Content-Type"] == "audio/wav"
    assert whole.headers["Accept-Ranges"] == "bytes"
    head = requests.head(readable, timeout=60)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "100", b"")


@pytest.mark.parametrize(
    ("wanted", "status", "content", "said"),
    [
        ("bytes=0-9", 206, bytes(range(10)), "bytes 0-9/100"),
        ("bytes=90-", 206, bytes(range(90, 100)), "bytes 90-99/100"),
        ("bytes=-5", 206, bytes(range(95, 100)), "bytes 95-99/100"),
        ("bytes=90-500", 206, bytes(range(90, 100)), "bytes 90-99/100"),
        ("bytes=100-", 416, None, "bytes */100"),
        ("bytes=-0", 416, None, "bytes */100"),
        ("bytes=0-1,5-6", 200, bytes(range(100)), None),
        ("bytes=9-3", 200, bytes(range(100)), None),
        ("frames=0-9", 200, bytes(range(100)), None),
    ],
)
def test_byte_ranges(readable: str, wanted: str, status: int, content: bytes | None, said: str | None) -> None:
    answer = requests.get(readable, headers={"Range": wanted}, timeout=60)
    assert answer.status_code == status
    assert answer.headers.get("Content-Range") == said
    if content is None:
        assert answer.json()["error"] is True
    else:
        assert answer.content == content


def test_a_range_of_a_file_that_has_changed_is_the_whole_file(readable: str) -> None:
    tag = requests.head(readable, timeout=10).headers["ETag"]
    for known, status in ((tag, 206), ('"another"', 200)):
        answer = requests.get(readable, headers={"Range": "bytes=0-9", "If-Range": known}, timeout=60)
        assert answer.status_code == status


@given(start=st.integers(0, 120) | st.none(), stop=st.integers(0, 120) | st.none(), spaces=st.sampled_from(["", " "]))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_range_is_that_part_of_the_file_or_refused(
    readable: str, start: int | None, stop: int | None, spaces: str
) -> None:
    whole = bytes(range(100))
    wanted = f"bytes={spaces}{'' if start is None else start}-{'' if stop is None else stop}"
    answer = requests.get(readable, headers={"Range": wanted}, timeout=60)
    if (start is None and stop is None) or (start is not None and stop is not None and stop < start):
        expected = (200, whole)  # not a range
    elif start is None:
        expected = (206, whole[-stop:]) if stop else (416, None)
    else:
        expected = (206, whole[start : None if stop is None else stop + 1]) if start < len(whole) else (416, None)
    assert (answer.status_code, answer.content if answer.ok else None) == expected


@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=200-"])
def test_head_answers_as_get_does_without_the_bytes(readable: str, wanted: str) -> None:
    get, head = (getattr(requests, each)(readable, headers={"Range": wanted}, timeout=60) for each in ("get", "head"))
    assert head.content == b""
    assert head.status_code == get.status_code
    own = ("Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "ETag", "X-Content-Type-Options")
    assert [head.headers.get(name) for name in own] == [get.headers.get(name) for name in own]


def test_the_content_type_must_be_the_one_given_to_upload(studio: Studio) -> None:
    signed = new_upload(studio, "audio/flac")["signed_url"]
    answer = requests.put(signed, data=b"x", headers={"Content-Type": "audio/wav"}, timeout=60)
    assert answer.status_code == 400
    assert "'audio/flac'" in answer.json()["message"]


def test_an_upload_beyond_the_limit_is_413_and_leaves_no_file(tmp_path: Path) -> None:
    with Studio(folder=tmp_path, limits=Limits(file_bytes=1000)) as small:
        for body in (bytes(1001), iter([bytes(600), bytes(600)])):  # with and without a Content-Length
            both = new_upload(small)
            put = requests.put(both["signed_url"], data=body, headers={"Content-Type": "audio/wav"}, timeout=60)
            assert put.status_code == 413
            assert requests.get(both["readable_url"], timeout=60).status_code == 404
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_links_expire_by_the_clock_of_the_studio() -> None:
    now = [1_000_000.0]
    with Studio(clock=lambda: now[0]) as studio:
        both = new_upload(studio)
        now[0] += 3601
        for answer in (
            requests.put(both["signed_url"], data=b"x", headers={"Content-Type": "audio/wav"}, timeout=60),
            requests.get(both["readable_url"], timeout=60),
        ):
            assert answer.status_code == 404
            assert "expired" in answer.json()["message"]


def test_the_expired_link_of_a_preview_is_renewed_when_it_is_retrieved_again() -> None:
    now = [1_000_000.0]
    with Studio(clock=lambda: now[0]) as studio:
        caller = Caller(studio)
        task_id = caller.start([caller.upload(wav(), f"{name}.wav") for name in ("bass", "kick")])
        links = []
        for _ in range(2):
            results = caller.finished(task_id).json()["previewMixTaskResults"]
            links.append(results["download_url_preview_mixed"])
            now[0] += 3601
        now[0] -= 3601
        assert [requests.get(link, timeout=60).status_code for link in links] == [404, 200]


def test_a_full_disk_is_named_with_the_file(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Storage, "finish_upload", full)
    link = new_upload(studio)["signed_url"]
    answer = requests.put(link, data=b"sound", headers={"Content-Type": "audio/wav"}, timeout=60)
    assert answer.status_code == 507
    assert "full: vocal.wav was not stored; free some space" in answer.json()["message"]
