"""Answers of a server that are not errors: the JSON in them, and what they say about a task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tonnbook.clients.jobs import StillRunning
from tonnbook.errors import UnexpectedAnswer
from tonnbook.models.problems import explain

A = TypeVar("A", bound=BaseModel)

LONGEST_MESSAGE = 600
"""Letters of a server's message that are kept."""


@dataclass(frozen=True)
class Reply:
    """An answer that is not an error."""

    endpoint: str
    status: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body, or raise UnexpectedAnswer."""
        body = json_object(self.text)
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
        except ValidationError as error:
            wrong = explain(error)
        raise UnexpectedAnswer(
            f"{self.endpoint} answered {self.status}, and not as documented: {wrong}. "
            "Is this the right address, or has the service changed?"
        )

    @property
    def refusal(self) -> str | None:
        """The server's reason where the body has `error: true`, whatever the status; else None."""
        body = json_object(self.text) or {}
        if body.get("error") is not True:
            return None
        return str(body.get("message") or body.get("info") or "the server gives no reason")[:LONGEST_MESSAGE]

    @property
    def failure(self) -> str | None:
        """Why the task of this answer has failed, or None. A 202 never means that a task has ended."""
        if self.status == 202:
            return None
        state = self._state
        return self.refusal or (f"the server says {state}" if state.endswith("_ERROR") else None)

    @property
    def progress(self) -> StillRunning | None:
        """How far the task of this answer is; None when it has ended.

        A 202 is never a result. The live service states the state in the body too, at the top level or one level below.
        """
        if self.status != 202 and not self._state.endswith("_PROCESSING"):
            return None
        body = json_object(self.text) or {}
        message, share = body.get("message"), body.get("progress")
        return StillRunning(
            message if isinstance(message, str) else "", float(share) if isinstance(share, int | float) else None
        )

    @property
    def _state(self) -> str:
        body = json_object(self.text) or {}
        levels = [body, *(inner for inner in body.values() if isinstance(inner, dict))]
        return next((level["status"] for level in levels if isinstance(level.get("status"), str)), "")


def json_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object in a text, None if it is something else."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
