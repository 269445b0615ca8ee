"""What stands in a form: values on their way from a request or a JSON text to the fields, and into words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

from tonnbook.errors import redacted
from tonnbook.widgets.forms.form_schema import Field

Place: TypeAlias = "str | Path"
"""Where a sound comes from: a link or a file."""


def check_names(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise TypeError for a name that is not known; say which was meant."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise TypeError(f"{where}() has no field {name!r}; {meant}")


def coerced(field: Field, value: Any) -> Any:
    """Return a value as the form holds it: the plain value of an enumeration, also from its text; anything else as it came."""
    if isinstance(value, Enum):
        value = value.value
    for choice in field.get("choices", []):
        if str(choice["value"]) == str(value):
            return choice["value"]
    return value


def without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has been filled in."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def by_name(fields: Sequence[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known members of an object, by our names; an explicit null counts as absent."""
    either = {field["name"]: body.get(field["wire"], body.get(field["name"])) for field in fields}
    return {name: value for name, value in either.items() if value is not None}


def place(thing: Path | str) -> Place:
    """Return a link as it is, and any other text as a path."""
    return thing if isinstance(thing, Path) or _is_link(thing) else Path(thing)


def place_of(text: Any, known: Mapping[str, Place], folder: Path, field: str) -> Place:
    """Return the file or link that a text means: one that is `known`, or a file beside the JSON. ValueError for no text."""
    if isinstance(text, Path) or (isinstance(text, str) and _is_link(text)):
        return text
    if not isinstance(text, str) or not text:
        raise ValueError(f"there must be a {field}: a link, or the name of a file")
    return known.get(text, folder / text)


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def left_out(fields: Sequence[Field], *bodies: Mapping[str, Any]) -> str:
    """Return a sentence on the members that the request has no field for, or nothing."""
    known = {word for field in fields for word in (field["name"], field["wire"])}
    unknown = sorted({name for body in bodies for name in body} - known)
    return f"Left out, for the request has no such field: {', '.join(unknown)}." if unknown else ""


def short(place: Place) -> str:
    """Return what may stand in a saved notebook: a file's name, a link without its query."""
    return place.name if isinstance(place, Path) else redacted(place)


def in_words(field: Field, value: Any) -> str:
    """Return a value as a person reads it."""
    labels = {choice["value"]: choice["label"] for choice in field.get("choices", [])}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else labels.get(value) or redacted(str(value))
