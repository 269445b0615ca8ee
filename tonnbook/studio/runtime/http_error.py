"""HttpError: a status code and a message, raised anywhere in the studio and converted to a response in `server.app`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from tonnbook.errors import TonnbookError
from tonnbook.models.base import Answer


class HttpError(TonnbookError):
    """A request that is refused. The message is sent to the client, with the queries of links removed."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(message)


class ErrorBody(Answer):
    """The body of every error response."""

    error: bool = Field(True)
    message: str
    """What is wrong, and what to do next."""
