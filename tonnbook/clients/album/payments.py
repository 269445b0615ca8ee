"""What is paid for, and how each master is paid once.

The rules, for every caller (`master_all`, the program, a run after a crash):

1. What is bought is one final master: one song (its bytes, or its link without the signature) with the settings of its master,
   from one server. That is an *order*. Where its preview starts, its webhook, the name of its file, and the other songs are not
   part of it. A studio on this machine charges nothing; its masters are never used for those of a server that does.
2. Before a final master is requested, that is recorded ("paying"); once it has been received, `paid` is recorded, permanently.
   Such an order never becomes a new task: only the same task is requested again, which a server charges for once.
3. A paid order is found again under any name, and after the settings were changed and changed back: its record and its master
   are kept in `manifest` and `earlier`. No master is overwritten by one with other settings, paid or not.
4. Where it is not clear whether something was paid (a record that cannot be read, a server that does not know a paid task any
   more), the song fails with a TonnbookError that says what to do. Nothing is ordered.
5. A server's clear refusal (400, 401, 402, 403, 404, 422, 429) costs nothing, and resets "paying".
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from tonnbook.clients.album.record import LOCAL, SongRecord, record_path, records, sha256
from tonnbook.clients.polling import PollSettings
from tonnbook.models.mastering import MasteringRequest

EARLIER = "earlier"
"""Folder beside the masters for those that masters with other settings have replaced."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SIGNATURE = re.compile(
    r"(x-(goog|amz|ms)-.*|.*signature|sig|expires|.*token|googleaccessid|awsaccesskeyid|key-pair-id)", re.I
)


@dataclass(frozen=True)
class SongOrder:
    """What is to be done for one song. Plain values only, so that it can be sent to other processes."""

    name: str
    request: MasteringRequest = field(repr=False)
    """As it is sent: with the song's loudness in the album, where there is coherence."""
    order: str
    """Fingerprint of what is paid for."""
    detail: str
    """Fingerprint of what else the server reads."""
    billing_server: str
    folder: Path
    file: str
    """Name of the master's file."""
    final: bool
    """True to get the final master, which costs credits on the live service, False for the preview only."""
    polling: PollSettings = field(default_factory=PollSettings)
    open_marker: Path | None = None
    """A file that exists while the client is open: without it, nothing is ordered."""

    def while_open(self, marker: Path, polling: PollSettings) -> SongOrder:
        """Return the order as one that is carried out only while the file `marker` exists."""
        return replace(self, open_marker=marker, polling=polling)

    def of_the_song_in(self, record: SongRecord) -> SongOrder:
        """Return the order for the song of a record: the song's file is lost, its master may exist."""
        return replace(self, order=f"{record.order.partition('.')[0]}.{self.order.partition('.')[2]}")

    def can_use_task_of(self, record: SongRecord) -> bool:
        """Return whether the task of a record is that of this order."""
        return self.is_order_of(record) and (record.requested or record.detail == self.detail)

    def is_order_of(self, record: SongRecord) -> bool:
        """Return whether a record is of the same song, settings and server."""
        return record.billing_server == self.billing_server and record.order == self.order

    def record(self) -> SongRecord | None:
        """Return the song's own record if it is of this order. Raises TonnbookError for one that cannot be read."""
        known = SongRecord.read(record_path(self.folder, self.name))
        return known if known is not None and self.can_use_task_of(known) else None

    def new_record(self, server: str) -> SongRecord:
        """Return the record of an order that nothing has been done for."""
        return SongRecord(
            song=self.name,
            order=self.order,
            detail=self.detail,
            server=server,
            billing_server=self.billing_server,
            paid=False,
        )

    def paid_record(self) -> SongRecord | None:
        """Return the record of this order that credits may have been spent on, under whichever name."""
        if self.billing_server == LOCAL:
            return None
        own = SongRecord.read(record_path(self.folder, self.name))
        for record in chain([own] if own is not None else [], (record for _, record in records(self.folder))):
            if self.is_order_of(record) and record.requested:
                return record
        return None

    @property
    def is_due(self) -> bool:
        """Whether carrying it out may spend credits."""
        if not self.final or self.billing_server == LOCAL:
            return False
        found = self.paid_record()
        return found is None or not found.paid

    def reuse_paid(self) -> None:
        """Make the paid record of this order the song's own; move a master of another order to `EARLIER`, and its record."""
        own = record_path(self.folder, self.name)
        known = SongRecord.read(own)
        kept = known is not None and not self.can_use_task_of(known) and known.has_master(self.folder)
        if (
            known is not None
            and self.is_order_of(known)
            and not kept
            and (known.requested or self.paid_record() is None)
        ):
            return
        if known is not None and (known.requested or kept):
            _move_to_earlier(self.folder, own, known)
        if (found := self.paid_record()) is not None:
            _copy_record(self.folder, found, self)


