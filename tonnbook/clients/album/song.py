"""Master one song of an album, from its file to its master on disk: call `master_song` again until it is done.

`master_song` uses only its arguments and the song's record, so it can run in a thread, in another process or on a cluster, and
it can be killed at any moment: the next call continues from there. `payments` says what is paid, and how it is paid once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from tonnbook.clients.album.payments import SongOrder
from tonnbook.clients.album.record import SongRecord, State, record_path, sha256
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.jobs import StillRunning
from tonnbook.clients.mastering import TaskFailed, create_master, poll_final, poll_preview
from tonnbook.errors import (
    NotAuthorised,
    NotFound,
    OutOfCredits,
    RequestRejected,
    TonnbookError,
    TooManyRequests,
    Unreachable,
)
from tonnbook.models.mastering import MasteringRequest, PreviewMasterResults

T = TypeVar("T")
Report = Callable[[float | None, str, str | None], None]
"""Called with the progress of the song (0 to 1, None if unknown), what is being done, and the task's id once it is known."""

PREVIEWS = "previews"
_BUSY_S = 600.0
_UPLOADED, _MASTERED = 0.1, 0.9  # progress when the upload ends, and when the mastering ends
_SLICE_S = 0.1
_LOST_PREVIEW_RETRY_S = 3.0  # for the preview of a master that exists

COSTS_NOTHING = (RequestRejected, NotAuthorised, OutOfCredits, NotFound, TooManyRequests)
"""Answers of a server that has done nothing, and charged nothing."""


class Stopped(TonnbookError):
    """The client was closed: nothing more is ordered."""


def master_song(order: SongOrder, http: Http, report: Report = lambda progress, message, task_id: None) -> SongRecord:
    """Do what remains to be done for a song; return its record. Raises TonnbookError where it cannot be done."""
    return _Song(order, http, report).run()


