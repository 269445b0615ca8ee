"""Files dropped on the page are in the kernel byte for byte, also after the connection was cut in the middle."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from jlab import Notebook
from playwright.sync_api import Locator, expect

from tonnbook import audio_files

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser

# Loses four chunks after the first two, then closes the socket, as a proxy does.
CUT = """() => {
  const send = WebSocket.prototype.send;
  let large = 0;
  WebSocket.prototype.send = function (data) {
    large += (data.byteLength ?? 0) > 1e6;
    if (large < 3 || large > 6 || !(data.byteLength > 1e6)) return send.call(this, data);
    if (large === 6) { WebSocket.prototype.send = send; this.close(4000); }
  };
}"""

DROP = """(node, files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
  for (const kind of ["dragover", "drop"]) node.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def noise(path: Path, seconds: float) -> Path:
    """Write stereo noise, which no codec or protocol can shorten."""
    audio = 0.1 * np.random.default_rng(1).standard_normal((2, round(seconds * 44100)))
    return audio_files.write(path, audio, 44100, bit_depth=16)


def drop(target: Locator, files: dict[str, bytes]) -> None:
    """Drop files on an element."""
    target.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files.items()])


def test_chosen_files_survive_a_cut_connection(open_nb: OpenNotebook, write_nb: WriteNotebook, tmp_path: Path) -> None:
    nb = open_nb(write_nb("drop.ipynb", ["import tonnbook as tb\ndrop = tb.DropZone(); drop"])).run_all()
    files = [
        noise(tmp_path / f"{name}.wav", 80) for name in ("kick", "lead vox")
    ]  # 14 MB: longer than a message may be
    out = nb.output(0)
    nb.page.evaluate(CUT)
    with nb.page.expect_file_chooser() as chooser:
        out.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files)
    expect(out.get_by_role("progressbar").first).to_be_visible()
    nb.screenshot("dropzone-sending", out)
    expect(out.get_by_role("button", name="Remove lead vox")).to_be_visible(timeout=30000)
    sums = nb.py("[__import__('hashlib').sha256(p.read_bytes()).hexdigest() for p in drop.files.values()]")
    assert sums == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    expect(out.get_by_text("Kick (guessed)")).to_be_visible()
    expect(out.get_by_text("Lead vocal (guessed)")).to_be_visible()
    nb.screenshot("dropzone", out)


def test_what_cannot_be_used_is_refused_before_it_is_sent(
    open_nb: OpenNotebook, write_nb: WriteNotebook, tmp_path: Path
) -> None:
    nb = open_nb(write_nb("refuse.ipynb", ["import tonnbook as tb\ndrop = tb.DropZone(); drop"])).run_all()
    zone = nb.output(0).locator(".tb-dropzone")
    good = audio_files.write(tmp_path / "bass.flac", np.zeros((1, 44100)), 44100, bit_depth=16).read_bytes()
    drop(zone, {"notes.txt": b"hello", "fake.wav": b"no sound at all", "empty.wav": b"", "bass.flac": good})
    for words in ("not accepted; WAV", "not a WAV file", "empty; export it again"):
        expect(zone.get_by_text(words)).to_be_visible()
    expect(zone.get_by_role("button", name="Remove bass")).to_be_visible()
    nb.screenshot("dropzone-refused", zone)
    assert nb.py("list(drop.files), len(list(drop.folder.iterdir()))") == (["bass"], 1)
    for name in ("notes.txt", "fake.wav", "empty.wav"):
        zone.get_by_role("button", name=f"Close {name}").click()
    zone.get_by_role("button", name="Remove bass").click()
    assert nb.until("not drop.files")
    assert nb.console_errors() == []
