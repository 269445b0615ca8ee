"""What a mastering task does in its thread: bring the song, have it mastered, take in the files.

This module pulls in the engine and with it scipy; the desk loads it in the background, so that a studio starts at once.
"""

from __future__ import annotations

from pathlib import PurePath

from tonnbook.models.mastering import MasteringRequest
from tonnbook.studio.analysis.work import bring
from tonnbook.studio.mastering.engine import wish
from tonnbook.studio.mastering.pool import MasteringPool
from tonnbook.studio.mastering.service import Mastered
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage

FETCHING = 0.1
"""Share of a master's progress that fetching and checking the song fills."""


def make_master(
    request: MasteringRequest, storage: Storage, pool: MasteringPool, limits: Limits, progress: Progress
) -> Mastered:
    """Return the master of a request and its preview; raises AudioError that names the song."""
    with storage.new_task_folder() as task_folder:
        folder = task_folder.path / "song"
        folder.mkdir()
        source = bring(str(request.source), folder, storage, limits, part(progress, 0, FETCHING))
        progress(FETCHING, "waiting for its turn")
        name = PurePath(request.name).stem or "song"
        out, preview = task_folder.path / f"{name}-master.wav", task_folder.path / f"{name}-preview.mp3"
        outcome = pool.master(source, wish(request), out, preview, request.preview_start_s, part(progress, FETCHING, 1))
        return Mastered(task_folder, outcome, storage.add(out), storage.add(preview))
