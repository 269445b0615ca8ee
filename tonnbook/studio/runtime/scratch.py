"""A folder for what a render needs only while it runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(beside: Path, prefix: str = "scratch-") -> Iterator[Path]:
    """Lend a new folder inside `beside`, which is made if need be; it is gone afterwards.

    Not tempfile.TemporaryDirectory: that one complains when the program ends in the middle of a render, whose folder the studio
    has removed by then.
    """
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
