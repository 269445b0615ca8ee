"""The one http through which every request of a client goes: time limits, repeats, errors, the key, the log line.

What may be repeated is decided by which method is called: `get`, `retrieve` and `put` are repeated, and so is whatever goes
through `repeated`; `create`, which may start a job or spend credits, is sent exactly once.
"""

from __future__ import annotations

import logging
import random
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tonnbook.clients.replies import Reply, error_of, is_about_a_task, reason_of
from tonnbook.errors import (
    ApiError,
    ServerFault,
    TonnbookError,
    TooManyRequests,
    UnexpectedAnswer,
    Unreachable,
    redacted,
)

T = TypeVar("T")
Sleep = Callable[[float], None]
log = logging.getLogger(__name__)

TRANSIENT = (Unreachable, TooManyRequests, ServerFault)
"""What may be over in a moment, so that asking again makes sense where asking is free."""


class _Key(AuthBase):
    """Puts the key in its header when a request is built, so that no variable of ours with headers in it holds the key."""

    def __init__(self, key: str, scheme: str | None = None) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("the key is empty or holds what no key has (a space, a line break): copy it again")
        self._key = key
        self._scheme = scheme

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._scheme:
            request.headers["Authorization"] = f"{self._scheme} {self._key}"
        else:
            request.headers["X-API-Key"] = self._key
        return request

    def hidden(self, text: str) -> str:
        """Return `text` without the key, should a server have echoed it. The studio's own "studio" is no secret."""
        return text.replace(self._key, "…") if len(self._key) > 7 else text


