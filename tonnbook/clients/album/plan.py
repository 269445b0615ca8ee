"""Plan the mastering of an album: read its songs, set their loudness where they are to be coherent, see what is paid.

Coherence keeps the songs' own differences in level, which are part of the album: small ones as they are; large ones, which in
rough mixes are accidental, are reduced, but never so far that two songs change their order. The loudest song has the target
loudness, as AES TD1008 (2021) specifies for albums, so that none is limited harder than it would be alone, and a louder target
makes every song louder. The loudness of a mix that the studio made follows from its peaks and was not chosen by a person: it gets the
album's loudness. One tone, the album's average, is the target for every song.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import copysign, log10, tanh
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable
from uuid import uuid4

from pydantic import ValidationError

from tonnbook.clients.album.batch import Batch, start_batch
from tonnbook.clients.album.payments import AlbumOptions, SongOrder
from tonnbook.clients.album.record import (
    FOLDER,
    SongRecord,
    master_file_name,
    masters_in,
    record_path,
    remove_leftovers,
    song_names,
    unique_names,
)
from tonnbook.clients.files import check_upload
from tonnbook.clients.http import Http
from tonnbook.clients.mastering import mastering_request
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.errors import TonnbookError
from tonnbook.models.album import album_entries, album_song
from tonnbook.models.mastering import AlbumContext, MasteringRequest
from tonnbook.models.notes import Sound
from tonnbook.models.problems import explain
from tonnbook.models.tone import average_db
from tonnbook.sound_files import HasFiles, files_in

if TYPE_CHECKING:
    from filelock import FileLock

MeasureSong = Callable[[Path], Sound]
"""Measures a song on this machine."""

KEPT_LU = 2.0
"""A song this near to the album's loudness keeps its difference."""

_ADDED_LU = 2.0  # the most that a larger difference adds to KEPT_LU
_SCALE_LU = 4.0
_QUIETEST_LUFS = -40.0


@runtime_checkable
class HasRequests(Protocol):
    """An album whose songs are requests already: a form, an `Album`."""

    @property
    def requests(self) -> Sequence[MasteringRequest]:
        """One for each song."""


Song = MasteringRequest | str | Path
Album = str | Path | HasRequests | HasFiles | Sequence[Song | Mapping[str, Any]] | Mapping[str, Song]
"""An album file, its content, a form; or songs: requests, paths, links, in a sequence, by name, or in a folder, zip archive or drop zone."""


@dataclass(frozen=True)
class AlbumPlan:
    """What is to be done for an album. Nothing has been sent yet; `start` does it."""

    orders: Mapping[str, SongOrder]
    """By name of the song."""
    refused: Mapping[str, str]
    """Songs that cannot be started, with the reason, by name."""
    coherence: bool
    folder: Path
    mastering: AlbumMastering = field(repr=False)

    @property
    def due(self) -> list[str]:
        """Names of the songs that credits will be, or may be, spent on: `start` pays for no other."""
        return [name for name, order in self.orders.items() if order.is_due]

    def start(self, *, at_once: int = 4, executor: Executor | None = None) -> Batch:
        """Start the plan, or return the batch that is carrying it out already: see `AlbumMastering.start`."""
        return self.mastering.start(self, at_once=at_once, executor=executor)

    def equals(self, other: AlbumPlan) -> bool:
        """Return whether another plan does the same for the same songs."""
        mine, theirs = ([(o.name, o.order, o.final) for o in plan.orders.values()] for plan in (self, other))
        return mine == theirs and self.coherence == other.coherence and set(self.refused) == set(other.refused)


