"""HTTP client: timeouts, retries, authentication, errors, log lines.

The method decides whether a request may be repeated: `get`, `retrieve` and `put` are repeated, and so is what goes through
`retry`; `create`, which may start a job or spend credits, is sent exactly once.
"""

from __future__ import annotations

import json
import logging
import random
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError

from tonnbook.clients.reply import LONGEST_MESSAGE, Reply, json_object
from tonnbook.errors import (
    ApiError,
    NotFound,
    ServerFault,
    TonnbookError,
    TooManyRequests,
    UnexpectedAnswer,
    Unreachable,
    api_error,
    redacted,
)

T = TypeVar("T")
Sleep = Callable[[float], None]
log = logging.getLogger(__name__)

TRANSIENT = (Unreachable, TooManyRequests, ServerFault)
"""Errors that may pass, so that a request which costs nothing is worth repeating."""


class _Key(AuthBase):
    """Sets the key's header when a request is built, so that no variable of ours with headers in it holds the key."""

    def __init__(self, key: str, scheme: str | None = None) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("the key is empty or contains a space or a line break: copy it again")
        self._key = key
        self._scheme = scheme

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._scheme:
            request.headers["Authorization"] = f"{self._scheme} {self._key}"
        else:
            request.headers["X-API-Key"] = self._key
        return request

    def hidden(self, text: str) -> str:
        """Return `text` without the key, in case a server has echoed it. A key of up to 7 letters stays: it may be a common word."""
        return text.replace(self._key, "…") if len(self._key) > 7 else text


