"""Store uploads and results in a temporary folder, and sign the links to them.

A link is signed with HMAC-SHA256 over method, file and expiry time; the key is discarded with the studio. Each upload and each task has
a folder of its own. When the disk limit is reached, the folders of the oldest finished tasks are deleted first.
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
from collections import ChainMap, Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits

Clock = Callable[[], float]
"""Seconds since 1970, as `time.time` gives them."""

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

_RESERVE_BYTES = 64 * 2**20

_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg"}


@dataclass(eq=False)
class TaskFolder:
    """The folder of one task or upload. It may be deleted when it is not pinned and, for an upload, when it has expired."""

    path: Path
    expires: float = 0.0
    """Seconds since 1970; 0 for the folder of a task."""
    pins: int = 0
    sizes: dict[int, int] = field(default_factory=dict, repr=False)
    """Size of each file by its inode, as last measured."""
    file_ids: set[str] = field(default_factory=set, repr=False)


@dataclass(frozen=True)
class StoredFile:
    """A file that can be linked to. The path of an upload exists once its bytes have arrived."""

    id: str
    name: str
    content_type: str
    path: Path


class Storage:
    """All files of one studio, in a temporary folder of its own that `close` deletes."""

    def __init__(self, address: str, limits: Limits, clock: Clock, folder: Path | None = None) -> None:
        self._address = address
        self._limits = limits
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._files: dict[str, StoredFile] = {}
        self._results: dict[Path, StoredFile] = {}
        self._task_folders: dict[Path, TaskFolder] = {}
        self._holders: Counter[int] = Counter()  # number of folders that a file is in, by its inode
        self._measured_bytes = 0  # of the folders that nothing writes to
        remove_stale_folders(folder or Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_prefix()}{os.getpid()}-", dir=folder))

    # --- folders

    @contextmanager
    def new_task_folder(self) -> Iterator[TaskFolder]:
        """Create the folder of a task and pin it during the block; delete it with all its files if the block raises."""
        task_folder = self._add_task_folder()
        done = False
        try:
            with self.pinned(task_folder):
                yield task_folder
                done = True
        finally:
            if not done:
                with self._lock:
                    self._delete(task_folder)

    @contextmanager
    def pinned(self, task_folder: TaskFolder) -> Iterator[None]:
        """Keep a folder from being deleted during the block."""
        with self._lock:
            task_folder.pins += 1
        try:
            yield
        finally:
            with self._lock:
                task_folder.pins -= 1
                if not task_folder.pins:
                    self._measure(task_folder)

    def exists(self, task_folder: TaskFolder) -> bool:
        """Return whether the folder has not been deleted."""
        return task_folder.path in self._task_folders

    def delete_old(self, needed: int = 0) -> bool:
        """Delete expired uploads, then the oldest finished results until the folder is within its limit; return whether it is.

        The oldest results also make room where the disk has not `needed` bytes free, and a reserve: 64 MiB, or a quarter of a small disk.
        Only the folders of running tasks are measured here, so that the cost does not grow with what was done before.
        """
        limit, now = self._limits.folder_bytes, self._clock()
        with self._lock:
            folders = list(self._task_folders.values())
            written = ChainMap(*(_file_sizes(each.path) for each in folders if each.pins))
            running = sum(size for inode, size in written.items() if inode not in self._holders)
            unused = [each for each in folders if not each.pins and each.expires <= now]
            for task_folder in sorted(unused, key=lambda each: each.expires == 0):
                if task_folder.expires or self._measured_bytes + running > limit or self._disk_is_short(needed):
                    self._delete(task_folder)
            return self._measured_bytes + running <= limit

    def _disk_is_short(self, needed: int) -> bool:
        disk = shutil.disk_usage(self.folder)
        return disk.free < needed + min(_RESERVE_BYTES, disk.total // 4)

    def _add_task_folder(self, expires: float = 0.0) -> TaskFolder:
        task_folder = TaskFolder(Path(tempfile.mkdtemp(dir=self.folder)), expires)
        with self._lock:
            self._task_folders[task_folder.path] = task_folder
        return task_folder

    def _measure(self, task_folder: TaskFolder) -> None:
        """Measure a folder that nothing writes to any more; a file that is in two folders (a hard link) counts once."""
        self._forget_sizes(task_folder)
        if task_folder.path not in self._task_folders:
            return
        task_folder.sizes = _file_sizes(task_folder.path)
        for inode, size in task_folder.sizes.items():
            self._holders[inode] += 1
            self._measured_bytes += size if self._holders[inode] == 1 else 0

    def _forget_sizes(self, task_folder: TaskFolder) -> None:
        for inode, size in task_folder.sizes.items():
            self._holders[inode] -= 1
            if not self._holders[inode]:
                del self._holders[inode]
                self._measured_bytes -= size
        task_folder.sizes = {}

    def _delete(self, task_folder: TaskFolder) -> None:
        if self._task_folders.pop(task_folder.path, None) is None:
            return
        self._forget_sizes(task_folder)
        for id_ in task_folder.file_ids:
            self._results.pop(self._files.pop(id_).path, None)
        shutil.rmtree(task_folder.path, ignore_errors=True)

    # --- files

    def new_upload(self, name: str, content_type: str) -> StoredFile:
        """Create the entry of a file that will be uploaded; its path does not exist yet.

        The file expires one hour after its links, so that a download which has begun in time can end.
        """
        task_folder = self._add_task_folder(self._clock() + 2 * self._limits.link_s)
        file = StoredFile(secrets.token_urlsafe(12), name, content_type, task_folder.path / "upload")
        with self._lock:
            self._files[file.id] = file
            task_folder.file_ids.add(file.id)
        return file

    def finish_upload(self, file: StoredFile, arrived: Path) -> None:
        """Make the bytes that have arrived the file of an upload."""
        os.replace(arrived, file.path)
        with self._lock:
            if task_folder := self._task_folders.get(file.path.parent):
                self._measure(task_folder)

    def hard_link(self, path: Path, to: Path) -> None:
        """Link `to` to the present bytes of a file, which stay even if the file is replaced or deleted; raises HttpError 404."""
        try:
            os.link(path, to)
        except FileNotFoundError:
            raise HttpError(
                404, "nothing has been uploaded to this link; PUT the file to its signed_url first"
            ) from None
        except OSError:  # a file system without hard links
            shutil.copyfile(path, to)

    # --- links

    def result_link(self, path: Path) -> str:
        """Return a link to read a file in a task's folder, valid for one hour. The file has the same id in all its links."""
        with self._lock:
            if path not in self._results:
                content_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
                file = StoredFile(secrets.token_urlsafe(12), path.name, content_type, path)
                self._files[file.id] = self._results[path] = file
                if task_folder := self._task_folder_of(path):
                    task_folder.file_ids.add(file.id)
            file = self._results[path]
        return self.signed_link(file)

    def _task_folder_of(self, path: Path) -> TaskFolder | None:
        return self._task_folders.get(self.folder / path.relative_to(self.folder).parts[0])

    def signed_link(self, file: StoredFile, method: str = "GET") -> str:
        """Return a link to read (GET, HEAD) or write (PUT) `file`, valid for one hour."""
        expires = str(int(self._clock() + self._limits.link_s))
        query = f"expires={expires}&signature={self._sign(method, file.id, expires)}"
        return f"{self._address}/files/{file.id}/{quote(file.name, safe='')}?{query}"

    def file_by_link(self, method: str, file_id: str, name: str, expires: str, signature: str) -> StoredFile:
        """Return the file of a link, given the parts of the link; raises HttpError 404 if it is not valid or has expired."""
        expected = self._sign("PUT" if method == "PUT" else "GET", file_id, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise HttpError(404, "no such file: use the whole link, unchanged, and with the method it was made for")
        if float(expires) < self._clock():
            raise HttpError(404, "this link has expired; links are valid for one hour, request a new one")
        file = self._files.get(file_id)
        if file is None or file.name != name:
            raise HttpError(404, "this file has been deleted: old results are deleted when the disk limit is reached")
        return file

    def file_by_url(self, url: str) -> StoredFile:
        """Return the file of one of the studio's own links; raises HttpError 404."""
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        match parts.path.split("/"):
            case ["", "files", file_id, name]:
                expires, signature = query.get("expires", ""), query.get("signature", "")
                return self.file_by_link("GET", file_id, unquote(name), expires, signature)
        raise HttpError(404, "this address of the studio is no file; use the readable_url of an upload")

    def is_own_link(self, url: str) -> bool:
        """Return whether `url` points to this studio."""
        own, other = urlsplit(self._address), urlsplit(url)
        return other.hostname in LOOPBACK_NAMES and other.port == own.port

    def _sign(self, method: str, file_id: str, expires: str) -> str:
        text = f"{method}\n{file_id}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Delete the folder. All links are invalid from now on."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _file_sizes(path: Path) -> dict[int, int]:
    """Return the size in bytes of each file in a folder and those inside it, by its inode."""
    sizes: dict[int, int] = {}
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):  # a task may just be renaming it
                found = os.stat(os.path.join(folder, name))
                sizes[found.st_ino] = found.st_size
    return sizes


def remove_stale_folders(folder: Path) -> None:
    """Delete the folders in `folder` of studios whose process was killed: of this user, on this machine."""
    if sys.platform == "win32":  # os.kill(pid, 0) would end the process there
        return
    for left in folder.glob(f"{_prefix()}*-*"):
        number = left.name.removeprefix(_prefix()).partition("-")[0]
        with suppress(OSError):
            own = stat.S_ISDIR(left.lstat().st_mode) and left.lstat().st_uid == os.getuid()
            if own and number.isdecimal() and not _is_running(int(number)):
                shutil.rmtree(left, ignore_errors=True)


def _prefix() -> str:
    """Return the prefix of the names of this machine's studio folders: a shared disk may hold those of other machines too,
    whose processes cannot be looked up here."""
    machine = hashlib.sha256(f"{socket.gethostname()} {_pid_namespace()}".encode()).hexdigest()[:8]
    return f"tonnbook-studio-{machine}-"


def _pid_namespace() -> str:
    """Return the id of this container's process namespace, or "" where the system has none."""
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # a process of another user
        return True
    return True
