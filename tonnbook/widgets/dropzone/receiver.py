"""Receive files from a page in acknowledged chunks, and continue where the connection was cut.

The page offers a file; the answer says how many bytes of it are here already. It then sends chunks, several before the first is
acknowledged. After a cut, or a chunk that does not follow the last one, the page offers the file again under a new attempt number,
and chunks of the earlier attempt are ignored. A file is complete when all its bytes are here; until then its name ends in `.part`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import Any, BinaryIO

from tonnbook.errors import AudioError
from tonnbook.models.mixing import MAX_MINUTES
from tonnbook.sound_files import ENDINGS, free_path, plain_name

Message = Mapping[str, Any]

_LEFT_FREE_BYTES = 2**28


@dataclass(frozen=True)
class ReceiverLimits:
    """Limits on received files, checked by the page before it sends anything, and here again."""

    file_bytes: int = 2**30
    total_bytes: int = 8 * 2**30
    files: int = 64
    seconds: int = MAX_MINUTES * 60
    endings: tuple[str, ...] = (*ENDINGS, ".zip")


@dataclass
class _Incoming:
    """A file of which some bytes are here."""

    name: str
    size: int
    part: Path
    file: BinaryIO
    attempt: int
    received: int = 0


class Receiver:
    """Receives files into a folder. `complete(id, path)` is called for each whole file; an AudioError that it raises refuses the file.

    Messages may arrive in several threads (ipykernel 7.0 to 7.3).
    """

    def __init__(
        self, folder: Path, complete: Callable[[str, Path], None], limits: ReceiverLimits | None = None
    ) -> None:
        self.folder, self.limits = folder, limits or ReceiverLimits()
        self._complete = complete
        self._incoming: dict[str, _Incoming] = {}
        self._lock = RLock()

    def handle(self, message: Message, buffers: Sequence[memoryview | bytes] = ()) -> Message | None:
        """Handle one message of the page; return the answer, None if there is none."""
        with self._lock:
            key = str(message.get("id", ""))
            try:
                match message.get("kind"):
                    case "offer":
                        return self._offer(key, message)
                    case "chunk" if buffers:
                        return self._chunk(key, message, buffers[0])
                    case "cancel":
                        self._forget(key)
            except (AudioError, OSError) as error:
                self._forget(key)
                return {"kind": "refused", "id": key, "message": str(error)}
            return None

    def close(self) -> None:
        """Forget all files that are not complete."""
        with self._lock:
            for key in list(self._incoming):
                self._forget(key)

    def _offer(self, key: str, message: Message) -> Message:
        incoming = self._incoming.get(key)
        if incoming is None:
            incoming = self._incoming[key] = self._accept(str(message["name"]), int(message["size"]))
        incoming.attempt = int(message["attempt"])
        return {"kind": "at", "id": key, "attempt": incoming.attempt, "received": incoming.received}

    def _accept(self, offered: str, size: int) -> _Incoming:
        name = plain_name(offered)
        limits = self.limits
        if PurePosixPath(name).suffix.lower() not in limits.endings:
            accepted = ", ".join(ending.strip(".").upper() for ending in limits.endings)
            raise AudioError(f"{name or 'this file'} is not accepted: {accepted} are.")
        if not 0 < size <= limits.file_bytes:
            raise AudioError(f"{name} has {size / 1e6:.0f} MB; 1 byte to {limits.file_bytes / 1e6:.0f} MB are allowed.")
        self.check_space(name, size)
        part = free_path(self.folder, f"{name}.part")
        return _Incoming(name, size, part, part.open("xb"), 0)

    def check_space(self, name: str, size: int) -> None:
        """Raise AudioError if `size` more bytes are more than allowed, or than the disk has free."""
        held = sum(file.stat().st_size for file in self.folder.iterdir() if file.suffix != ".part")
        coming = sum(incoming.size for incoming in self._incoming.values())
        if held + coming + size > self.limits.total_bytes:
            raise AudioError(f"{name} does not fit: {self.limits.total_bytes / 1e9:.1f} GB are allowed in all.")
        if size + _LEFT_FREE_BYTES > shutil.disk_usage(self.folder).free:
            raise AudioError(f"{name} does not fit: the disk of the kernel is nearly full.")

    def _chunk(self, key: str, message: Message, data: memoryview | bytes) -> Message | None:
        incoming = self._incoming.get(key)
        if incoming is None or int(message["attempt"]) != incoming.attempt:
            return None
        if int(message["offset"]) != incoming.received:  # one before it was lost
            return {"kind": "lost", "id": key, "attempt": incoming.attempt}
        if incoming.received + len(data) > incoming.size:
            raise AudioError(f"{incoming.name} is longer than the page said. Drop it again.")
        incoming.file.write(data)
        incoming.received += len(data)
        if incoming.received < incoming.size:
            return {"kind": "ack", "id": key, "attempt": incoming.attempt, "received": incoming.received}
        self._finish(key, incoming)
        return {"kind": "done", "id": key}

    def _finish(self, key: str, incoming: _Incoming) -> None:
        incoming.file.close()
        del self._incoming[key]
        path = incoming.part.rename(free_path(self.folder, incoming.name))
        try:
            self._complete(key, path)
        except AudioError:
            path.unlink(missing_ok=True)
            raise

    def _forget(self, key: str) -> None:
        if incoming := self._incoming.pop(key, None):
            incoming.file.close()
            incoming.part.unlink(missing_ok=True)