class _NoKey(AuthBase):
    """For signed links, which need no key. (Without an auth object, requests would read ~/.netrc.)"""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _HideQueries(logging.Filter):
    """Removes queries from urllib3's DEBUG lines: the query of a signed link must not appear in a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.split("?")[0] + "?…" if isinstance(a, str) and "?" in a else a for a in record.args)
        return True


_hide_queries = _HideQueries()


class Http:
    """Sends the requests of one client to the server at `url`. May be used from several threads at once.

    `retry_for_s` is how long a request that may be repeated is repeated before its error is raised. Pauses between repeats
    start at `first_pause_s`, double up to 10 s, and are randomised so that many clients do not return together; `Retry-After`
    is followed. With a `scheme` the key is sent as `Authorization: <scheme> <key>`, else as `X-API-Key`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        connect_s: float = 10.0,
        read_s: float = 60.0,
        retry_for_s: float = 20.0,
        first_pause_s: float = 0.5,
        sleep: Sleep = time.sleep,
        scheme: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._key = _Key(key, scheme)
        self._connect_s, self._read_s = connect_s, read_s
        self._retry_for_s, self._first_pause_s, self._sleep = retry_for_s, first_pause_s, sleep
        self.closed = False
        """Once true, `create` sends nothing and nothing is repeated; a file can still be downloaded."""
        self._session = requests.Session()
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, HTTPAdapter(pool_maxsize=16))
        # A proxy named in the environment would look for 127.0.0.1 on its own machine.
        self._session.trust_env = urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}
        # Registers weakref's exit hook before that of `Services.close`, which must run before urllib3's own cleanup.
        weakref.finalize(self, self._session.close)
        logging.getLogger("urllib3.connectionpool").addFilter(_hide_queries)

    def __repr__(self) -> str:
        return f"Http({redacted(self.url)!r})"

    def stop(self) -> None:
        """Create nothing and repeat nothing from now on. A request that is being sent is not aborted."""
        self.closed = True

    def close(self) -> None:
        """Stop, and close all idle connections. A file can still be downloaded: that opens a new connection."""
        self.stop()
        self._session.close()

    def get(self, path: str, *, retry_for_s: float | None = None, about_a_task: bool = True) -> Reply:
        """GET `path` of this server. With `about_a_task`, a 500 that reports a failed task is returned as a reply."""
        return self.retry(lambda: self._free_call("GET", path, about_a_task=about_a_task), retry_for_s)

    def retrieve(self, path: str, body: Any, *, retry_for_s: float | None = None, about_a_task: bool = True) -> Reply:
        """POST what costs nothing. With `about_a_task`, a 500 that reports a failed task is returned as a reply."""
        return self.retry(lambda: self._free_call("POST", path, about_a_task=about_a_task, json=body), retry_for_s)

    def create(
        self,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float | None = None,
        about_a_task: bool = False,
    ) -> Reply:
        """POST something that may start a job or spend credits: sent once, whatever the answer, and not at all once closed."""
        if self.closed:
            raise TonnbookError(f"{path} was not sent: the client has been closed. Make a new one, and start again.")
        try:
            return self._call("POST", path, read_s, about_a_task=about_a_task, json=body, headers=headers)
        except Unreachable as error:
            reason = str(error)
        raise Unreachable(f"{reason} The request was sent once and is not repeated automatically; it may have arrived.")

    def put(self, link: str, body: Any, content_type: str, what: str) -> None:
        """PUT a file-like `body` (len, read, seek, tell) to a signed link; `what` names it in errors and in the log."""

        def once() -> None:
            body.seek(0)
            response = self._exchange("PUT", link, what, _NoKey(), data=body, headers={"Content-Type": content_type})
            self._checked(response, what, link=True).close()
            if response.headers.get("Content-Type", "").lower().startswith("text/html"):
                raise Unreachable(
                    f"{what}: a web page answered, and no storage. Is a proxy or a login page in between?"
                )

        self.retry(once)

    @contextmanager
    def open(self, link: str, what: str) -> Iterator[requests.Response]:
        """GET a signed link as a stream, once.

        Raises Unreachable where the answer is neither 200 nor 206, or the connection breaks while it is read.
        """
        headers = {"Accept-Encoding": "identity"}
        reason = ""
        with self._exchange("GET", link, what, _NoKey(), stream=True, headers=headers) as response:
            try:
                self._checked(response, what, link=True)
                if response.status_code not in {200, 206}:
                    raise Unreachable(f"{what}: the server answered {response.status_code} and no file. Try again.")
                yield response
            except requests.RequestException as error:
                reason = _reason_of(error)
        if reason:
            raise Unreachable(f"{what}: {reason}. Try again.")

    def retry(self, action: Callable[[], T], retry_for_s: float | None = None) -> T:
        """Return `action()`; repeat it after a pause while it raises a transient error, for at most `retry_for_s`."""
        until = time.monotonic() + (self._retry_for_s if retry_for_s is None else retry_for_s)
        pause = self._first_pause_s
        while True:
            try:
                return action()
            except TRANSIENT as error:
                requested = error.retry_after_s if isinstance(error, ApiError) else None
                wait = requested or pause * random.uniform(0.5, 1.0)
                if self.closed or time.monotonic() + wait > until:
                    raise
            self._sleep(wait)
            pause = min(2 * pause, 10.0)

    def same_origin(self, location: str) -> str:
        """Return the path of a `Location` on this server; raise UnexpectedAnswer where it is on another one."""
        target, home = urlsplit(urljoin(self.url + "/", location)), urlsplit(self.url)
        if (target.scheme, target.netloc) != (home.scheme, home.netloc):
            raise UnexpectedAnswer(
                f"{home.netloc} redirects to {target.netloc}, and the key is not sent to another server. "
                "Ask the service whether this is intended."
            )
        return target.path

    def _free_call(self, method: str, path: str, **content: Any) -> Reply:
        """Send a call that costs nothing; a web page in place of its answer raises Unreachable, which has it repeated."""
        reply = self._call(method, path, **content)
        if reply.text.lstrip()[:1] == "<":
            raise Unreachable(
                f"{path} answered {reply.status} with a web page. Is the address right, and no proxy or login page in between?"
            )
        return reply

    def _call(
        self, method: str, path: str, read_s: float | None = None, *, about_a_task: bool, **content: Any
    ) -> Reply:
        response = self._exchange(method, self.url + path, path, self._key, read_s, allow_redirects=False, **content)
        self._checked(response, path, about_a_task=about_a_task)
        if 300 <= response.status_code < 400:
            raise UnexpectedAnswer(f"{path} answered {response.status_code}, a redirect. Is the address right?")
        return Reply(path, response.status_code, response.text, response.headers)

    def _exchange(
        self, method: str, url: str, what: str, auth: AuthBase, read_s: float | None = None, **content: Any
    ) -> requests.Response:
        """Send once and return the answer, whatever its status; raise Unreachable when there is none."""
        timeout = (self._connect_s, read_s or self._read_s)
        started = time.monotonic()
        try:
            response = self._session.request(method, url, auth=auth, timeout=timeout, **content)
        except requests.RequestException as error:
            reason = _reason_of(error)
        else:
            log.debug("%s %s %d %.0f ms", method, what, response.status_code, 1000 * (time.monotonic() - started))
            return response
        # Raised outside the except block, so that the error has no context: the text of requests' error holds the whole link.
        log.debug("%s %s: %s", method, what, reason)
        raise Unreachable(f"{what} at {urlsplit(url).netloc}: {reason}. Check the address and the network.")

    def _checked(
        self, response: requests.Response, what: str, *, link: bool = False, about_a_task: bool = False
    ) -> requests.Response:
        """Return a response that is no error, or raise the TonnbookError of its status.

        `link` says that `what` is a signed link: a refusal then means that the link has expired, not that a key is wrong. With
        `about_a_task`, a 500 whose body has `error: true` reports a failed task, not a failed server.
        """
        status = response.status_code
        if status < 400 or (about_a_task and status == 500 and (json_object(response.text) or {}).get("error") is True):
            return response
        message = self._key.hidden(_message(response))
        expired = link and status in {401, 403, 404, 410}
        if expired:
            message = f"{message.rstrip('.')}. A link older than an hour must be requested again"
        wait_s = _seconds(response.headers.get("Retry-After"))
        if wait_s and status == 429:
            message = f"{message.rstrip('.')}. The server asks for a pause of {wait_s:.0f} s"
        error = NotFound(status, what, message) if expired else api_error(status, what, message)
        error.retry_after_s = wait_s
        response.close()
        raise error


def _reason_of(error: requests.RequestException) -> str:
    """Return in plain words why there was no answer. (The exception's own text holds the address with its query.)"""
    cause = error.args[0] if error.args else None
    if isinstance(getattr(cause, "reason", None), NameResolutionError):
        return "the name of the server was not found"
    kinds: list[tuple[type[requests.RequestException], str]] = [
        (requests.ConnectTimeout, "the server could not be reached in time"),
        (requests.ReadTimeout, "the server accepted the request and did not answer in time"),
        (requests.exceptions.SSLError, "the secure connection could not be made (certificate?)"),
        (requests.exceptions.ProxyError, "the proxy did not let the request through"),
        (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
        (requests.ConnectionError, "the connection was refused or broke off"),
    ]
    return next((words for kind, words in kinds if isinstance(error, kind)), "the request could not be made")


def _message(response: requests.Response) -> str:
    body = json_object(response.text)
    if body is None:
        return response.reason or "no message"
    message = body.get("message") or body.get("detail") or body.get("info") or body.get("error") or response.reason
    return message[:LONGEST_MESSAGE] if isinstance(message, str) else json.dumps(message)[:LONGEST_MESSAGE]


def _seconds(retry_after: str | None) -> float | None:
    """Return the pause in a Retry-After header, given as seconds or as a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
