"""The manifest of an album: what is known of each song, on disk beside the masters, and the names of their files.

Each song has a file of its own in the folder `manifest`, so that songs that are mastered in parallel, even by other processes,
never wait for each other. A file is written atomically: to a temporary name, flushed to the disk, then renamed; so it survives
an interrupt, a crash and a `kill -9`. `payments` says what counts as paid, and what follows from it.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tonnbook.clients.files import safe_name
from tonnbook.errors import TonnbookError
from tonnbook.models.mastering import MasterNotes
from tonnbook.models.mixing import file_name

FOLDER = "manifest"

LOCAL = "this machine"
"""Billing server of every studio on this machine: its port changes from session to session, and it charges nothing."""

State = Literal["new", "ordered", "preview", "paying", "final", "done"]
"""How far a song is: nothing known; task id known; preview here; final master requested; its link known; master here."""


class SongRecord(BaseModel):
    """What is known of one song. The file has mode 0600: while a master is being made, it holds the master's link."""

    model_config = ConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True)

    version: Literal[2] = 2
    song: str
    """Name of the song: that of its file, without the ending."""
    order: str
    """Fingerprint of what is paid for: the song's bytes and the settings of its master. Another one is another master."""
    detail: str
    """Fingerprint of what else the server reads, such as where the preview starts. Another one is another task, unless paid."""
    server: str
    """Host and port of the server that was used last."""
    billing_server: str = Field(alias="place")
    """Host and port of the server that charges for the master, or `LOCAL`."""
    paid: bool
    """True once the final master has been received from a server that charges for it; never reset, even if the file is lost."""
    task_id: str | None = None
    state: State = "new"
    preview_file: str | None = None
    preview_start_s: float | None = None
    link: str | None = Field(None, repr=False)
    master_file: str | None = None
    """Name of the master's file, present or planned."""
    master_bytes: int | None = None
    master_sha256: str | None = None
    problem: str | None = None
    """Why the last attempt ended."""
    notes: MasterNotes | None = Field(None, repr=False)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the record in a file, None where there is no file. Raises TonnbookError for one that cannot be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            raise TonnbookError(
                f"{FOLDER}/{path.name} cannot be read, and it may record a payment for this song: restore the file from a backup, or "
                "move it away to have the song ordered, and perhaps paid, again"
            ) from None

    def write(self, path: Path) -> None:
        """Write atomically with mode 0600."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{uuid4().hex}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(self.model_dump_json(indent=1, by_alias=True, exclude_none=True).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)

    @property
    def requested(self) -> bool:
        """Whether the final master was requested where that costs credits: it is paid, or may be."""
        return self.paid or (self.state == "paying" and self.costs)

    @property
    def costs(self) -> bool:
        """Whether the final master costs credits."""
        return self.billing_server != LOCAL

    def has_master(self, folder: Path) -> bool:
        """Return whether the master's file exists, with the recorded size and SHA-256."""
        if self.state != "done" or self.master_file is None:
            return False
        path = folder / self.master_file
        if not path.is_file() or path.stat().st_size != self.master_bytes:
            return False
        return sha256(path) == self.master_sha256

    def has_preview(self, folder: Path) -> bool:
        """Return whether the preview's file exists."""
        return self.preview_file is not None and (folder / self.preview_file).is_file()


def record_path(folder: Path, song: str) -> Path:
    """Return the path of a song's record."""
    return folder / FOLDER / f"{song}.json"


def records(folder: Path) -> Iterator[tuple[Path, SongRecord]]:
    """Yield every record of a folder that can be read, with its path."""
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            record = SongRecord.read(path)
        except TonnbookError:
            continue  # reported when its own song is mastered
        if record is not None:
            yield path, record


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Remove the unfinished files of a program that was killed."""
    for each in (folder, folder / FOLDER, folder / "previews"):
        for left in [*each.glob("*.part"), *each.glob("*.open")]:
            left.unlink(missing_ok=True)


# Names: masters, previews and records are named after the songs, so each name is used once.


def song_names(sources: Sequence[str | Path]) -> list[str]:
    """Return a unique name for each file or link: its file name without the ending."""
    return unique_names(Path(file_name(source)).stem for source in sources)


def unique_names(words: Iterable[str]) -> list[str]:
    """Return a unique file name for each word. Names that differ only in case count as equal: some file systems ignore it."""
    names: list[str] = []
    used: set[str] = set()
    for word in words:
        name = plain = safe_name(word)
        n = 1
        while (key := unicodedata.normalize("NFC", name).casefold()) in used:
            n += 1
            name = f"{plain} ({n})"
        used.add(key)
        names.append(name)
    return names


def masters_in(folder: Path) -> dict[Path, str]:
    """Return the paths of the masters in a folder by its manifest, with the name of each song."""
    return {
        (folder / r.master_file).resolve(): r.song for _, r in records(folder) if r.master_file and r.state != "new"
    }


def master_file_name(folder: Path, name: str, sources: Iterable[Path], masters: Mapping[Path, str]) -> str:
    """Return the file name for a song's master: not that of a song of the album, nor of a file that is not one of `masters`."""
    songs = {source.resolve() for source in sources}
    file, n = f"{name}.wav", 1
    while _is_used(folder / file, songs, masters, name):
        file = f"{name} (master).wav" if n == 1 else f"{name} (master {n}).wav"
        n += 1
    return file


def _is_used(path: Path, songs: set[Path], masters: Mapping[Path, str], name: str) -> bool:
    if path.resolve() in songs or any(path.exists() and s.exists() and path.samefile(s) for s in songs):
        return True
    if not path.exists() or masters.get(path.resolve()) == name:
        return False
    return not record_path(path.parent, name).exists()
