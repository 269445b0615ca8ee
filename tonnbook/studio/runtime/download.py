"""Bring tracks to disk: from the studio's own links, or over http(s), and from nowhere else.

Redirects are followed by hand, a few of them, and each one is judged as the first link was: no other scheme, and on the
studio's own address nothing but a signed file link.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from tonnbook.errors import AudioError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.outgoing import call, check_address, host_of, trouble
from tonnbook.studio.runtime.storage import Storage

PIECE = 64 * 1024


def fetch(link: str, to: Path, storage: Storage, limits: Limits) -> None:
    """Write what `link` leads to into `to`; raises AudioError, or HttpError for an own link that is false or expired."""
    deadline = time.monotonic() + limits.fetch_s
    for _ in range(limits.redirects + 1):
        if storage.owns(link):
            storage.hard_link(storage.from_url(link), to)
            return
        onward = _get(link, to, limits, deadline)
        if onward is None:
            return
        link = onward
    raise AudioError(f"the link leads on to another one more than {limits.redirects} times")


def _get(link: str, to: Path, limits: Limits, deadline: float) -> str | None:
    """Fetch one link; return where it redirects to, or None when the file has come."""
    try:
        with call("GET", link, limits.quiet_s) as answer:
            if onward := answer.get_redirect_location():
                return _next_link(link, onward)
            _refuse_other_than_sound(answer, link)
            _save(answer, to, limits, deadline)
    except HTTPError as error:
        raise AudioError(trouble(link, error)) from None  # its own text holds the whole link, with its signature
    return None


def _next_link(link: str, onward: str) -> str:
    try:
        target = urljoin(link, onward)
        check_address(target)
    except ValueError:
        raise AudioError(f"the link to {host_of(link)} leads on to something that is no http or https link") from None
    return target


def _refuse_other_than_sound(answer: BaseHTTPResponse, link: str) -> None:
    if answer.status != 200:
        raise AudioError(f"the link to {host_of(link)} answered {answer.status}; check it, or make a new one")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise AudioError(f"the link to {host_of(link)} gives a web page, not a sound file; use the download link")


def _save(answer: BaseHTTPResponse, to: Path, limits: Limits, deadline: float) -> None:
    size = 0
    with to.open("wb") as file:
        # read1 returns what has come; read would wait for a whole piece and let a slow server pass the deadline
        while piece := answer.read1(PIECE, decode_content=True):
            size += len(piece)
            if size > limits.file_bytes:
                raise AudioError(f"the file is larger than {limits.file_bytes / 2**20:g} MiB")
            if time.monotonic() > deadline:
                raise AudioError(f"the file had not come after {limits.fetch_s:g} s")
            file.write(piece)
