"""What tells one song and one wish from another: hashes, so that no link stands in clear where it need not."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tonnbook.clients.album.record import sha256
from tonnbook.models.mastering import MasteringRequest

_SIGNATURE = re.compile(
    r"(x-(goog|amz|ms)-.*|.*signature|sig|expires|.*token|googleaccessid|awsaccesskeyid|key-pair-id)", re.I
)


def song_of(request: MasteringRequest) -> str:
    """Return what tells a song from another: the hash of its bytes, or of its link without the signature."""
    source = request.source
    if isinstance(source, Path):
        return sha256(source)[:32] if source.is_file() else "gone"
    return hashed([urlsplit(source)._replace(query=kept_query(source), fragment="").geturl()])[:32]


def loudness_of(request: MasteringRequest) -> Any:
    """Return the loudness that is in force: a number, or a preset."""
    return request.forced_loudness_lufs if request.forced_loudness else request.desired_loudness


def kept_query(link: str) -> str:
    """Return the query of a link without what signs it, in alphabetical order."""
    pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
    return urlencode(sorted((key, value) for key, value in pairs if not _SIGNATURE.fullmatch(key)))


def legacy(placed: MasteringRequest) -> str:
    """Return the fingerprint that manifests of version 1 hold: song and wishes in one, links without their query."""
    source = placed.source
    song = ""
    if isinstance(source, str):
        song = urlsplit(source)._replace(query="").geturl()
    elif source.is_file():
        song = sha256(source)
    wishes = placed.model_dump(mode="json", exclude={"source", "webhook_url"})
    return hashlib.sha256(json.dumps([song, wishes], sort_keys=True).encode()).hexdigest()


def hashed(values: list[Any]) -> str:
    """Return the SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
