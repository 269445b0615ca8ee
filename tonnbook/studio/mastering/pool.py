"""Run masters side by side, as many at a time as there are cores, or on an executor of the caller.

The first song is mastered in the thread that asks for it, further ones in processes of their own, because two threads of one Python slow
each other down (12 songs on 2 cores: 1.5 times as fast as one after the other in threads, 1.9 times with a process). The processes start
with the second song. They are those of loky, which, unlike those of the standard library, do not import the user's program again.

An executor of the caller may run its work in other processes, on this machine or on a cluster that sees the same files
(`dask.distributed`'s `client.get_executor()`, `ProcessPoolExecutor`). So it gets only paths and plain values, and progress comes back in
a small file. A worker that is killed leaves no partial file, because every file is renamed when it is complete; running the same work
again gives the same bytes.

The engine is imported with the first master, not with this module.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.runtime.threads import DaemonThreads

if TYPE_CHECKING:
    from tonnbook.studio.mastering.engine import MasterOutcome
    from tonnbook.studio.mastering.plan import MasterTarget

MAX_SONGS = 4
"""Songs that are mastered at the same time at most: each takes some 200 MiB."""

log = logging.getLogger(__name__)

_POLL_S = 0.2
_IDLE_S = 300


def shares_memory(executor: Executor | None) -> bool:
    """Return whether work given to this executor runs in this process, so that it can call a progress callback directly."""
    return executor is None or isinstance(executor, DaemonThreads | ThreadPoolExecutor)


class MasteringPool:
    """Master songs in this thread, in processes or on an executor; an executor of the caller is not shut down at close."""

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor
        self._processes: Executor | None = None
        self._running: set[Future[MasterOutcome]] = set()
        self._closed = False
        self._condition = threading.Condition()
        self._thread_free = True
        self._processes_free = min(_cores(), MAX_SONGS) - 1

    def master(
        self,
        source: Path,
        target: MasterTarget,
        out: Path,
        preview: Path,
        preview_start_s: float | None,
        progress: Progress,
    ) -> MasterOutcome:
        """Master one song, as `engine.master_song` does, and wait for it; to be called in a task's thread.

        Raises CancelledError when the pool is closed meanwhile.
        """
        from tonnbook.studio.mastering.engine import master_song

        arguments = source, target, out, preview, preview_start_s
        executor = self._executor
        if executor is not None and shares_memory(executor):
            return self._result(executor.submit(master_song, *arguments, progress), progress)
        if executor is not None:
            try:
                return self._master_in_process(executor, arguments, progress)
            except BrokenExecutor:  # a worker was killed; an executor of the standard library takes no more work then
                log.warning("%s is broken; masters are made on this machine from now on", type(executor).__name__)
                self._executor = None
        in_thread = self._wait_for_turn(progress)
        try:
            if not in_thread:
                try:
                    return self._master_in_process(self._get_processes(), arguments, progress)
                except BrokenExecutor:  # a process was killed, perhaps for its memory: master the song in this thread
                    self._end_processes()
            return master_song(*arguments, progress)
        finally:
            self._end_turn(in_thread=in_thread)

    def close(self) -> None:
        """Cancel the masters that wait, and end the processes. Returns at once."""
        self._closed = True
        for future in tuple(self._running):
            future.cancel()
        self._end_processes()

    def _master_in_process(
        self,
        executor: Executor,
        arguments: tuple[Path, MasterTarget, Path, Path, float | None],
        progress: Progress,
    ) -> MasterOutcome:
        from tonnbook.studio.mastering.engine import master_song

        out = arguments[2]
        progress_file = ProgressFile(out.with_suffix(".progress"))
        progress(0.0, "handed to a worker")
        future = executor.submit(master_song, *arguments, progress_file)
        try:
            return self._result(future, progress, progress_file)
        finally:
            progress_file.path.unlink(missing_ok=True)

    def _result(
        self, future: Future[MasterOutcome], progress: Progress, progress_file: ProgressFile | None = None
    ) -> MasterOutcome:
        """Wait for a master, and pass on the progress that its worker writes."""
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        while progress_file and not wait([future], _POLL_S).done:
            if last := progress_file.read():
                progress(*last)
        try:
            return future.result()
        except (BrokenExecutor, RuntimeError):  # loky raises the latter when it is shut down during the work
            if self._closed:
                raise CancelledError from None
            raise

    def _wait_for_turn(self, progress: Progress) -> bool:
        """Wait until this thread or a process may master a song; return True for this thread."""
        with self._condition:
            while not self._thread_free and not self._processes_free:
                self._condition.wait(_POLL_S)
                progress(0.0, "waiting for its turn")
            if in_thread := self._thread_free:
                self._thread_free = False
            else:
                self._processes_free -= 1
            return in_thread

    def _end_turn(self, *, in_thread: bool) -> None:
        with self._condition:
            if in_thread:
                self._thread_free = True
            else:
                self._processes_free += 1
            self._condition.notify()

    def _get_processes(self) -> Executor:
        from loky import ProcessPoolExecutor

        with self._condition:
            if self._closed:
                raise CancelledError
            if self._processes is None:
                self._processes = ProcessPoolExecutor(
                    max(1, min(_cores(), MAX_SONGS) - 1),
                    timeout=_IDLE_S,
                    initializer=exit_with_parent,
                    initargs=(os.getpid(),),
                )
            return self._processes

    def _end_processes(self) -> None:
        with self._condition:
            processes, self._processes = self._processes, None
        if processes is not None:
            processes.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's own option


class ProgressFile:
    """Progress callback that works across processes, and across machines that see the same files, by a file of a few bytes.

    The worker calls it like any progress callback; the pool reads the last report. The file is complete or absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0.0

    def __call__(self, fraction: float, message: str, /) -> None:
        """Write the progress, at most five times a second."""
        if (now := time.monotonic()) < self._next:
            return
        self._next = now + _POLL_S
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_text(json.dumps([fraction, message]), encoding="utf-8")
        os.replace(new, self.path)

    def read(self) -> tuple[float, str] | None:
        """Return the last report; None before the first."""
        try:
            fraction, message = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return float(fraction), str(message)


def exit_with_parent(parent: int) -> None:
    """Make this worker process exit when the process with the id `parent` has ended; to be run as its initializer.

    A parent that is killed cannot end its workers; each would wait for more work for ever, with its memory and its open pipes.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        os._exit(1)

    if sys.platform != "win32":  # there a process keeps the id of a parent that has ended
        threading.Thread(target=watch, name="tonnbook parent", daemon=True).start()


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
