"""The studio's own calls to other servers: one way to make them, one way to say what went wrong.

urllib3 itself, not requests: no credentials from .netrc, no redirect that is followed unseen, and a body that is read as it
comes.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3 import exceptions

from tonnbook.studio.runtime.quiet_logging import quiet_logging
from tonnbook.studio.runtime.storage import LOOPBACK_NAMES

AGENT = "tonnbook-studio"

_MISREAD = re.compile(r"[\s\\]")
"""What urllib and urllib3 read differently, so that one would judge another address than the other calls."""


@contextmanager
def call(
    method: str,
    url: str,
    timeout_s: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[urllib3.BaseHTTPResponse]:
    """Make one call, following nothing and repeating nothing; the body of the answer is still to be read.

    Raises urllib3's HTTPError, whose text may hold the whole link: show `trouble` instead.
    """
    with quiet_logging("urllib3.connectionpool"), _pool(url) as pool:
        answer = pool.request(
            method,
            url,
            body=body,
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})},
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        with closing(answer):
            yield answer


def _pool(url: str) -> urllib3.PoolManager:
    """Return a pool that goes through the machine's proxy, except to this machine's own addresses."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    trusted = ssl.create_default_context()
    trusted.load_verify_locations(certifi.where())
    if not proxy or parts.hostname in LOOPBACK_NAMES or proxy_bypass(parts.hostname or ""):
        return urllib3.PoolManager(ssl_context=trusted)
    return urllib3.ProxyManager(proxy, ssl_context=trusted)


def host_of(url: str) -> str:
    """Return the host and port of a link, without user, path and query: all that a message may show of it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def trouble(url: str, error: exceptions.HTTPError) -> str:
    """Return in words why no answer came."""
    match error:
        case exceptions.SSLError():
            return f"{host_of(url)} has no certificate that can be trusted"
        case exceptions.NewConnectionError():  # a kind of ConnectTimeoutError, though nobody waited
            return f"{host_of(url)} cannot be reached"
        case exceptions.TimeoutError():
            return f"{host_of(url)} did not answer in time"
        case exceptions.ProtocolError():
            return f"{host_of(url)} broke off in the middle"
    return f"{host_of(url)} cannot be reached"


def check_address(url: str) -> None:
    """Raise ValueError, in words without the query, if `url` is not a usable http(s) address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        usable = usable and not _MISREAD.search(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not a usable http or https link")
