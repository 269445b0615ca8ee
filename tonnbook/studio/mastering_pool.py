"""Where masters are made: side by side, one per core, in threads of the studio or on any executor that is handed in.

An executor may run its work in other processes, on this machine or on a cluster that sees the same files (`dask.distributed`'s
`client.get_executor()`, `ProcessPoolExecutor`). So what it gets is plain: paths and values, and no callback. A worker that is killed
leaves no half file, because every file is renamed when it is whole; an executor that starts the work again gets the same bytes.
"""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future
from pathlib import Path

from tonnbook.studio.mastering_engineer import MasterOutcome, master_song
from tonnbook.studio.mastering_executors import shares_memory
from tonnbook.studio.mastering_plan import Wish
from tonnbook.studio.threads import DaemonThreads
from tonnbook.studio.worker import Progress


class MasteringPool:
    """Runs masters. An executor that was handed in is left open at close."""

    def __init__(self, executor: Executor | None = None) -> None:
        self._own = None if executor else DaemonThreads(os.cpu_count() or 1, "studio-master")
        self._executor: Executor = executor or self._own  # type: ignore[assignment]  # one of the two is there
        self._running: set[Future[MasterOutcome]] = set()

    def master(
        self, source: Path, wished: Wish, out: Path, preview: Path, preview_start_s: float | None, progress: Progress
    ) -> MasterOutcome:
        """Have one song mastered and wait for it. Called from within a task."""
        if shares_memory(self._executor):
            turn = self._executor.submit(master_song, source, wished, out, preview, preview_start_s, progress)
        else:
            progress(0.0, "being mastered by a worker elsewhere")
            turn = self._executor.submit(master_song, source, wished, out, preview, preview_start_s)
        self._running.add(turn)
        turn.add_done_callback(self._running.discard)
        return turn.result()

    def close(self) -> None:
        """Cancel what waits. Returns at once."""
        for turn in tuple(self._running):
            turn.cancel()
        if self._own:
            self._own.shutdown(wait=False, cancel_futures=True)
