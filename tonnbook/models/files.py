"""Files on a server: the links of an upload, and RemoteFile, an audio file that a server made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from uuid import uuid4

from pydantic import Field

from tonnbook.models.base import Answer, AudioSource, Request


class UploadRequest(Request):
    """Request the links for one file (Tonn API, POST /upload)."""

    filename: str = Field(min_length=1, max_length=255)
    content_type: str = Field(alias="contentType", pattern=r"^audio/[a-z0-9.+-]+$")


class UploadFile(Request):
    """One file to upload."""

    source: AudioSource = Field(title="File")


class Uploads(Request):
    """Several files to upload."""

    files: tuple[UploadFile, ...] = Field(min_length=1, max_length=200, title="Files")


@dataclass(frozen=True)
class Uploaded:
    """The links of uploaded files, which can be passed to every call in place of the files. They are secrets: no text shows them."""

    links: Mapping[str, str] = field(repr=False)
    """The links by file name; they expire after one hour."""
    uploaded_at: datetime = field(default_factory=datetime.now)

    def __getitem__(self, name: str) -> str:
        return self.links[name]

    def __repr__(self) -> str:
        return f"Uploaded({', '.join(self.links)}; valid until {self._end})"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(name)}</td><td>valid until {self._end}</td></tr>" for name in self.links)
        return f"<table><thead><tr><th>File</th><th>Link</th></tr></thead><tbody>{rows}</tbody></table>"

    @property
    def _end(self) -> str:
        return f"{self.uploaded_at + timedelta(hours=1):%H:%M}"


class UploadLinks(Answer):
    """Two signed links, one to write a file to and one to read it. They expire after one hour and are secrets: the repr hides them."""

    signed_url: str = Field(repr=False)
    """PUT the bytes here, with the Content-Type of the request."""
    readable_url: str = Field(repr=False)
    """The link of the file in later calls."""
    error: bool = False
    message: str = ""
    info: str = ""


class RemoteFile:
    """An audio file that a server made. `path` downloads it once; the link, which is a secret, is never shown."""

    def __init__(self, name: str, fetch: Callable[[Path | None], Path]) -> None:
        self.name = name
        self._fetch = fetch
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """Path of the file on this machine; downloaded on first use."""
        if self._path is None or not self._path.exists():
            self._path = self._fetch(None)
        return self._path

    def save(self, to: str | Path, *, overwrite: bool = False) -> Path:
        """Download to `to`, a file name or an existing folder; return the path. Raises FileExistsError unless `overwrite` is true."""
        target = self.target(to, overwrite=overwrite)
        return self._fetch(target)

    def target(self, to: str | Path, *, overwrite: bool = False) -> Path:
        """Return the path that `save` would write. Raises FileExistsError as it does."""
        target = Path(to) / self.name if Path(to).is_dir() else Path(to)
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} exists already: choose another name, or pass overwrite=True to replace it")
        return target

    def __repr__(self) -> str:
        path = f", path={str(self._path)!r}" if self._path else ""
        return f"RemoteFile({self.name!r}{path})"


def local_file(path: Path) -> RemoteFile:
    """Return a RemoteFile for a file that is on this machine already."""

    def fetch(to: Path | None) -> Path:
        if to is None or to == path:
            return path
        part = to.with_name(f"{to.name}.{uuid4().hex[:8]}.part")
        shutil.copyfile(path, part)
        return part.replace(to)

    return RemoteFile(path.name, fetch)