def billing_server_of(url: str, charges_credits: bool | None) -> str:
    """Return the host and port that charges for a server's masters, or `LOCAL`.

    `charges_credits` None means that every server charges but one on this machine.
    """
    if charges_credits is None:
        charges_credits = urlsplit(url).hostname not in _LOOPBACK
    return urlsplit(url).netloc if charges_credits else LOCAL


@dataclass(frozen=True)
class AlbumOptions:
    """What is the same for all songs of an album."""

    folder: Path
    billing_server: str
    coherence: bool
    final: bool

    def order(self, name: str, request: MasteringRequest, sent: MasteringRequest, file: str) -> SongOrder:
        """Return the order for a request, of which `sent` is what is sent.

        What a live server does not read, such as the album's tone, changes nothing; and a song of a coherent album that has been
        paid keeps its loudness when the other songs change.
        """
        local = self.billing_server == LOCAL
        settings = sent if local else request
        paid_for: list[Any] = [settings.style, _loudness_of(settings), settings.sample_rate, self.coherence]
        detail: list[Any] = [_loudness_of(sent), sent.preview_start_s]
        if local and sent.album is not None:
            detail.append(sent.album.model_dump(mode="json"))
        return SongOrder(
            name=name,
            request=sent,
            order=f"{_song_of(request)}.{_hashed(paid_for)[:32]}",
            detail=_hashed(detail),
            billing_server=self.billing_server,
            folder=self.folder,
            file=file,
            final=self.final,
        )


# Fingerprints are hashes, so that no link is written down that need not be.


def _song_of(request: MasteringRequest) -> str:
    """Return the fingerprint of a song: the hash of its bytes, or of its link without the signature."""
    source = request.source
    if isinstance(source, Path):
        return sha256(source)[:32] if source.is_file() else "gone"
    return _hashed([urlsplit(source)._replace(query=_unsigned_query(source), fragment="").geturl()])[:32]


def _unsigned_query(link: str) -> str:
    """Return the query of a link without its signature, in alphabetical order."""
    pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
    return urlencode(sorted((key, value) for key, value in pairs if not _SIGNATURE.fullmatch(key)))


def _loudness_of(request: MasteringRequest) -> Any:
    """Return the loudness that a request asks for: a number, or a preset."""
    return request.forced_loudness_lufs if request.forced_loudness else request.desired_loudness


def _hashed(values: list[Any]) -> str:
    """Return the SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _move_to_earlier(folder: Path, own: Path, record: SongRecord) -> None:
    """Keep a record and its master beside those with other settings."""
    mark = hashlib.sha256(f"{record.order}{'' if record.requested else record.detail}".encode()).hexdigest()[:10]
    master = folder / record.master_file if record.master_file and record.has_master(folder) else None
    if master is not None:
        kept = Path(EARLIER) / f"{master.stem}.{mark}.wav"
        (folder / EARLIER).mkdir(exist_ok=True)
        _copy(master, folder / kept)
        record = record.model_copy(update={"master_file": str(kept)})
    record.write(own.with_name(f"{own.stem}.{mark}.json"))
    own.unlink()
    if master is not None:
        master.unlink(missing_ok=True)


def _copy_record(folder: Path, record: SongRecord, order: SongOrder) -> None:
    """Copy the record and the master of another name to the name of `order`."""
    changes: dict[str, Any] = {"song": order.name}
    if record.master_file and record.has_master(folder):
        _copy(folder / record.master_file, folder / order.file)
        changes["master_file"] = order.file
    elif record.state == "done":
        changes["master_file"] = order.file
    record.model_copy(update=changes).write(record_path(folder, order.name))


def _copy(source: Path, to: Path) -> None:
    part = to.with_name(f"{uuid4().hex}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
