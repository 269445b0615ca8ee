"""Every option of the wire acts on the result, or says in a note what it is treated like. The measurements are in `options.md`.

After a change that alters what an option does, measure again in the same commit:

    python tests/contract/test_options.py
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[1]))  # for running this file as a program
from options import NOT_SOUND, SAME_DB, Options, Row, option_values
from outside import Caller

import tonnbook.clients.beatoven.client
import tonnbook.clients.tonn  # noqa: F401  (defines the requests whose fields are looked up)
from tonnbook.models.base import Request
from tonnbook.studio.server.server import Studio

RECORDED = Path(__file__).with_name("options.md")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TOLERANCE_DB = 3.0
"""How far a measured difference may be from the recorded one."""

SAME_OPTIONS = {
    "/mixenhancepreview": "/mixenhance",
    "/api/v1/tracks": "/api/v2/tracks",
    "/api/v1/tracks/compose/{track_id}": "/api/v1/tracks/compose",
}
"""Calls whose options are those of another call, where they are measured."""

FAMILIES = (
    *("/mixpreview", "/retrievefinalmix", "/masteringpreview", "/mixanalysis", "/mixenhance", "/audio-cleanup"),
    *("/separate", "/recombine", "/api/v2/tracks", "/api/v1/tracks/compose"),
)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Options]:
    with Studio() as studio:
        yield Options(Caller(studio), tmp_path_factory.mktemp("options"))


@pytest.mark.slow
@pytest.mark.parametrize("call", FAMILIES)
def test_every_value_acts_or_says_what_it_is_treated_like(options: Options, call: str) -> None:
    rows = list(options.families()[call]())
    assert [f"{row.option} {row.value}" for row in silent(rows)] == []
    recorded = read(RECORDED)
    measured = {(call, row.option, row.value): row for row in rows}
    assert measured.keys() == {key for key in recorded if key[0] == call}, "run this file as a program"
    far = [
        f"{key}: recorded {recorded[key][1]}, measured {row.difference_db}"
        for key, row in measured.items()
        if abs(max(row.difference_db, SAME_DB) - max(recorded[key][1], SAME_DB)) > TOLERANCE_DB
    ]
    assert far == [], "run this file as a program"


def test_every_option_is_measured_or_tested_elsewhere(caller: Caller) -> None:
    measured = {(call, option) for call, option, _ in read(RECORDED)}
    document = requests.get(caller.studio.url + "/openapi.json", timeout=60).json()
    missing = [
        (call, option)
        for call, found in option_values(document).items()
        for option in found
        if (SAME_OPTIONS.get(call, call), option) not in measured and not_sound(call, option) is None
    ]
    assert missing == []


def test_a_value_without_effect_and_without_a_note_is_found() -> None:
    rows = [Row("/call", "style", "A", "B", -120.0), Row("/call", "style", "B", "A", -120.0, "loud")]
    assert silent(rows) == rows
    noted = Row("/call", "style", "B", "A", -120.0, "B is treated like A: they are one")
    assert silent([rows[0], noted]) == []
    assert silent([Row("/call", "style", "A", "B", -59.0)]) == []


def silent(rows: Iterable[Row]) -> list[Row]:
    """Return the rows whose result is that of another value, without a note in either result about being treated alike."""
    rows = list(rows)
    notes: dict[tuple[str, str], str] = {}
    for row in rows:
        for value in (row.value, row.nearest):
            notes[row.option, value] = notes.get((row.option, value), "") + "\n" + row.note
    return [
        row
        for row in rows
        if row.difference_db <= SAME_DB and not any(treated(notes[row.option, v]) for v in (row.value, row.nearest))
    ]


def treated(note: str) -> str:
    """Return the sentence of a note that says what a value is treated like; empty without one."""
    found = re.search(r"[^\n;.]*\b(?:is|are) treated like [^\n;]*", note)
    return found[0].strip() if found else ""


def not_sound(call: str, option: str) -> str | None:
    """Return what an option does that does not change the audio; None if it does change it."""
    name = option.rpartition(".")[2]
    return NOT_SOUND.get(call, {}).get(name) or NOT_SOUND["*"].get(name)


def read(path: Path) -> Mapping[tuple[str, str, str], tuple[str, float]]:
    """Return the recorded table: by call, option and value, the nearest value and the level of the difference in dB."""
    found, call = {}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            call = line[3:]
        elif line.startswith("| `"):
            option, value, nearest, difference = (cell.strip(" `") for cell in line.split("|")[1:5])
            found[call, option, value] = (nearest, float(difference))
    return found


def document(options: Options) -> Iterator[str]:
    """Yield the lines of the document."""
    yield "# What each option changes"
    yield ""
    yield "Measured by `test_options.py` on the studio: each value is sent with all other options unchanged. The level is that of the"
    yield "difference between its result and the most similar result of another value, relative to the louder of the two, in dB; 0 also"
    yield "stands for another sample rate, length or number of files. For the analysis the result is its targets. Two results at or"
    yield f"below {SAME_DB:g} dB count as the same; then a note in the answer says what the value is treated like. The last column names the"
    yield "lessons that use the option, or its form."
    taught = Taught()
    for call, measure in options.families().items():
        rows = list(measure())
        yield f"\n## {call}\n"
        same = [other for other, like in SAME_OPTIONS.items() if like == call]
        if same:
            yield f"The same options: {', '.join(same)}.\n"
        yield "| option | value | most similar | difference in dB | treated alike | taught in |"
        yield "|---|---|---|--:|---|---|"
        for row in rows:
            place = taught.where(row.option)
            note = treated(row.note) if row.difference_db <= SAME_DB else ""
            yield f"| `{row.option}` | {row.value} | {row.nearest} | {row.difference_db:.1f} | {note} | {place} |"
    yield "\n## Options that do not change the audio\n"
    yield "| call | option | what it does |"
    yield "|---|---|---|"
    for call, names in NOT_SOUND.items():
        for name, meaning in names.items():
            yield f"| {'all' if call == '*' else call} | {name} | {meaning} |"


class Taught:
    """The lessons, and the Python names of the fields of all requests."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.in_forms: set[str] = set()
        for model in _requests(Request):
            for name, field in model.model_fields.items():
                self.names[field.alias or name] = name
                if field.title:
                    self.in_forms.add(field.alias or name)
        self.lessons = {path.name[:2]: _sources(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}

    def where(self, option: str) -> str:
        """Return the numbers of the lessons that use an option by its Python or its wire name; else its form, if it has a field there."""
        last = option.removesuffix("[]").rpartition(".")[2]
        words = "|".join(map(re.escape, {last, self.names.get(last, last)}))
        found = [lesson for lesson, text in self.lessons.items() if re.search(rf"\b({words})\b", text)]
        return ", ".join(found) or ("form" if last in self.in_forms else "")


def _requests(model: type[Request]) -> Iterator[type[Request]]:
    yield model
    for inner in model.__subclasses__():
        yield from _requests(inner)


def _sources(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


if __name__ == "__main__":
    with Studio() as studio, tempfile.TemporaryDirectory() as folder:
        text = "\n".join(document(Options(Caller(studio), Path(folder)))) + "\n"
    RECORDED.write_text(text, encoding="utf-8")
