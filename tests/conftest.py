"""Fixtures for all tests: a clean environment, no network beyond this machine, and one studio."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from outside import Caller, Web

from tonnbook import audio_files, demo

if TYPE_CHECKING:
    from tonnbook.studio.server.server import Studio

KEYS = ("TONN_API_KEY", "BEATOVEN_API_KEY")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


@pytest.fixture(scope="session", autouse=True)
def interrupts_arrive() -> None:
    """Make SIGINT raise KeyboardInterrupt, also in a background process, which inherits it as ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the keys and proxies of this machine from the environment; tests marked `live` keep them."""
    if request.node.get_closest_marker("live"):
        return
    for name in (*KEYS, *PROXIES, *map(str.upper, PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_outside(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections and name lookups beyond this machine, except in tests marked `live`."""
    if request.node.get_closest_marker("live"):
        return
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: _connect(self, _require_loopback(self, address))
    )
    monkeypatch.setattr(
        socket.socket, "connect_ex", lambda self, address: _connect_ex(self, _require_loopback(self, address))
    )
    monkeypatch.setattr(socket, "getaddrinfo", _look_up_loopback)


def _is_loopback(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _require_loopback(own: socket.socket, address: Any) -> Any:
    if own.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        raise ConnectionRefusedError(f"tests may connect to this machine only, not to {address[0]}")
    return address


def _look_up_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
    if not _is_loopback(host):
        raise socket.gaierror(socket.EAI_NONAME, f"tests may connect to this machine only, not to {host}")
    return _getaddrinfo(host, *args, **kwargs)


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    """Start one studio for all tests that do not need a fresh one."""
    from tonnbook.studio.server.server import Studio  # imported here: most tests need no server

    with Studio(key="studio") as running:
        yield running


@pytest.fixture
def caller(studio: Studio) -> Caller:
    """Return a plain HTTP client of the shared studio."""
    return Caller(studio)


@pytest.fixture
def web() -> Iterator[Web]:
    """Start a web server outside the studio."""
    server = Web()
    yield server
    server.close()


@pytest.fixture(scope="session")
def excerpts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return four seconds of each of the eight stems, as 16-bit WAV, by name. None of them is silent there."""
    folder = tmp_path_factory.mktemp("excerpts")
    made = {}
    for name, path in demo.stems().items():
        audio, rate = audio_files.read(path)
        made[name] = audio_files.write(folder / f"{name}.wav", audio[:, 4 * rate : 8 * rate], rate, 16)
    return made


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return eight seconds of each of the four songs of the album, as 24-bit WAV, by name."""
    folder = tmp_path_factory.mktemp("songs")
    made = {}
    for name, path in demo.album().items():
        audio, rate = audio_files.read(path)
        made[name] = audio_files.write(folder / f"{name}.wav", audio[:, 8 * rate : 16 * rate], rate, 24)
    return made


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the browser tests last: Playwright keeps an event loop running in the main thread, which asyncio.run refuses.

    Tests marked `demucs` are deselected where demucs, an extra of some GB, is not installed.
    """
    if find_spec("demucs") is None:
        deselected = [item for item in items if item.get_closest_marker("demucs")]
        items[:] = [item for item in items if item not in deselected]
        config.hook.pytest_deselected(items=deselected)
    items.sort(key=lambda item: "browser" in item.path.parts)
