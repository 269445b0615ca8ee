"""Programs that tests start: they end with the block that uses them, whatever happens in it, or a test that fails would hang."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a program with pipes for what it prints, in a session of its own; what is left of it is ended, kindly first."""
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )
    try:
        yield started
    finally:
        _end(started)


def _end(started: subprocess.Popen[str]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(started.pid, how)
        with suppress(subprocess.TimeoutExpired, ValueError):  # a ValueError: its pipes have been read to the end
            started.communicate(timeout=10)
            return


@contextmanager
def studio_program(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `tonnbook studio` on a free port; yield it with its address."""
    with running([sys.executable, *options, "-m", "tonnbook", "studio", "--port", "0"]) as studio:
        assert studio.stdout is not None
        yield studio, studio.stdout.readline().split()[-1]
