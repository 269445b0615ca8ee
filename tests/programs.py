"""Programs that tests start. They end with the `with` block that uses them: a failing test would hang on a program left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a session of its own, with pipes for its output; at the end of the block SIGTERM, and SIGKILL after 10 s."""
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )
    try:
        yield started
    finally:
        _end(started)


def _end(started: subprocess.Popen[str]) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal_number)
        with suppress(subprocess.TimeoutExpired, ValueError):  # ValueError: the test has read its pipes to the end
            started.communicate(timeout=10)
            return


@contextmanager
def studio_program(*options: str, arguments: Sequence[str] = ()) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `tonnbook studio` on a free port, with `options` of Python and `arguments` of the program; yield process and address. Its key is "studio"."""
    command = [sys.executable, *options, "-m", "tonnbook", "studio", "--port", "0", *arguments]
    with running(command, os.environ | {"TONNBOOK_KEY": "studio"}) as studio:
        assert studio.stdout is not None
        yield studio, studio.stdout.readline().split()[-1]
