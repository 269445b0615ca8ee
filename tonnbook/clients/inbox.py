"""WebhookInbox: an HTTP listener on this machine for the webhooks of a service.

A webhook is only a hint, because anyone who knows the address can send one. It names a task; the jobs of that task are then
polled at once, at the service itself.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tonnbook.errors import redacted

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
_READ_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Webhook:
    """A webhook that was received."""

    task_id: str
    state: str
    """The state of the task by the sender, as "MIX_TASK_PREVIEW_COMPLETED"."""


class WebhookInbox:
    """Listens for webhooks on 127.0.0.1, on a random path.

    A live service cannot reach 127.0.0.1: pass the `public_url` of a tunnel or proxy that forwards to `port`. That address is
    then sent to the service unchanged, and its path is accepted as well as the random one. Jobs are polled in any case.
    """

    def __init__(self, public_url: str | None = None, *, port: int = 0) -> None:
        self._path = f"/webhooks/{secrets.token_urlsafe(16)}"
        self._public_url = public_url
        self._paths = {self._path} | ({urlsplit(public_url).path or "/"} if public_url else set())
        self._listeners: list[Callable[[str], None]] = []
        self._received: deque[Webhook] = deque(maxlen=100)
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            name="tonnbook inbox", target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port on this machine."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address to send to a service."""
        return self._public_url or f"http://127.0.0.1:{self.port}{self._path}"

    @property
    def received(self) -> tuple[Webhook, ...]:
        """The last 100 webhooks, oldest first."""
        return tuple(self._received)

    def on_task(self, listener: Callable[[str], None]) -> None:
        """Have `listener(task_id)` called for each webhook, in the thread that receives it."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Stop listening. Safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __repr__(self) -> str:
        return f"WebhookInbox(port={self.port}, {len(self._received)} received)"

    def accepts(self, path: str) -> bool:
        """Return whether webhooks are accepted on this path."""
        return any(secrets.compare_digest(path.encode(), known.encode()) for known in self._paths)

    def receive(self, body: dict[str, Any]) -> None:
        """Record a webhook and call the listeners with the task that it names."""
        for key, task_id in body.items():
            if key.endswith("task_id") and isinstance(task_id, str) and 0 < len(task_id) <= 200:
                self._received.append(Webhook(task_id, redacted(str(body.get("state", "")))[:100]))
                log.debug("webhook for task %s", task_id)
                for listener in self._listeners:
                    listener(task_id)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], inbox: WebhookInbox) -> None:
        super().__init__(address, _Handler)
        self.inbox = inbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless the sender closed the connection."""
        if isinstance(sys.exception(), ConnectionError):
            log.debug("the sender of a webhook closed the connection")
        else:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "tonnbook"
    sys_version = ""
    timeout = _READ_TIMEOUT_S

    def do_POST(self) -> None:
        status, body = self._read()
        if body is not None:
            self.server.inbox.receive(body)
        answer = json.dumps({"error": status >= 400, "message": status.phrase}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def _read(self) -> tuple[HTTPStatus, dict[str, Any] | None]:
        if not self.server.inbox.accepts(urlsplit(self.path).path):
            return HTTPStatus.NOT_FOUND, None
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            return HTTPStatus.LENGTH_REQUIRED, None
        if int(length) > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, None
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST, None
        return (HTTPStatus.OK, body) if isinstance(body, dict) else (HTTPStatus.BAD_REQUEST, None)

    def log_message(self, *args: object) -> None:
        """Log nothing: the path is a secret, and the standard log goes to the notebook's output."""
