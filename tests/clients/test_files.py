"""Uploads and downloads with the real studio, and with broken connections and a server that is killed."""

import stat
import subprocess
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from programs import studio_program
from scripted import Answer, scripted

from tonnbook.clients.files import Files, check_upload, safe_name
from tonnbook.clients.http import Http
from tonnbook.errors import AudioError, NotAuthorised, NotFound, UnexpectedAnswer, Unreachable
from tonnbook.studio.server.server import Studio


@pytest.fixture
def http(studio: Studio) -> Iterator[Http]:
    http = Http(studio.url, studio.key, retry_for_s=0)
    yield http
    http.close()


@pytest.fixture
def files(http: Http, tmp_path: Path) -> Files:
    return Files(http, tmp_path / "downloads")


def sound(path: Path, seconds: float = 0.5) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(range(256)) * int(seconds * 8000 * 2 / 256))
    return path


AUDIO = {"Content-Type": "audio/wav"}


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_uploaded_file_downloads_unchanged(files: Files, tmp_path: Path) -> None:
    source = sound(tmp_path / "vocal take 1 (ä).wav")
    sent: list[int] = []
    link = files.upload(source, sent.append)
    assert files.download(link, tmp_path / "back.wav").read_bytes() == source.read_bytes()
    assert sent == sorted(sent)
    assert sent[-1] == source.stat().st_size
    assert files.name_of(link) == source.name


def test_the_same_content_is_sent_once_while_its_link_is_valid(http: Http, tmp_path: Path) -> None:
    now = [0.0]
    files = Files(http, tmp_path, clock=lambda: now[0])
    source = sound(tmp_path / "vocal.wav")
    first = files.upload(source)
    now[0] = 49 * 60
    assert files.upload(source) == first
    now[0] = 51 * 60
    second = files.upload(source)
    assert second != first
    sound(source, 0.7)
    assert files.upload(source) != second


def test_two_files_with_the_same_content_are_two_tracks(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    copies = [sound(tmp_path / "vocal.wav"), sound(tmp_path / "double.wav"), sound(tmp_path / "a" / "vocal.wav")]
    assert len({files.upload(path) for path in copies}) == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("take.aiff", b"x", r"take\.aiff cannot be uploaded: the service accepts WAV, MP3, FLAC"),
        ("notes.txt", b"x", r"the service accepts WAV, MP3, FLAC\. Convert it first"),
        ("take.wav", b"", r"take\.wav is empty"),
        ("gone.wav", None, r"gone\.wav does not exist in "),
    ],
)
def test_what_cannot_be_uploaded(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=message):
        check_upload(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "album.wav").mkdir()
    with pytest.raises(AudioError, match="is a folder, not a file"):
        check_upload(tmp_path / "album.wav")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.wav", "audio/wav"), ("a.MP3", "audio/mpeg"), ("a.b.Flac", "audio/flac")]
)
def test_the_type_that_a_file_is_sent_as(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert check_upload(tmp_path / name) == kind


def test_a_wrong_key_ends_an_upload(studio: Studio, tmp_path: Path) -> None:
    http = Http(studio.url, "another", retry_for_s=0)
    with pytest.raises(NotAuthorised):
        Files(http, tmp_path).upload(sound(tmp_path / "vocal.wav"))
    http.close()


def test_an_upload_is_put_with_the_content_type_of_its_request(tmp_path: Path) -> None:
    with scripted(
        lambda call: Answer(body={"signed_url": f"{url}/put?s=1", "readable_url": f"{url}/get?s=1"})
    ) as server:
        url = server.url
        http = Http(url, "key")
        Files(http, tmp_path).upload(sound(tmp_path / "vocal.wav"))
        http.close()
    requested, put = server.calls
    assert requested.json == {"filename": "vocal.wav", "contentType": "audio/wav"}
    assert (put.method, put.headers["Content-Type"]) == ("PUT", "audio/wav")
    assert put.body == (tmp_path / "vocal.wav").read_bytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"signed_url": "http://a.example/x?s=SECRET"}, "readable_url: is missing"),
        ({"error": True, "message": "too large, see http://a.example/?s=SECRET"}, r"refused vocal\.wav: too large"),
    ],
)
def test_an_answer_without_links_is_an_unexpected_answer(tmp_path: Path, body: dict[str, Any], message: str) -> None:
    with scripted(lambda call: Answer(body=body)) as server:
        http = Http(server.url, "key")
        with pytest.raises(UnexpectedAnswer, match=message) as caught:
            Files(http, tmp_path).upload(sound(tmp_path / "vocal.wav"))
        http.close()
    assert "SECRET" not in str(caught.value)


