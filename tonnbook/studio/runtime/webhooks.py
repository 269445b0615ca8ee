"""Send a webhook when a task has ended: one POST, repeated with growing pauses until it is accepted.

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

from tonnbook.models.base import Answer
from tonnbook.studio.runtime.http_client import error_text, host_of, send_request
from tonnbook.studio.runtime.threads import DaemonThreads

log = logging.getLogger(__name__)

WebhookEvent = tuple[str, Mapping[str, Any]]
"""The state of a task that has ended, and the fields of its result that the webhook carries; none if it failed."""

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between one attempt and the next."""

TIMEOUT_S = 10.0

_RETRY_STATUSES = {408, 425, 429}


class Webhooks:
    """Sends webhooks in threads of its own; a receiver that does not answer delays nothing else."""

    def __init__(self, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._pauses_s = pauses_s
        self._closing = threading.Event()
        self._threads = DaemonThreads(4, "studio-webhook")

    def send(self, url: str, body: Mapping[str, Any]) -> Future[bool] | None:
        """POST `body` as JSON; the future holds whether it was accepted. Return None when the studio is being closed."""
        return None if self._closing.is_set() else self._threads.submit(self._deliver, url, body)

    def close(self) -> None:
        """Cancel all webhooks that have not been accepted yet. Returns at once."""
        self._closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, url: str, body: Mapping[str, Any]) -> bool:
        accepted = _post(url, body)
        for pause_s in self._pauses_s:
            if accepted is not None or self._closing.wait(pause_s):
                break
            accepted = _post(url, body)
        return bool(accepted)


def _post(url: str, body: Mapping[str, Any]) -> bool | None:
    """Return whether the receiver accepted the body; None if another attempt may succeed. Redirects are not followed."""
    headers = {"Content-Type": "application/json"}
    try:
        with send_request("POST", url, TIMEOUT_S, json.dumps(body).encode(), headers) as response:
            status = response.status
    except HTTPError as error:
        log.debug("webhook: %s", error_text(url, error))
        return None
    log.debug("webhook: %s answered %d", host_of(url), status)  # the path may be secret too
    return None if status >= 500 or status in _RETRY_STATUSES else status < 300


def webhook_body(
    task_id: str,
    event: WebhookEvent,
    created: float,
    ended: float,
    failure: str | None,
    id_name: str = "multitrack_task_id",
) -> dict[str, Any]:
    """Return the body of a webhook. `created` and `ended` are in seconds since 1970, and ISO 8601 in UTC in the body."""
    state, fields = event
    return {
        id_name: task_id,
        "state": state,
        **fields,
        "creation_time": _iso(created),
        "completion_time": _iso(ended),
        "error_message": failure,
    }


def result_fields(results: Answer, *others: str) -> dict[str, Any]:
    """Return the fields of a result that a webhook carries: the download links, and `others` by their wire names."""
    wire = results.to_wire()
    return {key: value for key, value in wire.items() if key.startswith("download_url") or key in others}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
