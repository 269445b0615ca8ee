"""How the studio reads what comes in: the body within its limit, as JSON, as a request model; the key."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery
from pydantic import ValidationError
from pydantic_core import from_json

from tonnbook.models import base
from tonnbook.models.problems import explain
from tonnbook.studio.analysis.service import AnalysisService
from tonnbook.studio.cleanup.service import CleanupService
from tonnbook.studio.composition.service import CompositionService
from tonnbook.studio.enhancement.service import EnhancementService
from tonnbook.studio.mastering.service import MasteringService
from tonnbook.studio.mixing.service import MixService
from tonnbook.studio.recombination.service import RecombinationService
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.service import Service
from tonnbook.studio.runtime.storage import Storage
from tonnbook.studio.separation.service import SeparationService

_DRAINED = 16
"""A body up to so many times its limit is read to its end (and forgotten) before the 413, so that the client hears it."""

R = TypeVar("R", bound=base.Request)


@dataclass(frozen=True)
class ServerState:
    """What the routes of one studio work with."""

    key: str
    storage: Storage
    mixing: MixService
    mastering: MasteringService
    analysis: AnalysisService
    cleanup: CleanupService
    enhancement: EnhancementService
    separation: SeparationService
    recombination: RecombinationService
    composition: CompositionService
    ledger: Ledger
    limits: Limits

    @property
    def services(self) -> tuple[Service[Any], ...]:
        """All that take orders; their engines are loaded in this order."""
        return (
            self.mixing,
            self.mastering,
            self.analysis,
            self.cleanup,
            self.enhancement,
            self.separation,
            self.recombination,
            self.composition,
        )


def server_state(request: Request) -> ServerState:
    """Return the rooms of the studio that got this request."""
    return cast(ServerState, request.app.state.server_state)


async def require_key(
    request: Request,
    header: Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))] = None,
    query: Annotated[str | None, Security(APIKeyQuery(name="key", auto_error=False))] = None,
) -> None:
    """Let only those pass who send the key, by header or query; raises HttpError 401."""
    own = server_state(request).key.encode()
    given = [value.encode("utf-8", "replace") for value in (header, query) if value]
    if not any(hmac.compare_digest(own, value) for value in given):
        raise HttpError(401, "the key is missing or wrong: send it as header X-API-Key or as query parameter key")


async def no_larger_than(limit: int, request: Request, drained: int = 1) -> AsyncIterator[bytes]:
    """Yield the body in chunks; raises HttpError 413 once it is larger than `limit` bytes.

    Up to `drained` times the limit the rest is read and thrown away first.
    """
    size = int(length) if (length := request.headers.get("Content-Length", "")).isdecimal() else 0
    too_large = HttpError(413, f"the body is larger than {limit / 2**20:g} MiB")
    if size > limit * drained:
        raise too_large
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            yield chunk
        elif size > limit * drained:
            break
    if size > limit:
        raise too_large


async def read(request: Request, model: type[R]) -> R:
    """Return the request in the body; raises HttpError 400 that names every wrong field, or 413."""
    chunks = [chunk async for chunk in no_larger_than(server_state(request).limits.body_bytes, request, _DRAINED)]
    try:
        body = from_json(b"".join(chunks), allow_inf_nan=False)
    except ValueError as error:
        raise HttpError(400, f"the body is not JSON: {error}") from None
    if model.envelope and (not isinstance(body, dict) or body.get(model.envelope) is None):
        raise HttpError(400, f"{model.envelope}: is missing; the fields of this call stand inside this object")
    try:
        return model.from_wire(body)
    except ValidationError as error:
        raise HttpError(400, explain(error)) from None
