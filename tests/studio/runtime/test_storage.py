from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage, StoredFile, TaskFolder
from tonnbook.studio.server.routes.files import byte_range
from tonnbook.studio.server.server import Studio

ADDRESS = "http://127.0.0.1:8765"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Callable[..., Storage]:
    return lambda **limits: Storage(ADDRESS, Limits(**limits), clock, tmp_path)


def upload(storage: Storage, content: bytes = b"sound", name: str = "vocal.wav") -> StoredFile:
    file = storage.new_upload(name, "audio/wav")
    file.path.write_bytes(content)
    return file


def result(storage: Storage, content: bytes) -> tuple[TaskFolder, StoredFile]:
    with storage.new_task_folder() as task_folder:
        path = task_folder.path / "mix.wav"
        path.write_bytes(content)
        return task_folder, storage.add_result(path)


def test_the_file_of_a_link_is_found_again(make: Callable[..., Storage]) -> None:
    storage = make()
    file = upload(storage, name="lead vocal (1) é.wav")
    link = storage.signed_link(file)
    assert storage.is_own_link(link)
    assert storage.is_own_link(link.replace("127.0.0.1", "localhost"))
    assert storage.file_by_url(link) == file
    assert urlsplit(link).path.endswith("/lead%20vocal%20%281%29%20%C3%A9.wav")


def test_a_link_is_valid_for_one_hour(make: Callable[..., Storage], clock: Clock) -> None:
    storage = make()
    link = storage.signed_link(upload(storage))
    clock.now += 3599
    storage.file_by_url(link)
    clock.now += 2
    with pytest.raises(HttpError, match="expired; links are valid for one hour") as http_error:
        storage.file_by_url(link)
    assert http_error.value.status == 404


@pytest.mark.parametrize(
    "change",
    [
        lambda link: link.replace("expires=1", "expires=2"),
        lambda link: link[:-1] + ("0" if link[-1] != "0" else "1"),
        lambda link: link.partition("?")[0],
        lambda link: link.replace("/vocal.wav", "/other.wav"),
        lambda link: link.replace("/files/", "/files/x"),
        lambda link: link.replace("/files/", "/studio/"),
        lambda link: link + "%ff",
    ],
)
def test_a_changed_link_is_refused(make: Callable[..., Storage], change: Callable[[str], str]) -> None:
    storage = make()
    with pytest.raises(HttpError) as http_error:
        storage.file_by_url(change(storage.signed_link(upload(storage))))
    assert http_error.value.status == 404


def test_a_link_is_valid_for_its_own_method_only(make: Callable[..., Storage]) -> None:
    storage = make()
    file = upload(storage)
    for method, other in (("GET", "PUT"), ("PUT", "GET")):
        query = {key: values[0] for key, values in parse_qs(urlsplit(storage.signed_link(file, method)).query).items()}
        with pytest.raises(HttpError, match="the method it was made for"):
            storage.file_by_link(other, file.id, file.name, **query)


def test_a_storage_does_not_accept_the_links_of_another(make: Callable[..., Storage]) -> None:
    one, other = make(), make()
    with pytest.raises(HttpError, match="no such file"):
        other.file_by_url(one.signed_link(upload(one)))


def test_the_oldest_finished_results_are_deleted_first(make: Callable[..., Storage]) -> None:
    storage = make(folder_bytes=2500)
    (first, gone), (second, kept) = result(storage, bytes(1000)), result(storage, bytes(1000))
    with storage.new_task_folder() as third:
        (third.path / "mix.wav").write_bytes(bytes(1000))
    assert storage.exists(first)  # the end of a task deletes nothing; the start of the next one does
    assert storage.delete_old()
    assert not storage.exists(first)
    assert storage.exists(second)
    assert storage.exists(third)
    assert not gone.path.exists()
    storage.file_by_url(storage.signed_link(kept))
    with pytest.raises(HttpError, match="has been deleted"):
        storage.file_by_url(storage.signed_link(gone))


def test_a_folder_in_use_is_not_deleted_and_the_limit_is_exceeded(make: Callable[..., Storage]) -> None:
    storage = make(folder_bytes=500)
    with storage.new_task_folder() as task_folder:
        (task_folder.path / "mix.wav").write_bytes(bytes(1000))
        assert not storage.delete_old()
        assert storage.exists(task_folder)
    assert storage.delete_old()
    assert not storage.exists(task_folder)


def test_a_hard_linked_file_counts_once(make: Callable[..., Storage]) -> None:
    storage = make(folder_bytes=1500)
    file = upload(storage, bytes(1000))
    with storage.new_task_folder() as task_folder:
        storage.hard_link(file.path, task_folder.path / "vocal.wav")
        assert storage.delete_old()
        (task_folder.path / "mix.wav").write_bytes(bytes(1000))
        assert not storage.delete_old()


