"""The card of a job (what it does, its progress, its time and its task id) and `watch`, which displays it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import traitlets

from tonnbook.widgets.jobs.album_table import AlbumTable
from tonnbook.widgets.page import PageWidget, html, script, style
from tonnbook.widgets.saved_output import update_static_html

if TYPE_CHECKING:
    from tonnbook.clients.jobs import Job, JobGroup

J = TypeVar("J", bound="Job[Any] | JobGroup")

_displayed_in: WeakKeyDictionary[object, int | None] = WeakKeyDictionary()
"""The number of the cell that last displayed a job."""


class JobCard(PageWidget):
    """The card of one job, updated from the thread that polls it."""

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
        self._unsubscribe = job.on_change(self._update)
        self.on_msg(lambda *_: self._update(self._job))  # a reloaded page requests the current state
        self._update(job)  # for changes before the subscription

    def plain(self) -> str:
        """Return the job in one line of text."""
        return f"{self.name}: {self.status}{f' {self.progress:.0%}' if self.progress is not None else ''}, {self.elapsed_s:.1f} s"

    def static_html(self) -> str:
        """Return the state as HTML; it is displayed again when the job is done."""
        task = f", task {self.task_id}" if self.task_id else ""
        return html("p", html("b", escape(self.name)), escape(f"{task}: {self.status}. {self.message}"))

    def _update(self, job: Job[Any]) -> None:
        with self.hold_sync():
            for name, value in _state(job).items():
                self.set_trait(name, value)
        if job.done:
            self._unsubscribe()
            update_static_html(self.static_html(), self.view_id)


def watch(job: J) -> J:
    """Display the card of a job, or the table of an album, and return the job.

    The cell continues at once; wait with `await job` or `job.result()`. A job that is the value of a cell is displayed the same way.
    """
    show(job)
    return job


def show(job: Job[Any] | JobGroup) -> None:
    """Display a job's card, or an album's table, once per cell, so that `tb.watch(job)` in its last line does not display two.

    `import tonnbook` registers this with IPython for jobs that are the value of a cell.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    from tonnbook.clients.jobs import Job

    shell = get_ipython()
    cell = shell.execution_count if shell else None
    if cell is not None and _displayed_in.get(job) == cell:
        return
    _displayed_in[job] = cell
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
