"""One song of an album, from its file to its master on disk: to be called again and again until it is done.

`master_song` knows nothing but what it is given and what stands in the song's record, so it can run in a thread, in another process, or on a
cluster, and it can be killed at any moment: the next call goes on from there. What is paid, and that it is paid once: see `payments`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tonnbook.clients.album.payments import SongOrder
from tonnbook.clients.album.record import SongRecord, State, record_path, sha256
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.replies import Reply
from tonnbook.errors import (
    NotAuthorised,
    NotFound,
    OutOfCredits,
    RequestRejected,
    TonnbookError,
    TooManyRequests,
    Unreachable,
)
from tonnbook.models.mastering import (
    FinalMasterAnswer,
    MasteringRequest,
    MasteringTask,
    MasterQuery,
    PreviewMasterAnswer,
)

Report = Callable[[float | None, str, str | None], None]
"""Told how far the song is (0 to 1, None if unknown), what is being done, and the task's id once it is known."""

PREVIEWS = "previews"
_BUSY_S = 600.0
_UPLOADED, _MADE = 0.1, 0.9  # where on the way from 0 to 1 uploading and mastering end
_LOOK_S = 0.1
_LOST_PATIENCE_S = 3.0  # for a preview to a master that is here already

COSTS_NOTHING = (RequestRejected, NotAuthorised, OutOfCredits, NotFound, TooManyRequests)
"""What a server says when it has done nothing, and charged nothing."""


class Stopped(TonnbookError):
    """The client was closed: nothing more is ordered."""


def master_song(order: SongOrder, http: Http, report: Report = lambda share, message, task_id: None) -> SongRecord:
    """Do what is still to be done for a song; return its record. Raises TonnbookError where it cannot be done."""
    return _Song(order, http, report).run()


