"""A form for one request, made from its model: one widget, however many rows.

While it is edited nothing raises: what is wrong is shown at its field, and stands in `problems`. `request` gives the request, or
raises pydantic.ValidationError. The widget's state holds file names, never folders, and no query of a signed link.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import traitlets
from pydantic import ValidationError

from tonnbook.errors import redacted
from tonnbook.models.base import Request
from tonnbook.models.mixing import track_names
from tonnbook.models.problems import Problem, problems
from tonnbook.widgets.content import (
    Place,
    by_name,
    check_names,
    coerced,
    in_words,
    left_out,
    place_of,
    short,
    without_blanks,
)
from tonnbook.widgets.page import PageWidget, html, script, style, table
from tonnbook.widgets.shape import Field, shape
from tonnbook.widgets.written import Spell, as_body, as_curl, as_json, as_python

R = TypeVar("R", bound=Request)


class PayloadForm(PageWidget, Generic[R]):
    """A form with one table of rows (the tracks) and single fields beside it."""

    _esm = script("form")
    _css = style("form")

    model: ClassVar[type[Request]]
    """The request that the form makes."""
    endpoint: ClassVar[str]
    """The call that takes it."""
    rows: ClassVar[str] = "tracks"
    """The field that is the table; its rows name a `source` each."""
    seldom: ClassVar[tuple[str, ...]] = ()
    """Fields that stand behind "More"."""

    title = traitlets.Unicode("").tag(sync=True)
    fields: traitlets.List[Any] = traitlets.List().tag(sync=True)
    behind: traitlets.List[str] = traitlets.List().tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    faults: traitlets.List[Any] = traitlets.List().tag(sync=True)
    hints: traitlets.List[Any] = traitlets.List().tag(sync=True)
    views: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
        self._lock = RLock()  # callbacks may come in another thread than the cell's (ipykernel 7.0 to 7.3)
        self._shape = sorted(shape(self.model), key=lambda field: not field["required"])
        self._hinted: dict[tuple[str, int, str], tuple[Any, str]] = {}
        self._places: list[Place] = []
        self._called: list[str] = []
        super().__init__(title=title, fields=self._shape, behind=list(self.seldom))
        self._fill(rows, fields)
        self.observe(self._review, "value")

    # ---- the request

    @property
    def request(self) -> R:
        """The request as the form stands. Raises pydantic.ValidationError, with every problem in it."""
        return cast(R, self.model.model_validate(self._given()))

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the request; empty when it can be sent."""
        try:
            self.model.model_validate(self._given())
        except ValidationError as error:
            return problems(error)
        return []

    def to_json(self) -> str:
        """Return the JSON body, paths and links in full; `load` reads it again. Raises pydantic.ValidationError."""
        return self._json(self.request, str)

    def to_python(self) -> str:
        """Return a program that makes an equal request, paths and links in full. Raises pydantic.ValidationError."""
        return as_python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that sends it to the live service. Raises pydantic.ValidationError."""
        return self._curl(self.request, str)

    # ---- editing from Python

    def set(self, row: str | int | None = None, /, **fields: Any) -> Self:
        """Change fields of the request, or of one row, named as it came or by its file, or counted from 0.

        >>> builder.set(style="METAL").set("vocal", presence="LEAD")

        Raises TypeError for a field that there is not, KeyError for a row that there is not.
        """
        known = self._table["fields"] if row is not None else [f for f in self._shape if f["name"] != self.rows]
        check_names(fields, [field["name"] for field in known if field["kind"] != "file"], f"{type(self).__name__}.set")
        value = json.loads(json.dumps(self.value))
        target = value if row is None else value[self.rows][self._row_number(row)]
        target.update(
            {field["name"]: coerced(field, fields[field["name"]]) for field in known if field["name"] in fields}
        )
        self.value = value
        return self

    def load(self, request: R | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file, in the service's spelling or ours.

        A file name in the JSON that the form knows already means that file; another one is looked for beside the JSON file.
        Wrong values are shown, not raised. Raises ValueError for what is no JSON of this request.
        """
        folder = request.parent if isinstance(request, Path) else Path()
        if isinstance(request, Request):
            body: Any = dict(request) | {self.rows: [dict(row) for row in getattr(request, self.rows)]}
        else:
            body = json.loads(request.read_text(encoding="utf-8") if isinstance(request, Path) else request)
            body = body.get(self.model.envelope, body) if isinstance(body, dict) else body
        rows = body.get(self._table["wire"], body.get(self.rows)) if isinstance(body, dict) else None
        if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
            raise ValueError(f"this is no {self.model.__name__}: it needs a list {self._table['wire']!r} of objects")
        known = {str(place): place for place in self._places} | dict(zip(self._names(), self._places, strict=True))
        loaded = [by_name(self._table["fields"], row) for row in rows]
        for row in loaded:
            row["source"] = place_of(row.get("source"), known, folder)
        self._hinted.clear()
        self._fill(loaded, by_name(self._shape, body))
        self.note = left_out(self._shape, body, self._table["fields"], rows)
        return self

    def hint(self, field: str, texts: Sequence[str]) -> None:
        """Show a remark per row at a field, each for as long as the value stays what it is now."""
        rows = self.value[self.rows]
        self._hinted = {(self.rows, n, field): (rows[n].get(field), text) for n, text in enumerate(texts)}
        self._review()

    # ---- the twin

    def plain(self) -> str:
        """Return the form in one line of text."""
        count, wrong = len(self.value[self.rows]), len(self.problems)
        state = f"{wrong} to put right" if wrong else "ready"
        return f"{type(self).__name__}({count} {self.rows}, {state})"

    def twin(self) -> str:
        """Return the request as a plain table."""
        head = {field["name"]: field["label"] for field in self._table["fields"]}
        rows = [
            {f["name"]: in_words(f, row.get(f["name"])) for f in self._table["fields"]} for row in self.value[self.rows]
        ]
        others = [field for field in self._shape if field["name"] != self.rows]
        listed = "; ".join(
            f"{f['label']}: {in_words(f, self.value.get(f['name']))}" for f in others if self.value.get(f["name"])
        )
        wrong = [html("li", escape(str(problem))) for problem in self.problems]
        return html(
            "div",
            html("b", escape(self.title)),
            table(head, rows),
            html("p", escape(listed)),
            html("ul", *wrong) if wrong else "",
        )

    # ---- inside

    @property
    def _table(self) -> Field:
        return next(field for field in self._shape if field["name"] == self.rows)

    def _fill(self, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
        with self._lock:
            self._places = [row["source"] for row in rows]
            self._called = [row.get("called", "") for row in rows]
            single = [field for field in self._shape if field["name"] != self.rows]
            value = {field["name"]: coerced(field, fields.get(field["name"], field["default"])) for field in single}
            names = self._names()
            table_fields = [field for field in self._table["fields"] if field["kind"] != "file"]
            filled = [
                {"source": name} | {f["name"]: coerced(f, row.get(f["name"], f["default"])) for f in table_fields}
                for name, row in zip(names, rows, strict=True)
            ]
            self.value = {self.rows: filled} | value
            self._review()

    def _names(self) -> list[str]:
        return track_names(self._places)

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
        given = [without_blanks(row) | {"source": place} for row, place in zip(rows, self._places, strict=False)]
        return without_blanks(self.value) | {self.rows: given}

    def _review(self, _: object = None) -> None:
        """Validate what stands in the form, and write it down in three ways."""
        with self._lock, self.hold_sync():
            try:
                request = self.request
            except ValidationError as error:
                found = problems(error)
                wait = "Put the marked fields right first."
                views = {"json": as_json(self._draft()), "python": f"# {wait}", "curl": f"# {wait}"}
            else:
                found = []
                views = {
                    "json": self._json(request, short),
                    "python": as_python(request, short),
                    "curl": self._curl(request, short),
                }
            self.views = views
            self.faults = [{"path": list(problem.path), "message": problem.message} for problem in found]
            rows = self.value.get(self.rows, [])
            self.hints = [
                {"path": list(path), "message": text}
                for path, (value, text) in self._hinted.items()
                if path[1] < len(rows) and rows[path[1]].get(path[2]) == value
            ]

    def _json(self, request: R, spell: Spell) -> str:
        return as_json(as_body(request, spell))

    def _curl(self, request: R, spell: Spell) -> str:
        return as_curl(request, self.endpoint, spell)

    def _draft(self) -> dict[str, Any]:
        """Return the body as it stands, right or wrong, in the service's spelling."""
        body: dict[str, Any] = {}
        for field in self._shape:
            if field["name"] == self.rows:
                rows = self.value.get(self.rows, [])
                body[field["wire"]] = [
                    {f["wire"]: row[f["name"]] for f in field["fields"] if row.get(f["name"]) is not None}
                    for row in rows
                ]
            elif self.value.get(field["name"]) is not None:
                body[field["wire"]] = redacted(value) if isinstance(value := self.value[field["name"]], str) else value
        return {self.model.envelope: body} if self.model.envelope else body
