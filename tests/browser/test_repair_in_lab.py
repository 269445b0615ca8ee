"""Repair and mastering in a real JupyterLab: forms without a table, the drawing below a comparison, and switching between sounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from jlab import Notebook, poll
from playwright.sync_api import expect

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser

SOUNDS = """\
import numpy as np, tonnbook as tb
from pathlib import Path
from tempfile import mkdtemp
from tonnbook import audio_files
from tonnbook.models.cleanup import Cleanup, CleanupNotes
from tonnbook.models.notes import Series
from tonnbook.models.files import RemoteFile

RATE, folder = 44100, Path(mkdtemp())
def file(name, peak=0.5, hz=440, seconds=6):
    wave = peak * np.sin(2 * np.pi * hz * np.arange(seconds * RATE) / RATE)
    return audio_files.write(folder / name, np.stack([wave, wave]), RATE, bit_depth=16)
"""


def test_a_form_without_a_table_is_edited_validated_and_exported(
    open_nb: OpenNotebook, write_nb: WriteNotebook
) -> None:
    cell = "import tonnbook as tb\nbuilder = tb.EnhancementBuilder('/home/me/my mix.wav', style='POP'); builder"
    nb = open_nb(write_nb("enhance-form.ipynb", [cell])).run_all()
    form = nb.output(0)
    code = form.get_by_role("tabpanel")
    form.get_by_label("Style").select_option("Warm")
    nb.until("builder.request.style.value == 'WARM'")
    expect(code).to_contain_text('"musicalStyle": "WARM"')
    form.get_by_label("Fix the tonal profile").uncheck()
    nb.until("not builder.request.fix_tone")
    expect(code).to_contain_text('"fixTonalProfileIssues": false')
    form.get_by_role("tab", name="Python").click()
    expect(code).to_contain_text("fix_tone=False")

    file = form.get_by_label("File", exact=True)
    expect(file).to_have_value("my mix.wav")
    file.fill("https://files.example/new mix.wav?signature=secret")
    file.press("Tab")
    expect(file).to_have_value("https://files.example/new mix.wav?…")
    nb.until("builder.request.source", lambda source: source.endswith("secret"))
    assert "secret" not in form.inner_html()
    assert "/home" not in form.inner_html()

    form.get_by_text("More", exact=True).click()
    start = form.get_by_label("Preview start")
    start.fill("-3")
    start.press("Tab")
    nb.until("len(builder.problems) == 1")
    expect(start).to_have_attribute("aria-invalid", "true")
    expect(form.locator(".tb-state")).to_have_text("1 error")
    described = start.get_attribute("aria-describedby")
    expect(form.locator(f"#{described}")).to_have_text("Is -3; at least 0.0 is allowed")
    expect(code).to_have_text("# Fix the marked fields first.")
    form.get_by_role("alert").get_by_role("button").click()
    expect(start).to_be_focused()
    start.fill("3")
    start.press("Tab")
    nb.until("not builder.problems and builder.request.preview_start_s == 3")
    expect(start).not_to_have_attribute("aria-invalid", "true")
    expect(form.locator(".tb-state")).to_have_text("ready")
    nb.py("builder.set(loudness='CD_LOUDNESS', source='/home/me/other.wav') and None")
    expect(form.get_by_label("Loudness preference")).to_have_value("CD (-9 LUFS)")
    expect(file).to_have_value("other.wav")
    assert nb.console_errors() == []
    for dark in (False, True):
        nb.theme(dark)
        nb.screenshot(f"form-enhance-{'dark' if dark else 'light'}", form)
    nb.theme(dark=False)


def test_the_form_of_a_master_is_edited_validated_and_exported(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    cell = (
        "import tonnbook as tb\nbuilder = tb.MasteringBuilder('https://files.example/my mix.wav', style='POP'); builder"
    )
    nb = open_nb(write_nb("mastering-form.ipynb", [cell])).run_all()
    form = nb.output(0)
    code, status = form.get_by_role("tabpanel"), form.locator(".tb-state")
    expect(status).to_have_text("ready")
    form.get_by_label("Style").select_option("Electronic")
    form.get_by_label("Loudness", exact=True).select_option(index=0)
    nb.until("(builder.request.style.value, builder.request.target_lufs) == ('ELECTRONIC', -14.0)")
    expect(code).to_contain_text('"trackData": [')
    expect(code).to_contain_text('"desiredLoudness": "LOW"')
    forced = form.get_by_label("Forced loudness")
    forced.fill("-12")
    expect(form.get_by_text("used only with Force loudness")).to_be_visible()
    form.get_by_label("Force loudness").check()
    nb.until("builder.request.target_lufs == -12.0")
    expect(form.get_by_text("used only with Force loudness")).not_to_be_visible()
    start = form.get_by_label("Preview start")
    start.fill("-3")
    start.press("Tab")
    expect(status).to_have_text("1 error")
    form.get_by_role("alert").get_by_role("button").click()
    expect(start).to_be_focused()
    start.fill("12.5")
    start.press("Tab")
    nb.until("not builder.problems and builder.request.preview_start_s == 12.5")
    expect(status).to_have_text("ready")
    form.get_by_role("tab", name="Python").click()
    expect(code).to_contain_text("tb.MasteringRequest(")
    assert nb.console_errors() == []
    nb.screenshot("form-master", form)


def test_what_changed_is_read_at_the_playhead_and_under_the_pointer(
    open_nb: OpenNotebook, write_nb: WriteNotebook
) -> None:
    make = """\
