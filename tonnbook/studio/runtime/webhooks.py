"""Tell a webhook that a task has ended: one POST, repeated with growing pauses until it is heard.

The body is what integrators of the live service have seen (wire notes, "webhook body"): one flat object.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from urllib3.exceptions import HTTPError

from tonnbook.studio.runtime.outgoing import call, host_of, trouble
from tonnbook.studio.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between one attempt and the next."""

TIMEOUT_S = 10.0

_WORTH_REPEATING = {408, 425, 429}


class Webhooks:
    """Sends what has ended; a receiver that does not answer holds nobody up."""

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self._pauses = pauses
        self._closing = threading.Event()
        self._threads = DaemonThreads(4, "studio-webhook")

    def send(self, url: str, body: Mapping[str, Any]) -> Future[bool] | None:
        """POST `body` as JSON; the future says whether somebody took it. None once the studio is being closed."""
        return None if self._closing.is_set() else self._threads.submit(self._deliver, url, body)

    def close(self) -> None:
        """Give up on what has not been heard yet. Returns at once."""
        self._closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, url: str, body: Mapping[str, Any]) -> bool:
        heard = _post(url, body)
        for pause in self._pauses:
            if heard is not None or self._closing.wait(pause):
                break
            heard = _post(url, body)
        return bool(heard)


def _post(url: str, body: Mapping[str, Any]) -> bool | None:
    """Return whether the receiver took it; None when it is worth another try. A redirect is not followed."""
    try:
        with call("POST", url, TIMEOUT_S, json.dumps(body).encode(), {"Content-Type": "application/json"}) as answer:
            status = answer.status
    except HTTPError as error:
        log.debug("webhook: %s", trouble(url, error))
        return None
    log.debug("webhook: %s answered %d", host_of(url), status)  # the path may be a secret too
    return None if status >= 500 or status in _WORTH_REPEATING else status < 300


def webhook_body(
    task_id: str,
    state: str,
    result: Mapping[str, Any],
    created: float,
    ended: float,
    failure: str | None,
    id_name: str = "multitrack_task_id",
) -> dict[str, Any]:
    """Return the body for a task that has ended; `result` is empty when it failed. Times are ISO 8601, UTC."""
    return {
        id_name: task_id,
        "state": state,
        **result,
        "creation_time": _iso(created),
        "completion_time": _iso(ended),
        "error_message": failure,
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
