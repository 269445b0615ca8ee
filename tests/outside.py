"""The outside world for tests of the studio: a client in plain HTTP, and a small web server."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import numpy as np
import requests

from tonnbook import audio_files

if TYPE_CHECKING:
    from tonnbook.studio.server.server import Studio

Reply = tuple[int, Mapping[str, str], bytes | Iterator[bytes]]

INSTRUMENTS = {"bass": "BASS_GROUP", "guitar": "E_GUITAR_GROUP", "vocal": "VOCAL_GROUP", "kick": "KICK_GROUP"}


class Caller:
    """Make the calls of a client by plain HTTP: no checks, retries or polling."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.headers = {"X-API-Key": studio.key}

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return requests.post(self.studio.url + path, json=body, headers=self.headers | headers, timeout=60)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.studio.url + path, headers=self.headers, timeout=60)

    def upload(self, content: Path | bytes, name: str | None = None, kind: str = "audio/wav") -> str:
        body = content if isinstance(content, bytes) else content.read_bytes()
        name = name or (content.name if isinstance(content, Path) else "track.wav")
        links = self.post("/upload", {"filename": name, "contentType": kind}).json()
        put = requests.put(links["signed_url"], data=body, headers={"Content-Type": kind}, timeout=60)
        assert put.status_code == 200, put.text
        return str(links["readable_url"])

    def mix(self, links: Sequence[str], **options: Any) -> requests.Response:
        tracks = [{"trackURL": link, "instrumentGroup": instrument_of(link)} for link in links]
        return self.post("/mixpreview", {"multitrackData": {"trackData": tracks, "musicalStyle": "POP", **options}})

    def start(self, links: Sequence[str], **options: Any) -> str:
        answer = self.mix(links, **options)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["multitrack_task_id"])

    def preview(self, task_id: str, **query: Any) -> requests.Response:
        return self.post("/retrievepreviewmix", {"multitrackData": {"multitrackTaskId": task_id, **query}})

    def finished(self, task_id: str, **query: Any) -> requests.Response:
        return poll(lambda: self.preview(task_id, **query))

    def final(self, task_id: str, tracks: Sequence[Any] = (), prefer: str = "", **options: Any) -> requests.Response:
        inner = {"multitrackTaskId": task_id, "trackData": list(tracks), "returnStems": False, **options}
        return self.post("/retrievefinalmix", {"applyAudioEffectsData": inner}, Prefer=prefer)


def instrument_of(link: str) -> str:
    return next((group for name, group in INSTRUMENTS.items() if f"/{name}." in link), "OTHER_GROUP1")


def poll(call: Callable[[], requests.Response]) -> requests.Response:
    """Repeat a call while its answer is 202, for up to 60 s; return the first other answer."""
    deadline = time.monotonic() + 60
    while (answer := call()).status_code == 202:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    return answer


class HeldExecutor(ThreadPoolExecutor):
    """An executor of one thread that is blocked until `release`. `submitted` has the names of all submitted functions."""

    def __init__(self) -> None:
        super().__init__(1)
        self.submitted: Queue[str] = Queue()
        self.hold()

    def hold(self) -> None:
        self._gate = threading.Event()
        super().submit(self._gate.wait)

    def release(self) -> None:
        self._gate.set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        self.submitted.put(fn.__name__)
        return future


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections closed by the client: the studio closes them on purpose."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Web:
    """A web server on a free port.

    `replies` has the answers of each path, `received` the bodies posted to it, `requested_paths` and `headers` its GET requests.
    """

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.received: Queue[dict[str, Any]] = Queue()
        self.requested_paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def serve(self, path: str, status: int = 200, body: bytes | Iterator[bytes] = b"", **headers: str) -> str:
        """Add an answer to `path` and return its URL. Several answers are sent one after the other; the last one is repeated."""
        self.replies[path].append((status, {k.replace("_", "-"): v for k, v in headers.items()}, body))
        return self.url + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(web) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request inside
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.requested_paths.append(self.path)
                web.headers.append(dict(self.headers))
                replies = web.replies[self.path.partition("?")[0]]
                status, headers, body = (
                    (replies.pop(0) if len(replies) > 1 else replies[0]) if replies else (404, {}, b"")
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if isinstance(body, bytes) and "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                for piece in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(piece)
                self.close_connection = True

            def do_POST(self) -> None:
                web.received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.do_GET()

            def log_message(self, *args: object) -> None:
                pass

        return Handler


def error_message(answer: requests.Response, status: int) -> str:
    """Check the status and the JSON form of an error; return its message."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] is True
    return str(body["message"])


def wav(seconds: float = 1.0, level: float = 0.1, rate: int = 44100, channels: int = 1) -> bytes:
    noise = np.random.default_rng(3).normal(0, level or 1, (channels, round(seconds * rate))).clip(-1, 1)
    return audio_files.encode(noise if level else np.zeros_like(noise), rate, "wav")
