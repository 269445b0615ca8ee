"""Files dropped on a form become its rows, and one press of its button mixes them on the studio; live it asks first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from jlab import Notebook
from playwright.sync_api import expect
from test_own_files import drop

from tonnbook import audio_files

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser

LIVE = """
class Live:
    charges_credits, sent = True, []
    def master(self, request):
        self.sent.append(request)
        raise tb.TonnbookError("the test sends nothing")
live = Live()
master = tb.MasteringBuilder(tb.demo.stems()["bass"], client=live); master
"""


PASTE = """(node, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", text);
  node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def tone(folder: Path, name: str, hertz: float) -> bytes:
    """Return a FLAC file of 8 s."""
    wave = 0.2 * np.sin(2 * np.pi * hertz * np.arange(8 * 44100) / 44100)
    return audio_files.write(folder / f"{name}.flac", np.stack([wave, wave]), 44100, bit_depth=16).read_bytes()


def test_files_dropped_on_a_form_are_mixed_with_one_press(
    open_nb: OpenNotebook, write_nb: WriteNotebook, tmp_path: Path
) -> None:
    cells = ["import tonnbook as tb\nservices = tb.offline()\nbuilder = tb.MixBuilder([]); builder", LIVE]
    nb = open_nb(write_nb("send.ipynb", cells)).run_all()
    page = nb.output(0)
    drop(page.locator(".tb-form"), {f"{n}.flac": tone(tmp_path, n, f) for n, f in [("bass", 110), ("lead vox", 440)]})
    expect(page.get_by_text("2 tracks, ready")).to_be_visible()
    page.get_by_label("Select bass.flac").check()
    page.get_by_role("button", name="Move down").click()
    nb.until("[t.instrument.name for t in builder.request.tracks] == ['VOCAL', 'BASS']")
    expect(page.get_by_label("Select bass.flac")).to_be_checked()
    nb.screenshot("form-rows", page)
    before = nb.py("builder.to_json()")
    page.get_by_label("Instrument of lead vox.flac").evaluate(PASTE, "Synth\tBackground\nDrums\tLead\n")
    nb.until(
        "[(t.instrument.name, t.presence.value) for t in builder.request.tracks] == [('SYNTH', 'BACKGROUND'), ('DRUMS', 'LEAD')]"
    )
    expect(page.get_by_label("Presence of bass.flac").locator("option:checked")).to_have_text("Lead")
    page.get_by_label("Style").evaluate(PASTE, before)
    nb.until("[t.instrument.name for t in builder.request.tracks] == ['VOCAL', 'BASS']")
    page.get_by_role("button", name="Mix", exact=True).click()
    expect(page.locator(".tb-player")).to_be_visible(timeout=60000)
    expect(page.get_by_text("Done; the result is below.")).to_be_visible()
    nb.screenshot("form-sent", page)

    page = nb.output(1)
    page.get_by_role("button", name="Master", exact=True).click()
    spend = page.get_by_role("button", name="Spend about 220 credits")
    expect(spend).to_be_visible()
    nb.screenshot("form-asks", page)
    assert nb.py("live.sent") == []
    nb.page.wait_for_timeout(700)  # a double click counts once
    spend.click()
    expect(page.get_by_text("the test sends nothing")).to_be_visible()
    assert nb.py("len(live.sent)") == 1
    assert nb.console_errors() == []


def test_an_album_fits_a_narrow_page_and_has_more_columns(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    nb = open_nb(
        write_nb("album.ipynb", ["import tonnbook as tb\nbuilder = tb.AlbumBuilder(tb.demo.album()); builder"])
    )
    nb.page.set_viewport_size({"width": 900, "height": 1400})
    try:
        page = nb.run_all().output(0)
        expect(page.get_by_text("4 songs, ready")).to_be_visible()
        region = page.get_by_role("region", name="Songs")
        assert region.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
        expect(page.get_by_label("Webhook of 03_basement.flac")).to_be_hidden()
        page.get_by_role("button", name="More columns").click()
        expect(page.get_by_label("Webhook of 03_basement.flac")).to_be_visible()
        assert region.evaluate("node => { node.scrollLeft = 9999; return node.scrollLeft; }") > 0
        page.get_by_role("button", name="Fewer columns").click()
        nb.screenshot("album-900", page)
        nb.py("builder.set('03_basement', webhook_url='nonsense') and 1")
        expect(page.get_by_label("Webhook of 03_basement.flac")).to_be_visible()  # it has an error
    finally:
        nb.page.set_viewport_size({"width": 1280, "height": 1400})