class AlbumMastering:
    """Masters albums through one client. `billing_server` is explained in `payments.billing_server_of`."""

    def __init__(
        self,
        http: Http,
        poller: JobPoller,
        polling: PollSettings,
        measure_song: MeasureSong | None,
        billing_server: str,
    ) -> None:
        self._http = http
        self._poller = poller
        self._polling = polling
        self._measure_song = measure_song
        self._billing_server = billing_server
        self._running: dict[Path, tuple[AlbumPlan, Batch]] = {}
        self._open_markers: set[Path] = set()

    def plan(
        self, album: Album, settings: Mapping[str, Any], folder: Path, *, coherence: bool, final: bool
    ) -> AlbumPlan:
        """Read the songs and what is known of them. Nothing is written or sent."""
        songs, refused = read_album(album, settings)
        good, bad = _usable(songs, folder)
        sent = good
        if coherence:
            sounds, unmeasured = self._measured(good)
            bad |= unmeasured
            good = {name: good[name] for name in sounds}
            sent = coherent_requests(good, sounds) if len(good) > 1 else good
        options = AlbumOptions(folder, self._billing_server, coherence, final)
        masters, sources = masters_in(folder), [path for request in songs.values() for path in request.local_files()]
        orders: dict[str, SongOrder] = {}
        for name, request in good.items():
            order = options.order(name, request, sent[name], master_file_name(folder, name, sources, masters))
            if reason := _error_of(order.record):
                bad[name] = reason
            else:
                orders[name] = order
        for name in [name for name in bad if name in songs and _is_lost(songs[name])]:
            if (kept_order := _order_without_its_song(options, name, songs[name])) is not None:
                orders[name] = kept_order
                del bad[name]
        planned = {name: orders[name] for name in songs if name in orders}
        return AlbumPlan(planned, {**refused, **bad}, coherence, folder, self)

    def start(self, plan: AlbumPlan, *, at_once: int, executor: Executor | None) -> Batch:
        """Start a plan, or return the batch that is carrying it out already.

        Raises ValueError while another plan is carried out in the folder, or for `at_once` below 1, TonnbookError while another
        program uses the folder.
        """
        if at_once < 1:
            raise ValueError(f"at_once is {at_once}; at least one song must be mastered at a time")
        folder = plan.folder
        known, running = self._running.get(folder, (None, None))
        if known is not None and running is not None and not running.done:
            if plan.equals(known):
                return running
            raise ValueError(
                f"another album, or this one with other settings, is being mastered into {folder.name}: wait for it, or name "
                "another folder"
            )
        lock = _lock(folder)
        remove_leftovers(folder)
        marker = folder / FOLDER / f"{uuid4().hex}.open"
        marker.touch()
        self._open_markers.add(marker)
        refused = {name: reason for name, order in plan.orders.items() if (reason := _error_of(order.reuse_paid))}
        batch = start_batch(
            folder,
            {n: order.while_open(marker, self._polling) for n, order in plan.orders.items() if n not in refused},
            {**plan.refused, **refused},
            http=self._http,
            poller=self._poller,
            at_once=at_once,
            executor=executor,
            on_end=partial(self._end, marker, lock),
        )
        self._running[folder] = plan, batch
        return batch

    def close(self) -> None:
        """Have no song order anything more, on any worker."""
        for marker in list(self._open_markers):
            marker.unlink(missing_ok=True)

    def _end(self, marker: Path, lock: FileLock) -> None:
        marker.unlink(missing_ok=True)
        self._open_markers.discard(marker)
        lock.release()

    def _measured(self, songs: Mapping[str, MasteringRequest]) -> tuple[dict[str, Sound], dict[str, str]]:
        """Return the measurements of the songs, and the reasons of those that cannot be measured."""
        elsewhere = [name for name, request in songs.items() if not isinstance(request.source, Path)]
        if elsewhere or self._measure_song is None:
            raise ValueError(
                "coherence measures the songs first, so they must be files on this machine, and the client must be that of "
                f"tb.offline() or tb.live(): {', '.join(elsewhere) or 'this client cannot measure songs'}"
            )
        with ThreadPoolExecutor() as pool:
            measuring = {name: pool.submit(self._measure_song, Path(r.source)) for name, r in songs.items()}
        errors = {name: future.exception() for name, future in measuring.items()}
        bad = {name: str(error) for name, error in errors.items() if isinstance(error, TonnbookError)}
        return {name: future.result() for name, future in measuring.items() if name not in bad}, bad


def read_album(album: Album, settings: Mapping[str, Any]) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    """Return the requests of an album's songs by name, and the reasons of those that are not valid.

    `settings` are fields of the requests for songs that are files or links. Raises ValueError for what is no album.
    """
    if (found := files_in(album)) is not None:
        album = found
    if isinstance(album, str | Path):
        return _read_entries(album_entries(Path(album)), Path(album).parent)
    request = partial(mastering_request, settings=dict(settings))
    if isinstance(album, Mapping):
        return dict(zip(unique_names(album), map(request, album.values()), strict=True)), {}
    songs = list(album.requests if isinstance(album, HasRequests) else cast(Sequence[Song], album))
    if songs and all(isinstance(song, Mapping) for song in songs):
        return _read_entries([song for song in songs if isinstance(song, Mapping)], Path())
    requests = [request(song) for song in songs]
    return dict(zip(song_names([request.source for request in requests]), requests, strict=True)), {}


