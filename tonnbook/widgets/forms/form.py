"""A form for one request, made from its model: one widget, however many fields.

While it is edited nothing raises: what is wrong is shown at its field, and stands in `problems`. `request` gives the request, or
raises pydantic.ValidationError. The widget's state holds file names, never folders, and no query of a signed link.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, cast

import traitlets
from pydantic import ValidationError

from tonnbook.errors import redacted
from tonnbook.models.base import Request
from tonnbook.models.problems import Problem, problems
from tonnbook.widgets.forms.code_export import Spell, as_body, as_curl, as_json, as_python
from tonnbook.widgets.forms.form_schema import Field, shape
from tonnbook.widgets.forms.form_values import (
    Place,
    by_name,
    check_names,
    coerced,
    in_words,
    left_out,
    place,
    place_of,
    short,
    without_blanks,
)
from tonnbook.widgets.page import PageWidget, html, script, style, table

R = TypeVar("R", bound=Request)
Where: TypeAlias = tuple[str | int, ...]
"""The place of a value in the form: ("style",), or ("tracks", 0, "instrument")."""


class RequestForm(PageWidget, Generic[R]):
    """A form of single fields, files among them: those are shown by name, and changed by `set`."""

    _esm = script("forms/code_export", "forms/form")
    _css = style("forms/code_export", "forms/form")

    model: ClassVar[type[Request]]
    """The request that the form makes."""
    endpoint: ClassVar[str]
    """The call that takes it."""
    rows: ClassVar[str] = ""
    """The field that is a table, where there is one (see `table_form`)."""
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

    def __init__(self, title: str, fields: Mapping[str, Any]) -> None:
        self._lock = RLock()  # callbacks may come in another thread than the cell's (ipykernel 7.0 to 7.3)
        self._shape = sorted(shape(self.model), key=lambda field: not field["required"])
        self._hinted: dict[Where, tuple[Any, str]] = {}
        self._places: dict[str, Place] = {}
        check_names(fields, [field["name"] for field in self._single], type(self).__name__)
        super().__init__(title=title, fields=self._shape, behind=list(self.seldom))
        self._fill(fields)
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

    def set(self, **fields: Any) -> Self:
        """Change fields of the request; a file by a path or a link.

        >>> builder.set(style="METAL", source="my other mix.wav")

        Raises TypeError for a field that there is not.
        """
        check_names(fields, [field["name"] for field in self._single], f"{type(self).__name__}.set")
        with self._lock:
            self.value = json.loads(json.dumps(self.value)) | self._taken_in(fields)
        return self

    def load(self, request: R | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file, in the service's spelling or ours.

        A file name in the JSON that the form knows already means that file; another one is looked for beside the JSON file.
        Wrong values are shown, not raised. Raises ValueError for what is no JSON of this request.
        """
        body, folder = self._body_of(request)
        found = by_name(self._shape, body)
        known = {spelled: each for each in self._places.values() for spelled in (short(each), str(each))}
        for field in self._files:
            if field["name"] in found or field["required"]:
                found[field["name"]] = place_of(found.get(field["name"]), known, folder, field["wire"])
        self._hinted.clear()
        self._fill(found)
        self.note = left_out(self._shape, body)
        return self

    def save(self, path: str | Path) -> Path:
        """Write the JSON body into a file, paths and links in full; return its path. Raises pydantic.ValidationError."""
        Path(path).write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    # ---- the twin

    def plain(self) -> str:
        """Return the form in one line of text."""
        wrong = len(self.problems)
        named = [self._summary(), f"{wrong} to put right" if wrong else "ready"]
        return f"{type(self).__name__}({', '.join(filter(None, named))})"

    def static_html(self) -> str:
        """Return the request as a plain table."""
        wrong = [html("li", escape(str(problem))) for problem in self.problems]
        return html("div", html("b", escape(self.title)), self._tables(), html("ul", *wrong) if wrong else "")

    def _summary(self) -> str:
        """Return what the request is about, in a few words."""
        return ", ".join(map(short, self._places.values()))

    def _tables(self) -> str:
        rows = [{"field": f["label"], "value": in_words(f, self.value.get(f["name"]))} for f in self._single]
        return table({"field": "Field", "value": "Value"}, [row for row in rows if row["value"]])

    # ---- inside

    @property
    def _single(self) -> list[Field]:
        return [field for field in self._shape if field["name"] != self.rows]

    @property
    def _files(self) -> list[Field]:
        return [field for field in self._single if field["kind"] == "file"]

    def _hint(self, where: Where, text: str) -> None:
        """Show a remark at a field for as long as its value stays what it is now."""
        self._hinted[where] = (_at(self.value, where), text)

    def _fill(self, fields: Mapping[str, Any]) -> None:
        with self._lock:
            self._places = {}
            self.value = self._filled(fields)
            self._review()

    def _filled(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole value of the form; what is not given stands at its default."""
        return self._taken_in({f["name"]: fields.get(f["name"], f["default"]) for f in self._single})

    def _taken_in(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the form shows them; files are put away by the field, and only their names are shown."""
        known = {field["name"]: field for field in self._single}
        return {
            name: self._put(name, value) if known[name]["kind"] == "file" else coerced(known[name], value)
            for name, value in fields.items()
        }

    def _put(self, name: str, given: Path | str | None) -> str | None:
        self._places.pop(name, None)
        if given is None:
            return None
        self._places[name] = place(given)
        return short(self._places[name])

    def _given(self) -> dict[str, Any]:
        """Return the form's content for the model: real places instead of names, what is empty left out."""
        names = {field["name"] for field in self._files}
        return {k: v for k, v in without_blanks(self.value).items() if k not in names} | self._places

    def _body_of(self, request: R | str | Path) -> tuple[Mapping[str, Any], Path]:
        """Return the members of a request, and the folder that file names in it are meant from."""
        if isinstance(request, Request):
            return dict(request), Path()
        body = json.loads(request.read_text(encoding="utf-8") if isinstance(request, Path) else request)
        body = body.get(self.model.envelope, body) if isinstance(body, dict) else body
        if not isinstance(body, dict):
            raise ValueError(f"this is no {self.model.__name__}: that is a JSON object")
        return body, request.parent if isinstance(request, Path) else Path()

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
            self.hints = [
                {"path": list(where), "message": text}
                for where, (value, text) in self._hinted.items()
                if _at(self.value, where) == value
            ]

    def _json(self, request: R, spell: Spell) -> str:
        return as_json(as_body(request, spell))

    def _curl(self, request: R, spell: Spell) -> str:
        return as_curl(request, self.endpoint, spell)

    def _draft(self) -> dict[str, Any]:
        """Return the body as it stands, right or wrong, in the service's spelling."""
        given = {f["wire"]: v for f in self._single if (v := self.value.get(f["name"])) is not None}
        body = {wire: redacted(value) if isinstance(value, str) else value for wire, value in given.items()}
        return {self.model.envelope: body} if self.model.envelope else body


def _at(value: Any, where: Where) -> Any:
    """Return what stands at a place of the form, None where there is no such place."""
    for step in where:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return None
    return value
