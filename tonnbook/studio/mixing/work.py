"""What a mix task does in its thread: bring the tracks, have them mixed, take in the files.

This module pulls in the engine and with it scipy; the desk loads it in the background, so that a studio starts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tonnbook.errors import AudioError, TonnbookError
from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixRequest, MixRequest, track_names
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.measure.track_checks import check_track
from tonnbook.studio.mixing.answers import Rendered, take_in
from tonnbook.studio.mixing.engine import final_mix, preview_mix
from tonnbook.studio.mixing.tracks import TrackFile
from tonnbook.studio.runtime.download import fetch
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage
from tonnbook.studio.runtime.worker import Worker

FETCHING = 0.1
"""Share of a preview's progress that fetching and checking its tracks fills."""


def make_preview(request: MixRequest, storage: Storage, worker: Worker, limits: Limits, progress: Progress) -> Rendered:
    """Return the preview of a request; raises AudioError that names the track at fault."""
    with storage.new_task_folder() as task_folder:
        tracks = bring(request, task_folder.path / "tracks", storage, limits, part(progress, 0, FETCHING))
        progress(FETCHING, "waiting for its turn")
        out = _made(task_folder.path / "out")
        outcome = worker.in_turn(preview_mix, tracks, request, out, part(progress, FETCHING, 1))
        return take_in(storage, task_folder, tracks, outcome)


def make_final(
    before: Rendered,
    request: FinalMixRequest,
    changes: Mapping[str, TrackEffects],
    storage: Storage,
    worker: Worker,
    progress: Progress,
) -> Rendered:
    """Return the final mix of a preview, with changes by track name."""
    with storage.in_use(before.task_folder), storage.new_task_folder() as task_folder:
        if not storage.has(before.task_folder):
            raise TonnbookError("the tracks of this task had to make room for newer ones; make the preview again")
        out = _made(task_folder.path / "out")
        outcome = worker.in_turn(final_mix, before.tracks, before.outcome, request, out, progress, changes)
        return take_in(storage, task_folder, before.tracks, outcome)


def bring(
    request: MixRequest, folder: Path, storage: Storage, limits: Limits, progress: Progress
) -> tuple[TrackFile, ...]:
    """Fetch and check every track of a request; each file bears its track's name."""
    names = track_names([track.source for track in request.tracks])
    tracks = []
    for n, (name, track) in enumerate(zip(names, request.tracks, strict=True)):
        progress(n / len(names), f"fetching {name}")
        path = _made(folder / f"{n + 1:02d}") / name
        try:
            fetch(str(track.source), path, storage, limits)
        except TonnbookError as problem:
            raise AudioError(f"{name}: {problem}") from None
        check_track(path, name, limits)
        tracks.append(TrackFile(name, path, track))
    return tuple(tracks)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
