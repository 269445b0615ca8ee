"""A form with a table in it: a row for each track or song, and single fields beside it."""

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
    Place,
    by_name,
    check_names,
    coerced,
    in_words,
    left_out,
    place_of,
    without_blanks,
)
from tonnbook.widgets.page import html, table


class PayloadForm(RequestForm[R]):
    """A form with one table of rows (the tracks) and single fields beside it."""

    rows: ClassVar[str] = "tracks"
    """The field that is the table; its rows name a `source` each."""

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
        self._begin(rows)
        super().__init__(title, fields)

    # ---- editing from Python

    def set(self, row: str | int | None = None, /, **fields: Any) -> Self:
        """Change fields of the request, or of one row, named as it came or by its file, or counted from 0.

        >>> builder.set(style="METAL").set("vocal", presence="LEAD")

        Raises TypeError for a field that there is not, KeyError for a row that there is not.
        """
        if row is None:
            return super().set(**fields)
        known = {field["name"]: field for field in self._columns}
        check_names(fields, list(known), f"{type(self).__name__}.set")
        value = json.loads(json.dumps(self.value))
        changed = {name: coerced(known[name], given) for name, given in fields.items()}
        value[self.rows][self._row_number(row)].update(changed)
        self.value = value
        return self

    def load(self, request: R | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file, in the service's spelling or ours.

        A file name in the JSON that the form knows already means that file; another one is looked for beside the JSON file.
        Wrong values are shown, not raised. Raises ValueError for what is no JSON of this request.
        """
        body, folder = self._body_of(request)
        if isinstance(request, Request):
            body = dict(body) | {self.rows: [dict(row) for row in body[self.rows]]}
        rows = body.get(self._table["wire"], body.get(self.rows))
        if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
            raise ValueError(f"this is no {self.model.__name__}: it needs a list {self._table['wire']!r} of objects")
        known = {str(place): place for place in self._sources} | dict(zip(self._names(), self._sources, strict=True))
        loaded = [by_name(self._table["fields"], row) for row in rows]
        for row in loaded:
            row["source"] = place_of(row.get("source"), known, folder, "trackURL")
        self._hinted.clear()
        self._begin(loaded)
        self._fill(by_name(self._shape, body))
        self.note = left_out([*self._shape, *self._table["fields"]], body, *rows)
        return self

    def hint(self, field: str, texts: Sequence[str]) -> None:
        """Show a remark per row at a field, each for as long as the value stays what it is now."""
        for n, text in enumerate(texts):
            self._hint((self.rows, n, field), text)
        self._review()

    # ---- the twin

    def _summary(self) -> str:
        return f"{len(self.value[self.rows])} {self.rows}"

    def _tables(self) -> str:
        head = {field["name"]: field["label"] for field in self._table["fields"]}
        rows = [
            {f["name"]: in_words(f, row.get(f["name"])) for f in self._table["fields"]} for row in self.value[self.rows]
        ]
        listed = "; ".join(
            f"{f['label']}: {in_words(f, self.value.get(f['name']))}" for f in self._single if self.value.get(f["name"])
        )
        return table(head, rows) + html("p", escape(listed))

    # ---- inside

    @property
    def _table(self) -> Field:
        return next(field for field in self._shape if field["name"] == self.rows)

    @property
    def _columns(self) -> list[Field]:
        return [field for field in self._table["fields"] if field["kind"] != "file"]

    def _begin(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._given_rows = rows
        self._sources: list[Place] = [row["source"] for row in rows]
        self._called = [row.get("called", "") for row in rows]

    def _filled(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        filled = [
            {"source": name} | {f["name"]: coerced(f, row.get(f["name"], f["default"])) for f in self._columns}
            for name, row in zip(self._names(), self._given_rows, strict=True)
        ]
        return {self.rows: filled} | super()._filled(fields)

    def _names(self) -> list[str]:
        return track_names(self._sources)

    def _row_number(self, row: str | int) -> int:
        names = self._names()
        if isinstance(row, int):
            return range(len(names))[row]
        wanted = [n for n, name in enumerate(names) if row in (self._called[n], name, name.rpartition(".")[0])]
        if not wanted:
            raise KeyError(f"no track is called {row!r}; there are {', '.join(names)}")
        return wanted[0]

    def _given(self) -> dict[str, Any]:
        """Return the form's content for the model: real places instead of names, what is empty left out."""
        rows = self.value.get(self.rows, [])
        given = [without_blanks(row) | {"source": place} for row, place in zip(rows, self._sources, strict=False)]
        return super()._given() | {self.rows: given}

    def _draft(self) -> dict[str, Any]:
        rows = self.value.get(self.rows, [])
        written = [
            {f["wire"]: row[f["name"]] for f in self._table["fields"] if row.get(f["name"]) is not None} for row in rows
        ]
        envelope = self.model.envelope
        single = super()._draft()
        body = {self._table["wire"]: written} | (single[envelope] if envelope else single)
        return {envelope: body} if envelope else body
