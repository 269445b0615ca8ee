"""The studio as an ASGI application: routes, access control, error handlers and the OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from tonnbook.studio.server.access import LocalOnly
from tonnbook.studio.server.http_errors import add_error_handlers
from tonnbook.studio.server.openapi import add_document
from tonnbook.studio.server.routes import (
    analysis,
    cleanup,
    composition,
    enhancement,
    files,
    ledger,
    mastering,
    mixing,
    recombination,
    separation,
)
from tonnbook.studio.server.state import ServerState

VERSION = version("tonnbook")

DESCRIPTION = (
    "A server on this machine that answers the calls of RoEx Tonn and Beatoven and processes the audio itself, without network and "
    "credits. It has the same requests and answers as the services; its decisions are its own and sound different. A request without a "
    "field that the live service requires is accepted, with a note in `info`; the studio refuses it if it was started as strict.\n\n"
    "To try a call on the page /docs, choose Authorize and enter the studio's key: the program prints where it is, and in a "
    "notebook it is `tb.offline().studio.key`."
)

_FEATURES = (
    files,
    mixing,
    mastering,
    analysis,
    cleanup,
    enhancement,
    separation,
    recombination,
    composition,
    ledger,
)


def create_app(server_state: ServerState) -> FastAPI:
    """Return the application of one studio; `server_state` is all the state it has."""
    app = FastAPI(
        title="tonnbook local studio",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.server_state = server_state
    app.add_api_route("/health", health, methods=["GET"], summary="Report that the studio is running")
    for feature in _FEATURES:
        app.include_router(feature.router)
    add_document(app)
    add_error_handlers(app)
    app.add_middleware(LocalOnly)
    return app


async def health() -> dict[str, str]:
    """No key is needed."""
    return {"status": "ok", "message": "tonnbook local studio", "version": VERSION}
