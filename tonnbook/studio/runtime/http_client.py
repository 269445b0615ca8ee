"""HTTP requests from the studio to other servers: downloads of sources, and webhooks.

urllib3 is used directly, because requests would read credentials from .netrc and follow redirects before they can be checked. The body
of a response is streamed.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3 import exceptions

from tonnbook.studio.runtime.storage import LOOPBACK_NAMES

USER_AGENT = "tonnbook-studio"

_AMBIGUOUS = re.compile(r"[\s\\]")
"""Characters that urllib and urllib3 parse differently: the address that is checked would not be the one that is requested."""


@contextmanager
def send_request(
    method: str,
    url: str,
    timeout_s: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[urllib3.BaseHTTPResponse]:
    """Send one request, without redirects and retries, and give the response, whose body has not been read yet.

    Raises urllib3's HTTPError. Its text may contain the whole link with its signature: show `error_text` instead.
    """
    with quiet_logging("urllib3.connectionpool"), _pool(url) as pool:
        response = pool.request(
            method,
            url,
            body=body,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})},
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        with closing(response):
            yield response


@cache
def _trusted() -> ssl.SSLContext:
    """Return the context of all requests; each context takes about 1 MB, and 20 ms to make."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _pool(url: str) -> urllib3.PoolManager:
    """Return a connection pool that uses the machine's proxy, except for loopback addresses and what the system excludes."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if not proxy or parts.hostname in LOOPBACK_NAMES or proxy_bypass(parts.hostname or ""):
        return urllib3.PoolManager(ssl_context=_trusted())
    return urllib3.ProxyManager(proxy, ssl_context=_trusted())


def check_address(url: str) -> None:
    """Raise ValueError, whose message does not contain the query, if `url` is not a valid http or https address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        usable = usable and not _AMBIGUOUS.search(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not a usable http or https link")


def host_of(url: str) -> str:
    """Return the host and port of a link: the only part that is safe to show, as user, path and query may be secret."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def error_text(url: str, error: exceptions.HTTPError) -> str:
    """Return a sentence on why a request got no response, without the path and query of the link."""
    match error:
        case exceptions.SSLError():
            return f"{host_of(url)} has no certificate that can be trusted"
        case exceptions.NewConnectionError():  # a subclass of ConnectTimeoutError, but nothing has timed out
            return f"{host_of(url)} cannot be reached"
        case exceptions.TimeoutError():
            return f"{host_of(url)} did not answer in time"
        case exceptions.ProtocolError():
            return f"{host_of(url)} closed the connection before the end of its answer"
    return f"{host_of(url)} cannot be reached"


@contextmanager
def quiet_logging(*loggers: str) -> Iterator[None]:
    """Suppress what these loggers log from this thread; other packages' records about our requests contain signed links.

    Records from other threads, for example those of another server in the same process, pass.
    """
    own = threading.get_ident()

    def is_from_other_thread(record: logging.LogRecord) -> bool:
        return record.thread != own

    for name in loggers:
        logging.getLogger(name).addFilter(is_from_other_thread)
    try:
        yield
    finally:
        for name in loggers:
            logging.getLogger(name).removeFilter(is_from_other_thread)
