"""Base class of forms with a table: a row for each track or song, and single fields below it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Self

from tonnbook.models.base import Request
from tonnbook.models.mixing import track_names
from tonnbook.widgets.forms.form import R, RequestForm
from tonnbook.widgets.forms.form_schema import Field
from tonnbook.widgets.forms.form_values import (
    FileOrLink,
    by_field_name,
    check_field_names,
    display_text,
    find_file,
    ignored_members,
    to_form_value,
    without_blanks,
)
from tonnbook.widgets.page import html, table


class TableForm(RequestForm[R]):
    """A form with one table and single fields."""

    rows: ClassVar[str] = "tracks"
    """The field that is the table; each of its rows has a `source`."""

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
        self._set_rows(rows)
        super().__init__(title, fields)

    # ---- editing from Python

    def set(self, row: str | int | None = None, /, **fields: Any) -> Self:
        """Change fields of the request, or of one row: by the name passed for it, by its file name, or by its number from 0.

        >>> builder.set(style="METAL").set("vocal", presence="LEAD")

        Raises TypeError for an unknown field, KeyError or IndexError for an unknown row.
        """
        if row is None:
            return super().set(**fields)
        known = {field["name"]: field for field in self._columns}
        check_field_names(fields, list(known), f"{type(self).__name__}.set")
        value = json.loads(json.dumps(self.value))
        changed = {name: to_form_value(known[name], new) for name, new in fields.items()}
        value[self.rows][self._row_number(row)].update(changed)
        self.value = value
        return self

    def load(self, request: R | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file; field names may be the service's or the model's.

        A file name in the JSON that the form already has refers to that file; another one is resolved relative to the JSON file.
        Invalid values are displayed, not raised. Raises ValueError for JSON that is not of this request.
        """
        body, folder = self._body_of(request)
        if isinstance(request, Request):
            body = dict(body) | {self.rows: [dict(row) for row in body[self.rows]]}
        rows = body.get(self._table["wire"], body.get(self.rows))
        if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
            raise ValueError(f"not a {self.model.__name__}: a list {self._table['wire']!r} of objects is needed")
        known = {str(source): source for source in self._sources} | dict(
            zip(self._file_names(), self._sources, strict=True)
        )
        loaded = [by_field_name(self._table["fields"], row) for row in rows]
        for row in loaded:
            row["source"] = find_file(row.get("source"), known, folder, "trackURL")
        self._value_hints.clear()
        self._set_rows(loaded)
        self._fill(by_field_name(self._schema, body))
        self.note = ignored_members([*self._schema, *self._table["fields"]], body, *rows)
        return self

    def hint(self, field: str, texts: Sequence[str]) -> None:
        """Display a hint at a field of each row, for as long as the value does not change."""
        for n, text in enumerate(texts):
            self._add_hint((self.rows, n, field), text)
        self._validate()

    # ---- text and static HTML

    def _summary(self) -> str:
        return f"{len(self.value[self.rows])} {self.rows}"

    def _tables(self) -> str:
        head = {field["name"]: field["label"] for field in self._table["fields"]}
        rows = [
            {f["name"]: display_text(f, row.get(f["name"])) for f in self._table["fields"]}
            for row in self.value[self.rows]
        ]
        single = "; ".join(
            f"{f['label']}: {display_text(f, self.value.get(f['name']))}"
            for f in self._single_fields
            if self.value.get(f["name"])
        )
        return table(head, rows) + html("p", escape(single))

    # ---- inside

    @property
    def _table(self) -> Field:
        return next(field for field in self._schema if field["name"] == self.rows)

    @property
    def _columns(self) -> list[Field]:
        return [field for field in self._table["fields"] if field["kind"] != "file"]

    def _set_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._initial_rows = rows
        self._sources: list[FileOrLink] = [row["source"] for row in rows]
        self._row_names = [row.get("row_name", "") for row in rows]

    def _initial_value(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        rows = [
            {"source": name} | {f["name"]: to_form_value(f, row.get(f["name"], f["default"])) for f in self._columns}
            for name, row in zip(self._file_names(), self._initial_rows, strict=True)
        ]
        return {self.rows: rows} | super()._initial_value(fields)

    def _file_names(self) -> list[str]:
        return track_names(self._sources)

    def _row_number(self, row: str | int) -> int:
        names = self._file_names()
        if isinstance(row, int):
            return range(len(names))[row]
        found = [n for n, name in enumerate(names) if row in (self._row_names[n], name, name.rpartition(".")[0])]
        if not found:
            raise KeyError(f"there is no track {row!r}; there are {', '.join(names)}")
        return found[0]

    def _request_values(self) -> dict[str, Any]:
        """Return the values for the model: files and links instead of their names, empty values omitted."""
        rows = self.value.get(self.rows, [])
        values = [without_blanks(row) | {"source": source} for row, source in zip(rows, self._sources, strict=False)]
        return super()._request_values() | {self.rows: values}

    def _draft_body(self) -> dict[str, Any]:
        rows = self.value.get(self.rows, [])
        wire_rows = [
            {f["wire"]: row[f["name"]] for f in self._table["fields"] if row.get(f["name"]) is not None} for row in rows
        ]
        envelope = self.model.envelope
        single = super()._draft_body()
        body = {self._table["wire"]: wire_rows} | (single[envelope] if envelope else single)
        return {envelope: body} if envelope else body