class _Song:
    def __init__(self, order: SongOrder, http: Http, report: Report) -> None:
        self._order = order
        self._http = http
        self._files = Files(http, order.folder)
        self._report = report
        self._path = record_path(order.folder, order.name)
        self._record = order.record() or order.new_record(urlsplit(http.url).netloc)

    def run(self) -> SongRecord:
        record, folder = self._record, self._order.folder
        if record.has_master(folder):
            if not record.has_preview(folder):
                self._download_lost_preview()
            return record
        if record.state == "done":
            self._save("final" if record.paid else "preview")
        if not (record.state == "final" and self._order.final and self._download_by_link()):
            self._use_task_or_create()
        return record

    def _use_task_or_create(self) -> None:
        """Use the recorded task; where the server does not know it any more and nothing was paid, create a new one."""
        try:
            self._create_and_download()
        except NotFound:
            if self._record.requested:
                raise TonnbookError(self._unknown_task()) from None
            self._save("new", task_id=None, preview_file=None, link=None)
            self._create_and_download()

    def _create_and_download(self) -> None:
        """Create the task and download its files, as far as not done. Raises NotFound where the server does not know the task."""
        has_preview = self._record.has_preview(self._order.folder) and self._record.state != "ordered"
        if self._record.task_id is None:
            self._create()
            has_preview = False
        if not (has_preview and self._record.requested):
            preview = self._wait_for_preview(self._order.polling.retry_for_s)
            if not has_preview:
                self._download_preview(preview)
        if self._order.final:
            self._download_final()

    def _create(self) -> None:
        name = self._order.name
        self._check_open()
        self._say(0.0, f"uploading {name}")
        sent = self._order.request.with_links(self._files.upload)
        self._say(_UPLOADED, "ordering the master")
        task_id = self._create_unless_busy(sent)
        self._save("ordered", task_id=task_id, server=urlsplit(self._http.url).netloc)

    def _create_unless_busy(self, sent: MasteringRequest) -> str:
        """Send the order once; return the task's id. A 429 says that nothing was started, so then it is sent again."""
        until = time.monotonic() + _BUSY_S
        while True:
            self._check_open()
            try:
                return create_master(self._http, sent)
            except TooManyRequests as busy:
                pause = busy.retry_after_s or self._order.polling.first_s
                if time.monotonic() + pause > until:
                    raise
                self._say(_UPLOADED, "waiting for the server, which is busy")
                self._pause(pause)

    def _wait(self, poll: Callable[[], T | StillRunning]) -> T:
        """Poll until the task has ended, with growing pauses."""
        settings = self._order.polling
        pause, until = settings.first_s, time.monotonic() + settings.deadline_s
        while True:
            self._check_open()
            answer = poll()
            if not isinstance(answer, StillRunning):
                return answer
            if time.monotonic() > until:
                raise TonnbookError(
                    f"{self._order.name} is still being mastered; run it again later, it continues from there."
                )
            progress = None if answer.progress is None else _UPLOADED + (_MASTERED - _UPLOADED) * answer.progress
            self._say(progress, answer.message or "being mastered")
            self._pause(pause)
            pause = min(2 * pause, settings.longest_s)

    def _wait_for_preview(self, retry_for_s: float) -> PreviewMasterResults:
        task_id = str(self._record.task_id)
        try:
            return self._wait(lambda: poll_preview(self._http, task_id, retry_for_s))
        except TaskFailed:
            if not self._record.requested:
                self._save("new", task_id=None)
            raise

    def _download_preview(self, preview: PreviewMasterResults) -> None:
        file = f"{PREVIEWS}/{self._order.name}.mp3"
        self._say(_MASTERED, "downloading the preview")
        self._files.download(preview.preview_url, self._order.folder / file)
        state = self._record.state if self._record.requested else "preview"
        self._save(state, preview_file=file, preview_start_s=preview.preview_start_s, notes=preview.notes)

    def _download_lost_preview(self) -> None:
        """Download the preview of a master that exists. Where the server does not know it any more, a free song is made again."""
        try:
            self._download_preview(self._wait_for_preview(_LOST_PREVIEW_RETRY_S))
        except Unreachable:
            return  # the master is complete: no reason to fail
        except NotFound:
            if not self._record.costs and all(path.is_file() for path in self._order.request.local_files()):
                self._save("new", task_id=None, preview_file=None)
                self._create_and_download()
            return
        self._save("done")

    def _download_final(self) -> None:
        self._say(_MASTERED, "requesting the final master")
        self._check_open()
        again = self._record.requested
        if not self._record.paid:
            self._save("paying", master_file=self._order.file)
        task_id = str(self._record.task_id)
        try:
            results = self._wait(lambda: poll_final(self._http, task_id))
        except COSTS_NOTHING:
            if not again:
                self._save("preview")
            raise
        except TaskFailed as error:
            raise TonnbookError(self._no_master(str(error))) from None
        notes = results.notes or self._record.notes
        self._save("final", link=results.master_url, notes=notes, paid=self._record.costs)
        self._download_master(results.master_url)

    def _download_by_link(self) -> bool:
        """Download a paid master by its recorded link; return False where that has expired."""
        link = self._record.link
        if link is None:
            return False
        try:
            self._download_master(link)
        except NotFound:
            self._save("final", link=None)
            return False
        return True

    def _download_master(self, link: str) -> None:
        file = self._order.file
        self._check_open()
        self._say(_MASTERED, "downloading the master")
        path = self._files.download(link, self._order.folder / file)
        self._save("done", master_file=file, master_bytes=path.stat().st_size, master_sha256=sha256(path), link=None)

    def _check_open(self) -> None:
        """Raise Stopped where the client has been closed: what was ordered is recorded, and a later run finds it."""
        marker = self._order.open_marker
        if self._http.closed or (marker is not None and not marker.exists()):
            raise Stopped(
                f"The client was closed before {self._order.name} was done: run it again, it continues from there."
            )

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._check_open()
            time.sleep(min(left, _SLICE_S))

    def _unknown_task(self) -> str:
        paid = "was paid" if self._record.paid else "was requested, and may have been paid"
        return (
            f"{self._order.name}: its final master {paid}, and {self._record.server} does not know its task {self._record.task_id} "
            f"any more. It is not ordered again automatically. Ask the service for that task; to order, and pay, again, move "
            f"{self._path.parent.name}/{self._path.name} away"
        )

    def _no_master(self, reason: str) -> str:
        if not self._record.costs:
            return f"{self._order.name}: {reason}"
        return (
            f"{self._order.name}: the server returns no final master ({reason}). See your account for whether task "
            f"{self._record.task_id} was charged; run it again to request the same task. To order again, move "
            f"{self._path.parent.name}/{self._path.name} away"
        )

    def _save(self, state: State, **changes: object) -> None:
        for name, value in {"state": state, "problem": None, **changes}.items():
            setattr(self._record, name, value)
        self._record.write(self._path)

    def _say(self, progress: float | None, message: str) -> None:
        self._report(progress, message, self._record.task_id)