def test_the_folder_of_a_failed_task_is_deleted_at_once(make: Callable[..., Storage]) -> None:
    storage = make()
    with pytest.raises(ZeroDivisionError), storage.new_task_folder() as task_folder:
        _ = 1 // 0
    assert not storage.exists(task_folder)
    assert not task_folder.path.exists()


def test_a_task_keeps_its_track_when_the_upload_is_replaced_or_deleted(
    make: Callable[..., Storage], clock: Clock
) -> None:
    storage = make()
    file = upload(storage, b"first")
    with storage.new_task_folder() as task_folder:
        storage.hard_link(file.path, task_folder.path / "vocal.wav")
        newer = file.path.with_name("newer")
        newer.write_bytes(b"second")
        newer.replace(file.path)
        clock.now += 3 * 3600
        storage.delete_old()
        assert not file.path.exists()
        assert (task_folder.path / "vocal.wav").read_bytes() == b"first"


def test_an_upload_without_bytes_cannot_be_linked(make: Callable[..., Storage], tmp_path: Path) -> None:
    storage = make()
    with pytest.raises(HttpError, match="nothing has been uploaded"):
        storage.hard_link(storage.new_upload("vocal.wav", "audio/wav").path, tmp_path / "vocal.wav")


def test_close_deletes_the_folder(make: Callable[..., Storage]) -> None:
    storage = make()
    upload(storage)
    storage.close()
    assert not storage.folder.exists()


# --- over HTTP


def links(studio: Studio, kind: str = "audio/wav") -> dict[str, str]:
    body = {"filename": "vocal.wav", "contentType": kind}
    answer = requests.post(studio.url + "/upload", json=body, headers={"X-API-Key": studio.key}, timeout=60)
    return dict(answer.json())


@pytest.fixture
def readable(studio: Studio) -> str:
    both = links(studio)
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


@given(size=st.integers(0, 50), start=st.integers(0, 60) | st.none(), stop=st.integers(0, 60) | st.none())
def test_a_range_never_leaves_the_file(size: int, start: int | None, stop: int | None) -> None:
    header = f"bytes={'' if start is None else start}-{'' if stop is None else stop}"
    span = None
    with suppress(HttpError):
        span = byte_range(header, size)
    if span:
        assert 0 <= span[0] < span[1] <= size


def test_the_content_type_must_be_the_one_that_was_asked_for(studio: Studio) -> None:
    signed = links(studio, "audio/flac")["signed_url"]
    answer = requests.put(signed, data=b"x", headers={"Content-Type": "audio/wav"}, timeout=60)
    assert answer.status_code == 400
    assert "'audio/flac'" in answer.json()["message"]


def test_an_upload_beyond_the_limit_is_413_and_leaves_no_file(tmp_path: Path) -> None:
    with Studio(folder=tmp_path, limits=Limits(file_bytes=1000)) as small:
        for body in (bytes(1001), iter([bytes(600), bytes(600)])):  # with and without a Content-Length
            both = links(small)
            put = requests.put(both["signed_url"], data=body, headers={"Content-Type": "audio/wav"}, timeout=60)
            assert put.status_code == 413
            assert requests.get(both["readable_url"], timeout=60).status_code == 404
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_links_expire_by_the_clock_of_the_studio(clock: Clock) -> None:
    with Studio(clock=clock) as studio:
        both = links(studio)
        clock.now += 3601
        for answer in (
            requests.put(both["signed_url"], data=b"x", headers={"Content-Type": "audio/wav"}, timeout=60),
            requests.get(both["readable_url"], timeout=60),
        ):
            assert answer.status_code == 404
            assert "expired" in answer.json()["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill(pid, 0) would end the process there")
def test_folders_of_killed_studios_are_deleted_and_no_others(make: Callable[..., Storage], tmp_path: Path) -> None:
    own = make().folder
    prefix = own.name.partition(str(os.getpid()))[0]
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"{prefix}{ended.pid}-abc"
    others = [
        own,
        tmp_path / f"{prefix}1-abc",
        tmp_path / f"tonnbook-studio-0badcafe-{ended.pid}-abc",
        tmp_path / f"{prefix}notes",
        tmp_path / f"tonnbook-{ended.pid}-abc",
    ]
    for folder in (left, *others[1:]):
        (folder / "task").mkdir(parents=True)
    link = tmp_path / f"{prefix}{ended.pid}-link"
    link.symlink_to(tmp_path)
    make()
    assert not left.exists()
    assert all(folder.is_dir() for folder in [*others, link])
