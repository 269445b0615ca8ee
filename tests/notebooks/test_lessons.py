"""Execute every lesson, with a key in the environment and connections allowed only to this machine."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from nbclient import NotebookClient

import tonnbook as tb
from tonnbook.exercises.quizzes import QUIZZES
from tonnbook.exercises.solutions import SOLUTIONS

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
KEY = "a-key-in-the-environment"
LOOPBACK_ONLY = """
import socket
def connect(self, address, original=socket.socket.connect):
    assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), f"connection to {address}"
    return original(self, address)
socket.socket.connect = connect
"""

SILENT = "06_your_song"  # it displays sounds after its buttons were pressed: see test_your_song
lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@cache
def run(path: Path) -> nbformat.NotebookNode:
    """Return the lesson with its outputs; each exercise is followed by its solution."""
    lesson = nbformat.read(path, as_version=4)
    cells = [nbformat.v4.new_code_cell(LOOPBACK_ONLY)]
    for cell in lesson.cells:
        cells.append(cell)
        cells += [nbformat.v4.new_code_cell(tb.solution(number).code) for number in exercises_in(cell)]
    lesson.cells = cells
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TONN_API_KEY", KEY)
        with TemporaryDirectory(prefix="lesson-") as folder:  # so that no file of a lesson stays in the repository
            resources = {"metadata": {"path": folder}}
            client = NotebookClient(
                lesson, timeout=120, store_widget_state=False, allow_errors=True, resources=resources
            )
            client.execute()
    return lesson


def exercises_in(cell: nbformat.NotebookNode) -> list[str]:
    """Return the numbers of the exercises in a cell."""
    return re.findall(r'tb\.solution\("([\d-]+)"\)', cell.source) if cell.cell_type == "code" else []


def code_of(path: Path) -> list[nbformat.NotebookNode]:
    """Return the code cells of a lesson."""
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def test_the_lessons_are_found() -> None:
    assert [path.stem for path in LESSONS][:2] == ["00_start_here", "01_mixing"]


@lesson
@pytest.mark.slow
def test_runs_without_errors_and_warnings(path: Path) -> None:
    failures = [
        (cell.source, output.get("evalue") or output.get("text"))
        for cell in run(path).cells
        for output in cell.get("outputs", [])
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    assert failures == []


@lesson
@pytest.mark.slow
def test_saves_no_key_no_signed_link_and_no_local_address(path: Path) -> None:
    saved = "".join(json.dumps(cell.get("outputs", [])) for cell in run(path).cells)
    assert KEY not in saved
    assert "127.0.0.1" not in saved
    assert not re.search(r"https?://[^\s\"']+\?[^\s\"']+=", saved)


@pytest.mark.parametrize("path", [p for p in LESSONS if p.stem != SILENT], ids=lambda path: path.stem)
@pytest.mark.slow
def test_embeds_every_picture_and_sound_and_keeps_them_small(path: Path) -> None:
    shown = [o.data for cell in run(path).cells for o in cell.get("outputs", []) if o.output_type != "stream"]
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert any("<audio" in page for page in pages)
    assert any("data:image/png" in page for page in pages)
    for page in pages:
        assert len(page) < 200_000
        assert all(source.startswith("data:") for source in re.findall(r'src="([^"]{0,40})', page))
        assert len(re.findall("<img ", page)) == len(re.findall('<img alt="[^"]{10,}', page)) + len(
            re.findall("<img (?!alt)", page)
        )


@pytest.mark.slow
def test_the_solutions_of_the_mixing_lesson_do_what_the_exercises_ask() -> None:
    (path,) = (path for path in LESSONS if path.stem == "01_mixing")
    shown = [
        "".join(output.data.get("text/plain", "") for output in cell.outputs if output.output_type == "execute_result")
        for before, cell in zip(run(path).cells, run(path).cells[1:], strict=False)
        if exercises_in(before) or cell.source in {tb.solution(number).code for number in SOLUTIONS}
    ]
    request, eq, mine, band = shown
    assert re.search(r"guitar.flac'\).*?PanPreference.LEFT", request)
    assert re.search(r"synth.flac'\).*?PanPreference.RIGHT", request)
    assert eq.startswith("EQ of hi-hat: ")
    assert mine == "Player(automatic or mine, 25.3 s)"
    assert "vocal" not in band


def solved(stem: str) -> dict[str, str]:
    """Return the displayed text of each solution of a lesson, by exercise number."""
    (path,) = (path for path in LESSONS if path.stem == stem)
    code = {tb.solution(number).code: number for number in SOLUTIONS}
    return {
        code[cell.source]: "".join(o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result")
        for cell in run(path).cells
        if cell.source in code
    }


@pytest.mark.slow
def test_the_analysis_distinguishes_a_late_channel_from_an_inverted_one() -> None:
    shown = solved("04_diagnose_and_enhance")
    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in shown["04-1"].splitlines()[1:])
    assert rows["Safe in mono"].split()[:2] == ["no", "no"]
    assert rows["Phase issues"].split()[:2] == ["yes", "yes"]
    late, inverted = map(float, rows["Correlation under 120 Hz"].split()[:2])
    assert inverted == -1.0
    assert late > -0.5
    lost_late, lost_inverted = (float(found) for found in re.findall(r"(-?[\d.]+) LU", rows["Change in mono"]))
    assert lost_inverted < lost_late - 5.0
    assert shown["04-2"] == "Player(before or enhanced, 24.0 s)"
    assert shown["04-3"] == "Player(before, streaming or CD, 24.0 s)"


@pytest.mark.slow
def test_the_song_that_was_limited_most_is_listed_first() -> None:
    found = ast.literal_eval(solved("02_batch_mastering")["02-1"])
    reductions = [reduction for reduction, _ in found.values()]
    assert reductions == sorted(reductions, reverse=True)
    assert (len(found), min(reductions) >= 0.0) == (4, True)


@pytest.mark.slow
def test_the_cleaned_voice_is_6_db_closer_to_the_good_one() -> None:
    shown = solved("05_cleanup")
    before, after = (float(found) for found in re.findall(r"error (-[\d.]+) dB", shown["05-1"]))
    assert after == pytest.approx(before - 6.0, abs=2.0)
    assert shown["05-2"] == "Player(before or cleaned, 24.0 s)"


@lesson
def test_is_stored_without_outputs_and_with_fixed_ids(path: Path) -> None:
    nbformat.validate(read(path))
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_of(path))
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", each) for each in ids)
    assert read(path).metadata.kernelspec.name == "python3"
    assert "widgets" not in read(path).metadata


@lesson
def test_starts_with_goals_time_and_needs_and_is_short(path: Path) -> None:
    first = read(path).cells[0].source
    assert all(word in first for word in ("**You will**", "**Time**", "**You need**", "no key"))
    assert len(read(path).cells) <= 30
    assert max(len(cell.source.splitlines()) for cell in code_of(path)) <= 12


@lesson
def test_uses_the_local_studio_and_installs_nothing(path: Path) -> None:
    assert code_of(path)[0].source.startswith(
        "import tonnbook as tb\n\nservices = tb.offline()  # tb.live() for the real service"
    )
    code = "\n".join(line.split("#")[0] for cell in code_of(path) for line in cell.source.splitlines())
    assert "live(" not in code
    assert not re.search(r"pip|[!%]\w", code)


@lesson
def test_links_point_to_existing_files(path: Path) -> None:
    for cell in read(path).cells:
        for target in re.findall(r"\]\(([^)#]+)\)", cell.source) if cell.cell_type == "markdown" else []:
            assert target.startswith("https://") or (path.parent / target).exists()


def test_every_exercise_has_a_solution_and_every_solution_an_exercise() -> None:
    asked = [number for path in LESSONS for cell in code_of(path) for number in exercises_in(cell)]
    assert asked == list(SOLUTIONS)


def test_a_solution_shows_the_body_of_its_function() -> None:
    shown = tb.solution("01-2")
    assert shown.code.startswith("bands = [")
    assert shown.code.endswith("\ntb.plots.plot_eq(preview, track=name)")
    assert shown._repr_mimebundle_()["text/markdown"].startswith("**Exercise 01-2.** Every EQ band")
    assert str(shown).startswith("# Exercise 01-2\n# Every EQ band")


def test_an_unknown_exercise_raises_value_error() -> None:
    with pytest.raises(ValueError, match="no exercise '01-9'; there are: 01-1, 01-2"):
        tb.solution("01-9")


def test_every_quiz_is_asked_in_a_lesson() -> None:
    asked = [
        number
        for path in LESSONS
        for cell in code_of(path)
        for number in re.findall(r'^(?:guess = )?tb\.quiz\("([\w-]+)"', cell.source, re.MULTILINE)
    ]
    assert asked == list(QUIZZES)
