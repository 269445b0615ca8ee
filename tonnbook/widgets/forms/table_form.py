"""Base class of forms with a table: a row for each track or song, and single fields below it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Self

from tonnbook.models.base import Request
from tonnbook.models.mixing import track_names
from tonnbook.sound_files import Sounds, name_of, sound_files
from tonnbook.widgets.dropzone.dropzone import DropZone
from tonnbook.widgets.forms.form import PRIVATE, FieldPath, R, RequestForm
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
from tonnbook.widgets.forms.pasted_cells import read_cells
from tonnbook.widgets.page import html, table


class TableForm(RequestForm[R]):
    """A form with one table and single fields."""

    _sources: list[FileOrLink]
    _row_names: list[str]

    rows: ClassVar[str] = "tracks"
    """The field that is the table; each of its rows has a `source`."""

    def __init__(self, title: str, sounds: Sounds, fields: Mapping[str, Any], client: Any = None) -> None:
        self._removed: set[FileOrLink] = set()
        self._set_rows([])
        super().__init__(title, fields, client)
        self.add(sounds)
        if isinstance(sounds, DropZone):
            sounds.observe(lambda _: self._follow(sounds), "items")

    def _new_row(self, name: str, source: FileOrLink) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the values of a new row, and the hints at its fields."""
        raise NotImplementedError

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

    def add(self, sounds: Sounds) -> Self:
        """Add a row for each file: of a folder, a zip archive, a list, a mapping or a drop zone.

        Raises AudioError for a folder or an archive without sound files.
        """
        new = [(name, source, *self._new_row(name, source)) for name, source in sound_files(sounds).items()]
        with self._lock:
            first = len(self._sources)
            self._rearrange(range(first), [(name, source, row) for name, source, row, _ in new])
            for n, (_, _, _, hints) in enumerate(new, start=first):
                for field, text in hints.items():
                    self._add_hint((self.rows, n, field), text)
            self._validate()
        return self

    def remove(self, row: str | int) -> Self:
        """Remove a row, by its name or its number from 0. Raises KeyError or IndexError for an unknown row."""
        number = self._row_number(row)
        return self._rearrange([n for n in range(len(self._sources)) if n != number])

    def move(self, row: str | int, to: int) -> Self:
        """Move a row to the place `to`, counted from 0. Raises KeyError or IndexError for an unknown row."""
        order = list(range(len(self._sources)))
        order.insert(to, order.pop(self._row_number(row)))
        return self._rearrange(order)

    def duplicate(self, row: str | int) -> Self:
        """Repeat a row below itself. Raises KeyError or IndexError for an unknown row."""
        number = self._row_number(row)
        return self._rearrange([*range(number + 1), *range(number, len(self._sources))])

    def apply_to_all(self, **fields: Any) -> Self:
        """Set fields of all rows. Raises TypeError for an unknown field."""
        for row in range(len(self._sources)):
            self.set(row, **fields)
        return self

    def paste(self, text: str, row: int = 0, column: str | None = None) -> Self:
        """Set the cells from `row` and `column` on from those copied from a spreadsheet; see `pasted_cells`."""
        for number, fields in read_cells(text, self._columns, self._file_names(), row, column):
            self.set(number, **fields)
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
        self._removed.clear()
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

    # ---- what the page sends

    def _edit(self, message: Mapping[str, Any]) -> None:
        match message.get("kind"):
            case "rows":
                self._edit_rows(str(message["action"]), sorted(int(n) for n in message["rows"]))
            case "paste":
                self.paste(str(message["text"]), int(message["row"]), message["column"])
            case "add":
                self.add(str(message["text"]).strip().strip("'\""))
            case "demo":
                self.add(self._demo_files())
            case _:
                super()._edit(message)

    def _edit_rows(self, action: str, rows: Sequence[int]) -> None:
        """Move, duplicate or remove the selected rows."""
        count = len(self._sources)
        if not rows or rows[0] < 0 or rows[-1] >= count:
            return
        order = list(range(count))
        match action:
            case "remove":
                order = [n for n in order if n not in rows]
            case "duplicate":
                order = [each for n in order for each in ([n, n] if n in rows else [n])]
            case "up" if rows[0] > 0:
                for n in rows:
                    order[n - 1], order[n] = order[n], order[n - 1]
            case "down" if rows[-1] < count - 1:
                for n in reversed(rows):
                    order[n + 1], order[n] = order[n], order[n + 1]
        self._rearrange(order)

    def _received(self, files: list[Path]) -> None:
        self.add(files)

    def _follow(self, zone: DropZone) -> None:
        """Have a row for each file of a drop zone: new files are added, those that were removed there are removed here."""
        with self._lock:
            files = {name: path for name, path in zone.files.items() if path not in self._removed}
            own, gone = zone.folder, set(zone.example_files.values()) - set(files.values())
            kept = [
                n
                for n, source in enumerate(self._sources)
                if source in files.values()
                or not (source in gone or (isinstance(source, Path) and source.parent == own))
            ]
            if len(kept) < len(self._sources):
                self._rearrange(kept, forget=False)
            self.add({name: path for name, path in files.items() if path not in self._sources})

    # ---- inside

    def _rearrange(
        self,
        order: Sequence[int],
        new: Sequence[tuple[str, FileOrLink, Mapping[str, Any]]] = (),
        forget: bool = True,
    ) -> Self:
        """Have the present rows in this order, some of them left out or repeated, then new ones; hints move with their rows.

        A file that is left out is not added again by a drop zone, unless `forget` is false.
        """
        with self._lock:
            old, rows = list(zip(self._row_names, self._sources, strict=True)), self.value.get(self.rows, [])
            if forget:
                self._removed |= {source for n, (_, source) in enumerate(old) if n not in order}
            names = [*(old[n] for n in order), *((name, source) for name, source, _ in new)]
            hints = self._value_hints
            self._value_hints = {path: hint for path, hint in hints.items() if path[0] != self.rows} | {
                (self.rows, to, *path[2:]): hint
                for path, hint in hints.items()
                for to, n in enumerate(order)
                if path[0] == self.rows and path[1] == n
            }
            self._row_names, self._sources = [name for name, _ in names], [source for _, source in names]
            values = [rows[n] for n in order] + [self._row_value(row) for _, _, row in new]
            named = [{**row, "source": name} for row, name in zip(values, self._file_names(), strict=True)]
            self.value = json.loads(json.dumps(self.value)) | {self.rows: named}
            self._validate()
        return self

    def _row_value(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a row as the form displays them."""
        return {f["name"]: to_form_value(f, row.get(f["name"], f["default"])) for f in self._columns}

    def _missing_files(self) -> list[FieldPath]:
        missing = [n for n, file in enumerate(self._sources) if isinstance(file, Path) and not file.is_file()]
        return [*super()._missing_files(), *((self.rows, n, "source") for n in missing)]

    def _settings(self) -> dict[str, Any]:
        """Return the settings of the form, and those of each row by its name without the ending."""
        columns = [f["name"] for f in self._columns if f["name"] not in PRIVATE]
        rows = {
            name_of(Path(row["source"])): {name: row.get(name) for name in columns}
            for row in self.value.get(self.rows, [])
        }
        return super()._settings() | {self.rows: rows}

    def _apply_settings(self, settings: Mapping[str, Any]) -> None:
        rows = settings.get(self.rows, {})
        super()._apply_settings({name: value for name, value in settings.items() if name != self.rows})
        columns = [f["name"] for f in self._columns]
        for n, name in enumerate(self._file_names()):
            saved = rows.get(name_of(Path(name)), {})
            self.set(n, **{field: value for field, value in saved.items() if field in columns})

    @property
    def _table(self) -> Field:
        return next(field for field in self._schema if field["name"] == self.rows)

    @property
    def _columns(self) -> list[Field]:
        return [field for field in self._table["fields"] if field["kind"] != "file"]

    def _set_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._initial_rows = rows
        self._sources = [row["source"] for row in rows]
        self._row_names = [row.get("row_name", "") for row in rows]

    def _initial_value(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        rows = [
            {"source": name} | self._row_value(row)
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
