"""What an enhancement does in its thread: bring the mix, have it enhanced, take in the file.

This module pulls in the engine and with it scipy; the desk loads it in the background, so that a studio starts at once.
"""

from __future__ import annotations

from pathlib import PurePath

from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.studio.analysis.work import bring
from tonnbook.studio.enhancement.engine import enhance
from tonnbook.studio.enhancement.service import Enhanced
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage
from tonnbook.studio.runtime.worker import Worker

FETCHING = 0.1
"""Share of the progress that fetching and checking the mix fills."""


def make_enhanced(
    request: EnhancementRequest, full: bool, storage: Storage, worker: Worker, limits: Limits, progress: Progress
) -> Enhanced:
    """Return the enhanced mix, full or as a preview; raises AudioError that names the file."""
    with storage.new_task_folder() as task_folder:
        folder = task_folder.path / "mix"
        folder.mkdir()
        source = bring(str(request.source), folder, storage, limits, part(progress, 0, FETCHING))
        progress(FETCHING, "waiting for its turn")
        name = PurePath(request.name).stem or "mix"
        out, preview = (
            task_folder.path / f"{name}-enhanced.wav",
            None if full else task_folder.path / f"{name}-preview.mp3",
        )
        outcome = worker.in_turn(enhance, source, request, out, preview, part(progress, FETCHING, 1))
        stems = {name: storage.add(path) for name, path in outcome.stems.items()}
        return Enhanced(task_folder, outcome, storage.add(preview or out), stems)
