"""The exceptions of tonnbook.

TonnbookError
├── ApiError                 the server answered with an error: .status .endpoint .message
│   ├── RequestRejected      400, 422   the request is not valid
│   ├── NotAuthorised        401, 403   the key is missing or wrong
│   ├── OutOfCredits         402
│   ├── NotFound             404        unknown task, or a link that has expired
│   ├── TooManyRequests      429
│   └── ServerFault          5xx
├── Unreachable              no answer: name lookup, connection refused, timed out
├── UnexpectedAnswer         a 2xx whose body is not as documented
├── JobFailed                the server ended the task with an error: .job .reason
├── JobTimeout               still running: wait again with the same job
└── AudioError               an audio file that cannot be used: unreadable, empty, too long

Every message says what to do next. `redacted` removes the query string of every link from the messages, because the query of
a signed link is a secret; no message holds a key. `pydantic.ValidationError` is raised as it is.
"""

from __future__ import annotations

import re
from typing import Protocol

_LINK = re.compile(r"(://[^\s\"'<>?]+)(\?[^\s\"'<>]*)?")
"""A link from its "://" on. Links without a query match too, so that no part of a text is searched twice: the time is linear."""


def redacted(text: str) -> str:
    """Return `text` with the query string of every link in it replaced by "…": the query of a signed link is a secret."""
    return _LINK.sub(lambda link: f"{link[1]}?…" if link[2] else link[0], text)


class TonnbookError(Exception):
    """Base class of all errors that tonnbook raises."""

    def __init__(self, message: str) -> None:
        super().__init__(redacted(message))


class ApiError(TonnbookError):
    """The server answered with an error status."""

    hint = "Try again; if the error persists, see the service's status page."
    retry_after_s: float | None = None
    """The pause that the server requested in seconds, or None (429, 503)."""

    def __init__(self, status: int, endpoint: str, message: str) -> None:
        self.status = status
        self.endpoint = endpoint
        self.message = redacted(message)
        super().__init__(f"{endpoint} answered {status}: {self.message.rstrip('.')}. {self.hint}")


class RequestRejected(ApiError):
    """400 or 422: the request is not valid; nothing was started and nothing was charged."""

    hint = "Correct the named field and send it again."


class NotAuthorised(ApiError):
    """401 or 403: the key is missing, wrong, or not allowed to do this."""

    hint = "Check the key: TONN_API_KEY or BEATOVEN_API_KEY for live services; tb.offline() needs no key."


class OutOfCredits(ApiError):
    """402: the account has no credits left. The call was made once and is not repeated automatically."""

    hint = "Buy credits, or continue offline with tb.offline()."


class NotFound(ApiError):
    """404: the server does not know this task or file; links expire after one hour."""

    hint = "Check the id and the address."


class TooManyRequests(ApiError):
    """429: too many calls in a short time."""

    hint = "Wait, then make the call again; this one was refused and cost nothing."


class ServerFault(ApiError):
    """5xx: the server failed."""

    hint = "Wait some seconds, then try again; if the error persists, see the service's status page."


def api_error(status: int, endpoint: str, message: str) -> ApiError:
    """Return the error of the class that belongs to an HTTP `status`."""
    kinds: dict[int, type[ApiError]] = {
        400: RequestRejected,
        401: NotAuthorised,
        402: OutOfCredits,
        403: NotAuthorised,
        404: NotFound,
        422: RequestRejected,
        429: TooManyRequests,
    }
    kind = kinds.get(status, ServerFault if status >= 500 else ApiError)
    return kind(status, endpoint, message)


class Unreachable(TonnbookError):
    """No answer: the name was not found, the connection was refused, or it timed out."""


class UnexpectedAnswer(TonnbookError):
    """A success status whose body is not as documented."""


class NamedTask(Protocol):
    """What a message needs to know about a job."""

    @property
    def name(self) -> str: ...
    @property
    def task_id(self) -> str | None: ...


class JobFailed(TonnbookError):
    """The server ended the task with an error."""

    def __init__(self, job: NamedTask, reason: str) -> None:
        self.job = job
        self.reason = redacted(reason)
        super().__init__(f"{job.name} {job.task_id or ''} failed: {self.reason}".replace("  ", " "))


class JobTimeout(TonnbookError):
    """The job is still running; it was not cancelled. Wait again with the same job."""


class AudioError(TonnbookError):
    """An audio file that cannot be used: unreadable, empty, silent, too long, or in an unsupported format."""
