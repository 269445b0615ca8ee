"""The OpenAPI document, and the page that shows it.

Routes read their bodies themselves (`request_body.read`: envelopes, nulls, unknown fields and error messages follow the services),
so FastAPI cannot see the request models. `operation` declares them on the route, and `document` adds their schemas.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic.json_schema import models_json_schema
from starlette.staticfiles import StaticFiles

from tonnbook.models.base import Answer, Request
from tonnbook.models.mixing import Processing
from tonnbook.studio.runtime.http_error import ErrorBody

_SCHEMAS = "#/components/schemas/"

_ASSETS = "/docs/assets"

_MEANINGS = {
    400: "Invalid request; the message names the field",
    401: "Missing or wrong key",
    404: "Unknown task, or its files were deleted to free space",
    413: "Request body too large",
    429: "Too many unfinished tasks",
    500: "The task failed; the message says why",
    507: "The studio's folder is full",
}

_request_models: dict[str, type[Request]] = {}
"""The models of all bodies that routes have declared, by name; `operation` adds to it."""


# --- declaring a route


def operation(
    summary: str,
    answer: type[Answer],
    *statuses: int,
    body: type[Request] | None = None,
    example: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return keyword arguments for a route decorator: summary, request body, and every status that may be answered.

    `answer` is the body of a 200. `statuses` are those beyond 200, 401, and for a call with a body 400 and 413; a 202 has a
    `Processing` as its body, an error an `ErrorBody`. `example` is an example of `body`, without its envelope.
    """
    errors = {401, *statuses, *((400, 413) if body else ())} - {202}
    return {
        "summary": summary,
        "response_model": None,
        "responses": {
            200: {"model": answer, "description": "Done"},
            **({202: {"model": Processing, "description": "Not finished yet"}} if 202 in statuses else {}),
            **{status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in sorted(errors)},
        },
        "openapi_extra": {"requestBody": _request_body(body, example)} if body else {},
    }


def _request_body(model: type[Request], example: dict[str, Any] | None) -> dict[str, Any]:
    if _request_models.setdefault(model.__name__, model) is not model:
        raise ValueError(f"two request models are called {model.__name__}; rename one")
    schema: dict[str, Any] = {"$ref": _SCHEMAS + model.__name__}
    if model.envelope:
        schema = {"type": "object", "required": [model.envelope], "properties": {model.envelope: schema}}
        example = example and {model.envelope: example}
    content = {"schema": schema, **({"example": example} if example else {})}
    return {"required": True, "content": {"application/json": content}}


# --- the document


def add_document(app: FastAPI) -> None:
    """Serve the OpenAPI document of `app` at /openapi.json, and Swagger UI at /docs.

    The assets of Swagger UI come from the package fastapi-swagger, so the page makes no request to another host.
    """
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # the way FastAPI documents for extending it
    app.add_api_route("/", _to_docs, methods=["GET"], include_in_schema=False)
    app.add_api_route("/docs", _docs, methods=["GET"], include_in_schema=False)
    app.mount(_ASSETS, StaticFiles(packages=[("fastapi_swagger", "resources")]))


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`; it is made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _document(app)
    return app.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    models = [(model, "validation") for model in _request_models.values()]
    requests = models_json_schema(models, ref_template=_SCHEMAS + "{model}")[1]["$defs"]  # type: ignore[arg-type]
    for schema in requests.values():
        schema.pop("additionalProperties", None)  # a server ignores fields that it does not know
    schemas = made["components"]["schemas"]
    schemas.update(requests)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for methods in made["paths"].values():
        for call in methods.values():
            call["responses"].pop("422", None)  # an invalid parameter is answered 400
    return made


# --- the page


async def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")


async def _docs() -> HTMLResponse:
    """Return the page of Swagger UI, which may load from this server only."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="tonnbook local studio",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "docExpansion": "list", "defaultModelsExpandDepth": 0},
    )
    page.headers["Content-Security-Policy"] = _content_security(bytes(page.body))
    return page


def _content_security(page: bytes) -> str:
    """Return a policy that allows this server's own files and the one inline script of the page, by its hash.

    Swagger UI sets inline styles and draws its icons from `data:` URLs.
    """
    script = page.partition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
