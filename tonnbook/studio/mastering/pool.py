"""Where masters are made: side by side, as many at once as there are cores, or on any executor that is handed in.

The first song is mastered in the thread that asks for it; those beside it in processes of their own, for two threads of one Python come
in each other's way (12 songs on 2 cores: 1.5 times as fast as one by one in threads, 1.9 times with a process). The processes start when a
second song is there. They are loky's: unlike those of the standard library they do not import the user's program again.

An executor may run its work in other processes, on this machine or on a cluster that sees the same files (`dask.distributed`'s
`client.get_executor()`, `ProcessPoolExecutor`). So what it gets is plain: paths and values; progress comes back in a small file. A worker
that is killed leaves no half file, because every file is renamed when it is whole; who starts the work again gets the same bytes.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from pathlib import Path

from tonnbook.studio.mastering.engine import MasterOutcome, master_song
from tonnbook.studio.mastering.executors import ProgressFile, end_with, shares_memory
from tonnbook.studio.mastering.plan import MasterTarget
from tonnbook.studio.measure.progress import Progress

MOST_AT_ONCE = 4
"""Songs in work at most: each takes some 200 MiB."""

log = logging.getLogger(__name__)

_LOOK_S = 0.2
_IDLE_S = 300


class MasteringPool:
    """Runs masters. An executor that was handed in is left open at close."""

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor
        self._processes: Executor | None = None
        self._running: set[Future[MasterOutcome]] = set()
        self._closed = False
        self._free = threading.Condition()
        self._here = True
        self._beside = min(_cores(), MOST_AT_ONCE) - 1

    def master(
        self,
        source: Path,
        wished: MasterTarget,
        out: Path,
        preview: Path,
        preview_start_s: float | None,
        progress: Progress,
    ) -> MasterOutcome:
        """Have one song mastered and wait for it. Called from within a task."""
        order = source, wished, out, preview, preview_start_s
        executor = self._executor
        if executor is not None and shares_memory(executor):
            return self._result(executor.submit(master_song, *order, progress), progress)
        if executor is not None:
            try:
                return self._elsewhere(executor, *order, progress)
            except BrokenExecutor:  # one of its workers was killed; those of the standard library take no work any more
                log.warning("%s is broken; masters are made on this machine from now on", type(executor).__name__)
                self._executor = None
        here = self._take(progress)
        try:
            if not here:
                try:
                    return self._elsewhere(self._made_processes(), *order, progress)
                except BrokenExecutor:  # a process was killed, for memory perhaps: the song is made here
                    self._drop_processes()
            return master_song(*order, progress)
        finally:
            self._give_back(here)

    def close(self) -> None:
        """Cancel what waits, and end the processes. Returns at once."""
        self._closed = True
        for turn in tuple(self._running):
            turn.cancel()
        self._drop_processes()

    def _elsewhere(
        self,
        executor: Executor,
        source: Path,
        wished: MasterTarget,
        out: Path,
        preview: Path,
        preview_start_s: float | None,
        progress: Progress,
    ) -> MasterOutcome:
        event_of = ProgressFile(out.with_suffix(".progress"))
        progress(0.0, "handed to a worker")
        turn = executor.submit(master_song, source, wished, out, preview, preview_start_s, event_of)
        try:
            return self._result(turn, progress, event_of)
        finally:
            event_of.path.unlink(missing_ok=True)

    def _result(
        self, turn: Future[MasterOutcome], progress: Progress, event_of: ProgressFile | None = None
    ) -> MasterOutcome:
        self._running.add(turn)
        turn.add_done_callback(self._running.discard)
        while event_of and not wait([turn], _LOOK_S).done:
            if read := event_of.read():
                progress(*read)
        try:
            return turn.result()
        except (BrokenExecutor, RuntimeError):  # the latter is loky's, when it is shut down in mid-work
            if self._closed:
                raise CancelledError from None
            raise

    def _take(self, progress: Progress) -> bool:
        """Wait for a place; say whether it is here, or else in a process beside."""
        with self._free:
            while not self._here and not self._beside:
                self._free.wait(_LOOK_S)
                progress(0.0, "waiting for its turn")
            if here := self._here:
                self._here = False
            else:
                self._beside -= 1
            return here

    def _give_back(self, here: bool) -> None:
        with self._free:
            if here:
                self._here = True
            else:
                self._beside += 1
            self._free.notify()

    def _made_processes(self) -> Executor:
        from loky import ProcessPoolExecutor

        with self._free:
            if self._closed:
                raise CancelledError
            if self._processes is None:
                self._processes = ProcessPoolExecutor(
                    max(1, min(_cores(), MOST_AT_ONCE) - 1),
                    timeout=_IDLE_S,
                    initializer=end_with,
                    initargs=(os.getpid(),),
                )
            return self._processes

    def _drop_processes(self) -> None:
        with self._free:
            processes, self._processes = self._processes, None
        if processes is not None:
            processes.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's own option


def _cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
