from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tonnbook import sound_files as module
from tonnbook.errors import AudioError
from tonnbook.sound_files import files_in, plain_name, sound_files, unpack

NAMES = ["take 10.wav", "take 2.WAV", "kick.flac", "notes.txt", ".hidden.wav", "._kick.flac"]
IN_ORDER = ["kick", "take 2", "take 10"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "stems"
    place.mkdir()
    for name in NAMES:
        (place / name).write_bytes(b"sound of " + name.encode())
    return place


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def test_a_folder_a_list_a_mapping_and_an_archive_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    paths = [folder / name for name in ("kick.flac", "take 2.WAV", "take 10.wav")]
    packed = archive(tmp_path / "stems.zip", {f"my stems/{name}": (folder / name).read_bytes() for name in NAMES})
    for given in (folder, str(folder), paths, [str(path) for path in paths], dict(zip(IN_ORDER, paths, strict=True))):
        assert sound_files(given) == dict(zip(IN_ORDER, paths, strict=True))
    unpacked = sound_files(packed)
    assert [Path(path).read_bytes() for path in unpacked.values()] == [path.read_bytes() for path in paths]
    assert list(unpacked) == IN_ORDER
    assert sound_files([packed, folder / "kick.flac"]).keys() == {*IN_ORDER, "kick (2)"}
    assert sound_files(packed) == unpacked  # unpacked once
    assert [files_in(each) is not None for each in (folder, packed, paths[0], "https://h/a.zip")] == [
        True,
        True,
        False,
        False,
    ]


def test_links_and_missing_files_are_kept_as_they_are() -> None:
    link = "https://host/lead%20vocal.wav?Signature=x"
    assert sound_files([link, "missing.wav"]) == {"lead%20vocal": link, "missing": Path("missing.wav")}


def test_a_folder_without_sounds_says_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"no sound files \(WAV, FLAC, MP3\) in the folder"):
        sound_files(tmp_path)


@pytest.mark.parametrize(
    "name", ["../../evil.wav", "/etc/evil.wav", "C:\\evil.wav", "..\\..\\evil.wav", "a/../../evil.wav"]
)
def test_no_name_in_an_archive_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    (inner := tmp_path / "inner").mkdir()
    assert unpack(archive(tmp_path / "a.zip", {name: b"x"}), inner) == [inner / "evil.wav"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "evil.wav", "inner"]


def test_a_symbolic_link_in_an_archive_is_left_out(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as opened:
        link = zipfile.ZipInfo("secret.wav")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(AudioError, match="contains no sound files"):
        unpack(packed, tmp_path)


def test_too_large_too_many_or_damaged_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(tmp_path / "a.zip", {"a.wav": bytes(3000), "b.wav": bytes(3000)})
    (inner := tmp_path / "inner").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(module, "MAX_UNPACKED_BYTES", 5000)
        with pytest.raises(AudioError, match="GB are allowed"):
            unpack(packed, inner)
    with monkeypatch.context() as patch:
        patch.setattr(module, "MAX_FILES", 1)
        with pytest.raises(AudioError, match="2 sound files; at most 1"):
            unpack(packed, inner)
    broken = bytearray(archive(tmp_path / "b.zip", {"good.wav": b"x", "z.wav": b"y" * 5000}).read_bytes())
    where = broken.rindex(b"z.wav", 0, broken.index(b"PK\x01\x02")) + 5
    broken[where : where + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "b.zip").write_bytes(broken)
    with pytest.raises(AudioError, match=r"b\.zip cannot be unpacked|damaged"):
        unpack(tmp_path / "b.zip", inner)
    assert not list(inner.iterdir())  # nothing of it stays


def test_a_member_that_lies_about_its_length_is_stopped(tmp_path: Path) -> None:
    """The header says 10 bytes, the deflated data has 5,000."""
    packed = archive(tmp_path / "a.zip", {"a.wav": bytes(5000)})
    data = packed.read_bytes().replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    packed.write_bytes(data)
    (inner := tmp_path / "inner").mkdir()
    with pytest.raises(AudioError):
        unpack(packed, inner)
    assert not list(inner.iterdir())
    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].file_size == 10


def test_names_are_reduced_to_what_is_safe_everywhere() -> None:
    given = ["a/b.wav", "a\\b.wav", "..", ".hidden.wav", "x<script>.wav", "nul\x00.wav", "a" * 300 + ".wav"]
    assert [plain_name(name) for name in given][:6] == ["b.wav", "b.wav", "", "", "x_script_.wav", "nul_.wav"]
    assert len(plain_name(given[-1])) == 200