class _Song:
    def __init__(self, order: SongOrder, http: Http, report: Report) -> None:
        self._order = order
        self._http = http
        self._files = Files(http, order.folder)
        self._report = report
        self._path = record_path(order.folder, order.name)
        self._record = order.record() or order.fresh(urlsplit(http.url).netloc)

    def run(self) -> SongRecord:
        record, folder = self._record, self._order.folder
        if record.holds(folder):
            if not record.holds_preview(folder):
                self._fetch_lost_preview()
            return record
        if record.state == "done":
            self._note("final" if record.paid else "preview")
        if not (record.state == "final" and self._order.final and self._fetch_by_link()):
            self._through_or_anew()
        return record

    def _through_or_anew(self) -> None:
        """Go through with the task; where the server has forgotten it and nothing was paid, with a new one."""
        try:
            self._through()
        except NotFound:
            if self._record.asked:
                raise TonnbookError(self._forgotten()) from None
            self._note("new", task_id=None, preview_file=None, link=None)
            self._through()

    def _through(self) -> None:
        """Order, wait, fetch: what of it is still to be done. Raises NotFound where the server knows nothing of the task any more."""
        here = self._record.holds_preview(self._order.folder) and self._record.state != "ordered"
        if self._record.task_id is None:
            self._create()
            here = False
        if not (here and self._record.asked):
            preview = self._ask_preview()
            if not here:
                self._fetch_preview(preview)
        if self._order.final:
            self._fetch_final()

    def _create(self) -> None:
        name = self._order.name
        self._go_on()
        self._tell(0.0, f"uploading {name}")
        sent = self._order.request.with_links(self._files.upload)
        self._tell(_UPLOADED, "ordering the master")
        reply = self._create_when_there_is_room(sent)
        if reply.refusal is not None:
            raise TonnbookError(reply.refusal)
        self._note("ordered", task_id=reply.read(MasteringTask).task_id, server=urlsplit(self._http.url).netloc)

    def _create_when_there_is_room(self, sent: MasteringRequest) -> Reply:
        """Send the order once. A 429 says that nothing was started, so then it is sent again."""
        until = time.monotonic() + _BUSY_S
        while True:
            self._go_on()
            try:
                return self._http.create("/masteringpreview", sent.to_wire())
            except TooManyRequests as busy:
                if time.monotonic() > until:
                    raise
                self._tell(_UPLOADED, "waiting for the server to have room")
                self._pause(busy.retry_after_s or self._order.polling.first_s)

    def _ask(self, endpoint: str, *, free: bool, retry_for_s: float | None = None) -> Reply:
        """Ask until the answer is one. What costs credits is asked for once; only a 202, "still at it", is asked again."""
        polling, query = self._order.polling, MasterQuery(task_id=str(self._record.task_id)).to_wire()
        pause, until = polling.first_s, time.monotonic() + polling.deadline_s
        while True:
            self._go_on()
            if free:
                reply = self._http.retrieve(endpoint, query, retry_for_s=retry_for_s or polling.retry_for_s)
            else:
                reply = self._http.create(endpoint, query, about_a_task=True)
            running = reply.status == 202 or reply.state.endswith("_PROCESSING")
            if not running:
                return reply
            if time.monotonic() > until:
                raise TonnbookError(
                    f"{self._order.name} is still being mastered; run it again later, it goes on from there."
                )
            told = reply.still_running()
            share = None if told.progress is None else _UPLOADED + (_MADE - _UPLOADED) * told.progress
            self._tell(share, told.message or "being mastered")
            self._pause(pause)
            pause = min(2 * pause, polling.longest_s)

    def _ask_preview(self, retry_for_s: float | None = None) -> PreviewMasterAnswer:
        reply = self._ask("/retrievepreviewmaster", free=True, retry_for_s=retry_for_s)
        if _has_failed(reply):
            if not self._record.asked:
                self._note("new", task_id=None)
            raise TonnbookError(reply.refusal or f"the server says {reply.state}")
        return reply.read(PreviewMasterAnswer)

    def _fetch_preview(self, answer: PreviewMasterAnswer) -> None:
        results, file = answer.results, f"{PREVIEWS}/{self._order.name}.mp3"
        self._tell(_MADE, "downloading the preview")
        self._files.download(results.preview_url, self._order.folder / file)
        state = self._record.state if self._record.asked else "preview"
        self._note(state, preview_file=file, preview_start_s=results.preview_start_s, notes=results.notes)

    def _fetch_lost_preview(self) -> None:
        """Fetch the preview of a master that is here. Where the server has forgotten it, the song is made again only if that is free."""
        try:
            self._fetch_preview(self._ask_preview(_LOST_PATIENCE_S))
        except Unreachable:
            return  # the master is whole: no reason to fail
        except NotFound:
            if not self._record.costs and all(path.is_file() for path in self._order.request.local_files()):
                self._note("new", task_id=None, preview_file=None)
                self._through()
            return
        self._note("done")

    def _fetch_final(self) -> None:
        self._tell(_MADE, "asking for the final master")
        self._go_on()
        again = self._record.asked
        if not self._record.paid:
            self._note("paying", master_file=self._order.file)
        try:
            reply = self._ask("/retrievefinalmaster", free=False)
        except COSTS_NOTHING:
            if not again:
                self._note("preview")
            raise
        if _has_failed(reply):
            raise TonnbookError(self._no_master(reply.refusal or reply.state))
        results = reply.read(FinalMasterAnswer).results
        notes = results.notes or self._record.notes
        self._note("final", link=results.master_url, notes=notes, paid=self._record.costs)
        self._download_master(results.master_url)

    def _fetch_by_link(self) -> bool:
        """Fetch a master that was paid for by the link that was written down; False where that has expired."""
        link = self._record.link
        if link is None:
            return False
        try:
            self._download_master(link)
        except NotFound:
            self._note("final", link=None)
            return False
        return True

    def _download_master(self, link: str) -> None:
        file = self._order.file
        self._go_on()
        self._tell(_MADE, "downloading the master")
        path = self._files.download(link, self._order.folder / file)
        self._note("done", master_file=file, master_bytes=path.stat().st_size, master_sha256=sha256(path), link=None)

    def _go_on(self) -> None:
        """Raise Stopped where the client has been closed: what was ordered stands in the record, and a later run finds it."""
        permit = self._order.permit
        if self._http.closed or (permit is not None and not permit.exists()):
            raise Stopped(
                f"The client was closed before {self._order.name} was done: run it again, it goes on from there."
            )

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._go_on()
            time.sleep(min(left, _LOOK_S))

    def _forgotten(self) -> str:
        paid = "was paid" if self._record.paid else "was asked for, and may have been paid"
        return (
            f"{self._order.name}: its final master {paid}, and {self._record.server} knows nothing of its task {self._record.task_id} "
            f"any more. It is not ordered again by itself. Ask the service for that task; to order, and pay, anew, move {self._path.parent.name}/"
            f"{self._path.name} away"
        )

    def _no_master(self, reason: str) -> str:
        if not self._record.costs:
            return f"{self._order.name}: {reason}"
        return (
            f"{self._order.name}: the server gives no final master ({reason}). See your account for whether task {self._record.task_id} was "
            f"charged; run it again to ask for the same task. To order anew, move {self._path.parent.name}/{self._path.name} away"
        )

    def _note(self, state: State, **facts: object) -> None:
        for name, value in {"state": state, "problem": None, **facts}.items():
            setattr(self._record, name, value)
        self._record.write(self._path)

    def _tell(self, share: float | None, message: str) -> None:
        self._report(share, message, self._record.task_id)


def _has_failed(reply: Reply) -> bool:
    return reply.refusal is not None or reply.state.endswith("_ERROR")
