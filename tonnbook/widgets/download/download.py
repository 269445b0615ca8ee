"""`Download`: a button that saves everything that was made as one zip archive on the user's own computer.

The archive is sent in chunks that the page requests. So it works wherever the kernel runs, and continues after the connection was cut.
"""

from __future__ import annotations

import contextvars
import tempfile
from pathlib import Path
from threading import RLock, Thread
from typing import Any

import traitlets

from tonnbook.errors import TonnbookError
from tonnbook.widgets.download.archive import Made, write_archive
from tonnbook.widgets.page import PageWidget, html, script, style

_CHUNK_BYTES = 2**21


class Download(PageWidget):
    """A button that saves what was made as one zip archive: sounds, requests, settings and their reasons.

    Parameters
    ----------
    name
        Name of the archive, without its ending.
    parts
        Forms, or places for forms (`form.then(...)`): each is a folder of the archive.

    >>> tb.Download("my song", mix=console, master=master)
    """

    _esm = script("download/download")
    _css = style("download/download")

    state: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What the page displays: state ("idle", "collecting", "ready", "failed") and message; when ready, the size and number of the archive."""
    name = traitlets.Unicode("").tag(sync=True)

    def __init__(self, name: str = "my song", /, **parts: Made) -> None:
        if not parts:
            raise TypeError("Download needs at least one form: tb.Download(mix=mix)")
        self._parts = parts
        self._lock = RLock()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._path = Path()
        self._number = 0
        super().__init__(name=f"{name}.zip", state={"state": "idle", "message": ""})
        self.on_msg(self._on_page_message)

    @property
    def made(self) -> list[str]:
        """The names of the parts that have a result."""
        return [name for name, part in self._parts.items() if part.result is not None]

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the archive to a file; return its path. Raises FileExistsError unless `overwrite` is true, TonnbookError for no results."""
        path = Path(path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} exists already: choose another name, or pass overwrite=True to replace it")
        if not self.made:
            raise TonnbookError(self._nothing())
        part = path.with_name(f"{path.name}.part")
        try:
            return write_archive(part, self._parts).replace(path)
        finally:
            part.unlink(missing_ok=True)

    def plain(self) -> str:
        """Return the button in one line of text."""
        return f"Download({', '.join(self.made) or 'nothing made yet'})"

    def static_html(self) -> str:
        """Return what the archive has in it."""
        return html("p", f"A zip archive with {', '.join(self._parts)}: run the cell to save it.")

    def _nothing(self) -> str:
        return f"Nothing has been made yet: {' and '.join(self._parts)} have no result."

    def _on_page_message(self, _: object, message: dict[str, Any], __: list[memoryview]) -> None:
        match message:
            case {"kind": "collect"}:
                with self._lock:
                    if self.state["state"] == "collecting":
                        return
                    if not self.made:
                        self._say("failed", self._nothing())
                        return
                    self._say("collecting", "")
                Thread(target=contextvars.copy_context().run, args=(self._collect,), daemon=True).start()
            case {"kind": "chunk", "number": int(number), "offset": int(offset)} if number == self._number:
                with self._path.open("rb") as file:
                    file.seek(max(0, offset))
                    self.send({"kind": "chunk", "number": number, "offset": offset}, [file.read(_CHUNK_BYTES)])

    def _collect(self) -> None:
        """Write the archive, and tell the page that it can be fetched. An earlier archive is removed."""
        try:
            folder = tempfile.TemporaryDirectory(prefix="tonnbook-download-", ignore_cleanup_errors=True)
            path = write_archive(
                Path(folder.name) / "all.zip", self._parts, lambda name: self._say("collecting", f"Collecting {name}")
            )
        except (TonnbookError, OSError) as error:
            self._say("failed", str(error))
            return
        with self._lock:
            if self._temporary is not None:
                self._temporary.cleanup()
            self._temporary, self._path, self._number = folder, path, self._number + 1
            missing = [name for name in self._parts if name not in self.made]
            note = f"Without {', '.join(missing)}, which has not been made yet." if missing else ""
            self._say("ready", note, size=path.stat().st_size, number=self._number, chunk=_CHUNK_BYTES)

    def _say(self, state: str, message: str, **more: Any) -> None:
        self.state = {"state": state, "message": message, **more}
