"""What is known of the songs of an album, on disk beside the masters: it survives an interrupt, a crash, a `kill -9`.

Each song has a small file of its own in the folder `manifest`, so that songs which are worked on side by side, even by other processes, never
wait for each other. A file is written whole or not at all: to a second name first, flushed to the disk, then renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tonnbook.models.mastering import MasteringRequest, MasterNotes

FOLDER = "manifest"

State = Literal["new", "ordered", "preview", "paying", "final", "done"]
"""How far a song is: nothing known; task id known; preview here; final asked for; its link known; master here."""


class SongRecord(BaseModel):
    """What is known of one song. Only its owner may read the file: while a master is on its way, its link stands in it."""

    model_config = ConfigDict(extra="ignore")

    version: int = 1
    song: str
    """Name of the song: that of its file, without the ending."""
    order: str
    """Fingerprint of the song's bytes and of everything that was wished; another one is another master."""
    server: str
    task_id: str | None = None
    state: State = "new"
    preview_file: str | None = None
    preview_start_s: float | None = None
    link: str | None = Field(None, repr=False)
    master_file: str | None = None
    master_bytes: int | None = None
    master_sha256: str | None = None
    problem: str | None = None
    """Why the last attempt ended."""
    notes: MasterNotes | None = Field(None, repr=False)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what stands in a file; None where there is none, or nothing that can be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Put it on the disk, whole, for its owner's eyes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(self.model_dump_json(indent=1, exclude_none=True).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)

    def holds(self, folder: Path) -> bool:
        """Say whether the master is there, bit for bit."""
        if self.state != "done" or self.master_file is None:
            return False
        path = folder / self.master_file
        if not path.is_file() or path.stat().st_size != self.master_bytes:
            return False
        return sha256(path) == self.master_sha256


def record_path(folder: Path, song: str) -> Path:
    """Return where the record of a song lies."""
    return folder / FOLDER / f"{song}.json"


def fingerprint(request: MasteringRequest) -> str:
    """Return what tells one order from another: the song itself, and every wish but where to send webhooks."""
    source = request.source
    song = sha256(source) if isinstance(source, Path) else urlsplit(source)._replace(query="").geturl()
    wishes: Mapping[str, Any] = request.model_dump(mode="json", exclude={"source", "webhook_url"})
    return hashlib.sha256(json.dumps([song, wishes], sort_keys=True).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> None:
    """Remove what a killed program left unfinished."""
    for place in (folder, folder / FOLDER, folder / "previews"):
        for part in place.glob("*.part"):
            part.unlink(missing_ok=True)
