from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage, StoredFile, TaskFolder

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
    arrived = file.path.with_name("arrived")
    arrived.write_bytes(content)
    storage.finish_upload(file, arrived)
    return file


def result(storage: Storage, content: bytes) -> tuple[TaskFolder, str]:
    """Make the result of a task; return its folder and its link."""
    with storage.new_task_folder() as task_folder:
        path = task_folder.path / "mix.wav"
        path.write_bytes(content)
        return task_folder, storage.result_link(path)


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
    assert not first.path.exists()
    assert storage.file_by_url(kept).path.parent == second.path
    with pytest.raises(HttpError, match="has been deleted"):
        storage.file_by_url(gone)


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
    other = make(folder_bytes=2500)
    file = upload(other, bytes(1000))
    with other.new_task_folder() as task_folder:
        other.hard_link(file.path, task_folder.path / "vocal.wav")
        (task_folder.path / "mix.wav").write_bytes(bytes(1000))
    assert other.delete_old()
    assert other.exists(task_folder)  # 2000 bytes, not 3000


def test_the_cost_of_a_call_does_not_grow_with_what_was_done_before(
    make: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = make()
    for _ in range(20):
        result(storage, bytes(10))
        upload(storage)
    walked: list[object] = []
    walk = os.walk

    def counted(path: Path) -> object:
        walked.append(path)
        return walk(path)

    monkeypatch.setattr(os, "walk", counted)
    assert storage.delete_old()
    assert walked == []  # nothing is running
    with storage.new_task_folder() as task_folder:
        storage.delete_old()
    assert set(walked) == {task_folder.path}


def test_what_is_written_to_a_result_later_counts(make: Callable[..., Storage]) -> None:
    storage = make(folder_bytes=1500)
    task_folder, _ = result(storage, bytes(1000))
    with storage.pinned(task_folder):
        (task_folder.path / "stem.wav").write_bytes(bytes(1000))
        assert not storage.delete_old()
    assert storage.delete_old()
    assert not storage.exists(task_folder)


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


def test_the_oldest_result_makes_room_on_a_small_disk(
    make: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = make()
    (older, _), (newer, _) = result(storage, b"x" * 3000), result(storage, b"x" * 3000)

    def small_disk(_: Path) -> Any:
        used = sum(path.stat().st_size for path in storage.folder.rglob("*.wav"))
        return SimpleNamespace(total=10_000, free=10_000 - used)

    monkeypatch.setattr(shutil, "disk_usage", small_disk)
    assert storage.delete_old(1000)
    assert (storage.exists(older), storage.exists(newer)) == (True, True)
    storage.delete_old(4000)
    assert (storage.exists(older), storage.exists(newer)) == (False, True)
