"""Uploads and downloads: /upload hands out signed links, and PUT and GET of a link need no key, because the link is the permission."""

from __future__ import annotations

import errno
import re
import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from tonnbook.models.files import UploadLinks, UploadRequest
from tonnbook.studio.runtime.admission import check_disk_space
from tonnbook.studio.runtime.http_error import ErrorBody, HttpError
from tonnbook.studio.runtime.storage import StoredFile
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import body_chunks, read
from tonnbook.studio.server.responses import json_response
from tonnbook.studio.server.state import server_state

PIECE = 2**20
"""Bytes per read and write; each takes one hop to a thread."""

router = APIRouter(tags=["files"])

_AAC_TYPES = ("audio/aac", "audio/aacp", "audio/mp4", "audio/m4a", "audio/x-m4a")

FileId = Annotated[str, PathPart(description="Part of the link.")]
_LINK = "/files/{file_id}/{name}"
_VOCAL = {"filename": "vocal.wav", "contentType": "audio/wav"}


@router.post(
    "/upload",
    dependencies=[Depends(require_key)],
    **operation("Get the links of a file to upload", UploadLinks, body=UploadRequest, example=_VOCAL),
)
async def upload(request: Request) -> JSONResponse:
    """PUT the bytes to `signed_url` with the same Content-Type; use `readable_url` in later calls. Both are valid for one hour."""
    body = await read(request, UploadRequest)
    if body.content_type in _AAC_TYPES:
        raise HttpError(
            400,
            f'contentType: is "{body.content_type}"; the studio does not read AAC. Send the file as "audio/wav" or "audio/mpeg" (MP3)',
        )
    name = body.filename.replace("\\", "/").rpartition("/")[2]
    if name.strip(". ") == "" or not name.isprintable():
        raise HttpError(400, "filename: is not a file name; give one like vocal.wav")
    state = server_state(request)
    check_disk_space(state.storage, state.limits)
    file = state.storage.new_upload(name, body.content_type)
    links = {"signed_url": state.storage.signed_link(file, "PUT"), "readable_url": state.storage.signed_link(file)}
    return json_response(UploadLinks(**links, message="PUT the file to signed_url; the links are valid for one hour"))


@router.put(
    _LINK,
    summary="Upload the bytes of a file to its signed_url, with the Content-Type given to /upload",
    status_code=200,
    responses={
        400: {"model": ErrorBody},
        404: {"model": ErrorBody},
        413: {"model": ErrorBody},
        507: {"model": ErrorBody},
    },
)
async def put_file(request: Request, file_id: FileId, name: str, expires: str = "", signature: str = "") -> Response:
    """The whole file in one request body. It is complete when the answer is 200, and does not exist before."""
    file = server_state(request).storage.file_by_link("PUT", file_id, name, expires, signature)
    declared = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if declared != file.content_type:
        raise HttpError(400, f"Content-Type is {declared!r}; /upload was called with {file.content_type!r}")
    await _save(request, file)
    return Response(status_code=200)


@router.head(_LINK, include_in_schema=False)
@router.get(
    _LINK,
    summary="Download a file by its link, whole or a byte range of it",
    response_class=FileResponse,
    responses={
        200: {"content": {"audio/*": {}}, "description": "The file"},
        206: {"content": {"audio/*": {}}, "description": "The requested range"},
        404: {"model": ErrorBody},
        416: {"model": ErrorBody},
    },
)
async def get_file(request: Request, file_id: FileId, name: str, expires: str = "", signature: str = "") -> Response:
    """A link that is older than one hour, or that was changed, is answered 404."""
    file = server_state(request).storage.file_by_link(request.method, file_id, name, expires, signature)
    try:
        found = file.path.stat()
    except FileNotFoundError:
        raise HttpError(404, "nothing has been uploaded to this link yet") from None
    headers = {
        "Content-Disposition": f"inline; filename*=utf-8''{quote(file.name, safe='')}",
        "ETag": f'"{file.id}-{found.st_size}"',
        "X-Content-Type-Options": "nosniff",
    }
    return _FileRangeResponse(file.path, headers=headers, media_type=file.content_type, stat_result=found)


class _FileRangeResponse(FileResponse):
    """Send a file, or one byte range of it (RFC 9110, section 14). Safari needs ranges to seek in a sound.

    The whole file is sent for a `Range` header with several ranges or of another form, as the RFC allows. A range outside the file
    is an HttpError 416, so that its answer has the body of every other error.
    """

    chunk_size = PIECE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; raises HttpError 416."""
        if not _is_one_range(Request(scope).headers.get("Range", "")):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}

        async def send_unless_416(message: Message) -> None:
            if message.get("status") == 416:
                size = self.headers["Content-Length"]
                text = f"the file has {size} bytes; the requested range is outside it"
                raise HttpError(416, text, {"Content-Range": f"bytes */{size}"})
            await send(message)

        await super().__call__(scope, receive, send_unless_416)


def _is_one_range(header: str) -> bool:
    """Return whether a `Range` header asks for one range of bytes whose end is not before its start."""
    found = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header)
    if not found or not any(found.groups()):
        return False
    first, last = found.groups()
    return not (first and last) or int(first) <= int(last)


async def _save(request: Request, file: StoredFile) -> None:
    state = server_state(request)
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and len(length) < 19:
        await run_in_threadpool(state.storage.delete_old, min(int(length), state.limits.file_bytes))
    part = file.path.with_name(f"{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as out:
            held = bytearray()
            async for chunk in body_chunks(request, state.limits.file_bytes):
                held += chunk
                if len(held) >= PIECE:
                    await run_in_threadpool(out.write, bytes(held))
                    held.clear()
            out.write(held)
        state.storage.finish_upload(file, part)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        text = f"the disk of the studio's folder is full: {file.name} was not stored; free some space there, then send it again"
        raise HttpError(507, text) from None
    finally:
        part.unlink(missing_ok=True)
