"""What an answer, or the lack of one, means: the one place where statuses and exceptions become errors of our tree."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError
from urllib3.exceptions import NameResolutionError

from tonnbook.clients.jobs import StillRunning
from tonnbook.errors import ApiError, NotFound, UnexpectedAnswer, api_error
from tonnbook.models.problems import explain

A = TypeVar("A", bound=BaseModel)
_LONGEST = 600


@dataclass(frozen=True)
class Reply:
    """An answer that is not an error."""

    endpoint: str
    status: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body, or raise UnexpectedAnswer."""
        body = _object(self.text)
        if body is None:
            raise UnexpectedAnswer(
                f"{self.endpoint} answered {self.status} with something that is no JSON object. "
                "Is the address right, and no proxy or login page in between?"
            )
        return body

    def read(self, model: type[A]) -> A:
        """Return the body as `model`, or raise UnexpectedAnswer that names what is missing or wrong in it."""
        try:
            return model.model_validate(self.json())
        except ValidationError as problem:
            wrong = explain(problem)
        raise UnexpectedAnswer(
            f"{self.endpoint} answered {self.status}, and not as documented: {wrong}. Nothing can be made of it; "
            "is this the right address, or has the service changed?"
        )

    @property
    def state(self) -> str:
        """The task's state where the body tells it, at its own level or one below; else ""."""
        body = _object(self.text) or {}
        levels = [body, *(inner for inner in body.values() if isinstance(inner, dict))]
        return next((level["status"] for level in levels if isinstance(level.get("status"), str)), "")

    def still_running(self) -> StillRunning:
        """Return what the body tells of a task that is not done: in the live service's case, little."""
        body = _object(self.text) or {}
        message, progress = body.get("message"), body.get("progress")
        return StillRunning(
            message if isinstance(message, str) else "", float(progress) if isinstance(progress, int | float) else None
        )

    @property
    def refusal(self) -> str | None:
        """The server's reason where the body says `error: true`, whatever the status; else None."""
        body = _object(self.text) or {}
        if body.get("error") is not True:
            return None
        return str(body.get("message") or body.get("info") or "the server gives no reason")[:_LONGEST]


def is_about_a_task(response: requests.Response) -> bool:
    """Tell whether a 500 tells of a failed task (`error: true` in its body) rather than of a failing server."""
    return response.status_code == 500 and (_object(response.text) or {}).get("error") is True


def error_of(response: requests.Response, what: str, *, link: bool, hide: Callable[[str], str]) -> ApiError:
    """Return the error that a response of status 400 or more stands for.

    `link` says that a signed link was asked: there a refusal means that the link has expired, not that a key is wrong.
    """
    status, message = response.status_code, hide(_message(response))
    expired = link and status in {401, 403, 410}
    error = NotFound(status, what, message) if expired else api_error(status, what, message)
    error.retry_after_s = _seconds(response.headers.get("Retry-After"))
    return error


def reason_of(problem: requests.RequestException) -> str:
    """Return in plain words why no whole answer came. (The exception's own text holds the address with its query.)"""
    cause = problem.args[0] if problem.args else None
    if isinstance(getattr(cause, "reason", None), NameResolutionError):
        return "the name of the server was not found"
    kinds: list[tuple[type[requests.RequestException], str]] = [
        (requests.ConnectTimeout, "the server could not be reached in time"),
        (requests.ReadTimeout, "the server took the request and did not answer in time"),
        (requests.exceptions.SSLError, "the secure connection could not be made (certificate?)"),
        (requests.exceptions.ProxyError, "the proxy did not let the request through"),
        (requests.exceptions.ChunkedEncodingError, "the answer broke off midway"),
        (requests.ConnectionError, "the connection was refused or broke off"),
    ]
    return next((words for kind, words in kinds if isinstance(problem, kind)), "the request could not be made")


def _object(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _message(response: requests.Response) -> str:
    body = _object(response.text)
    if body is None:
        return response.reason or "no message"
    told = body.get("message") or body.get("detail") or body.get("info") or body.get("error") or response.reason
    return told[:_LONGEST] if isinstance(told, str) else json.dumps(told)[:_LONGEST]


def _seconds(retry_after: str | None) -> float | None:
    """Return the pause that a Retry-After header asks for, given as seconds or as a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
