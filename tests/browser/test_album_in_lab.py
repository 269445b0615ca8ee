"""The table of an album in a real JupyterLab: states, levels, a song that cannot be read, and the previews."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from jlab import Notebook
from playwright.sync_api import expect

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SONGS = """\
from pathlib import Path
import tonnbook as tb
from tonnbook import audio_files
services = tb.offline()
folder = services.tonn.downloads
folder.mkdir(parents=True, exist_ok=True)
songs = {}
for name, path in list(tb.demo.album().items())[:2]:
    audio, rate = audio_files.read(path)
    songs[name] = audio_files.write(folder / f"{name}.wav", audio[:, : 6 * rate], rate)
songs["broken"] = folder / "broken.wav"
songs["broken"].write_bytes(b"no sound at all" * 100)
"""
RUN = """\
batch = services.tonn.master_all(songs, to=folder / "masters", desired_loudness="LOW", final=False)
tb.watch(batch)
"""

# Playback may start late in a browser, and stopping it before that rejects the promise of play(). Here it always starts late.
SLOW_START = """() => {
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
        const stopped = new Promise((_, fail) =>
            this.addEventListener("pause", () => fail(new DOMException("interrupted by pause()", "AbortError"))));
        stopped.catch(() => {});
        return play.call(this).then(() => stopped);
    };
}"""


def test_the_table_follows_the_songs_and_plays_their_previews(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    nb = open_nb(write_nb("album.ipynb", [SONGS, RUN])).run_all()
    table = nb.output(1)
    assert len(nb.cells()[1]["outputs"]) == 2  # the table and its static HTML, without the text of the batch
    row = {
        name: table.get_by_role("row").filter(has_text=name) for name in ("01_night_bus", "02_tabla_street", "broken")
    }
    for name in ("01_night_bus", "02_tabla_street"):
        expect(row[name].get_by_text("done", exact=True)).to_be_visible(timeout=60000)
        expect(row[name].locator(".tb-level").last).to_have_text("\u221214.0 LUFS")
        expect(row[name].get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(row["broken"].get_by_text("failed", exact=True)).to_be_visible()
    expect(row["broken"]).to_contain_text("broken.wav")
    expect(row["broken"].get_by_role("button")).to_be_disabled()

    first, second = (table.get_by_role("button", name=f"Play the preview of {n}") for n in list(row)[:2])
    nb.page.evaluate(SLOW_START)
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "false")
    assert nb.console_errors() == []
    nb.screenshot("album-table", table)
