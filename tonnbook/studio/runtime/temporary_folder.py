"""A temporary folder for the intermediate files of a render."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_folder(parent: Path, prefix: str = "temporary-") -> Iterator[Path]:
    """Create a folder inside `parent`, which is created if it does not exist, and delete it at the end of the block.

    tempfile.TemporaryDirectory would not do: its finalizer runs when the interpreter exits, before the studio is closed, and deletes
    the files of a render that is still running in a daemon thread.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
