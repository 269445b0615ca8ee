"""What a repair task does in its thread: bring the recording, have it worked on, take in what was made.

This module pulls in the engines and with them scipy; the desk loads it in the background, so that a studio starts at once.
"""

from __future__ import annotations

from pathlib import Path

from tonnbook.errors import AudioError, TonnbookError
from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.cleanup import CleanupNotes, CleanupRequest
from tonnbook.models.mixing import file_name
from tonnbook.studio.analysis.engine import Report, diagnose
from tonnbook.studio.cleanup.engine import clean
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.measure.track_checks import check_track
from tonnbook.studio.runtime.download import fetch
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.scratch import scratch
from tonnbook.studio.runtime.storage import Storage, StoredFile
from tonnbook.studio.runtime.worker import Worker

FETCHING = 0.3
"""Share of an analysis' progress that fetching and checking the file fills."""


def analysed(request: AnalysisRequest, storage: Storage, worker: Worker, limits: Limits, progress: Progress) -> Report:
    """Return what is wrong with a recording; raises AudioError that names the file."""
    with scratch(storage.folder) as folder:
        path = bring(str(request.source), folder, storage, limits, part(progress, 0, FETCHING))
        progress(FETCHING, "waiting for its turn")
        style, is_master = request.style, request.is_master
        return worker.in_turn(diagnose, path, style, is_master=is_master, progress=part(progress, FETCHING, 1))


def cleaned(
    request: CleanupRequest, storage: Storage, worker: Worker, limits: Limits, progress: Progress
) -> tuple[StoredFile, CleanupNotes]:
    """Return the cleaned recording and what was done to it; raises AudioError that names the file."""
    with storage.new_task_folder() as task_folder:
        path = bring(str(request.source), _made(task_folder.path / "in"), storage, limits, part(progress, 0, FETCHING))
        progress(FETCHING, "waiting for its turn")
        out = _made(task_folder.path / "out") / f"{path.stem}.wav"
        outcome = worker.in_turn(clean, path, request.sound_source, out, part(progress, FETCHING, 1))
        return storage.add(outcome.path), outcome.notes


def bring(link: str, folder: Path, storage: Storage, limits: Limits, progress: Progress) -> Path:
    """Fetch and check one recording, under its own name, into `folder`."""
    name = file_name(link)
    path = folder / name
    progress(0.0, f"fetching {name}")
    try:
        fetch(link, path, storage, limits)
    except TonnbookError as problem:
        raise AudioError(f"{name}: {problem}") from None
    check_track(path, name, limits)
    return path


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
