"""Read cells that were copied from a spreadsheet: lines of cells with tabs between them, with or without a line of titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tonnbook.widgets.forms.form_schema import Field

_YES, _NO = ("yes", "true", "1", "x", "on"), ("no", "false", "0", "off", "-")


def read_cells(
    text: str, columns: Sequence[Field], names: Sequence[str], row: int = 0, column: str | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows that pasted cells change, by number, each with its new values.

    The cells begin at `row` and `column`. A first line of titles (labels or names of `columns`, or "File") names the columns instead;
    with "File" the other lines are those of the rows with these `names`, with or without the ending. What does not fit, as rows
    beyond the last one or unknown titles, is left out; an empty cell changes nothing. Values are not validated here.
    """
    lines = [line.split("\t") for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    titles = [_column_of(cell, columns) for cell in lines[0]]
    if any(title is not None or _is_file(cell) for title, cell in zip(titles, lines[0], strict=True)):
        files = next((n for n, cell in enumerate(lines[0]) if _is_file(cell)), None)
        lines = lines[1:]
    else:
        first = next((n for n, each in enumerate(columns) if each["name"] == column), 0)
        titles, files = list(columns[first:]), None
    found = []
    for n, line in enumerate(lines):
        number = row + n if files is None else _row_of(line[files] if files < len(line) else "", names)
        values = {
            title["name"]: _value(title, cell.strip())
            for title, cell in zip(titles, line, strict=False)
            if title and cell.strip()
        }
        if number is not None and number < len(names) and values:
            found.append((number, values))
    return found


def _value(field: Field, text: str) -> Any:
    """Return the value that a cell means: a choice by its label or value, yes or no, a number with point or comma, else the text."""
    for choice in field.get("choices", []):
        if text.casefold() in (str(choice["value"]).casefold(), choice["label"].casefold()):
            return choice["value"]
    if field["kind"] == "toggle":
        return True if text.casefold() in _YES else False if text.casefold() in _NO else text
    if field["kind"] == "number":
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text
    return text


def _column_of(cell: str, columns: Sequence[Field]) -> Field | None:
    word = cell.strip().casefold()
    return next(
        (each for each in columns if word in (each["label"].casefold(), each["name"], each["wire"].casefold())), None
    )


def _is_file(cell: str) -> bool:
    return cell.strip().casefold() in ("file", "track", "song", "trackurl")


def _row_of(name: str, names: Sequence[str]) -> int | None:
    word = name.strip().casefold()
    forms: Mapping[str, int] = {
        form: n for n, each in enumerate(names) for form in (each.casefold(), each.casefold().rpartition(".")[0])
    }
    return forms.get(word) if word else None
