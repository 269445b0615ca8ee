"""Messages for validation errors: field, value, what is allowed. The client's errors, the studio's 400 and the forms use them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from tonnbook.errors import redacted


@dataclass(frozen=True)
class Problem:
    """One error in a request."""

    path: tuple[str | int, ...]
    """Path of the field: ("trackData", 0, "instrumentGroup"), with the names that were given."""
    message: str
    """What is wrong and what is allowed."""

    @property
    def field(self) -> str:
        """The path as text: trackData[0].instrumentGroup."""
        parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path]
        return "".join(parts).lstrip(".") or "request"

    def as_error(self, kind: str = "value_error") -> PydanticCustomError:
        """Return the error that a model's validator raises for this problem. `kind` is pydantic's name of the broken rule."""
        return PydanticCustomError(kind, "{words}", {"words": self.message})

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def problems(error: ValidationError) -> list[Problem]:
    """Return every problem of a pydantic error, in the order of the fields."""
    return [Problem(tuple(e["loc"]), _message(e)) for e in _errors(error)]


def with_messages(error: ValidationError, model: str, known: Sequence[str]) -> ValidationError:
    """Return the same error with the messages of `problems`, and without links to pydantic's pages.

    At a field that the model does not have, it suggests one of its `known` fields.
    """
    details = []
    for e, problem in zip(_errors(error), problems(error), strict=True):
        if e["type"] == "extra_forbidden" and len(e["loc"]) == 1 and "words" not in e.get("ctx", {}):
            problem = Problem(problem.path, f"is not a field of {model}; {suggestion(str(e['loc'][0]), known)}")
        details.append(InitErrorDetails(type=problem.as_error(e["type"]), loc=e["loc"], input=e.get("input")))
    return ValidationError.from_exception_data(model, details)


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the hint at an unknown name: the similar one of the known names, or all of them."""
    close = difflib.get_close_matches(name, known, 1) or [each for each in known if name in each]
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"


def explain(error: ValidationError) -> str:
    """Return all problems as one line of text, for an error message."""
    return "; ".join(map(str, problems(error)))


def _errors(error: ValidationError) -> list[Any]:
    """Return the entries of a pydantic error, without the length of a list whose entries are wrong: pydantic counts the valid ones."""
    found = error.errors(include_url=False)
    places = [e["loc"] for e in found]
    wrong_within = {place[:depth] for place in places for depth in range(len(place))}
    return [e for e in found if e["type"] != "too_short" or e["loc"] not in wrong_within]


def _message(e: Any) -> str:
    """Return the message for one error entry of pydantic (`type` is the broken rule, `ctx` has the limits)."""
    kind, value, limits = e["type"], e.get("input"), e.get("ctx") or {}
    if "words" in limits:
        return str(limits["words"])
    shown = redacted(repr(value)[:80]) if isinstance(value, str | int | float | bool) else type(value).__name__
    match kind:
        case "missing":
            return "is missing"
        case "enum" | "literal_error":
            return f"is {shown}; allowed: {str(limits.get('expected', '')).replace(chr(39), '')}"
        case "greater_than_equal" | "greater_than":
            return f"is {shown}; at least {limits.get('ge', limits.get('gt'))} is allowed"
        case "less_than_equal" | "less_than":
            return f"is {shown}; at most {limits.get('le', limits.get('lt'))} is allowed"
        case "too_long":
            return f"has {limits.get('actual_length')} entries; at most {limits.get('max_length')} are allowed"
        case "too_short":
            least = limits.get("min_length")
            return f"has {limits.get('actual_length')} entries; at least {least} {'is' if least == 1 else 'are'} needed"
        case "extra_forbidden":
            return "is not a field of this request; check the spelling"
        case "value_error":
            return str(limits.get("error", e["msg"]))
        case _:
            return f"is {shown}: {e['msg'][0].lower()}{e['msg'][1:]}"
