"""`Download`: the archive of what was made, saved by code and fetched in chunks by the page."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.errors import TonnbookError
from tonnbook.models.files import local_file
from tonnbook.widgets.download import download
from tonnbook.widgets.download.download import Download


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """A form with a result of one sound, and the request that made it."""
    sound = 0.1 * np.random.default_rng(2).normal(size=(2, 4410))
    path = audio_files.write(tmp_path / "cleaned.wav", sound, 44100, 16)
    return SimpleNamespace(result=SimpleNamespace(playable={"cleaned": local_file(path)}), sent={"json": '{"a": 1}'})


def test_the_archive_has_the_sounds_and_the_request_of_what_was_made(made: Any, tmp_path: Path) -> None:
    button = Download("all", take=made, master=SimpleNamespace(result=None, sent={}))
    with zipfile.ZipFile(button.save(tmp_path / "all.zip")) as archive:
        assert archive.namelist() == ["take/cleaned.wav", "take/request.json"]
        assert archive.read("take/cleaned.wav") == (tmp_path / "cleaned.wav").read_bytes()
        assert archive.read("take/request.json") == b'{"a": 1}'


def test_save_replaces_a_file_only_on_request(made: Any, tmp_path: Path) -> None:
    to = tmp_path / "all.zip"
    to.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        Download(take=made).save(to)
    assert to.read_bytes() == b"mine"
    assert zipfile.is_zipfile(Download(take=made).save(to, overwrite=True))


def test_nothing_is_saved_before_anything_was_made(tmp_path: Path) -> None:
    with pytest.raises(TonnbookError, match="Nothing has been made yet"):
        Download(mix=SimpleNamespace(result=None, sent={})).save(tmp_path / "all.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_page_fetches_the_archive_in_chunks(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_CHUNK_BYTES", 5000)
    button = Download(take=made)
    chunks: dict[int, bytes] = {}
    monkeypatch.setattr(button, "send", lambda head, buffers: chunks.update({head["offset"]: buffers[0]}))
    button._handle_custom_msg({"kind": "collect"}, [])
    end = time.monotonic() + 30
    while button.state["state"] == "collecting":
        assert time.monotonic() < end
        time.sleep(0.01)
    size, number = button.state["size"], button.state["number"]
    for offset in range(0, size, 5000):
        button._handle_custom_msg({"kind": "chunk", "number": number, "offset": offset}, [])
    whole = b"".join(chunks[offset] for offset in sorted(chunks))
    assert len(chunks) > 2
    assert len(whole) == size
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
