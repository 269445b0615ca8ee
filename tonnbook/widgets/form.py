"""A form for one request, made from its model: one widget, however many rows.

While it is edited nothing raises: what is wrong is shown at its field, and stands in `problems`. `request` gives the request, or
raises pydantic.ValidationError. The widget's state holds file names, never folders, and no query of a signed link.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from enum import Enum
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
from tonnbook.widgets.page import PageWidget, html, script, style, table
from tonnbook.widgets.shape import Field, shape
from tonnbook.widgets.written import as_body, as_curl, as_json, as_python

R = TypeVar("R", bound=Request)
Place = str | Path


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
    shape: traitlets.List[Any] = traitlets.List().tag(sync=True)
    behind: traitlets.List[str] = traitlets.List().tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    faults: traitlets.List[Any] = traitlets.List().tag(sync=True)
    hints: traitlets.List[Any] = traitlets.List().tag(sync=True)
    views: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
        self._lock = RLock()  # callbacks may come in another thread than the cell's (ipykernel 7.0 to 7.3)
        self._shape = shape(self.model)
        self._hinted: dict[tuple[str, int, str], tuple[Any, str]] = {}
        self._places: list[Place] = []
        super().__init__(title=title, shape=self._shape, behind=list(self.seldom))
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
        return as_json(as_body(self.request, str))

    def to_python(self) -> str:
        """Return a program that makes an equal request, paths and links in full. Raises pydantic.ValidationError."""
        return as_python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that sends it to the live service. Raises pydantic.ValidationError."""
        return as_curl(self.request, self.endpoint, str)

    # ---- editing from Python

    def set(self, row: str | int | None = None, /, **fields: Any) -> Self:
        """Change fields of the request, or of one row, named by its file or counted from 0; the form shows it at once.

        >>> builder.set(style="METAL").set("vocal", presence="LEAD")

        Raises TypeError for a field that there is not, KeyError for a row that there is not.
        """
        known = self._table["fields"] if row is not None else [f for f in self._shape if f["name"] != self.rows]
        check_names(fields, [field["name"] for field in known if field["kind"] != "file"], f"{type(self).__name__}.set")
        value = json.loads(json.dumps(self.value))
        target = value if row is None else value[self.rows][self._row_number(row)]
        target.update({field["name"]: _coerced(field, fields[field["name"]]) for field in known if field["name"] in fields})
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
        loaded = [_by_name(self._table["fields"], row) for row in rows]
        for row in loaded:
            row["source"] = _place(row.get("source"), known, folder)
        self._hinted.clear()
        self._fill(loaded, _by_name(self._shape, body))
        self.note = _left_out(self._shape, body, self._table["fields"], rows)
        return self

    def hint(self, row: int, field: str, text: str) -> None:
        """Show a remark at a field of a row for as long as its value stays what it is now."""
        self._hinted[self.rows, row, field] = (self.value[self.rows][row].get(field), text)
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
        rows = [{f["name"]: _words(f, row.get(f["name"])) for f in self._table["fields"]} for row in self.value[self.rows]]
        others = [field for field in self._shape if field["name"] != self.rows]
        listed = "; ".join(f"{f['label']}: {_words(f, self.value.get(f['name']))}" for f in others if self.value.get(f["name"]))
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
            single = [field for field in self._shape if field["name"] != self.rows]
            value = {field["name"]: _coerced(field, fields.get(field["name"], field["default"])) for field in single}
            names = self._names()
            table_fields = [field for field in self._table["fields"] if field["kind"] != "file"]
            filled = [
                {"source": name} | {f["name"]: _coerced(f, row.get(f["name"], f["default"])) for f in table_fields}
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
        wanted = [n for n, name in enumerate(names) if row in (name, name.rpartition(".")[0])]
        if not wanted:
            raise KeyError(f"no track is called {row!r}; there are {', '.join(names)}")
        return wanted[0]

    def _given(self) -> dict[str, Any]:
        """Return the form's content for the model: real places instead of names, what is empty left out."""
        rows = self.value.get(self.rows, [])
        given = [_filled(row) | {"source": place} for row, place in zip(rows, self._places, strict=False)]
        return _filled(self.value) | {self.rows: given}

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
                body = as_json(as_body(request, _short))
                views = {"json": body, "python": as_python(request, _short), "curl": as_curl(request, self.endpoint, _short)}
            self.views = views
            self.faults = [{"path": list(problem.path), "message": problem.message} for problem in found]
            rows = self.value.get(self.rows, [])
            self.hints = [
                {"path": list(path), "message": text}
                for path, (value, text) in self._hinted.items()
                if path[1] < len(rows) and rows[path[1]].get(path[2]) == value
            ]

    def _draft(self) -> dict[str, Any]:
        """Return the body as it stands, right or wrong, in the service's spelling."""
        body: dict[str, Any] = {}
        for field in self._shape:
            if field["name"] == self.rows:
                rows = self.value.get(self.rows, [])
                body[field["wire"]] = [
                    {f["wire"]: row[f["name"]] for f in field["fields"] if row.get(f["name"]) is not None} for row in rows
                ]
            elif self.value.get(field["name"]) is not None:
                body[field["wire"]] = redacted(value) if isinstance(value := self.value[field["name"]], str) else value
        return {self.model.envelope: body} if self.model.envelope else body


def check_names(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise TypeError for a name that is not known; say which was meant."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise TypeError(f"{where}() has no field {name!r}; {meant}")


def _coerced(field: Field, value: Any) -> Any:
    """Return a value as the form holds it: the plain value of an enumeration, also from its text; anything else as it came."""
    if isinstance(value, Enum):
        value = value.value
    for choice in field.get("choices", []):
        if str(choice["value"]) == str(value):
            return choice["value"]
    return value


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _by_name(fields: Sequence[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known members of an object, by our names; an explicit null counts as absent."""
    either = {field["name"]: body.get(field["wire"], body.get(field["name"])) for field in fields}
    return {name: value for name, value in either.items() if value is not None}


def _place(text: Any, known: Mapping[str, Place], folder: Path) -> Place:
    if isinstance(text, Path) or (isinstance(text, str) and text.startswith(("http://", "https://"))):
        return text
    if not isinstance(text, str) or not text:
        raise ValueError("every track needs its trackURL: a link, or the name of a file")
    return known.get(text, folder / text)


def _left_out(fields: Sequence[Field], body: Mapping[str, Any], row_fields: Sequence[Field], rows: Sequence[Any]) -> str:
    known = {word for field in (*fields, *row_fields) for word in (field["name"], field["wire"])}
    unknown = sorted({name for part in (body, *rows) for name in part} - known)
    return f"Left out, for the request has no such field: {', '.join(unknown)}." if unknown else ""


def _short(place: Place) -> str:
    return place.name if isinstance(place, Path) else redacted(place)


def _words(field: Field, value: Any) -> str:
    labels = {choice["value"]: choice["label"] for choice in field.get("choices", [])}
    if value in labels:
        return labels[value]
    return {True: "yes", False: "no", None: ""}.get(value) if isinstance(value, bool | None) else redacted(str(value))  # type: ignore[return-value]
