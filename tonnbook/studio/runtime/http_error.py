"""The studio's way of saying no: a status and a sentence, raised anywhere, turned into an answer once, in `app`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from tonnbook.errors import TonnbookError
from tonnbook.models.base import Answer


class HttpError(TonnbookError):
    """A request that cannot be done as it stands. The message goes back to the client, links redacted."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(message)


class ErrorBody(Answer):
    """The body of every answer that is an error."""

    error: bool = Field(True)
    message: str
    """What is wrong, and what to do next."""
