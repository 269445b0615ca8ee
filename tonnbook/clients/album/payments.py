"""What is paid for, and that it is paid once.

The rule, for every way in (`master_all`, the program, a run after a crash):

1. What is bought is one final master: one song (its bytes, or its link without the signature) under the wishes that the master is made by,
   from one server. That is an *order*. Where its preview starts, where its webhook goes, what its file is called, and the songs beside
   it are no part of it. A studio on this machine charges nothing; its masters are never taken for those of a server that does.
2. Before a final master is asked for, that is written down ("paying"); once it has come, `paid` is, for good. Such an order is never made
   a new task: only the same task is asked for again, which a server charges for once.
3. A paid order is found again under any name, and after other wishes have come and gone: its record and its master are kept in
   `manifest` and `earlier`, not overwritten.
4. Where it is not clear whether something was paid (a record that cannot be read, a server that has forgotten a paid task), the song fails
   with a TonnbookError that says what to do. Nothing is ordered.
5. A server's clear refusal (400, 401, 402, 403, 404, 422, 429) costs nothing, and takes "paying" back.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tonnbook.clients.album.fingerprints import hashed, kept_query, legacy, loudness_of, song_of
from tonnbook.clients.album.record import LOCAL, VERSION, SongRecord, record_path, records
from tonnbook.clients.polling import PollSettings
from tonnbook.errors import TonnbookError
from tonnbook.models.mastering import MasteringRequest

EARLIER = "earlier"
"""Folder beside the masters for paid ones that other wishes have taken the place of."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class SongOrder:
    """What is wanted of one song. Plain values only: it travels to other processes."""

    name: str
    request: MasteringRequest = field(repr=False)
    """As it is sent: with the song's place in the album, where there is coherence."""
    order: str
    """Fingerprint of what is paid for."""
    detail: str
    """Fingerprint of what else the server reads."""
    legacy: str
    """The fingerprint that manifests of version 1 hold."""
    place: str
    folder: Path
    file: str
    """Name of the master's file."""
    final: bool
    """Whether the final master is wanted, which costs credits live, or the preview only."""
    polling: PollSettings = field(default_factory=PollSettings)
    permit: Path | None = None
    """A file that is there for as long as the client is open: without it, nothing is ordered any more."""

    def allowed(self, permit: Path, polling: PollSettings) -> SongOrder:
        """Return the order for as long as `permit` is there."""
        return replace(self, permit=permit, polling=polling)

    def of_the_song_in(self, record: SongRecord) -> SongOrder:
        """Return the order for the song that a record knows: the song's file is gone, its master may be here."""
        return replace(self, order=f"{record.order.partition('.')[0]}.{self.order.partition('.')[2]}")

    def is_served_by(self, record: SongRecord) -> bool:
        """Say whether the task of a record is this order's."""
        if not self.is_order_of(record):
            return False
        return record.asked or record.version == 1 or record.detail == self.detail

    def is_order_of(self, record: SongRecord) -> bool:
        """Say whether a record is of the same song, wishes and server."""
        if _place(record) != self.place:
            return False
        return record.order == (self.legacy if record.version == 1 else self.order)

    def record(self) -> SongRecord | None:
        """Return the song's own record where it serves this order. Raises TonnbookError for one that cannot be read."""
        known = SongRecord.read(record_path(self.folder, self.name))
        if known is None or not self.is_served_by(known):
            return None
        self._must_be_clear(known)
        return self._up_to_date(known)

    def fresh(self, server: str) -> SongRecord:
        """Return the record of an order of which nothing is known yet."""
        return SongRecord(
            version=VERSION, song=self.name, order=self.order, detail=self.detail, server=server, place=self.place
        )

    def found(self) -> tuple[Path, SongRecord] | None:
        """Return the record of this order that credits may have been spent on, under whichever name, with its file."""
        if self.place == LOCAL:
            return None
        own = record_path(self.folder, self.name)
        first = [(own, known)] if (known := SongRecord.read(own)) is not None else []
        for path, record in chain(first, records(self.folder)):
            if self.is_order_of(record) and _spent(record):
                self._must_be_clear(record)
                return path, self._up_to_date(record)
        return None

    @property
    def is_due(self) -> bool:
        """Whether carrying it out may spend credits."""
        if not self.final or self.place == LOCAL:
            return False
        found = self.found()
        return found is None or not found[1].paid

    def settle(self) -> None:
        """Make the paid record of this order the song's own, and put a paid one of another order out of the way."""
        own = record_path(self.folder, self.name)
        known = SongRecord.read(own)
        if known is not None and self.is_order_of(known) and (_spent(known) or self.found() is None):
            return
        if known is not None and _spent(known):
            _put_aside(self.folder, own, self._marked(known))
        if (found := self.found()) is not None:
            _take_over(self.folder, found[1], self)

    def _marked(self, record: SongRecord) -> SongRecord:
        """Return a record of version 1 with what it left unsaid, still under its own fingerprint."""
        if record.version == 1:
            return record.model_copy(update={"place": _place(record), "paid": _was_paid(record)})
        return record

    def _up_to_date(self, record: SongRecord) -> SongRecord:
        if record.version == 1:
            facts = {"order": self.order, "detail": self.detail, "version": VERSION}
            return self._marked(record).model_copy(update=facts)
        return record

    def _must_be_clear(self, record: SongRecord) -> None:
        """Raise TonnbookError where a record of version 1, which knew no query of a link, may be of another link."""
        source = self.request.source
        if record.version == 1 and isinstance(source, str) and "?" in source and kept_query(source) and _spent(record):
            raise TonnbookError(
                f"{self.name}: an older tonnbook has mastered this link or one that differs behind its question mark; its manifest "
                f"does not tell. Name another folder to have it ordered, and paid, anew; its master is {record.master_file}"
            )


