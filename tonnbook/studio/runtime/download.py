"""Download the source of a track: from the studio's own storage, or over http or https from another server.

Redirects are followed here and not by urllib3, so that each target is checked like the first link: http or https only, and on the
studio's own address nothing but a signed file link.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from tonnbook.errors import AudioError
from tonnbook.studio.runtime.http_client import check_address, error_text, host_of, send_request
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage

CHUNK_BYTES = 64 * 1024


def download(link: str, to: Path, storage: Storage, limits: Limits) -> None:
    """Write the file behind `link` to `to`; a file of the studio itself is hard-linked.

    Raises AudioError, or HttpError 404 for a link of the studio that is not valid or has expired.
    """
    deadline = time.monotonic() + limits.download_s
    for _ in range(limits.redirects + 1):
        if storage.is_own_link(link):
            storage.hard_link(storage.file_by_url(link).path, to)
            return
        redirect = _get(link, to, limits, deadline)
        if redirect is None:
            return
        link = redirect
    raise AudioError(f"the link redirects more than {limits.redirects} times")


def _get(link: str, to: Path, limits: Limits, deadline: float) -> str | None:
    """Request one link; return the target of its redirect, or None when the file has been downloaded."""
    try:
        with send_request("GET", link, limits.silence_s) as response:
            if location := response.get_redirect_location():
                return _redirect_target(link, location)
            _check_response(response, link)
            _save(response, to, limits, deadline)
    except HTTPError as error:
        raise AudioError(error_text(link, error)) from None  # the error's own text contains the signed link
    return None


def _redirect_target(link: str, location: str) -> str:
    try:
        target = urljoin(link, location)
        check_address(target)
    except ValueError:
        raise AudioError(f"the link to {host_of(link)} redirects to something that is no http or https link") from None
    return target


def _check_response(response: BaseHTTPResponse, link: str) -> None:
    if response.status != 200:
        raise AudioError(f"the link to {host_of(link)} answered {response.status}; check it, or make a new one")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise AudioError(f"the link to {host_of(link)} gives a web page, not an audio file; use the download link")


def _save(response: BaseHTTPResponse, to: Path, limits: Limits, deadline: float) -> None:
    size = 0
    with to.open("wb") as file:
        # read1 returns the bytes that have arrived; read would wait for a whole chunk and miss the deadline on a slow server
        while chunk := response.read1(CHUNK_BYTES, decode_content=True):
            size += len(chunk)
            if size > limits.file_bytes:
                raise AudioError(f"the file is larger than {limits.file_bytes / 2**20:g} MiB")
            if time.monotonic() > deadline:
                raise AudioError(f"the download was not complete after {limits.download_s:g} s")
            file.write(chunk)
