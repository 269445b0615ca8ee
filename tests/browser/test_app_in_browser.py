"""`tonnbook app`: from eight dropped files to the archive of everything, on a page without code that loads nothing from elsewhere."""

from __future__ import annotations

import os
import socket
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from jlab import ARTEFACTS
from playwright.sync_api import BrowserContext, Page, expect
from programs import running
from test_forms_in_lab import tone
from test_own_files import drop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEMS = {"kick": 60, "snare": 190, "hi-hat": 7000, "bass": 80, "guitar": 330, "pad": 520, "synth": 880, "lead vox": 440}
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of the app, with its token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {name: str(tmp_path / name) for name in FOLDERS}
    with running([sys.executable, "-m", "tonnbook", "app", "--no-browser", "--port", str(port)], env) as app:
        assert app.stderr is not None
        yield next(line.strip() for line in app.stderr if line.startswith("http://127.0.0.1:"))


def test_eight_dropped_files_come_back_as_mix_stems_and_master(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    page: Page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address, timeout=60000)
    zone = page.locator(".tb-dropzone")
    zone.wait_for(timeout=60000)
    assert page.title() == "Your song"
    assert "tb.DropZone" not in page.content()
    expect(page.locator(".tb-code-export").first).to_be_hidden()
    drop(zone, {f"{name}.flac": tone(tmp_path, name, hertz) for name, hertz in STEMS.items()})
    form = page.locator(".tb-form").first
    expect(form.get_by_label("Select lead vox.flac")).to_be_visible(timeout=60000)  # the last one; the demo is gone
    expect(form.get_by_text("8 tracks, ready")).to_be_visible()
    form.get_by_role("button", name="Mix", exact=True).click()
    console = page.locator(".tb-console")
    expect(console).to_be_visible(timeout=90000)
    page.screenshot(path=ARTEFACTS / "app-console.png", full_page=True)
    console.get_by_role("button", name="Render", exact=True).click()
    master = page.locator(".tb-form").nth(1)
    expect(master).to_be_visible(timeout=90000)
    master.get_by_role("button", name="Master", exact=True).click()
    expect(master.get_by_text("Done; the result is below.")).to_be_visible(timeout=90000)
    with page.expect_download(timeout=60000) as download:
        page.get_by_role("button", name="Download everything").click()
    page.screenshot(path=ARTEFACTS / "app.png", full_page=True)
    assert download.value.suggested_filename == "my song.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
    assert {f"mix/stems/{name}.wav" for name in STEMS} | {"mix/mix.wav", "master/master.wav"} <= names
    assert {url for url in asked if not url.startswith((address.split("?")[0], "blob:", "data:"))} == set()
    assert errors == []
    page.close()
