"""What is known of the songs of an album, on disk beside the masters: it survives an interrupt, a crash, a `kill -9`.

Each song has a small file of its own in the folder `manifest`, so that songs which are worked on side by side, even by other processes, never
wait for each other. A file is written whole or not at all: to a second name first, flushed to the disk, then renamed.
What counts as paid, and what follows from it, is said in `payments`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tonnbook.errors import TonnbookError
from tonnbook.models.mastering import MasterNotes

FOLDER = "manifest"
VERSION = 2

State = Literal["new", "ordered", "preview", "paying", "final", "done"]
"""How far a song is: nothing known; task id known; preview here; final asked for; its link known; master here."""


class SongRecord(BaseModel):
    """What is known of one song. Only its owner may read the file: while a master is on its way, its link stands in it."""

    model_config = ConfigDict(extra="ignore")

    version: int = Field(1, ge=1, le=VERSION)
    """1: written before 2026-11-21, without `place`, `paid` and `detail`."""
    song: str
    """Name of the song: that of its file, without the ending."""
    order: str
    """What is paid for: the song's bytes and the wishes that a master is made by; another one is another master."""
    detail: str = ""
    """What else the server reads, such as where the preview starts; another one is another task as long as nothing was paid."""
    server: str
    """Name and port of the server that was asked last."""
    place: str = ""
    """Where it is paid: the server, or `payments.LOCAL`."""
    paid: bool = False
    """True once the final master has come from a server that charges for it; it stays true, whatever becomes of the file."""
    task_id: str | None = None
    state: State = "new"
    preview_file: str | None = None
    preview_start_s: float | None = None
    link: str | None = Field(None, repr=False)
    master_file: str | None = None
    """Name of the master's file, here or to be."""
    master_bytes: int | None = None
    master_sha256: str | None = None
    problem: str | None = None
    """Why the last attempt ended."""
    notes: MasterNotes | None = Field(None, repr=False)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what stands in a file; None where there is none. Raises TonnbookError for one that cannot be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            raise TonnbookError(
                f"{FOLDER}/{path.name} cannot be read, and what was paid for this song may stand in it: put the file back from "
                "a copy, or move it away to have the song ordered, and perhaps paid, anew"
            ) from None

    def write(self, path: Path) -> None:
        """Put it on the disk, whole, for its owner's eyes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{uuid4().hex}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(self.model_dump_json(indent=1, exclude_none=True).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)

    @property
    def asked(self) -> bool:
        """Whether the final master was asked for where that costs credits: paid, or perhaps paid."""
        return self.paid or (self.state == "paying" and self.costs)

    @property
    def costs(self) -> bool:
        """Whether this order's final master costs credits."""
        return self.place != LOCAL

    def holds(self, folder: Path) -> bool:
        """Say whether the master is there, bit for bit."""
        if self.state != "done" or self.master_file is None:
            return False
        path = folder / self.master_file
        if not path.is_file() or path.stat().st_size != self.master_bytes:
            return False
        return sha256(path) == self.master_sha256

    def holds_preview(self, folder: Path) -> bool:
        """Say whether the preview is there."""
        return self.preview_file is not None and (folder / self.preview_file).is_file()


LOCAL = "this machine"
"""The place of every studio on this machine: its port changes from session to session, and it charges nothing."""


def record_path(folder: Path, song: str) -> Path:
    """Return where the record of a song lies."""
    return folder / FOLDER / f"{song}.json"


def records(folder: Path) -> Iterator[tuple[Path, SongRecord]]:
    """Yield every record of a folder that can be read, with its file."""
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            record = SongRecord.read(path)
        except TonnbookError:
            continue  # it is named when its own song is asked for
        if record is not None:
            yield path, record


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> None:
    """Remove what a killed program left unfinished."""
    for place in (folder, folder / FOLDER, folder / "previews"):
        for part in [*place.glob("*.part"), *place.glob("*.permit")]:
            part.unlink(missing_ok=True)