low, half = audio_files.read(file('low.wav', 0.2, 125))[0], 3 * RATE
high = audio_files.read(file('high.wav', 0.1, 4000))[0]
before = audio_files.write(folder / 'before.wav', low + high, RATE)
after = audio_files.write(folder / 'after.wav', low + np.where(np.arange(6 * RATE) < half, 0.5, 1.0) * high, RATE)
ab = tb.compare(before, after, changes=True); ab"""
    nb = open_nb(write_nb("changed.ipynb", [SOUNDS, make])).run_all()
    player = nb.output(1)
    nb.until("ab.ready")
    expect(player.get_by_text("What changed.")).to_be_visible()
    poll(lambda: "4 kHz" in player.locator(".tb-strip.tb-change").all_inner_texts())
    labels = player.locator(".tb-strip.tb-change").all_inner_texts()
    reading = player.locator(".tb-info.tb-change").nth(labels.index("4 kHz"))
    slider = player.get_by_role("slider", name="Position")
    box = slider.bounding_box()
    assert box is not None

    def value() -> float:
        return float(reading.inner_text().replace("\N{MINUS SIGN}", "-").removesuffix(" dB"))

    fourth, late = nb.py(
        "[v for r in ab.changes['rows'] if r['label'] == '4 kHz' for v in (r['values'][8], r['values'][-4])]"
    )
    assert late - fourth == pytest.approx(6.0, abs=0.2)
    nb.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 10)
    poll(value, lambda v: v == pytest.approx(fourth, abs=0.05))
    nb.page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 10)
    poll(value, lambda v: v == pytest.approx(late, abs=0.05))
    nb.page.mouse.move(2, 2)
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(reading).to_have_text(f"\N{MINUS SIGN}{abs(fourth):.1f} dB")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^0:02.0 of 0:06.0; loudness "))
    up, down = (
        player.locator(f".tb-lane.tb-change path.tb-change-{kind}").nth(labels.index("4 kHz"))
        for kind in ("more", "less")
    )
    assert up.get_attribute("d") != down.get_attribute("d")
    colours = {path.evaluate("path => getComputedStyle(path).fill") for path in (up, down)}
    assert len(colours) == 2
    assert nb.console_errors() == []
    nb.screenshot("player-changes", player)


def test_the_level_of_what_was_removed_is_drawn_and_announced(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    make = """\
before, after = file('voice.wav', 0.5), file('voice cleaned.wav', 0.49)
notes = CleanupNotes(sound_source='VOCAL_GROUP', removed=Series(hop_s=0.1, values=(-50.0,) * 30 + (-30.0,) * 30))
cleaned = Cleanup('voice.wav', RemoteFile(after.name, lambda _: after), notes, before)
ab = tb.compare(cleaned); ab"""
    nb = open_nb(write_nb("residue.ipynb", [SOUNDS, make])).run_all()
    player = nb.output(1)
    nb.until("ab.ready")
    reading = player.locator(".tb-info.tb-change")
    expect(reading).to_have_text("\N{MINUS SIGN}50.0 dBFS")
    nb.py("ab.seek(5.0)")
    expect(reading).to_have_text("\N{MINUS SIGN}30.0 dBFS")
    spoken = "0:05.0 of 0:06.0; removed \N{MINUS SIGN}30.0 dBFS"
    expect(player.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", spoken)
    expect(player.locator(".tb-change-legend")).to_contain_text("at its loudest, 3.0 s into the recording")
    assert nb.console_errors() == []


def test_one_key_switches_between_several_sounds(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    cell = "many = tb.switch({n: file(n + '.wav', p) for n, p in (('A', 0.5), ('B', 0.25), ('rest', 0.1))}, matched=False); many"
    nb = open_nb(write_nb("many.ipynb", [SOUNDS, cell])).run_all()
    player = nb.output(1)
    nb.until("many.ready")
    expect(player.get_by_role("button", name="Equal loudness")).to_have_attribute("aria-pressed", "false")
    expect(player.get_by_text("turned down")).not_to_be_visible()
    player.get_by_role("button", name="Play", exact=True).click()
    nb.until("many.playing")
    slider = player.get_by_role("slider", name="Position")
    for name in ("B", "rest", "A"):
        slider.press("x")
        nb.until(f"many.active == {name!r}")
    slider.press("3")
    nb.until("many.active == 'rest'")
    slider.press("4")  # there is no fourth sound
    player.get_by_role("button", name="Switch to B", exact=True).click()
    nb.until("many.active == 'B'")
    expect(player.get_by_role("button", name="Switch to C: rest")).to_have_attribute("aria-pressed", "false")
    slider.press("g")
    nb.until("many.matched")
    expect(player.get_by_text("turned down 14.0 dB")).to_be_visible()
    assert nb.console_errors() == []
