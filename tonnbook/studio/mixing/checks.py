"""What a mix request is checked for before any work starts, beyond what its model checks: each fault is a 400."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from tonnbook.errors import redacted
from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixRequest, MixRequest, file_name, track_names
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.outgoing import check_address
from tonnbook.studio.runtime.storage import Storage

LONGEST_NAME = 200
"""Bytes of a track's file name: results are named after it, and file systems end at 255."""


def check_mix(request: MixRequest, storage: Storage) -> None:
    """Raise HttpError 400 if a link leads nowhere, or the request asks for what the studio cannot do."""
    _check_options(request, storage)
    for n, track in enumerate(request.tracks):
        check_source(str(track.source), f"trackData[{n}].trackURL", storage)


def check_final(request: FinalMixRequest, storage: Storage) -> None:
    """Raise HttpError 400 if the request asks for what the studio cannot do."""
    _check_options(request, storage)


def changes_of(preview: MixRequest, final: FinalMixRequest) -> dict[str, TrackEffects]:
    """Return what the final mix changes, by track name; raises HttpError 400 for a track that the preview has not.

    A track is matched by its link. One that was signed again differs in its query only and still matches, unless the query
    is all that tells two tracks apart (`get?id=1`, `get?id=2`).
    """
    links = [str(track.source) for track in preview.tracks]
    names = track_names(list(links))
    by_link = dict(zip(links, names, strict=True))
    places = Counter(map(_place, links))
    by_place = {_place(link): name for link, name in by_link.items() if places[_place(link)] == 1}
    changes: dict[str, TrackEffects] = {}
    for n, track in enumerate(final.tracks):
        link, where = str(track.source), f"trackData[{n}].trackURL"
        name = by_link.get(link) or by_place.get(_place(link))
        if name is None:
            raise HttpError(400, f"{where}: {redacted(link)} is no track of this preview; it has {', '.join(names)}")
        if name in changes:
            raise HttpError(400, f"{where}: {name} stands here twice; one entry per track")
        changes[name] = TrackEffects(**{key: getattr(track, key) for key in TrackEffects.model_fields})
    return {name: effects for name, effects in changes.items() if effects != TrackEffects()}


def _check_options(request: MixRequest | FinalMixRequest, storage: Storage) -> None:
    if request.webhook_url is not None:
        check_webhook(request.webhook_url, storage)


def check_webhook(url: str, storage: Storage) -> None:
    """Raise HttpError 400 if nobody can be told of a finished task at this address."""
    try:
        check_address(url)
    except ValueError as problem:
        raise HttpError(400, f"webhookURL: {problem}") from None
    if storage.owns(url):
        raise HttpError(400, "webhookURL: is the studio itself; give the address of something that listens")


def check_source(link: str, where: str, storage: Storage) -> None:
    """Raise HttpError 400 that names the field `where` if no sound file can be had from the link."""
    try:
        check_address(link)
    except ValueError as problem:
        raise HttpError(400, f"{where}: {problem}") from None
    name = file_name(link)
    if len(name.encode()) > LONGEST_NAME or not name.isprintable() or name == "..":
        raise HttpError(400, f"{where}: the file name is too long or holds unprintable characters; rename the file")
    if not storage.owns(link):
        return
    try:
        uploaded = storage.from_url(link).path.exists()
    except HttpError as problem:
        raise HttpError(400, f"{where} ({name}): {problem}") from None
    if not uploaded:
        raise HttpError(400, f"{where} ({name}): nothing has been uploaded yet; PUT the file to its signed_url first")


def _place(link: str) -> str:
    return urlsplit(link)._replace(query="", fragment="").geturl()