class _NoKey(AuthBase):
    """For signed links: the link is the permission. (Without it, requests would look into ~/.netrc.)"""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _HideQueries(logging.Filter):
    """urllib3 logs whole addresses at DEBUG; the query of a signed link must not stand in a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.split("?")[0] + "?…" if isinstance(a, str) and "?" in a else a for a in record.args)
        return True


_hide_queries = _HideQueries()


class Http:
    """A server's address and key, and how to talk to it. May be used from several threads at once.

    `retry_for_s` is how long a call that may be repeated is repeated before its error counts. Pauses between repeats start
    at `pause_s`, double up to 10 s, and vary by chance so that many clients do not return together; `Retry-After` is kept.
    With a `scheme` the key goes out as `Authorization: <scheme> <key>`, else as `X-API-Key`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        connect_s: float = 10.0,
        read_s: float = 60.0,
        retry_for_s: float = 20.0,
        pause_s: float = 0.5,
        sleep: Sleep = time.sleep,
        scheme: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._key = _Key(key, scheme)
        self._connect_s, self._read_s = connect_s, read_s
        self._retry_for_s, self._pause_s, self._sleep = retry_for_s, pause_s, sleep
        self.closed = False
        """Once true, nothing is ordered through this http any more and nothing repeated; a file can still be fetched."""
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=16))
        # A proxy named in the environment would look for 127.0.0.1 on its own machine.
        self._session.trust_env = urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}
        # Also makes weakref's exit hook older than `Services.close`, which must come before urllib3's own clearing up.
        weakref.finalize(self, self._session.close)
        logging.getLogger("urllib3.connectionpool").addFilter(_hide_queries)

    def __repr__(self) -> str:
        return f"Http({redacted(self.url)!r})"

    def stop(self) -> None:
        """Order nothing any more, and repeat nothing. A request that is on its way is not broken off."""
        self.closed = True

    def close(self) -> None:
        """Stop, and close all idle connections. A file can still be fetched: that opens a new one."""
        self.stop()
        self._session.close()

    def get(self, path: str, *, retry_for_s: float | None = None, read_s: float | None = None) -> Reply:
        """GET `path` of this server. A 500 that tells of a failed task comes back as a reply."""
        return self.repeated(lambda: self._call("GET", path, read_s, about_a_task=True), retry_for_s)

    def retrieve(self, path: str, body: Any, *, retry_for_s: float | None = None, read_s: float | None = None) -> Reply:
        """POST a question that costs nothing. A 500 that tells of a failed task comes back as a reply."""
        return self.repeated(lambda: self._call("POST", path, read_s, about_a_task=True, json=body), retry_for_s)

    def create(
        self,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float | None = None,
        about_a_task: bool = False,
    ) -> Reply:
        """POST something that may start a job or spend credits: sent once, whatever comes back; not at all once closed."""
        if self.closed:
            raise TonnbookError(f"{path} was not sent: the client has been closed. Make a new one, and start again.")
        try:
            return self._call("POST", path, read_s, about_a_task=about_a_task, json=body, headers=headers)
        except Unreachable as problem:
            reason = str(problem)
        raise Unreachable(f"{reason} It was sent once and is not repeated by itself; it may have arrived all the same.")

    def put(self, link: str, body: Any, content_type: str, what: str) -> None:
        """PUT a file-like `body` (len, read, seek, tell) to a signed link; `what` names it in errors and in the log."""

        def once() -> None:
            body.seek(0)
            response = self._exchange("PUT", link, what, _NoKey(), data=body, headers={"Content-Type": content_type})
            self._checked(response, what, link=True).close()

        self.repeated(once)

    @contextmanager
    def open(self, link: str, what: str) -> Iterator[requests.Response]:
        """GET a signed link as a stream, once. A connection that breaks off while it is read raises Unreachable."""
        headers = {"Accept-Encoding": "identity"}
        reason = ""
        with self._exchange("GET", link, what, _NoKey(), stream=True, headers=headers) as response:
            try:
                yield self._checked(response, what, link=True)
            except requests.RequestException as problem:
                reason = reason_of(problem)
        if reason:
            raise Unreachable(f"{what}: {reason}. Try again.")

    def repeated(self, action: Callable[[], T], retry_for_s: float | None = None) -> T:
        """Return `action()`; while it fails in a way that may pass and patience lasts, pause and do it again."""
        until = time.monotonic() + (self._retry_for_s if retry_for_s is None else retry_for_s)
        pause = self._pause_s
        while True:
            try:
                return action()
            except TRANSIENT as problem:
                wait = _asked(problem) or pause * random.uniform(0.5, 1.0)
                if self.closed or time.monotonic() + wait > until:
                    raise
            self._sleep(wait)
            pause = min(2 * pause, 10.0)

    def same_origin(self, location: str) -> str:
        """Return the path of a `Location` on this server; raise UnexpectedAnswer where it leads to another one."""
        target, home = urlsplit(urljoin(self.url + "/", location)), urlsplit(self.url)
        if (target.scheme, target.netloc) != (home.scheme, home.netloc):
            raise UnexpectedAnswer(
                f"{home.netloc} sends us on to {target.netloc}, and the key is not shown to another server. "
                "Ask the service whether this is meant."
            )
        return target.path

    def _call(self, method: str, path: str, read_s: float | None, *, about_a_task: bool, **content: Any) -> Reply:
        response = self._exchange(method, self.url + path, path, self._key, read_s, allow_redirects=False, **content)
        self._checked(response, path, about_a_task=about_a_task)
        if 300 <= response.status_code < 400:
            raise UnexpectedAnswer(f"{path} answered {response.status_code}, a redirect. Is the address right?")
        return Reply(path, response.status_code, response.text, response.headers)

    def _exchange(
        self, method: str, url: str, what: str, auth: AuthBase, read_s: float | None = None, **content: Any
    ) -> requests.Response:
        """Send once and return whatever the server answers; raise Unreachable when it does not."""
        limits = (self._connect_s, read_s or self._read_s)
        started = time.monotonic()
        try:
            response = self._session.request(method, url, auth=auth, timeout=limits, **content)
        except requests.RequestException as problem:
            reason = reason_of(problem)
        else:
            log.debug("%s %s %d %.0f ms", method, what, response.status_code, 1000 * (time.monotonic() - started))
            return response
        # Raised out here so that the error carries no context: the text of requests' own error holds the whole link.
        log.debug("%s %s: %s", method, what, reason)
        raise Unreachable(f"{what} at {urlsplit(url).netloc}: {reason}. Check the address and the network.")

    def _checked(
        self, response: requests.Response, what: str, *, link: bool = False, about_a_task: bool = False
    ) -> requests.Response:
        """Return a response that is no error, or raise the error of the tree that it stands for."""
        if response.status_code < 400 or (about_a_task and is_about_a_task(response)):
            return response
        error = error_of(response, what, link=link, hide=self._key.hidden)
        response.close()
        raise error


def _asked(problem: TonnbookError) -> float | None:
    return problem.retry_after_s if isinstance(problem, ApiError) else None
