"""A validation error in words: which field, which value, what is allowed. The studio's 400 and the forms say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tonnbook.errors import redacted


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request."""

    path: tuple[str | int, ...]
    """Where: ("trackData", 0, "instrumentGroup"), in the spelling that was given."""
    message: str
    """What is wrong and what is allowed."""

    @property
    def field(self) -> str:
        """The path as people write it: trackData[0].instrumentGroup."""
        parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path]
        return "".join(parts).lstrip(".") or "request"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def problems(error: ValidationError) -> list[Problem]:
    """Return every problem of a pydantic error, in the order of the fields."""
    return [Problem(tuple(e["loc"]), _sentence(e)) for e in error.errors(include_url=False)]


def explain(error: ValidationError) -> str:
    """Return all problems as one line of text, for an error message."""
    return "; ".join(map(str, problems(error)))


def _sentence(e: Any) -> str:
    """Return what is wrong in one error entry of pydantic (its `type` names the rule, `ctx` holds the limits)."""
    kind, value, limits = e["type"], e.get("input"), e.get("ctx") or {}
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
            return f"has {limits.get('actual_length')} entries; at least {limits.get('min_length')} are needed"
        case "extra_forbidden":
            return "is not a field of this request; check the spelling"
        case "value_error":
            return str(limits.get("error", e["msg"]))
        case _:
            return f"is {shown}: {e['msg'][0].lower()}{e['msg'][1:]}"
