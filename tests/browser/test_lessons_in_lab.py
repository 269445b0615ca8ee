"""Lessons as a user runs them in JupyterLab: all cells, players, forms and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from jlab import Notebook, poll
from playwright.sync_api import expect

OpenNotebook = Callable[..., Notebook]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def number_of(notebook: Notebook, cell_id: str) -> int:
    return [cell["id"] for cell in notebook.cells()].index(cell_id)


def result_of(notebook: Notebook, cell_id: str) -> str:
    """Return the kernel's name for the result of a cell, such as Out[2]."""
    return f"Out[{notebook.cells()[number_of(notebook, cell_id)]['execution_count']}]"


def test_the_first_lesson_runs_plays_and_reacts_to_clicks(open_nb: OpenNotebook) -> None:
    lesson = open_nb("00_start_here.ipynb")
    lesson.run_all()

    raw, player = result_of(lesson, "recordings-play"), lesson.output(number_of(lesson, "recordings-play"))
    lesson.until(f"{raw}.ready")
    player.get_by_role("button", name="Solo vocal").click()
    lesson.until(f"{raw}.soloed", lambda names: names == ["vocal"])
    player.get_by_role("button", name="Play").click()
    lesson.until(f"{raw}.playing and {raw}.position > 0.2")

    ab, compared = result_of(lesson, "compare-play"), lesson.output(number_of(lesson, "compare-play"))
    lesson.until(f"{ab}.ready")
    compared.get_by_role("button", name="Play").click()
    lesson.until(f"{ab}.position > 0.2")
    lesson.until(f"{raw}.playing", lambda playing: not playing)
    before = lesson.py(f"{ab}.position")
    compared.get_by_role("slider", name="Position").press("x")
    assert lesson.until(f"{ab}.active", lambda name: name != "unmixed") == "mixed"
    assert lesson.py(f"{ab}.playing")
    assert lesson.py(f"{ab}.position") >= before

    form = lesson.output(number_of(lesson, "ask-form"))
    form.get_by_label("Presence of guitar.flac").select_option("Background")
    lesson.until("builder.request.tracks[4].presence.value", lambda presence: presence == "BACKGROUND")

    page = lesson.output(number_of(lesson, "why-plot"))
    expect(page.locator("img")).to_have_count(8)
    expect(page.locator("img").first).to_have_attribute("alt", re.compile("^kick: gain "))
    poll(lambda: page.locator("img").first.evaluate("image => image.complete && image.naturalWidth > 500"))
    assert lesson.console_errors() == []

    for name, element in (("lesson-00", player), ("lesson-00-compare", compared), ("lesson-00-why", page)):
        element.evaluate("element => element.scrollIntoView({block: 'start'})")
        lesson.screenshot(name)


def test_the_mixing_lesson_runs_all_at_once_with_a_nested_run(open_nb: OpenNotebook) -> None:
    lesson = open_nb("01_mixing.ipynb")
    lesson.run_all()
    assert lesson.py("type(Out[max(Out)]).__name__") == "FinalMix"
    assert lesson.until("services.inbox.received[0].state") == "MIX_TASK_PREVIEW_COMPLETED"
    null = lesson.cells()[number_of(lesson, "stems-null")]["outputs"][0]["text"]
    mix, left = map(float, re.findall(r"(-[\d.]+) dBFS", "".join(null)))
    assert left < mix - 100
    lesson.output(number_of(lesson, "compare-final")).scroll_into_view_if_needed()
    lesson.screenshot("lesson-01")


def test_the_diagnosis_lesson_runs_and_its_widgets_work(open_nb: OpenNotebook) -> None:
    lesson = open_nb("04_diagnose_and_enhance.ipynb")
    lesson.run_all()
    blind = lesson.output(number_of(lesson, "blind-switch"))
    lesson.until(f"{result_of(lesson, 'blind-switch')}.ready")
    blind.get_by_role("button", name="Switch to H", exact=True).click()
    lesson.until(f"{result_of(lesson, 'blind-switch')}.active == 'H'")
    expect(blind.locator(".tb-waveform").first).to_be_hidden()
    quiz = lesson.output(number_of(lesson, "blind-quiz"))
    for letter in "ABCDEFGH":
        quiz.get_by_label(f"Answer for {letter}").select_option("good")
    quiz.get_by_role("button", name="Check").click()
    expect(quiz.get_by_text("1 of 8 right")).to_be_visible()
    lesson.until("(guess.right, guess.answered) == (1, True)")
    expect(blind.locator(".tb-waveform").first).to_be_visible()
    lesson.screenshot("quiz", quiz)

    ab, compared = result_of(lesson, "enhance-preview"), lesson.output(number_of(lesson, "enhance-preview"))
    lesson.until(f"{ab}.ready")
    treble = compared.locator(".tb-info.tb-change").last
    assert float(treble.inner_text().replace("+", "").removesuffix(" dB")) > 3.0
    report = lesson.output(number_of(lesson, "meter-report")).locator("img")
    expect(report).to_have_attribute("alt", re.compile(r"^Loudness over \d+ s: integrated -1\d"))

    form = lesson.output(number_of(lesson, "recombine-form"))
    form.get_by_label("Vocal gain").fill("9")
    expect(form.get_by_text("Is 9; at most 6.0 is allowed", exact=True)).to_be_visible()
    form.get_by_label("Vocal gain").fill("-3")
    lesson.until("not builder.problems and builder.request.vocal_gain_db", lambda gain: gain == -3)
    assert lesson.console_errors() == []
    for name, cell in (("04", "enhance-preview"), ("04-form", "recombine-form"), ("04-report", "meter-report")):
        lesson.screenshot(f"lesson-{name}", lesson.output(number_of(lesson, cell)))


def test_the_cleanup_lesson_runs_and_plays_the_residue(open_nb: OpenNotebook) -> None:
    lesson = open_nb("05_cleanup.ipynb")
    lesson.run_all()
    ab, compared = result_of(lesson, "clean-compare"), lesson.output(number_of(lesson, "clean-compare"))
    lesson.until(f"{ab}.ready")
    expect(compared.locator(".tb-info.tb-change")).to_contain_text("dBFS")
    residue = lesson.output(number_of(lesson, "residue-play"))
    lesson.until(f"{result_of(lesson, 'residue-play')}.ready")
    residue.get_by_role("button", name="Play").click()
    lesson.until(f"{result_of(lesson, 'residue-play')}.position > 0.2")
    nothing = lesson.cells()[number_of(lesson, "harm-nothing")]["outputs"][0]["text"]
    assert "".join(nothing) == "largest difference: 0.0\n"
    assert lesson.console_errors() == []
    lesson.screenshot("lesson-05", compared)
