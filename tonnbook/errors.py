"""What can go wrong, as one tree.

TonnbookError
├── ApiError                 the server answered with an error: .status .endpoint .message
│   ├── RequestRejected      400, 422   the request itself is at fault
│   ├── NotAuthorised        401, 403   the key is missing or wrong
│   ├── OutOfCredits         402
│   ├── NotFound             404        unknown task, or a link that has expired
│   ├── TooManyRequests      429
│   └── ServerFault          5xx
├── Unreachable              no answer: name lookup, connection refused, timed out
├── UnexpectedAnswer         a 2xx whose shape the documents do not promise
├── JobFailed                the server gave up on the task: .job .reason
├── JobTimeout               still running: wait again with the same job
└── AudioError               a sound file that cannot be used: unreadable, empty, too long

Every message says what to do next. No key and no query string of a signed link stands in any of them: `redacted` sees to
that. `pydantic.ValidationError` stays itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonnbook.clients.jobs import Job

_QUERY = re.compile(r"([a-z][a-z0-9+.-]*://[^\s\"'<>?]+)\?[^\s\"'<>]*")


def redacted(text: str) -> str:
    """Return `text` with the query string of every link in it replaced: a signed link's query is a secret."""
    return _QUERY.sub(r"\1?…", text)


class TonnbookError(Exception):
    """Base of every error that tonnbook raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(redacted(message))


class ApiError(TonnbookError):
    """The server answered, and the answer is an error."""

    hint = "Try again; if it stays, look at the service's status page."
    retry_after_s: float | None = None
    """The pause that the server asked for, where it did (429, 503)."""

    def __init__(self, status: int, endpoint: str, message: str) -> None:
        self.status = status
        self.endpoint = endpoint
        self.message = redacted(message)
        super().__init__(f"{endpoint} answered {status}: {self.message.rstrip('.')}. {self.hint}")


class RequestRejected(ApiError):
    """400 or 422: the request itself is at fault; nothing was started and nothing was charged."""

    hint = "Correct the named field and send it again."


class NotAuthorised(ApiError):
    """401 or 403: the key is missing, wrong, or not allowed to do this."""

    hint = "Check the key: TONN_API_KEY or BEATOVEN_API_KEY for live services; tb.offline() needs none."


class OutOfCredits(ApiError):
    """402: the account has no credits left. The call was made once and is never repeated by itself."""

    hint = "Buy credits, or go on offline with tb.offline()."


class NotFound(ApiError):
    """404: the server does not know this task or file; links expire after one hour."""

    hint = "Check the id; a link older than an hour must be asked for again."


class TooManyRequests(ApiError):
    """429: too many calls in a short time."""

    hint = "Wait a little, then try again with the same job."


class ServerFault(ApiError):
    """5xx: the server failed on its own side."""

    hint = "Wait a little; a job that was started may still be running: attach(task_id) finds it."


def api_error(status: int, endpoint: str, message: str) -> ApiError:
    """Return the error of the tree that fits an HTTP `status`."""
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
    """No answer came: the name was not found, the connection was refused, or it timed out."""


class UnexpectedAnswer(TonnbookError):
    """A success status whose body has not the shape that the documents promise."""


class JobFailed(TonnbookError):
    """The server gave up on the task."""

    def __init__(self, job: Job[Any], reason: str) -> None:
        self.job = job
        self.reason = redacted(reason)
        super().__init__(f"{job.name} {job.task_id or ''} failed: {self.reason}".replace("  ", " "))


class JobTimeout(TonnbookError):
    """The job is still running; it was not cancelled. Wait again with the same job."""


class AudioError(TonnbookError):
    """A sound file that cannot be used: unreadable, empty, silent, too long, or in a format we do not read."""
