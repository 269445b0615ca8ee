"""Base class of the forms: one widget for one request, generated from the request's model.

Editing a form never raises: errors are displayed at their fields and listed in `problems`. `request` returns the request, or raises
pydantic.ValidationError. The widget's state contains file names without folders, and links without their queries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, cast

import traitlets
from pydantic import ValidationError

from tonnbook import demo
from tonnbook.errors import AudioError, redacted
from tonnbook.models.base import Request
from tonnbook.models.problems import Problem, problems
from tonnbook.widgets.dropzone.dropzone import FileTarget
from tonnbook.widgets.forms.code_export import FormatSource, as_body, as_curl, as_json, as_python
from tonnbook.widgets.forms.form_schema import Field, fields_of
from tonnbook.widgets.forms.form_values import (
    FileOrLink,
    as_file_or_link,
    by_field_name,
    check_field_names,
    display_text,
    find_file,
    ignored_members,
    read_json,
    short_name,
    to_form_value,
    typed_source,
    without_blanks,
)
from tonnbook.widgets.forms.presets import PresetForm
from tonnbook.widgets.page import html, script, style, table

R = TypeVar("R", bound=Request)
FieldPath: TypeAlias = tuple[str | int, ...]
"""Path of a value in the form: ("style",), or ("tracks", 0, "instrument")."""

FIX_FIRST = "Fix the marked fields first."

PRIVATE = ("webhook_url", "separation_id")
"""Fields that are not saved in a preset."""


class RequestForm(PresetForm, FileTarget, Generic[R]):
    """A form of single fields. Files are displayed by name; they are dropped, chosen, named on the page, or changed with `set`."""

    _esm = script("dropzone/upload", "forms/code_export", "forms/sender", "forms/presets", "forms/table", "forms/form")
    _css = style("dropzone/upload", "forms/code_export", "forms/sender", "forms/form")

    model: ClassVar[type[Request]]
    """The request that the form builds."""
    endpoint: ClassVar[str]
    """The call that takes the request."""
    rows: ClassVar[str] = ""
    """The field that is a table, if there is one (see `table_form`)."""
    advanced: ClassVar[tuple[str, ...]] = ()
    """Fields, or columns, displayed under "More"."""

    title = traitlets.Unicode("").tag(sync=True)
    fields: traitlets.List[Any] = traitlets.List().tag(sync=True)
    advanced_fields: traitlets.List[str] = traitlets.List().tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    errors: traitlets.List[Any] = traitlets.List().tag(sync=True)
    hints: traitlets.List[Any] = traitlets.List().tag(sync=True)
    code: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    demo_files: traitlets.List[str] = traitlets.List().tag(sync=True)
    """Names of the demo's files that a field of a file offers; typed as "demo: name"."""
    missing = traitlets.Int(0).tag(sync=True)
    """Number of files that do not exist on this machine."""

    def __init__(self, title: str, fields: Mapping[str, Any], client: Any = None) -> None:
        self._lock = RLock()  # callbacks may run in another thread than the cell's (ipykernel 7.0 to 7.3)
        self._schema = sorted(self._model_fields(), key=lambda field: not field["required"])
        self._value_hints: dict[FieldPath, tuple[Any, str]] = {}
        self._files: dict[str, FileOrLink] = {}
        check_field_names(fields, [field["name"] for field in self._single_fields], type(self).__name__)
        self._target = next((field["name"] for field in self._file_fields), "")
        super().__init__(
            client,
            title=title,
            fields=self._schema,
            advanced_fields=list(self.advanced),
            demo_files=list(self._demo_files()) if self._file_fields else [],
        )
        self._fill(fields)
        self.observe(self._validate, "value")

    # ---- the request

    @property
    def request(self) -> R:
        """The request with the current values. Raises pydantic.ValidationError, which contains all problems."""
        return cast(R, self.model.model_validate(self._request_values()))

    @property
    def problems(self) -> list[Problem]:
        """The problems of the request; empty when it can be sent."""
        try:
            self.model.model_validate(self._request_values())
        except ValidationError as error:
            return problems(error)
        return []

    def to_json(self) -> str:
        """Return the JSON body with full paths and links; `load` reads it again. Raises pydantic.ValidationError."""
        return self._json(self.request, str)

    def to_python(self) -> str:
        """Return a program that builds an equal request, with full paths and links. Raises pydantic.ValidationError."""
        return self._python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that sends the request to the live service. Raises pydantic.ValidationError."""
        return self._curl(self.request, str)

    # ---- editing from Python

    def set(self, **fields: Any) -> Self:
        """Change fields of the request; pass a file as a path or a link.

        >>> builder.set(style="METAL", source="my other mix.wav")

        Raises TypeError for an unknown field.
        """
        check_field_names(fields, [field["name"] for field in self._single_fields], f"{type(self).__name__}.set")
        with self._lock:
            self.value = json.loads(json.dumps(self.value)) | self._to_form_values(fields)
        return self

    def load(self, request: R | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file; field names may be the service's or the model's.

        A file name in the JSON that the form already has refers to that file; another one is resolved relative to the JSON file.
        Invalid values are displayed, not raised. Raises ValueError for JSON that is not of this request.
        """
        body, folder = self._body_of(request)
        values = by_field_name(self._schema, body)
        known = {name: source for source in self._files.values() for name in (short_name(source), str(source))}
        for field in self._file_fields:
            if field["name"] in values or field["required"]:
                values[field["name"]] = find_file(values.get(field["name"]), known, folder, field["wire"])
        self._value_hints.clear()
        self._fill(values)
        self.note = ignored_members(self._schema, body)
        return self

    def save(self, path: str | Path) -> Path:
        """Write the JSON body with full paths and links to a file; return its path. Raises pydantic.ValidationError."""
        Path(path).write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    # ---- presets

    def _settings(self) -> dict[str, Any]:
        kept = [f["name"] for f in self._single_fields if f["kind"] != "file" and f["name"] not in PRIVATE]
        return {name: self.value[name] for name in kept}

    def _apply_settings(self, settings: Mapping[str, Any]) -> None:
        known = self._settings()
        with self._lock:
            self.value = self.value | {name: value for name, value in settings.items() if name in known}

    # ---- text and static HTML

    def plain(self) -> str:
        """Return the form in one line of text."""
        count = len(self._missing_files())
        state = error_count(len(self.problems)) if self.problems or not count else missing_count(count)
        return f"{type(self).__name__}({', '.join(filter(None, [self._summary(), state]))})"

    def static_html(self) -> str:
        """Return the request as an HTML table."""
        errors = [html("li", escape(str(problem))) for problem in self.problems]
        return html("div", html("b", escape(self.title)), self._tables(), html("ul", *errors) if errors else "")

    def _summary(self) -> str:
        """Return the names of the files."""
        return ", ".join(map(short_name, self._files.values()))

    def _tables(self) -> str:
        rows = [{"field": f["label"], "value": display_text(f, self.value.get(f["name"]))} for f in self._single_fields]
        return table({"field": "Field", "value": "Value"}, [row for row in rows if row["value"]])

    # ---- what the page sends

    def _edit(self, message: Mapping[str, Any]) -> None:
        """Do what a button of the page says. What it raises is displayed."""
        match message.get("kind"):
            case "field":  # the field that the next dropped file is for
                self._target = str(message["field"])
            case "source":
                self.set(**{str(message["field"]): typed_source(str(message["text"]), self._demo_files())})
            case _:
                super()._edit(message)

    def _demo_files(self) -> Mapping[str, Path]:
        """Return the demo's files that suit the form, by name."""
        return demo.album()

    def _received(self, files: list[Path]) -> None:
        """Take a file for the field it was dropped on; several for the fields that follow."""
        names = [field["name"] for field in self._file_fields]
        later = names[names.index(self._target) :] if self._target in names else names
        if not later:
            raise AudioError(f"{self.title} takes no files.")
        self.set(**dict(zip(later, files, strict=False)))

    def _fault(self) -> str:
        count = len(self._missing_files())
        return FIX_FIRST if self.problems else f"{missing_count(count).capitalize()}." if count else ""

    def _missing_files(self) -> list[FieldPath]:
        """Return the paths of the fields whose file does not exist on this machine."""
        return [(name,) for name, file in self._files.items() if isinstance(file, Path) and not file.is_file()]

    # ---- inside

    def _model_fields(self) -> list[Field]:
        """Return the fields of the form."""
        return fields_of(self.model)

    @property
    def _single_fields(self) -> list[Field]:
        return [field for field in self._schema if field["name"] != self.rows]

    @property
    def _file_fields(self) -> list[Field]:
        return [field for field in self._single_fields if field["kind"] == "file"]

    def _add_hint(self, path: FieldPath, text: str) -> None:
        """Display a hint at a field for as long as its value does not change."""
        self._value_hints[path] = (_value_at(self.value, path), text)

    def _fill(self, fields: Mapping[str, Any]) -> None:
        with self._lock:
            self._files = {}
            self.value = self._initial_value(fields)
            self._validate()

    def _initial_value(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the complete value of the form, with defaults for fields that are not given."""
        return self._to_form_values({f["name"]: fields.get(f["name"], f["default"]) for f in self._single_fields})

    def _to_form_values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the form displays them; of files only the names, while `_files` keeps the files themselves."""
        known = {field["name"]: field for field in self._single_fields}
        return {
            name: self._keep_file(name, value) if known[name]["kind"] == "file" else to_form_value(known[name], value)
            for name, value in fields.items()
        }

    def _keep_file(self, name: str, source: Path | str | None) -> str | None:
        self._files.pop(name, None)
        if source is None:
            return None
        self._files[name] = as_file_or_link(source)
        return short_name(self._files[name])

    def _request_values(self) -> dict[str, Any]:
        """Return the values for the model: files and links instead of their names, empty values omitted."""
        names = {field["name"] for field in self._file_fields}
        return {k: v for k, v in without_blanks(self.value).items() if k not in names} | self._files

    def _body_of(self, request: R | str | Path) -> tuple[Mapping[str, Any], Path]:
        """Return the members of a request, and the folder to which file names in it are relative."""
        if isinstance(request, Request):
            return dict(request), Path()
        body = read_json(request)
        body = body.get(self.model.envelope, body) if isinstance(body, dict) else body
        if not isinstance(body, dict):
            raise ValueError(f"not a {self.model.__name__}: a JSON object is needed")
        return body, request.parent if isinstance(request, Path) else Path()

    def _validate(self, _: object = None) -> None:
        """Validate the values, and update errors, hints and code."""
        with self._lock, self.hold_sync():
            try:
                request = self.request
            except ValidationError as error:
                found = problems(error)
                code = {"json": as_json(self._draft_body()), "python": f"# {FIX_FIRST}", "curl": f"# {FIX_FIRST}"}
            else:
                found = []
                code = {
                    "json": self._json(request, short_name),
                    "python": self._python(request, short_name),
                    "curl": self._curl(request, short_name),
                }
            missing = self._missing_files()
            self.missing = len(missing)
            self.code = code
            self.errors = [{"path": list(each.path), "message": self._with_labels(each.message)} for each in found]
            self.hints = [
                {"path": list(path), "message": text}
                for path, (value, text) in self._value_hints.items()
                if _value_at(self.value, path) == value
            ] + [{"path": list(path), "message": "file not found"} for path in missing]

    def _with_labels(self, message: str) -> str:
        """Return a message with the labels of the fields in place of the service's names, as "vocalStemURL"."""
        wires = {f["wire"]: f["label"] for f in self._single_fields if any(map(str.isupper, f["wire"]))}
        return re.sub(r"\b[a-z]+[A-Z]\w*", lambda match: wires.get(match[0], match[0]), message)

    def _json(self, request: R, format_source: FormatSource) -> str:
        return as_json(as_body(request, format_source))

    def _python(self, request: R, format_source: FormatSource) -> str:
        return as_python(request, format_source)

    def _curl(self, request: R, format_source: FormatSource) -> str:
        return as_curl(request, self.endpoint, format_source)

    def _draft_body(self) -> dict[str, Any]:
        """Return the body with the current values, valid or not, under the service's names."""
        given = {f["wire"]: v for f in self._single_fields if (v := self.value.get(f["name"])) is not None}
        body = {wire: redacted(value) if isinstance(value, str) else value for wire, value in given.items()}
        return {self.model.envelope: body} if self.model.envelope else body


def error_count(count: int) -> str:
    """Return "ready" for no errors, else their number as text."""
    return "ready" if not count else "1 error" if count == 1 else f"{count} errors"


def missing_count(count: int) -> str:
    """Return the number of files that do not exist as text."""
    return "1 file not found" if count == 1 else f"{count} files not found"


def _value_at(value: Any, path: FieldPath) -> Any:
    """Return the value at a path in the form, None if the path does not exist."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return None
    return value
