"""A table that shows how the songs of an album get on: state, progress, loudness before and after, and each one's preview."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import traitlets

from tonnbook.errors import TonnbookError
from tonnbook.models.masters import Master
from tonnbook.widgets.page import PageWidget, html, script, style, table

if TYPE_CHECKING:
    from tonnbook.clients.jobs import Job, JobGroup

_HEAD = {"name": "song", "status": "state", "before": "before", "after": "after", "message": ""}


class AlbumTable(PageWidget):
    """The table of one batch; it follows the jobs from the thread that watches them. Previews are sent when they are played."""

    _esm = script("jobs/album_table")
    _css = style("jobs/album_table")

    songs: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, batch: JobGroup) -> None:
        self._batch = batch
        super().__init__(songs=_rows(batch))
        self._leave = batch.on_change(self._follow)
        self.on_msg(self._hear)
        self._follow(batch)  # what happened before the table listened

    def plain(self) -> str:
        """Return the batch in one line of text."""
        return repr(self._batch)

    def static_html(self) -> str:
        """Return the state at the moment of showing; a saved page does not go on."""
        return html("div", html("b", escape(self.plain())), table(_HEAD, self.songs))

    def _follow(self, batch: JobGroup) -> None:
        self.songs = _rows(batch)
        if batch.done:
            self._leave()

    def _hear(self, _: Any, content: dict[str, Any], __: Any) -> None:
        job = self._batch.jobs.get(str(content.get("name")))
        if content.get("kind") == "preview" and job is not None and job.status == "done":
            try:
                sound = job.result().preview.path.read_bytes()
            except TonnbookError as problem:
                self.send({"kind": "no preview", "message": str(problem)})
            else:
                self.send({"kind": "preview", "name": content["name"]}, buffers=[sound])


def _rows(batch: JobGroup) -> list[dict[str, Any]]:
    bad = [_row(name, "failed", why) for name, why in batch.refused.items()]
    return [_of(name, job) for name, job in batch.jobs.items()] + bad


def _of(name: str, job: Job[Master]) -> dict[str, Any]:
    row = _row(name, job.status, job.message, job.progress)
    notes = job.result().notes if job.status == "done" else None
    if notes is None:
        return row
    return row | {"before": _level(notes.before.loudness_lufs), "after": _level(notes.after.loudness_lufs)}


def _row(name: str, status: str, message: str, progress: float | None = None) -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "progress": progress, "before": "", "after": ""}


def _level(lufs: float | None) -> str:
    return "silence" if lufs is None else f"{lufs:.1f} LUFS".replace("-", "−")
