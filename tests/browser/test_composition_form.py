"""The composition form in a real JupyterLab: prompts are read while they are typed, and sections have no gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from jlab import Notebook
from playwright.sync_api import expect

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser


@pytest.fixture
def form_nb(open_nb: OpenNotebook, write_nb: WriteNotebook) -> Notebook:
    """A form that begins with a prompt."""
    cells = ["import tonnbook as tb\nbuilder = tb.CompositionBuilder('20 seconds of calm pop'); builder"]
    return open_nb(write_nb("composing.ipynb", cells)).run_all()


def test_a_prompt_is_read_while_it_is_typed(form_nb: Notebook) -> None:
    page = form_nb.output(0)
    page.get_by_text("calm: emotion calm").wait_for()
    page.get_by_role("textbox", name="Prompt").fill("10 seconds of purple techno, then sad")
    page.get_by_text("purple: not understood").wait_for()
    page.get_by_text("electronic, fast: energetic 5 s, then sad 5 s").wait_for()
    form_nb.until("builder.request.prompt", lambda v: "techno" in v)
    expect(page.get_by_role("tabpanel")).to_contain_text('"prompt": "10 seconds of purple techno')
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("CompositionRequest(")
    page.get_by_role("spinbutton", name="Seed").fill("7")
    page.get_by_role("spinbutton", name="Seed").press("Enter")
    form_nb.until("builder.request.seed", lambda v: v == 7)
    form_nb.py("builder.load(tb.CompositionRequest(prompt='calm', genre='rnb', tempo='fast', seed=7)) and 1")
    page.get_by_text("Overrides the prompt: genre rnb; tempo fast").wait_for()
    page.get_by_role("button", name="Remove", exact=True).click()
    form_nb.until("builder.request.genre is None and builder.request.seed == 7")
    assert form_nb.console_errors() == []


def test_sections_are_split_and_moved_without_gaps(form_nb: Notebook) -> None:
    page = form_nb.output(0)
    page.get_by_role("button", name="Parameters").click()
    expect(page.get_by_role("spinbutton", name="Duration in seconds")).to_have_value("20")
    form_nb.py("builder.set(duration_ms=60000) and 1")
    page.get_by_role("combobox", name="Genre").select_option("indie")
    page.get_by_role("button", name="Split").click()
    page.get_by_role("separator").press("ArrowRight")
    expect(page.get_by_role("separator")).to_have_attribute("aria-valuenow", "30.5")
    form_nb.until("[s.length_ms for s in builder.request.sections]", lambda v: v == [30_500, 29_500])
    page.get_by_role("spinbutton", name="Duration in seconds").fill("20")
    page.get_by_role("spinbutton", name="Duration in seconds").press("Enter")
    form_nb.until("builder.request.duration_ms", lambda v: v == 20_000)
    starts = form_nb.until("[(s.start_ms, s.end_ms) for s in builder.request.sections]", lambda v: len(v) == 2)
    assert starts[0][1] == starts[1][0]
    assert starts[1][1] == 20_000
    page.get_by_role("spinbutton", name="Duration in seconds").fill("0.5")
    page.get_by_role("spinbutton", name="Duration in seconds").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("0.5 s in all is not possible: 2 sections take 2 to 900 s")
    form_nb.screenshot("composition-error", page)
    page.get_by_role("spinbutton", name="Duration in seconds").fill("20")
    page.get_by_role("spinbutton", name="Duration in seconds").press("Enter")
    expect(page.get_by_role("alert")).to_be_empty()
    blocked = page.get_by_role("combobox", name="Emotion of section 1").locator("option[value=energetic]")
    expect(blocked).to_be_disabled()
    expect(blocked).to_have_attribute("title", re.compile("slow tempo"))
    assert form_nb.console_errors() == []


def test_a_border_follows_the_pointer_and_errors_are_displayed(form_nb: Notebook) -> None:
    page, mouse = form_nb.output(0), form_nb.page.mouse
    page.get_by_role("button", name="Parameters").click()
    form_nb.py("builder.set(sections=[('motivational', 60)]) and 1")
    page.get_by_role("combobox", name="Genre").select_option("rnb")
    page.get_by_role("combobox", name="Tempo").select_option("slow")
    page.get_by_text('Emotions marked "blocked" are not offered for R&B at slow tempo').wait_for()
    page.get_by_role("button", name="Split").click()
    page.get_by_text("Sections 1, 2: motivational rnb cannot be composed at slow tempo").wait_for()
    border = page.get_by_role("separator").bounding_box()
    assert border is not None
    x, y = border["x"] + border["width"] / 2, border["y"] + border["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 123, y, steps=4)
    seconds = page.get_by_role("spinbutton", name="Seconds of section 1")
    shown = float(seconds.input_value())
    assert shown < 29  # before the button is released
    assert shown * 10 == round(shown * 10)
    mouse.up()
    for n in (1, 2):
        page.get_by_role("combobox", name=f"Emotion of section {n}").select_option("calm")
    form_nb.until("not builder.problems")
    lengths = form_nb.py("[s.length_ms for s in builder.request.sections]")
    assert lengths == [round(shown * 1000), 60_000 - round(shown * 1000)]
    assert form_nb.console_errors() == []


def test_one_press_composes_on_the_studio(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    cells = [
        "import tonnbook as tb\nservices = tb.offline()\nbuilder = tb.CompositionBuilder('4 seconds of calm pop, 90 bpm'); builder"
    ]
    nb = open_nb(write_nb("compose.ipynb", cells)).run_all()
    page = nb.output(0)
    page.get_by_role("button", name="Parameters").click()
    expect(page.get_by_text("Parameters cannot ask for 90 bpm; a prompt can.")).to_be_visible()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".tb-player")).to_be_visible(timeout=60000)
    assert nb.py("builder.result.sections[-1].length_ms") == 4000
    nb.screenshot("composition-sent", page)
    assert nb.console_errors() == []
