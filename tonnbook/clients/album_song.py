"""One song of an album, from its file to its master on disk: to be called again and again until it is done.

`master_song` knows nothing but what it is given and what stands in the song's record, so it can run in a thread, in another process, or on a
cluster, and it can be killed at any moment: the next call goes on from there. What costs credits is asked for once; its link is
written down before anything else is done with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tonnbook.clients.album_record import SongRecord, State, record_path, sha256
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.replies import Reply
from tonnbook.clients.watcher import Pace
from tonnbook.errors import NotFound, TonnbookError, TooManyRequests
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


@dataclass(frozen=True)
class SongOrder:
    """What is wanted of one song. Plain values only: it travels to other processes."""

    name: str
    request: MasteringRequest
    order: str
    """The request's fingerprint."""
    folder: Path
    final: bool
    """Whether the final master is wanted, which costs credits live, or the preview only."""
    pace: Pace = field(default_factory=Pace)


def master_song(order: SongOrder, door: Http, report: Report = lambda share, message, task_id: None) -> SongRecord:
    """Do what is still to be done for a song; return its record. Raises TonnbookError where it cannot be done."""
    return _Song(order, door, report).run()


class _Song:
    def __init__(self, order: SongOrder, door: Http, report: Report) -> None:
        self._order = order
        self._door = door
        self._files = Files(door, order.folder)
        self._report = report
        self._path = record_path(order.folder, order.name)
        server = urlsplit(door.url).netloc
        known = SongRecord.read(self._path)
        same = known is not None and known.order == order.order
        self._record = known if known and same else SongRecord(song=order.name, order=order.order, server=server)

    def run(self) -> SongRecord:
        record, folder = self._record, self._order.folder
        if record.holds(folder):
            return record
        if record.state == "done":
            self._note("preview", master_file=None)
        if record.state == "final" and self._fetch_by_link():
            return record
        try:
            self._through()
        except NotFound:
            if not self._may_start_anew():
                raise
            self._note("new", task_id=None, preview_file=None, link=None)
            self._through()
        return record

    def _through(self) -> None:
        """Order, wait, fetch: what of it is still to be done. Raises NotFound where the server knows nothing of the task any more."""
        if self._record.task_id is None:
            self._create()
        preview = self._ask("/retrievepreviewmaster", free=True).read(PreviewMasterAnswer)
        if not self._preview_is_here():
            self._fetch_preview(preview)
        if self._order.final:
            self._fetch_final()

    def _create(self) -> None:
        name = self._order.name
        self._tell(0.0, f"uploading {name}")
        sent = self._order.request.with_links(self._files.upload)
        self._tell(_UPLOADED, "ordering the master")
        reply = self._create_when_there_is_room(sent)
        if reply.refusal is not None:
            raise TonnbookError(f"{name}: {reply.refusal}")
        self._note("ordered", task_id=reply.read(MasteringTask).task_id, server=urlsplit(self._door.url).netloc)

    def _create_when_there_is_room(self, sent: MasteringRequest) -> Reply:
        """Send the order once. A 429 says that nothing was started, so then it is sent again."""
        until = time.monotonic() + _BUSY_S
        while True:
            try:
                return self._door.create("/masteringpreview", sent.to_wire())
            except TooManyRequests as busy:
                if time.monotonic() > until:
                    raise
                self._tell(_UPLOADED, "waiting for the server to have room")
                time.sleep(busy.retry_after_s or self._order.pace.first_s)

    def _ask(self, endpoint: str, *, free: bool) -> Reply:
        """Ask until the answer is one. Raises TonnbookError for a task that failed."""
        pace, query = self._order.pace, MasterQuery(task_id=str(self._record.task_id)).to_wire()
        pause, until = pace.first_s, time.monotonic() + pace.deadline_s
        while True:
            if free:
                reply = self._door.retrieve(endpoint, query, patience_s=pace.patience_s)
            else:
                reply = self._door.create(endpoint, query, about_a_task=True)
            running = reply.status == 202 or reply.state.endswith("_PROCESSING")
            if not running:
                break
            if time.monotonic() > until:
                raise TonnbookError(
                    f"{self._order.name} is still being mastered; run it again later, it goes on from there."
                )
            told = reply.still_running()
            share = None if told.progress is None else _UPLOADED + (_MADE - _UPLOADED) * told.progress
            self._tell(share, told.message or "being mastered")
            time.sleep(pause)
            pause = min(2 * pause, pace.longest_s)
        if reply.refusal is not None or reply.state.endswith("_ERROR"):
            self._note("new", task_id=None)
            raise TonnbookError(f"{self._order.name}: {reply.refusal or reply.state}")
        return reply

    def _preview_is_here(self) -> bool:
        file = self._record.preview_file
        return self._record.state != "ordered" and file is not None and (self._order.folder / file).is_file()

    def _fetch_preview(self, answer: PreviewMasterAnswer) -> None:
        results, file = answer.results, f"{PREVIEWS}/{self._order.name}.mp3"
        self._tell(_MADE, "downloading the preview")
        self._files.download(results.preview_url, self._order.folder / file)
        self._note("preview", preview_file=file, preview_start_s=results.preview_start_s, notes=results.notes)

    def _fetch_final(self) -> None:
        self._tell(_MADE, "asking for the final master")
        self._note("paying")
        results = self._ask("/retrievefinalmaster", free=False).read(FinalMasterAnswer).results
        self._note("final", link=results.master_url, notes=results.notes or self._record.notes)
        self._download_master(results.master_url)

    def _fetch_by_link(self) -> bool:
        """Fetch a master that was paid for by the link that was written down; False where that has expired."""
        link = self._record.link
        if link is None:
            return False
        try:
            self._download_master(link)
        except NotFound:
            self._note("paying", link=None)
            return False
        return True

    def _download_master(self, link: str) -> None:
        file = f"{self._order.name}.wav"
        self._tell(_MADE, "downloading the master")
        path = self._files.download(link, self._order.folder / file)
        self._note("done", master_file=file, master_bytes=path.stat().st_size, master_sha256=sha256(path), link=None)

    def _may_start_anew(self) -> bool:
        """A studio forgets its tasks when it is closed, and charges nothing. Elsewhere, what may have been paid for is not ordered again."""
        if self._record.state not in ("paying", "final"):
            return True
        return urlsplit(self._door.url).hostname in ("127.0.0.1", "localhost", "::1")

    def _note(self, state: State, **facts: object) -> None:
        for name, value in {"state": state, "problem": None, **facts}.items():
            setattr(self._record, name, value)
        self._record.write(self._path)

    def _tell(self, share: float | None, message: str) -> None:
        self._report(share, message, self._record.task_id)
