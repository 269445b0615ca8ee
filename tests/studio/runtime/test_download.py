from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from outside import Web

from tonnbook.errors import AudioError, TonnbookError
from tonnbook.studio.runtime.download import download
from tonnbook.studio.runtime.http_client import check_address, send_request
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage

SECRET = "signature=b5d3c0ffee"


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., bytes]:
    """Download a link as a studio does, and return the bytes."""

    def fetch(link: str, storage: Storage | None = None, **limits: float) -> bytes:
        bounds = Limits(**limits)  # type: ignore[arg-type]
        storage = storage or Storage("http://127.0.0.1:1", bounds, time.time, tmp_path)
        download(link, tmp_path / "track.wav", storage, bounds)
        return (tmp_path / "track.wav").read_bytes()

    return fetch


def refused(fetch: Callable[..., bytes], link: str, **limits: float) -> str:
    """Return why a link is refused, and check that the message does not contain its query."""
    with pytest.raises(TonnbookError) as error:
        fetch(link, **limits)
    assert "c0ffee" not in str(error.value)
    assert error.value.__cause__ is None
    return str(error.value)


def test_a_link_is_requested_without_credentials_and_with_its_query(fetch: Callable[..., bytes], web: Web) -> None:
    assert fetch(web.serve("/vocal.wav", body=b"RIFF" * 50_000) + "?" + SECRET) == b"RIFF" * 50_000
    assert web.requested_paths == ["/vocal.wav?" + SECRET]
    assert not {"authorization", "cookie"} & {name.lower() for name in web.headers[0]}


def test_redirects_are_followed_a_few_times(fetch: Callable[..., bytes], web: Web) -> None:
    web.serve("/a", 302, Location="/b")
    web.serve("/b", 307, Location=web.url + "/c")
    web.serve("/c", body=b"sound")
    assert fetch(web.url + "/a") == b"sound"
    web.serve("/round", 301, Location="/round")
    assert "more than 5 times" in refused(fetch, web.url + "/round?" + SECRET)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x.wav", "gopher://x", "http://[", "http://h:99999/"]
)
def test_a_redirect_to_anything_but_http_is_refused(fetch: Callable[..., bytes], web: Web, location: str) -> None:
    link = web.serve("/vocal.wav", 302, Location=location)
    assert "no http or https link" in refused(fetch, f"{link}?{SECRET}")


def test_on_the_studios_own_address_only_a_signed_file_link_is_read(tmp_path: Path, web: Web) -> None:
    storage = Storage(web.url, Limits(), time.time, tmp_path)  # so every request to the "studio" is recorded
    for path in ("/studio/ledger?key=studio", "/files/x/y.wav?" + SECRET, "/files/../health", "/"):
        with pytest.raises(TonnbookError):
            download(web.url + path, tmp_path / "track.wav", storage, Limits())
    assert web.requested_paths == []


def test_a_redirect_to_the_studio_reads_files_and_nothing_else(tmp_path: Path, web: Web) -> None:
    storage = Storage("http://127.0.0.1:1", Limits(), time.time, tmp_path)
    file = storage.new_upload("vocal.wav", "audio/wav")
    file.path.write_bytes(b"sound")
    download(web.serve("/a", 302, Location=storage.signed_link(file)), tmp_path / "track.wav", storage, Limits())
    assert (tmp_path / "track.wav").read_bytes() == b"sound"
    with pytest.raises(TonnbookError, match="is no file"):
        download(
            web.serve("/b", 302, Location="http://localhost:1/studio/ledger?key=studio"), tmp_path, storage, Limits()
        )


@pytest.mark.parametrize("status", [401, 403, 404, 500, 204, 206])
def test_a_status_other_than_200_is_an_error(fetch: Callable[..., bytes], web: Web, status: int) -> None:
    link = web.serve("/vocal.wav", status)
    assert f"answered {status}" in refused(fetch, f"{link}?{SECRET}")


def test_a_web_page_is_refused(fetch: Callable[..., bytes], web: Web) -> None:
    link = web.serve("/share", body=b"<html>", Content_Type="text/html; charset=utf-8")
    assert "web page, not an audio file" in refused(fetch, f"{link}?{SECRET}")


def test_a_file_beyond_the_limit_is_not_read_to_its_end(fetch: Callable[..., bytes], web: Web) -> None:
    link = web.serve("/vocal.wav", body=(bytes(100_000) for _ in range(10_000)))
    assert "larger than 1 MiB" in refused(fetch, f"{link}?{SECRET}", file_bytes=2**20)


def slow_bytes() -> Iterator[bytes]:
    while True:
        yield b"x"
        time.sleep(0.01)


def test_a_slow_server_does_not_outlast_the_deadline(fetch: Callable[..., bytes], web: Web) -> None:
    link = web.serve("/vocal.wav", body=slow_bytes())
    assert "was not complete after 0.2 s" in refused(fetch, f"{link}?{SECRET}", download_s=0.2)


def test_a_silent_server_times_out(fetch: Callable[..., bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        link = f"http://127.0.0.1:{silent.getsockname()[1]}/vocal.wav?{SECRET}"
        assert "did not answer in time" in refused(fetch, link, silence_s=0.1)


def test_an_incomplete_file_is_an_error(fetch: Callable[..., bytes], web: Web) -> None:
    link = web.serve("/vocal.wav", body=b"RIFF", Content_Length="1000")
    assert "closed the connection before the end" in refused(fetch, f"{link}?{SECRET}")


def test_an_unreachable_server_is_an_error(fetch: Callable[..., bytes], web: Web) -> None:
    web.close()
    assert "cannot be reached" in refused(fetch, f"{web.url}/vocal.wav?{SECRET}")
    assert "cannot be reached" in refused(fetch, f"http://no-such-host.invalid/vocal.wav?{SECRET}")


def test_the_limit_counts_decompressed_bytes(fetch: Callable[..., bytes], web: Web) -> None:
    import gzip

    packed = gzip.compress(bytes(50_000_000))
    link = web.serve("/vocal.wav", body=packed, Content_Encoding="gzip")
    assert "larger than 1 MiB" in refused(fetch, f"{link}?{SECRET}", file_bytes=2**20)


@pytest.mark.parametrize(
    "link",
    [
        "ftp://h/x",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "http://h:x/",
        "//h/x",
        "http://h\\@g/",
        "http://h /",
    ],
)
def test_invalid_addresses(link: str) -> None:
    with pytest.raises(ValueError, match="not a usable http or https link"):
        check_address(link)


def test_a_proxy_is_used_for_other_machines_only(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Web()
    proxy.serve("http://elsewhere.invalid/vocal.wav", body=b"by proxy")
    monkeypatch.setenv("http_proxy", proxy.url)
    web.serve("/vocal.wav", body=b"direct")
    for link, content in ((f"{web.url}/vocal.wav", b"direct"), ("http://elsewhere.invalid/vocal.wav", b"by proxy")):
        with send_request("GET", link, 5) as answer:
            assert answer.read() == content
    proxy.close()


def test_download_errors_are_audio_errors(fetch: Callable[..., bytes], web: Web) -> None:
    with pytest.raises(AudioError):
        fetch(web.serve("/vocal.wav", 404))
