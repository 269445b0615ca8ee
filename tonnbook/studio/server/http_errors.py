"""Error responses: every error has one JSON form, and each kind of exception is mapped to it in one place."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tonnbook.errors import redacted
from tonnbook.studio.runtime.http_error import ErrorBody, HttpError

log = logging.getLogger(__name__)

MAX_MESSAGE = 4000
"""Longest error message that is sent, in characters."""


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error as JSON, with the query removed from every link in its message."""
    short = message if len(message) <= MAX_MESSAGE else message[:MAX_MESSAGE] + " …"
    return JSONResponse(ErrorBody(message=redacted(short)).to_wire(), status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Register one handler per kind of exception."""
    app.add_exception_handler(HttpError, _http_error)
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(RequestValidationError, _parameter_error)
    app.add_exception_handler(ClientDisconnect, _disconnect)
    app.add_exception_handler(Exception, _internal_error)


async def _http_error(request: Request, error: Any) -> JSONResponse:
    return error_response(error.status, str(error), error.headers)


async def _framework_error(request: Request, error: Any) -> JSONResponse:
    """Answer an error of FastAPI itself: an unknown path or a wrong method."""
    path = request.url.path
    messages = {
        404: f"unknown path {path}; see /docs for all calls",
        405: f"{request.method} is not allowed on {path}; allowed: {(error.headers or {}).get('Allow', 'see /docs')}",
    }
    return error_response(error.status_code, messages.get(error.status_code, str(error.detail)), error.headers)


async def _parameter_error(request: Request, error: Any) -> JSONResponse:
    """Answer 400 with each path or query parameter that FastAPI could not read."""
    faults = [f"{fault['loc'][-1]}: {fault['msg'].lower()}" for fault in error.errors()]
    return error_response(400, "; ".join(faults))


async def _disconnect(request: Request, error: Exception) -> JSONResponse:
    return error_response(400, "the connection was closed before the whole request had arrived")


async def _internal_error(request: Request, error: Exception) -> JSONResponse:
    # Source lines only: an exception's own text may hold a key or a signed link.
    lines = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s failed with %s\n%s", request.method, request.url.path, type(error).__name__, lines)
    return error_response(500, f"internal error of the studio ({type(error).__name__}); please report it")
