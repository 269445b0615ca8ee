"""The table of an album batch: for each song its state, progress, loudness before and after, and its preview."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import traitlets

from tonnbook.errors import TonnbookError
from tonnbook.models.masters import Master
from tonnbook.widgets.page import PageWidget, html, script, style, table
from tonnbook.widgets.saved_output import update_static_html

if TYPE_CHECKING:
    from tonnbook.clients.jobs import Job, JobGroup

_HEAD = {"name": "Song", "status": "State", "before": "Before", "after": "After", "message": "Message"}


class AlbumTable(PageWidget):
    """The table of one batch, updated from the thread that polls the jobs. A preview is sent when it is played."""

    _esm = script("jobs/album_table")
    _css = style("jobs/album_table")

    songs: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, batch: JobGroup) -> None:
        self._batch = batch
        super().__init__(songs=_rows(batch))
        self._unsubscribe = batch.on_change(self._update)
        self.on_msg(self._on_message)
        self._update(batch)  # for changes before the subscription

    def plain(self) -> str:
        """Return the batch in one line of text."""
        return repr(self._batch)

    def static_html(self) -> str:
        """Return the state as HTML; it is displayed again when the batch is done."""
        return html("div", html("b", escape(self.plain())), table(_HEAD, self.songs))

    def _update(self, batch: JobGroup) -> None:
        self.songs = _rows(batch)
        if batch.done:
            self._unsubscribe()
            update_static_html(self.static_html(), self.view_id)

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        job = self._batch.jobs.get(str(content.get("name")))
        if content.get("kind") == "preview" and job is not None and job.status == "done":
            try:
                mp3 = job.result().preview.path.read_bytes()
            except TonnbookError as error:
                self.send({"kind": "no preview", "message": str(error)})
            else:
                self.send({"kind": "preview", "name": content["name"]}, buffers=[mp3])


def _rows(batch: JobGroup) -> list[dict[str, Any]]:
    refused = [_row(name, "failed", reason) for name, reason in batch.refused.items()]
    return [_job_row(name, job) for name, job in batch.jobs.items()] + refused


def _job_row(name: str, job: Job[Master]) -> dict[str, Any]:
    row = _row(name, job.status, job.message, job.progress)
    notes = job.result().notes if job.status == "done" else None
    if notes is None:
        return row
    return row | {"before": _lufs_text(notes.before.loudness_lufs), "after": _lufs_text(notes.after.loudness_lufs)}


def _row(name: str, status: str, message: str, progress: float | None = None) -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "progress": progress, "before": "", "after": ""}


def _lufs_text(lufs: float | None) -> str:
    return "silence" if lufs is None else f"{lufs:.1f} LUFS".replace("-", "−")
