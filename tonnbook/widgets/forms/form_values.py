"""Convert values between a request or a JSON text, the fields of a form, and the text that a user reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

from tonnbook.errors import redacted
from tonnbook.models.problems import suggestion
from tonnbook.sound_files import sound_files
from tonnbook.widgets.forms.form_schema import Field

FileOrLink: TypeAlias = "str | Path"
"""A sound file: an http or https link, or a path."""


def check_field_names(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise TypeError for a name that is not known; the message suggests a similar one."""
    for name in given:
        if name not in known:
            raise TypeError(f"{where}() has no field {name!r}; {suggestion(name, known)}")


def to_form_value(field: Field, value: Any) -> Any:
    """Return a value as the form stores it: the value of an enumeration, also for its text; anything else unchanged."""
    if isinstance(value, Enum):
        value = value.value
    for choice in field.get("choices", []):
        if str(choice["value"]) == str(value):
            return choice["value"]
    return value


def without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are neither None nor empty text."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def by_field_name(fields: Sequence[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known members of a JSON object by field name; an explicit null counts as absent."""
    members = {field["name"]: body.get(field["wire"], body.get(field["name"])) for field in fields}
    return {name: value for name, value in members.items() if value is not None}


def source_of(sound: Any) -> FileOrLink:
    """Return a file or link; of a result, the file of its mix or of its only sound. Raises TypeError for a result with several."""
    if isinstance(sound, str | Path):
        return as_file_or_link(sound)
    file = getattr(sound, "mix", None)
    if file is None:
        file, *others = getattr(sound, "playable", {"": sound}).values()
        if others:
            raise TypeError(f"this {type(sound).__name__} has several sounds; pass one of them")
    if not isinstance(path := getattr(file, "path", None), Path):
        raise TypeError(f"pass a path, a link or a result with a sound, not {type(sound).__name__}")
    return path


def read_json(request: str | Path) -> Any:
    """Return the JSON in a text or a file. Raises ValueError that says where it is wrong."""
    try:
        return json.loads(
            request.read_text(encoding="utf-8") if isinstance(request, Path) else request.lstrip("\ufeff")
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        what = request.name if isinstance(request, Path) else "this text"
        raise ValueError(
            f"{what} is not JSON ({where}: {error.msg}); pass a request, its JSON, or Path(...) of a JSON file"
        ) from None


def typed_source(text: str, demo_files: Mapping[str, Path]) -> FileOrLink | None:
    """Return the file or link that a user typed, or "demo: name"; None for an empty text. Raises ValueError for several files."""
    text = text.strip().strip("'\"")
    if not text:
        return None
    if text.startswith("demo:"):
        name = text.removeprefix("demo:").strip()
        if name not in demo_files:
            raise ValueError(f"the demo has no {name!r} here; there are {', '.join(demo_files)}")
        return demo_files[name]
    found = list(sound_files(text).values())
    if len(found) > 1:
        raise ValueError(f"there are {len(found)} sound files in it; name one of them")
    return found[0]


def as_file_or_link(source: Path | str) -> FileOrLink:
    """Return a link unchanged, and any other text as a path."""
    return source if isinstance(source, Path) or _is_link(source) else Path(source)


def find_file(text: Any, known: Mapping[str, FileOrLink], folder: Path, field: str) -> FileOrLink:
    """Return the file or link that `text` names: a link, one of the `known` files by name, or a file in `folder`.

    Raises ValueError for an empty text or another type.
    """
    if isinstance(text, Path) or (isinstance(text, str) and _is_link(text)):
        return text
    if not isinstance(text, str) or not text:
        raise ValueError(f"{field} is missing: pass a link or the name of a file")
    return known.get(text, folder / text)


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def ignored_members(fields: Sequence[Field], *bodies: Mapping[str, Any]) -> str:
    """Return a note that lists members for which the request has no field, or ""."""
    known = {name for field in fields for name in (field["name"], field["wire"])}
    unknown = sorted({name for body in bodies for name, value in body.items() if value is not None} - known)
    return f"Ignored, because the request has no such field: {', '.join(unknown)}." if unknown else ""


def short_name(source: FileOrLink) -> str:
    """Return a file or link as it may be saved in a notebook: a file's name, a link without its query."""
    if isinstance(source, Path):
        return source.name
    link, mark, _ = source.partition("?")  # whole, as a link that was typed may have spaces in it
    return f"{link}?…" if mark else link


def display_text(field: Field, value: Any) -> str:
    """Return a value of a field as a user reads it."""
    labels = {choice["value"]: choice["label"] for choice in field.get("choices", [])}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else labels.get(value) or redacted(str(value))
