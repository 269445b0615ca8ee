"""Access control: requests from this machine only, and the studio's key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.storage import LOOPBACK_NAMES
from tonnbook.studio.server.http_errors import error_response
from tonnbook.studio.server.state import server_state


class LocalOnly:
    """ASGI middleware that answers 403 to a foreign `Host` (DNS rebinding), `Origin` or `Sec-Fetch-Site` (a page of another site)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests whose `Host` and `Origin`, where given, name this machine, and that no page of another site makes."""
        headers = Request(scope).headers if scope["type"] == "http" else {}
        local = _is_local("//" + headers.get("host", "127.0.0.1")) and _is_local(headers.get("origin", "//127.0.0.1"))
        if local and not _is_embedded_elsewhere(headers, scope.get("path", "")):
            await self._app(scope, receive, send)
        else:
            refusal = error_response(403, "the studio accepts requests from this machine only; call it at 127.0.0.1")
            await refusal(scope, receive, send)


def _is_embedded_elsewhere(headers: Mapping[str, str], path: str) -> bool:
    """Return whether a page of another site asks without telling its origin, as for an image.

    For a browser, localhost and 127.0.0.1 are two sites. A notebook at localhost may therefore play a signed link, call with its
    `Origin`, and open a page of the studio in a tab.
    """
    if headers.get("sec-fetch-site", "").strip().lower() != "cross-site" or "origin" in headers:
        return False
    return not path.startswith("/files/") and headers.get("sec-fetch-dest") != "document"


def _is_local(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOOPBACK_NAMES
    except ValueError:
        return False


_TONN_KEY = "The key of a Tonn call; either of the two ways is enough."
_BEATOVEN_KEY = "The key of a Beatoven call; either of the two ways is enough."

_KEY_HEADER = APIKeyHeader(name="X-API-Key", description=_TONN_KEY, auto_error=False)
_KEY_QUERY = APIKeyQuery(name="key", description=_TONN_KEY, auto_error=False)
_BEARER = HTTPBearer(description=_BEATOVEN_KEY, auto_error=False)
_TOKEN_HEADER = APIKeyHeader(name="api_key", scheme_name="TokenHeader", description=_BEATOVEN_KEY, auto_error=False)


async def require_key(
    request: Request,
    header: Annotated[str | None, Security(_KEY_HEADER)] = None,
    query: Annotated[str | None, Security(_KEY_QUERY)] = None,
) -> None:
    """Check the key of a Tonn call, given as header or as query parameter; raises HttpError 401."""
    if not any(value and _is_key(request, value) for value in (header, query)):
        raise HttpError(401, "the key is missing or wrong: send it as header X-API-Key or as query parameter key")


async def require_token(
    request: Request,
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
    header: Annotated[str | None, Security(_TOKEN_HEADER)] = None,
) -> None:
    """Check the key of a Beatoven call; raises HttpError 401.

    It is sent as `Authorization: api_key KEY`, as `Authorization: Bearer KEY`, or as header `api_key`. The parameters declare the
    last two in the OpenAPI document, which has no name for the first; both schemes of `Authorization` are read here.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip() if scheme.lower() in ("api_key", "bearer") else header or ""
    if not _is_key(request, given):
        raise HttpError(401, "the token is missing or wrong: send the header Authorization: api_key TOKEN")


def _is_key(request: Request, given: str) -> bool:
    """Compare in constant time, so that response times reveal nothing of the key."""
    return hmac.compare_digest(server_state(request).key.encode(), given.encode("utf-8", "replace"))
