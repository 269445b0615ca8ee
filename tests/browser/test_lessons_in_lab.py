"""The first lesson as a person meets it: opened in JupyterLab, run, listened to, clicked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from jlab import Notebook
from playwright.sync_api import expect

OpenNotebook = Callable[..., Notebook]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def number_of(notebook: Notebook, cell_id: str) -> int:
    return [cell["id"] for cell in notebook.cells()].index(cell_id)


def result_of(notebook: Notebook, cell_id: str) -> str:
    """Return how the kernel calls what a cell showed: Out[2]."""
    return f"Out[{notebook.cells()[number_of(notebook, cell_id)]['execution_count']}]"


def test_the_first_lesson_is_run_heard_and_clicked(open_nb: OpenNotebook) -> None:
    lesson = open_nb("00_start_here.ipynb")
    started = time.monotonic()
    lesson.run_all()
    took_s = time.monotonic() - started

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
    assert lesson.until(f"{ab}.active", lambda name: name != "as handed in") == "mixed"
    assert lesson.py(f"{ab}.playing")
    assert lesson.py(f"{ab}.position") >= before

    form = lesson.output(number_of(lesson, "ask-form"))
    form.get_by_label("Presence of guitar.flac").select_option("Background")
    lesson.until("builder.request.tracks[4].presence.value", lambda presence: presence == "BACKGROUND")

    page = lesson.output(number_of(lesson, "why-plot"))
    expect(page.locator("img")).to_have_count(8)
    expect(page.locator("img").first).to_have_attribute("alt", re.compile("^kick: gain "))
    assert page.locator("img").first.evaluate("image => image.complete && image.naturalWidth > 500")
    assert took_s < 60
    assert lesson.complaints() == []

    for name, place in (("lesson-00", player), ("lesson-00-compare", compared), ("lesson-00-why", page)):
        place.evaluate("place => place.scrollIntoView({block: 'start'})")
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
