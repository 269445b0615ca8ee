"""One program at a time: a lock on a folder that the system lets go of when its holder ends, however that comes."""

from __future__ import annotations

import sys
from pathlib import Path

from tonnbook.errors import TonnbookError


class FolderLock:
    """Held from its making until `release`. Raises TonnbookError where another program holds it."""

    def __init__(self, folder: Path) -> None:
        place = folder / "manifest"
        place.mkdir(parents=True, exist_ok=True)
        self._file = (place / ".lock").open("a+b")
        try:
            self._take()
        except OSError:
            self._file.close()
            raise TonnbookError(
                f"another program is mastering into {folder.name} just now; wait for it, or name another folder"
            ) from None

    def release(self) -> None:
        """Let go. Safe to call twice."""
        self._file.close()

    def _take(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            self._file.seek(0)
            msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