def place_of(url: str, costs: bool | None) -> str:
    """Return where the masters of a server are paid; `costs` None means that every server but one on this machine charges."""
    if costs is None:
        costs = urlsplit(url).hostname not in _LOOPBACK
    return urlsplit(url).netloc if costs else LOCAL


@dataclass(frozen=True)
class Wanted:
    """What is the same for all songs of an album."""

    folder: Path
    place: str
    coherence: bool
    final: bool

    def order(self, name: str, request: MasteringRequest, placed: MasteringRequest, file: str) -> SongOrder:
        """Return the order for a request, `placed` being what is sent of it.

        What a live server does not read, such as the album's tone, changes nothing; and a coherent album's song that has been paid
        keeps its place when the songs beside it change.
        """
        wishes = placed if self.place == LOCAL else request
        made_by: list[Any] = [wishes.style, loudness_of(wishes), wishes.sample_rate, self.coherence]
        detail: list[Any] = [loudness_of(placed), placed.preview_start_s]
        if self.place == LOCAL and placed.album is not None:
            detail.append(placed.album.model_dump(mode="json"))
        return SongOrder(
            name=name,
            request=placed,
            order=f"{song_of(request)}.{hashed(made_by)[:32]}",
            detail=hashed(detail),
            legacy=legacy(placed),
            place=self.place,
            folder=self.folder,
            file=file,
            final=self.final,
        )


def _place(record: SongRecord) -> str:
    if record.version > 1:
        return record.place
    return LOCAL if urlsplit(f"//{record.server}").hostname in _LOOPBACK else record.server


def _was_paid(record: SongRecord) -> bool:
    """Say of a record of version 1 whether it was paid: it was, once a link or a file had come."""
    return _place(record) != LOCAL and (record.state in ("final", "done") or record.master_sha256 is not None)


def _spent(record: SongRecord) -> bool:
    """Say whether credits were, or may have been, spent on the task of a record."""
    return record.paid or _was_paid(record) or (record.state == "paying" and _place(record) != LOCAL)


def _put_aside(folder: Path, own: Path, record: SongRecord) -> None:
    """Keep a paid record and its master beside those of other wishes."""
    mark = hashlib.sha256(record.order.encode()).hexdigest()[:10]
    was = folder / record.master_file if record.master_file and record.holds(folder) else None
    if was is not None:
        kept = Path(EARLIER) / f"{was.stem}.{mark}.wav"
        (folder / EARLIER).mkdir(exist_ok=True)
        _copy(was, folder / kept)
        record = record.model_copy(update={"master_file": str(kept)})
    record.write(own.with_name(f"{own.stem}.{mark}.json"))
    own.unlink()
    if was is not None:
        was.unlink(missing_ok=True)


def _take_over(folder: Path, record: SongRecord, order: SongOrder) -> None:
    """Give a song the record that another name holds, and its master."""
    facts: dict[str, Any] = {"song": order.name}
    if record.master_file and record.holds(folder):
        _copy(folder / record.master_file, folder / order.file)
        facts["master_file"] = order.file
    elif record.state == "done":
        facts["master_file"] = order.file
    record.model_copy(update=facts).write(record_path(folder, order.name))


def _copy(source: Path, to: Path) -> None:
    part = to.with_name(f"{uuid4().hex}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
