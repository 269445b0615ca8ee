"""Which executors can do what."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from tonnbook.studio.threads import DaemonThreads


def shares_memory(executor: Executor | None) -> bool:
    """Say whether work handed to this executor runs in this process, so that it can be told about its progress."""
    return executor is None or isinstance(executor, DaemonThreads | ThreadPoolExecutor)
