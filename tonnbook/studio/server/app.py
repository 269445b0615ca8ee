"""The studio as an ASGI application: its routes, who may call, and one place where errors become answers."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from tonnbook.errors import redacted
from tonnbook.studio.runtime.http_error import ErrorBody, HttpError
from tonnbook.studio.runtime.storage import LOOPBACK_NAMES
from tonnbook.studio.server.docs_page import CONTENT_SECURITY, docs_page
from tonnbook.studio.server.openapi import document
from tonnbook.studio.server.request_body import ServerState
from tonnbook.studio.server.routes import composition as beatoven_routes
from tonnbook.studio.server.routes import enhancement as enhancement_routes
from tonnbook.studio.server.routes import files as file_routes
from tonnbook.studio.server.routes import mastering as mastering_routes
from tonnbook.studio.server.routes import mixing as tonn_routes
from tonnbook.studio.server.routes import recombination as recombine_routes
from tonnbook.studio.server.routes import repair as repair_routes
from tonnbook.studio.server.routes import separation as separation_routes

log = logging.getLogger(__name__)

VERSION = version("tonnbook")

LONGEST_MESSAGE = 4000

DESCRIPTION = (
    "A server on this machine that answers the calls of RoEx Tonn and does the audio itself: no network, no credits. "
    "Its ear is its own; it imitates the shape of the service, not its taste."
)


def create_app(server_state: ServerState) -> FastAPI:
    """Return the application of one studio; all its state is in `rooms`."""
    app = FastAPI(
        title="tonnbook local studio",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.server_state = server_state
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # the way FastAPI documents for extending it
    app.add_api_route("/health", health, methods=["GET"], summary="Say whether the studio is there")
    app.add_api_route("/docs", docs, methods=["GET"], include_in_schema=False)
    app.add_api_route("/", to_docs, methods=["GET"], include_in_schema=False)
    app.include_router(tonn_routes.router)
    app.include_router(mastering_routes.router)
    app.include_router(repair_routes.router)
    app.include_router(enhancement_routes.router)
    app.include_router(separation_routes.router)
    app.include_router(recombine_routes.router)
    app.include_router(beatoven_routes.router)
    app.include_router(file_routes.router)
    app.add_exception_handler(HttpError, _refused)
    app.add_exception_handler(HTTPException, _turned_down)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(LocalOnly)
    return app


async def health() -> dict[str, str]:
    """Answers without a key."""
    return {"status": "ok", "message": "tonnbook local studio", "version": VERSION}


async def docs(request: Request) -> HTMLResponse:
    """Return the page about all calls; it needs no other server."""
    return HTMLResponse(docs_page(request.app.openapi()), headers={"Content-Security-Policy": CONTENT_SECURITY})


async def to_docs() -> RedirectResponse:
    """Send a browser that was given the bare address to the page about all calls."""
    return RedirectResponse("/docs")


class LocalOnly:
    """Turn away what a web page could send: requests for another host (DNS rebinding) or from another host's page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests that name this machine, and that no page from elsewhere has sent."""
        headers = Request(scope).headers if scope["type"] == "http" else {}
        if _is_local("//" + headers.get("host", "127.0.0.1")) and _is_local(headers.get("origin", "//127.0.0.1")):
            await self._app(scope, receive, send)
        else:
            await error_answer(403, "the studio serves this machine only: call it by 127.0.0.1")(scope, receive, send)


def _is_local(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOOPBACK_NAMES
    except ValueError:
        return False


def error_answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the one shape that every error has, with the query of every link left out."""
    text = redacted(message)
    short = text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + " …"
    return JSONResponse(ErrorBody(message=short).to_wire(), status, headers)


async def _refused(request: Request, error: Any) -> JSONResponse:
    return error_answer(error.status, str(error), error.headers)


async def _turned_down(request: Request, error: Any) -> JSONResponse:
    """Put what the framework refuses into our words: an unknown address, a wrong method."""
    known = {
        404: f"no such address: {request.url.path}; all calls stand at /docs",
        405: f"{request.method} is not allowed on {request.url.path}; allowed: {(error.headers or {}).get('Allow', 'see /docs')}",
    }
    return error_answer(error.status_code, known.get(error.status_code, str(error.detail)), error.headers)


async def _misread(request: Request, error: Any) -> JSONResponse:
    """Name the fields of the address that FastAPI could not read."""
    faults = [f"{fault['loc'][-1]}: {fault['msg'].lower()}" for fault in error.errors()]
    return error_answer(400, "; ".join(faults))


async def _gone(request: Request, error: Exception) -> JSONResponse:
    return error_answer(400, "the request broke off before its end")


async def _failed(request: Request, error: Exception) -> JSONResponse:
    # Source lines only: an exception's own text may hold a key or a signed link.
    lines = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s failed with %s\n%s", request.method, request.url.path, type(error).__name__, lines)
    return error_answer(500, f"the studio failed on its own side ({type(error).__name__}); please report it")
