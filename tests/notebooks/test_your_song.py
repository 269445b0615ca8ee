"""The lesson without code: four presses from the recordings to the archive of everything."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat

LESSON = Path(__file__).parents[2] / "notebooks" / "06_your_song.ipynb"
STEMS = {"kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal"}


def press(form: Any, kind: str = "send", **message: Any) -> None:
    """Send a message as a button of the page does."""
    form._handle_custom_msg({"kind": kind, **message}, [])


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_five_cells_and_four_presses_make_everything() -> None:
    code = [cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "code"]
    assert len(code) == 5
    names: dict[str, Any] = {}
    for source in code[:4]:
        exec(source, names)
    download = eval(code[4], names)
    sent: list[Any] = []
    download.send = lambda message, buffers=None: sent.append((message, buffers))
    try:
        press(download, "collect")
        assert download.state["message"] == "Nothing has been made yet: preview and mix and master have no result."
        assert names["mix"].plain() == "MixBuilder(8 tracks, ready)"
        press(names["mix"])
        press(until(lambda: names["console"].made))
        press(until(lambda: names["master"].made))
        until(lambda: names["master"].result)
        press(download, "collect")
        until(lambda: download.state["state"] == "ready")
        state = download.state
        for offset in range(0, state["size"], state["chunk"]):
            press(download, "chunk", number=state["number"], offset=offset)
        press(download, "chunk", number=state["number"] - 1, offset=0)  # of an earlier archive
        data = b"".join(buffers[0] for message, buffers in sent)
        assert len(data) == state["size"]
    finally:
        names["services"].close()
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        found = set(archive.namelist())
        assert {f"mix/stems/{stem}.wav" for stem in STEMS} | {"mix/mix.wav", "master/master.wav"} <= found
        for part in ("preview", "mix", "master"):
            assert {f"{part}/request.json", f"{part}/settings.json"} <= found
        texts = [archive.read(name).decode() for name in found if name.endswith(".json")]
    assert all(json.loads(text) for text in texts)
    assert not any(re.search(r"\?[\w-]+=", text) or str(Path.home()) in text for text in texts)