def test_a_download_that_breaks_off_is_repeated(tmp_path: Path) -> None:
    whole = sound(tmp_path / "whole.wav").read_bytes()
    answers = [
        Answer(body=whole, cut=400, headers=AUDIO),
        Answer(body=whole, cut=1, headers=AUDIO),
        Answer(body=whole, headers=AUDIO),
    ]
    with scripted(lambda call: answers.pop(0)) as server:
        http = Http(server.url, "key", sleep=lambda pause: None)
        to = Files(http).download(f"{server.url}/mix.wav?s=1", tmp_path / "mix.wav")
        http.close()
    assert to.read_bytes() == whole
    assert sorted(leftovers(tmp_path)) == [to, tmp_path / "whole.wav"]


def test_what_a_proxy_sends_in_place_of_a_sound_is_not_kept(tmp_path: Path) -> None:
    whole = sound(tmp_path / "whole.wav").read_bytes()
    page = b"<!doctype html><title>Log in</title>"
    answers = [
        Answer(body=page, headers={"Content-Type": "text/html; charset=utf-8"}),
        Answer(body={"error": False}),
        Answer(body=page, headers=AUDIO),
        Answer(body=b"", headers=AUDIO),
        Answer(status=202, body=whole, headers=AUDIO),
        Answer(status=204, body=b"", headers=AUDIO),
        Answer(status=203, body=whole, headers=AUDIO),
        Answer(body=whole[:3000], headers=AUDIO),
        Answer(status=206, body=whole, headers=AUDIO),
    ]
    with scripted(lambda call: answers.pop(0)) as server:
        http = Http(server.url, "key", retry_for_s=0)
        while len(answers) > 1:
            with pytest.raises(Unreachable, match=r"^download of song\.wav"):
                Files(http).download(f"{server.url}/song.wav?s=1", tmp_path / "to" / "song.wav")
            assert leftovers(tmp_path / "to") == []
        to = Files(http).download(f"{server.url}/song.wav?s=1", tmp_path / "to" / "song.wav")
        http.close()
    assert to.read_bytes() == whole


def test_the_free_calls_of_an_upload_are_repeated(tmp_path: Path) -> None:
    links = {"signed_url": "", "readable_url": ""}
    answers = [
        Answer(status=429),
        Answer(status=502),
        Answer(drop=True),
        Answer(body=links),
        Answer(body=b"<html>", headers={"Content-Type": "text/html"}),
        Answer(body=b""),
    ]
    with scripted(lambda call: answers.pop(0)) as server:
        links.update(signed_url=f"{server.url}/put?s=1", readable_url=f"{server.url}/get?s=1")
        http = Http(server.url, "key", sleep=lambda pause: None)
        assert Files(http).upload(sound(tmp_path / "vocal.wav")) == links["readable_url"]
        http.close()
    assert [call.method for call in server.calls] == ["POST"] * 4 + ["PUT"] * 2


def test_a_file_is_uploaded_again_where_its_link_is_dead(tmp_path: Path) -> None:
    with Studio() as first:
        http = Http(first.url, first.key, retry_for_s=0)
        files = Files(http, tmp_path / "downloads")
        source = sound(tmp_path / "vocal.wav")
        old = files.upload(source)
        port = int(first.url.rsplit(":", 1)[1])
    with Studio(port=port, key=first.key):
        new = files.upload(source)
        assert new != old
        assert files.download(new, tmp_path / "back.wav").read_bytes() == source.read_bytes()
        http.close()


def test_a_download_that_keeps_breaking_off_leaves_nothing(tmp_path: Path) -> None:
    with scripted(lambda call: Answer(body=b"x" * 1000, cut=400, headers=AUDIO)) as server:
        http = Http(server.url, "key", retry_for_s=0)
        with pytest.raises(Unreachable, match=r"download of mix\.wav.*broke off"):
            Files(http).download(f"{server.url}/mix.wav?s=1", tmp_path / "mix.wav")
        http.close()
    assert leftovers(tmp_path) == []


