"""Read the body of a request: within the size limit, as JSON, as a request model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from tonnbook.models import base
from tonnbook.models.problems import explain
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.server.state import server_state

_MAX_DISCARDED = 16
"""A JSON body of up to this many times its limit is read to its end and discarded before the 413 is sent: a client that is
still sending when the connection closes sees a broken connection instead of the error message."""

R = TypeVar("R", bound=base.Request)


async def read(request: Request, model: type[R]) -> R:
    """Return the body as `model`; raises HttpError 400 that names every wrong field, or 413.

    A strict studio also refuses a body without a field that the live service requires.
    """
    return parse(request, await read_json(request), model)


def parse(request: Request, body: Any, model: type[R]) -> R:
    """Return a JSON body that has been read as `model`, as `read` does; raises HttpError 400."""
    if model.envelope and (not isinstance(body, dict) or body.get(model.envelope) is None):
        raise HttpError(400, f"{model.envelope}: is missing; put all fields of this call into an object of this name")
    try:
        found = model.from_wire(body)
    except ValidationError as error:
        raise HttpError(400, explain(error)) from None
    if server_state(request).strict and found.missing_live:
        raise HttpError(
            400, "; ".join(f"{name}: is missing; the live service requires it" for name in found.missing_live)
        )
    return found


async def read_json(request: Request, empty: bytes = b"") -> Any:
    """Return the parsed JSON body, with `empty` in place of an empty one; raises HttpError 400 or 413."""
    limit = server_state(request).limits.body_bytes
    chunks = [chunk async for chunk in body_chunks(request, limit, _MAX_DISCARDED)]
    try:
        return from_json(b"".join(chunks) or empty, allow_inf_nan=False)
    except ValueError as error:
        raise HttpError(400, f"the body is not JSON: {error}") from None


async def body_chunks(request: Request, limit: int, discard: int = 1) -> AsyncIterator[bytes]:
    """Yield the body in chunks; raises HttpError 413 once it is larger than `limit` bytes.

    A body of up to `discard` times the limit is read to its end first, and what exceeds the limit is thrown away.
    """
    size = int(length) if (length := request.headers.get("Content-Length", "")).isdecimal() else 0
    too_large = HttpError(413, f"the body is larger than {limit / 2**20:g} MiB")
    if size > limit * discard:
        raise too_large
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            yield chunk
        elif size > limit * discard:
            break
    if size > limit:
        raise too_large
