"""The table of an album: its rows, the previews it sends, and when it unsubscribes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tonnbook.clients.album.batch import Batch
from tonnbook.clients.jobs import Job
from tonnbook.errors import TonnbookError
from tonnbook.models.files import RemoteFile, local_file
from tonnbook.models.mastering import MasterNotes
from tonnbook.models.masters import Master
from tonnbook.models.notes import Sound
from tonnbook.widgets.jobs import job_card
from tonnbook.widgets.jobs.album_table import AlbumTable


class IdlePoller:
    """Does nothing: the test calls the callbacks itself."""

    def notify(self) -> None: ...
    def resume(self, job: Job[Any]) -> None: ...


@pytest.fixture
def jobs() -> dict[str, Job[Master]]:
    return {name: Job(f"master {name}", lambda _: lambda: 1, IdlePoller()) for name in ("one", "two")}  # type: ignore[arg-type,misc,return-value]


@pytest.fixture
def batch(jobs: dict[str, Job[Master]], tmp_path: Path) -> Batch:
    return Batch(tmp_path, jobs, {"three": "three.txt cannot be uploaded"})


def call_back(jobs: dict[str, Job[Master]]) -> None:
    for job in jobs.values():
        for subscription in job.pending():
            job.acknowledge(subscription)
            subscription.callback(job)


def a_master(tmp_path: Path) -> Master:
    preview = tmp_path / "one.mp3"
    preview.write_bytes(b"ID3 preview")
    notes = MasterNotes(target_lufs=-14.0, before=Sound(loudness_lufs=-22.04), after=Sound(loudness_lufs=-14.0))
    return Master("one", "task", None, local_file(preview), notes=notes)


def test_every_song_has_a_row_also_a_refused_one(batch: Batch) -> None:
    table = AlbumTable(batch)
    assert [(song["name"], song["status"]) for song in table.songs] == [
        ("one", "running"),
        ("two", "running"),
        ("three", "failed"),
    ]


def test_the_rows_follow_the_jobs(batch: Batch, jobs: dict[str, Job[Master]], tmp_path: Path) -> None:
    table = AlbumTable(batch)
    jobs["one"].report(progress=0.5, message="setting the level")
    call_back(jobs)
    assert (table.songs[0]["progress"], table.songs[0]["message"]) == (0.5, "setting the level")
    jobs["one"].finish(a_master(tmp_path))
    jobs["two"].fail(ValueError("no https://host/two.wav?sig=SECRET"))
    call_back(jobs)
    assert (table.songs[0]["before"], table.songs[0]["after"]) == ("−22.0 LUFS", "−14.0 LUFS")
    assert table.songs[1]["status"] == "failed"
    assert "SECRET" not in str(table.get_state()) + table.static_html() + table.plain()
    assert "−14.0 LUFS" in table.static_html()
    assert all(job.pending() == [] for job in jobs.values())


def test_a_preview_is_sent_on_request_and_is_not_in_the_state(
    batch: Batch, jobs: dict[str, Job[Master]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs["one"].finish(a_master(tmp_path))
    table = AlbumTable(batch)
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr(table, "send", lambda content, buffers=None: sent.append((content, buffers)))
    for name in ("two", "nobody", "one"):
        table._handle_custom_msg({"kind": "preview", "name": name}, [])
    assert sent == [({"kind": "preview", "name": "one"}, [b"ID3 preview"])]
    assert b"ID3" not in str(table.get_state()).encode()


def test_an_expired_preview_is_reported(
    batch: Batch, jobs: dict[str, Job[Master]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(_: object) -> Path:
        raise TonnbookError("the preview of one is gone")

    jobs["one"].finish(Master("one", "task", None, RemoteFile("one.mp3", expired)))
    table = AlbumTable(batch)
    sent: list[Any] = []
    monkeypatch.setattr(table, "send", lambda content, buffers=None: sent.append(content))
    table._handle_custom_msg({"kind": "preview", "name": "one"}, [])
    assert sent == [{"kind": "no preview", "message": "the preview of one is gone"}]


def test_watch_shows_a_table_for_an_album(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    assert job_card.watch(batch) is batch
    assert isinstance(shown[0], AlbumTable)


def test_the_script_is_small() -> None:
    assert len(str(AlbumTable._esm).encode()) < 40_000