class _Deadly(Http):
    """Kills the server when the first piece of a download has come."""

    def __init__(self, url: str, victim: "subprocess.Popen[str]") -> None:
        super().__init__(url, "studio", retry_for_s=0)
        self._victim = victim

    @contextmanager
    def open(self, link: str, what: str) -> Iterator[requests.Response]:
        with super().open(link, what) as response:
            pieces = response.iter_content

            def iter_content(size: int) -> Iterator[bytes]:
                for piece in pieces(size):
                    yield piece
                    self._victim.kill()
                    self._victim.wait()

            response.iter_content = iter_content  # type: ignore[method-assign,assignment]
            yield response


def test_a_studio_that_dies_midway_leaves_nothing_and_an_earlier_file_stays(tmp_path: Path) -> None:
    with studio_program() as (process, url):
        (tmp_path / "long.wav").write_bytes(bytes(32_000_000))
        earlier = tmp_path / "downloads" / "mix.wav"
        earlier.parent.mkdir()
        earlier.write_bytes(b"the mix of yesterday")
        http = _Deadly(url, process)
        files = Files(http, tmp_path / "downloads")
        link = files.upload(tmp_path / "long.wav")
        with pytest.raises(Unreachable):
            files.download(link, earlier)
        http.close()
    assert leftovers(tmp_path / "downloads") == [earlier]
    assert earlier.read_bytes() == b"the mix of yesterday"


def test_an_unknown_link_leaves_nothing(files: Files, studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        files.download(f"{studio.url}/files/1/mix.wav?expires=1&signature=1", tmp_path / "downloads" / "mix.wav")
    assert leftovers(tmp_path / "downloads") == []


def test_a_file_is_downloaded_on_first_use_and_only_once(files: Files, tmp_path: Path) -> None:
    link = files.upload(sound(tmp_path / "vocal.wav"))
    remote = files.remote_file(link, "mix", files.new_folder("preview-1"), ".mp3")
    assert (remote.name, leftovers(files.folder)) == ("mix.wav", [])
    assert remote.path == files.folder / "preview-1" / "mix.wav"
    before = remote.path.stat().st_mtime_ns
    saved = remote.save(tmp_path)
    assert saved == tmp_path / "mix.wav"
    assert saved.read_bytes() == remote.path.read_bytes() == (tmp_path / "vocal.wav").read_bytes()
    assert remote.path.stat().st_mtime_ns == before
    saved.write_bytes(b"own work")
    with pytest.raises(FileExistsError, match=r"mix\.wav exists already: .* overwrite=True"):
        remote.save(tmp_path)
    assert saved.read_bytes() == b"own work"
    assert remote.save(tmp_path, overwrite=True).read_bytes() == remote.path.read_bytes()


def test_each_job_has_a_folder_of_its_own(files: Files) -> None:
    first = files.new_folder("final-1")
    assert [first.name, files.new_folder("final-1").name, files.new_folder("final-2").name] == [
        "final-1",
        "final-1-2",
        "final-2",
    ]


def test_without_a_folder_downloads_go_to_a_temporary_one(http: Http) -> None:
    files = Files(http)
    folder = files.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "mix.wav").write_bytes(b"x")
    del files
    assert not folder.exists()


@pytest.mark.parametrize(
    ("word", "name"),
    [("../../etc/passwd", "_.._etc_passwd"), ("..", "track"), ("", "track"), ("hi-hat", "hi-hat"), ("a\\b:c", "a_b_c")],
)
def test_a_file_name_from_a_server_stays_in_its_folder(word: str, name: str) -> None:
    assert safe_name(word) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("सितार", "सितार"),
        ("Beyonce\u0301", "Beyonc\u00e9"),
        ("Don't Stop! (feat. X) #1 & 2", "Don't Stop! (feat. X) #1 & 2"),
        ("夜のバス", "夜のバス"),
        ("con", "_con"),
        ("a\x00b\u202ec", "a_b_c"),
        ("夜" * 80, "夜" * 40),
        ("a" * 245, "a" * 120),
    ],
)
def test_names_of_all_scripts_stay_readable_and_fit_on_a_disk(word: str, name: str) -> None:
    assert safe_name(word) == name
    assert safe_name(name) == name


@pytest.mark.parametrize("stem", ["夜" * 80, "a" * 245])
def test_a_long_name_is_no_reason_to_refuse_a_song(stem: str, files: Files, tmp_path: Path) -> None:
    song = tmp_path / f"{stem}.wav"
    song.write_bytes(b"RIFF")
    assert files.upload(song).startswith("http")