def _read_entries(
    entries: Sequence[Mapping[str, Any]], folder: Path
) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    sources = [str(entry.get("trackURL") or f"song {n}") for n, entry in enumerate(entries, start=1)]
    songs: dict[str, MasteringRequest] = {}
    refused: dict[str, str] = {}
    for name, entry in zip(song_names(sources), entries, strict=True):
        try:
            songs[name] = album_song(entry, folder)
        except ValidationError as error:
            refused[name] = explain(error)
    return songs, refused


def coherent_requests(
    requests: Mapping[str, MasteringRequest], sounds: Mapping[str, Sound]
) -> dict[str, MasteringRequest]:
    """Return the requests with the loudness and the tone that the album sets for each song.

    The live service reads the loudness, in whole LUFS, and ignores the tone; the studio reads both.
    """
    targets = target_loudnesses(
        {name: sounds[name] for name in requests}, mean(r.target_lufs for r in requests.values())
    )
    tone = tuple(round(level, 2) for level in average_db([sounds[name].tone_db for name in requests]))
    return {
        name: request.model_copy(
            update={
                "forced_loudness": True,
                "forced_loudness_lufs": round(targets[name]),
                "album": AlbumContext(target_lufs=round(targets[name], 2), tone_db=tone),
            }
        )
        for name, request in requests.items()
    }


def target_loudnesses(sounds: Mapping[str, Sound], target_lufs: float) -> dict[str, float]:
    """Return the target loudness of each song in LUFS: the loudest at `target_lufs`, the others below it, in their order."""
    levels = {name: sound.loudness_lufs for name, sound in sounds.items() if sound.loudness_lufs is not None}
    chosen = [level for name, level in levels.items() if not sounds[name].own_mix]
    album = 10.0 * log10(mean(10.0 ** (level / 10.0) for level in chosen or levels.values()))
    offsets = {name: 0.0 if sounds[name].own_mix else _reduced(level - album) for name, level in levels.items()}
    loudest = max(offsets.values())
    return {name: max(target_lufs + offset - loudest, _QUIETEST_LUFS) for name, offset in offsets.items()}


def _reduced(offset_lu: float) -> float:
    beyond = max(abs(offset_lu) - KEPT_LU, 0.0)
    return copysign(min(abs(offset_lu), KEPT_LU) + _ADDED_LU * tanh(beyond / _SCALE_LU), offset_lu)


def _lock(folder: Path) -> FileLock:
    """Lock a folder for this program; the system releases the lock when the program ends, however it ends."""
    from filelock import FileLock, Timeout

    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / FOLDER / ".lock", timeout=0, thread_local=False)  # released by the thread of the last song
    try:
        lock.acquire()
    except Timeout:
        raise TonnbookError(
            f"another program is mastering into {folder.name}; wait for it, or name another folder"
        ) from None
    return lock


def _usable(songs: Mapping[str, MasteringRequest], folder: Path) -> tuple[dict[str, MasteringRequest], dict[str, str]]:
    good, bad, masters = {}, {}, masters_in(folder)
    for name, request in songs.items():
        try:
            for path in request.local_files():
                check_upload(path)
                if path.resolve() in masters:
                    raise TonnbookError(
                        f"{path.name} is a master that was made here, not a song: leave it out, or name another folder for the masters"
                    )
            good[name] = request
        except TonnbookError as error:
            bad[name] = str(error)
    return good, bad


def _error_of(action: Callable[[], object]) -> str:
    """Return the message of the TonnbookError that `action` raises, "" if it raises none."""
    try:
        action()
    except TonnbookError as error:
        return str(error)
    return ""


def _is_lost(request: MasteringRequest) -> bool:
    return isinstance(request.source, Path) and not request.source.exists()


def _order_without_its_song(options: AlbumOptions, name: str, request: MasteringRequest) -> SongOrder | None:
    """Return the order of a song whose file is lost, if its master, made with these settings, exists."""
    try:
        record = SongRecord.read(record_path(options.folder, name))
    except TonnbookError:
        return None  # the song is refused already because its file is lost
    if record is None or not record.has_master(options.folder):
        return None
    order = options.order(name, request, request, str(record.master_file)).of_the_song_in(record)
    return order if order.is_order_of(record) else None
