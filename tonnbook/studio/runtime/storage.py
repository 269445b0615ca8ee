"""The studio's files: uploads and results on disk, and the signed links to them.

A link is an HMAC-SHA256 over method, file and expiry time, with a secret that dies with the studio. Files stand on
*shelves*: one folder per upload, and one per task with all that belongs to it. When the folder is full, the shelves of the
oldest finished tasks go first.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits

Clock = Callable[[], float]
"""Seconds since 1970, as `time.time` gives them."""

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg"}


@dataclass(eq=False)
class TaskFolder:
    """One folder of the library; it may be dropped when nobody holds it and, for an upload, when its time is over."""

    path: Path
    expires: float = 0.0
    holders: int = 0


@dataclass(frozen=True)
class StoredFile:
    """A file that links lead to; an upload's path exists once its bytes have come."""

    id: str
    name: str
    content_type: str
    path: Path


class Storage:
    """All files of one studio, in a temporary folder of its own that `close` removes."""

    def __init__(self, address: str, limits: Limits, clock: Clock, folder: Path | None = None) -> None:
        self._address = address
        self._limits = limits
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._files: dict[str, StoredFile] = {}
        self._task_folders: list[TaskFolder] = []
        remove_stale_folders(folder or Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_prefix()}{os.getpid()}-", dir=folder))

    # --- shelves

    @contextmanager
    def new_task_folder(self) -> Iterator[TaskFolder]:
        """Hold a new shelf for the work of a task; if that fails, the shelf goes with all its files."""
        task_folder = self._add_task_folder()
        done = False
        try:
            with self.in_use(task_folder):
                yield task_folder
                done = True
        finally:
            if not done:
                with self._lock:
                    self._remove(task_folder)

    @contextmanager
    def in_use(self, task_folder: TaskFolder) -> Iterator[None]:
        """Keep a shelf from being dropped while it is worked with."""
        with self._lock:
            task_folder.holders += 1
        try:
            yield
        finally:
            with self._lock:
                task_folder.holders -= 1

    def has(self, task_folder: TaskFolder) -> bool:
        """Say whether the shelf is still there."""
        return task_folder in self._task_folders

    def sweep(self) -> None:
        """Drop uploads that no link leads to any more, then the oldest finished results until the rest fits."""
        with self._lock:
            now = self._clock()
            free = [
                task_folder
                for task_folder in self._task_folders
                if not task_folder.holders and task_folder.expires <= now
            ]
            for task_folder in sorted(free, key=lambda task_folder: task_folder.expires == 0):
                if task_folder.expires or self._bytes() > self._limits.folder_bytes:
                    self._remove(task_folder)

    def make_room(self) -> None:
        """Sweep before new work begins; raises HttpError 507 if the folder is still over its limit."""
        self.sweep()
        if self._bytes() > self._limits.folder_bytes:
            size = self._limits.folder_bytes / 2**30
            raise HttpError(
                507, f"the studio's folder is full ({size:.3g} GiB) with work that is still going on; wait for it"
            )

    def _add_task_folder(self, expires: float = 0.0) -> TaskFolder:
        task_folder = TaskFolder(Path(tempfile.mkdtemp(dir=self.folder)), expires)
        with self._lock:
            self._task_folders.append(task_folder)
        return task_folder

    def _remove(self, task_folder: TaskFolder) -> None:
        if task_folder in self._task_folders:
            self._task_folders.remove(task_folder)
            self._files = {i: f for i, f in self._files.items() if task_folder.path not in f.path.parents}
            shutil.rmtree(task_folder.path, ignore_errors=True)

    def _bytes(self) -> int:
        """Return the disk in use; a file that stands on two shelves (a hard link) counts once."""
        sizes: dict[int, int] = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(FileNotFoundError):  # a task may just be renaming it
                    found = os.stat(os.path.join(folder, name))
                    sizes[found.st_ino] = found.st_size
        return sum(sizes.values())

    # --- files

    def expect_upload(self, name: str, content_type: str) -> StoredFile:
        """Make room for one upload. It outlives its links by an hour, so that what began in time can end."""
        self.make_room()
        task_folder = self._add_task_folder(self._clock() + 2 * self._limits.link_s)
        return self._store(StoredFile(secrets.token_urlsafe(12), name, content_type, task_folder.path / "upload"))

    def add(self, path: Path, name: str | None = None) -> StoredFile:
        """Take a result, which stands on a shelf already, into the list of files that links can lead to."""
        kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
        return self._store(StoredFile(secrets.token_urlsafe(12), name or path.name, kind, path))

    def _store(self, file: StoredFile) -> StoredFile:
        with self._lock:
            self._files[file.id] = file
        return file

    def hard_link(self, file: StoredFile, to: Path) -> None:
        """Give a task its own name for a file's present bytes, which stay whatever becomes of the upload."""
        try:
            os.link(file.path, to)
        except FileNotFoundError:
            raise HttpError(
                404, "nothing has been uploaded to this link; PUT the file to its signed_url first"
            ) from None
        except OSError:  # a file system without hard links
            shutil.copyfile(file.path, to)

    # --- links

    def link(self, file: StoredFile, method: str = "GET") -> str:
        """Return a link to read (GET, HEAD) or write (PUT) `file`, good for one hour."""
        expires = str(int(self._clock() + self._limits.link_s))
        query = f"expires={expires}&signature={self._sign(method, file.id, expires)}"
        return f"{self._address}/files/{file.id}/{quote(file.name, safe='')}?{query}"

    def open_link(self, method: str, file_id: str, name: str, expires: str, signature: str) -> StoredFile:
        """Return the file that a link's parts lead to; raises HttpError 404 for a link that is false or out of date."""
        expected = self._sign("PUT" if method == "PUT" else "GET", file_id, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise HttpError(404, "no such file: use the link whole, as it was given, and for what it was given")
        if float(expires) < self._clock():
            raise HttpError(404, "this link has expired; links live for one hour, ask for a new one")
        file = self._files.get(file_id)
        if file is None or file.name != name:
            raise HttpError(404, "this file is no longer here: old results make room for new ones")
        return file

    def from_url(self, url: str) -> StoredFile:
        """Return the file that one of the studio's own links leads to; raises HttpError 404."""
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        match parts.path.split("/"):
            case ["", "files", file_id, name]:
                wanted = query.get("expires", ""), query.get("signature", "")
                return self.open_link("GET", file_id, unquote(name), *wanted)
        raise HttpError(404, "this address of the studio is no file; use the readable_url of an upload")

    def owns(self, url: str) -> bool:
        """Say whether `url` points at this studio."""
        own, other = urlsplit(self._address), urlsplit(url)
        return other.hostname in LOOPBACK_NAMES and other.port == own.port

    def _sign(self, method: str, file_id: str, expires: str) -> str:
        text = f"{method}\n{file_id}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Remove the folder. Links lead nowhere from now on."""
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_stale_folders(folder: Path) -> None:
    """Remove the folders that studios of this user on this machine have left in `folder` whose process was killed."""
    if sys.platform == "win32":  # where nothing tells harmlessly whether a process is there
        return
    for left in folder.glob(f"{_prefix()}*-*"):
        number = left.name.removeprefix(_prefix()).partition("-")[0]
        with suppress(OSError):
            ours = stat.S_ISDIR(left.lstat().st_mode) and left.lstat().st_uid == os.getuid()
            if ours and number.isdecimal() and not _is_running(int(number)):
                shutil.rmtree(left, ignore_errors=True)


def _prefix() -> str:
    """Return how the folders of this machine's studios begin: a shared disk has those of others, whose processes we cannot see."""
    machine = hashlib.sha256(f"{socket.gethostname()} {_pid_space()}".encode()).hexdigest()[:8]
    return f"tonnbook-studio-{machine}-"


def _pid_space() -> str:
    """Return what tells this space of process numbers from another container's, where the system says so."""
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
