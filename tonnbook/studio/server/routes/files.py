"""PUT and GET of the library's files over their signed links. The link is the permission: no key is asked for.

Byte ranges follow RFC 9110, section 14: one range is served, several at once are answered with the whole file, as a server
may; Safari does not seek in a sound without them.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathPart
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tonnbook.studio.runtime.http_error import ErrorBody, HttpError
from tonnbook.studio.runtime.storage import StoredFile
from tonnbook.studio.server.request_body import no_larger_than, server_state

PIECE = 2**20

router = APIRouter(prefix="/files", tags=["files"])

FileId = Annotated[str, PathPart(description="Part of the link.")]
_LINK = "/{file_id}/{name}"


@router.put(
    _LINK,
    summary="Upload the bytes of a file to its signed_url, with the Content-Type that was asked for",
    status_code=200,
    responses={400: {"model": ErrorBody}, 404: {"model": ErrorBody}, 413: {"model": ErrorBody}},
)
async def put_file(request: Request, file_id: FileId, name: str, expires: str = "", signature: str = "") -> Response:
    """The whole file in one request body. It is there when the answer is 200, and not at all before."""
    file = server_state(request).storage.file_by_link("PUT", file_id, name, expires, signature)
    declared = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if declared != file.content_type:
        raise HttpError(400, f"Content-Type is {declared!r}; the link was asked for with {file.content_type!r}")
    await _save(request, file.path, server_state(request).limits.file_bytes)
    return Response(status_code=200)


@router.get(
    _LINK,
    summary="Download a file by its link, whole or a byte range of it",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"audio/*": {}}, "description": "The file"},
        206: {"content": {"audio/*": {}}, "description": "The range that was asked for"},
        404: {"model": ErrorBody},
        416: {"model": ErrorBody},
    },
)
async def get_file(request: Request, file_id: FileId, name: str, expires: str = "", signature: str = "") -> Response:
    """A link that is older than one hour, or that was changed, is answered 404."""
    return _send(request, server_state(request).storage.file_by_link("GET", file_id, name, expires, signature))


@router.head(_LINK, include_in_schema=False)
async def head_file(request: Request, file_id: FileId, name: str, expires: str = "", signature: str = "") -> Response:
    """Answer as GET does, without the bytes."""
    return _send(request, server_state(request).storage.file_by_link("HEAD", file_id, name, expires, signature))


async def _save(request: Request, path: Path, limit: int) -> None:
    part = path.with_name(f"{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as out:
            held = bytearray()
            async for chunk in no_larger_than(limit, request):
                held += chunk
                if len(held) >= PIECE:  # one hop to a thread for many chunks
                    await run_in_threadpool(out.write, bytes(held))
                    held.clear()
            out.write(held)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _send(request: Request, file: StoredFile) -> Response:
    if not file.path.exists():
        raise HttpError(404, "nothing has been uploaded to this link yet")
    size = file.path.stat().st_size
    tag = f'"{file.id}-{size}"'
    wanted = request.headers.get("Range") if request.headers.get("If-Range", tag) == tag else None
    span = byte_range(wanted, size)
    start, stop = span or (0, size)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(stop - start),
        "Content-Disposition": f"inline; filename*=utf-8''{quote(file.name, safe='')}",
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
    }
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=file.content_type)
    return StreamingResponse(_pieces(file.path, start, stop), status, headers, file.content_type)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return (start, stop) of a `Range` header, or None where the whole file is the answer.

    Raises HttpError 416 if the range lies outside the file.
    """
    found = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header or "")
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, stop = max(0, size - int(found[2])), size
    else:
        start, stop = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size:
        raise HttpError(
            416, f"the file has {size} bytes; the range lies outside it", {"Content-Range": f"bytes */{size}"}
        )
    return start, stop


def _pieces(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop and (piece := file.read(min(PIECE, stop - start))):
            start += len(piece)
            yield piece
