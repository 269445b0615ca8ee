"""A card that shows how a job gets on: what it does, how far it is, how long it has taken, and its id to find it again."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import traitlets

from tonnbook.widgets.jobs.album_table import AlbumTable
from tonnbook.widgets.page import PageWidget, html, script, style

if TYPE_CHECKING:
    from tonnbook.clients.jobs import Job, JobGroup

J = TypeVar("J", bound="Job[Any] | JobGroup")

_shown_in: WeakKeyDictionary[object, int | None] = WeakKeyDictionary()
"""The number of the cell that showed a job last."""


class JobCard(PageWidget):
    """The card of one job; it follows the job from the thread that watches it."""

    _esm = script("jobs/job_card")
    _css = style("jobs/job_card")

    name = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("running").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    task_id = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Float(None, allow_none=True).tag(sync=True)
    elapsed_s = traitlets.Float(0.0).tag(sync=True)

    def __init__(self, job: Job[Any]) -> None:
        self._job = job
        super().__init__(**_state(job))
        self._leave = job.on_change(self._follow)
        self.on_msg(lambda *_: self._follow(self._job))  # a page that was reloaded wants to know how late it is
        self._follow(job)  # what happened before the card listened

    def plain(self) -> str:
        """Return the job in one line of text."""
        return f"{self.name}: {self.status}{f' {self.progress:.0%}' if self.progress is not None else ''}, {self.elapsed_s:.1f} s"

    def static_html(self) -> str:
        """Return the state at the moment of showing; a saved page does not go on."""
        task = f", task {self.task_id}" if self.task_id else ""
        return html(
            "p", html("b", escape(self.name)), escape(f"{task}: {self.status} when this was shown. {self.message}")
        )

    def _follow(self, job: Job[Any]) -> None:
        with self.hold_sync():
            for name, value in _state(job).items():
                self.set_trait(name, value)
        if job.done:
            self._leave()


def watch(job: J) -> J:
    """Show a card for a job, or a table for the songs of an album, and return what was given.

    The cell goes on at once; wait with `await job` or `job.result()`. A job that is the value of a cell shows itself so, too.
    """
    show(job)
    return job


def show(job: Job[Any] | JobGroup) -> None:
    """Show a job's card, or an album's table; once in a cell, so that `tb.watch(job)` as its last line does not show two.

    `import tonnbook` has IPython call this for a job that is the value of a cell.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    from tonnbook.clients.jobs import Job

    shell = get_ipython()
    cell = shell.execution_count if shell else None
    if cell is not None and _shown_in.get(job) == cell:
        return
    _shown_in[job] = cell
    display(JobCard(job) if isinstance(job, Job) else AlbumTable(job))


def _state(job: Job[Any]) -> dict[str, Any]:
    return {
        "name": job.name,
        "status": job.status,
        "message": job.message,
        "task_id": job.task_id or "",
        "progress": job.progress,
        "elapsed_s": job.elapsed_s,
    }
