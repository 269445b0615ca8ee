"""Files arrive whole, in order and in a private folder; the messages are those that the page sends."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tones import MakeFile

from tonnbook.widgets.dropzone.dropzone import DropZone
from tonnbook.widgets.dropzone.receiver import Receiver, ReceiverLimits


class Page:
    """Sends messages as the page does, and keeps the answers."""

    def __init__(self, zone: DropZone) -> None:
        self.zone, self.answers = zone, []
        zone.send = self.answers.append

    def post(self, buffer: bytes | None = None, **message: Any) -> dict[str, Any]:
        self.zone._handle_custom_msg(message, [memoryview(buffer)] if buffer is not None else [])
        return self.answers[-1] if self.answers else {}

    def drop(self, name: str, data: bytes, chunk: int = 50_000) -> dict[str, Any]:
        answer = self.post(kind="offer", id=name, name=name, size=len(data), attempt=1)
        for offset in range(0, len(data), chunk):
            answer = self.post(data[offset : offset + chunk], kind="chunk", id=name, attempt=1, offset=offset)
        return answer


@pytest.fixture
def page() -> Page:
    return Page(DropZone())


def test_a_dropped_file_is_there_byte_for_byte_with_its_guess(page: Page, make_file: MakeFile) -> None:
    data = make_file("03 Lead Vox.wav", seconds=2).read_bytes()
    assert page.drop("03 Lead Vox.wav", data)["kind"] == "done"
    zone = page.zone
    assert zone.files["03 Lead Vox"].read_bytes() == data
    assert zone.items == [{"name": "03 Lead Vox", "size": len(data), "note": "0:02, Lead vocal (guessed)"}]
    assert zone.folder.stat().st_mode & 0o777 == 0o700
    assert list(zone.folder.iterdir()) == [zone.files["03 Lead Vox"]]
    assert str(zone.folder) not in str(zone.get_state())


def test_after_a_cut_it_continues_where_it_stopped(page: Page, make_file: MakeFile) -> None:
    data = make_file("kick.wav", seconds=2).read_bytes()
    first = {"kind": "offer", "id": "k", "name": "kick.wav", "size": len(data)}
    page.post(**first, attempt=1)
    page.post(data[:1000], kind="chunk", id="k", attempt=1, offset=0)
    assert page.post(data[2000:3000], kind="chunk", id="k", attempt=1, offset=2000)["kind"] == "lost"
    assert page.post(**first, attempt=2) == {"kind": "at", "id": "k", "attempt": 2, "received": 1000}
    before = len(page.answers)
    page.post(data[1000:2000], kind="chunk", id="k", attempt=1, offset=1000)  # a late one of the first attempt
    assert len(page.answers) == before
    assert page.post(data[1000:], kind="chunk", id="k", attempt=2, offset=1000)["kind"] == "done"
    assert page.zone.files["kick"].read_bytes() == data


def test_a_cancelled_file_leaves_nothing(page: Page) -> None:
    page.post(kind="offer", id="k", name="kick.wav", size=5000, attempt=1)
    page.post(bytes(100), kind="chunk", id="k", attempt=1, offset=0)
    assert len(list(page.zone.folder.iterdir())) == 1
    page.post(kind="cancel", id="k", attempt=1)
    assert not list(page.zone.folder.iterdir())


def test_what_is_no_sound_is_refused_and_deleted(page: Page, make_file: MakeFile) -> None:
    for name, data, words in [
        ("kick.wav", b"RIFF????WAVE" + bytes(500), "cannot be read"),
        ("notes.txt", b"hello", "WAV, FLAC, MP3, ZIP are"),
        ("stems.zip", b"PK and no archive", "cannot be unpacked"),
        ("empty.wav", make_file("empty.wav", seconds=0).read_bytes(), "."),
    ]:
        answer = page.drop(name, data)
        assert answer["kind"] == "refused"
        assert words in answer["message"]
    assert not page.zone.items
    assert not list(page.zone.folder.iterdir())


def test_an_archive_is_unpacked_and_its_names_stay_in_the_folder(page: Page, make_file: MakeFile) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name in ("../bass.wav", "stems/kick.wav"):
            opened.write(make_file(Path(name).name, seconds=1), name)
        opened.writestr("readme.txt", "hello")
    assert page.drop("my stems.zip", packed.getvalue())["kind"] == "done"
    assert list(page.zone.files) == ["bass", "kick"]
    assert {path.parent for path in page.zone.files.values()} == {page.zone.folder}
    page.post(kind="remove", name="bass")
    assert list(page.zone.files) == ["kick"]


def test_limits_hold_here_as_they_do_on_the_page(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, lambda key, path: None, ReceiverLimits(file_bytes=100, total_bytes=150))
    offer = {"kind": "offer", "name": "a.wav", "attempt": 1}
    assert receiver.handle({**offer, "id": "1", "size": 101})["kind"] == "refused"
    assert receiver.handle({**offer, "id": "2", "size": 100})["kind"] == "at"
    assert receiver.handle({**offer, "id": "3", "size": 60})["kind"] == "refused"  # with the one that is coming
    longer = {"kind": "chunk", "id": "2", "attempt": 1, "offset": 0}
    assert "longer" in receiver.handle(longer, [bytes(101)])["message"]
    assert not list(tmp_path.iterdir())


def test_the_example_is_used_until_files_are_dropped(page: Page, make_file: MakeFile) -> None:
    zone = DropZone(example={"demo": make_file("demo.wav")})
    assert list(zone.files) == ["demo"]
    assert not zone.dropped
    Page(zone).drop("own.wav", make_file("own.wav").read_bytes())
    assert list(zone.files) == ["own"]
    assert list(zone.clear().files) == ["demo"]
