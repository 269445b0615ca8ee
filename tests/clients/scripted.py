"""An HTTP server with scripted answers, for behaviour that the studio cannot have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Call:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What to answer. `cut` bytes of the body are promised and never sent; `drop` closes the connection without an answer."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    drop: bool = False


@dataclass
class Scripted:
    url: str
    calls: list[Call]

    def count(self, path: str) -> int:
        return sum(call.path.split("?")[0] == path for call in self.calls)


@contextmanager
def scripted(answer: Callable[[Call], Answer]) -> Iterator[Scripted]:
    """Serve on a free port; `answer` is called for each request, in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, dict(self.headers), body)
            calls.append(call)
            scripted_answer = answer(call)
            content = (
                scripted_answer.body
                if isinstance(scripted_answer.body, bytes)
                else json.dumps(scripted_answer.body).encode()
            )
            if not scripted_answer.drop:
                self.send_response(scripted_answer.status)
                for name, value in {"Content-Type": "application/json", **scripted_answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) - scripted_answer.cut])
            self.close_connection = bool(scripted_answer.drop or scripted_answer.cut)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    calls: list[Call] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Scripted(f"http://127.0.0.1:{server.server_address[1]}", calls)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
