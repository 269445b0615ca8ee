"""Which executors can do what, and how progress comes back from those that work in another process."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from tonnbook.studio.runtime.threads import DaemonThreads

_EVERY_S = 0.2


def shares_memory(executor: Executor | None) -> bool:
    """Say whether work handed to this executor runs in this process, so that it can be told about its progress."""
    return executor is None or isinstance(executor, DaemonThreads | ThreadPoolExecutor)


def end_with(parent: int) -> None:
    """Have this worker's process end when its parent has: for a process that another one starts, by its `initializer`.

    A parent that is killed cannot end its workers; each would wait for work that never comes, with its memory and its open pipes.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_EVERY_S)
        os._exit(1)

    if sys.platform != "win32":  # there a process keeps its parent's number when that has ended
        threading.Thread(target=watch, name="tonnbook parent", daemon=True).start()


class ProgressFile:
    """Progress that crosses to another process, or another machine that sees the same files: a few bytes on disk.

    It is called like any progress, there; what it was told last is read here. The file is whole or absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0.0

    def __call__(self, share: float, stage: str, /) -> None:
        """Note how far the work is; five times a second are enough."""
        if (now := time.monotonic()) < self._next:
            return
        self._next = now + _EVERY_S
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.write_text(json.dumps([share, stage]), encoding="utf-8")
        os.replace(fresh, self.path)

    def read(self) -> tuple[float, str] | None:
        """Return what was told last; None before anything was."""
        try:
            share, stage = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return float(share), str(stage)
