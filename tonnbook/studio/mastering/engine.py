"""Master a song: measure it, plan, render, find the level, cut the preview, report.

`master_song` takes paths and plain values and returns paths and plain values, so it can run in a task's thread, in another process, on a
worker of a cluster, or inside the mixing engine.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tonnbook.models.mastering import MasterNotes
from tonnbook.studio.mastering.chain import prepare
from tonnbook.studio.mastering.glue import apply_glue
from tonnbook.studio.mastering.loudness_search import LoudnessEstimate, set_level
from tonnbook.studio.mastering.notes import master_notes
from tonnbook.studio.mastering.plan import MasterPlan, MasterTarget, decide
from tonnbook.studio.mastering.preview import preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress, part
from tonnbook.studio.measure.song_features import measure_song
from tonnbook.studio.measure.track_checks import check_loudness
from tonnbook.studio.runtime.temporary_folder import temporary_folder

_MEASURED, _PREPARED, _GLUED, _LEVELLED = 0.15, 0.35, 0.4, 0.9  # fraction done at the end of each stage


@dataclass(frozen=True)
class MasterOutcome:
    """A finished master."""

    master: Path
    preview: Path | None
    notes: MasterNotes
    plan: MasterPlan


def master_song(
    source: Path,
    target: MasterTarget,
    out: Path,
    preview: Path | None = None,
    preview_start_s: float | None = None,
    progress: Progress = no_progress,
) -> MasterOutcome:
    """Master a song into the WAV file `out`, and its preview into the MP3 file `preview`, which starts near `preview_start_s`.

    The same song and target give the same bytes. Raises AudioError if the song cannot be measured or its target not be reached; no file
    is left then.
    """
    features = measure_song(source, part(progress, 0.0, _MEASURED))
    plan = decide(features, target)
    with temporary_folder(out.parent, "mastering-") as folder:
        master = folder / "master.wav"
        song = prepare(source, plan, features.seconds, folder, part(progress, _MEASURED, _PREPARED))
        check_loudness(LoudnessEstimate(song).plain_lufs(), f"{source.name} without its DC offset")
        glued = apply_glue(song, target, part(progress, _PREPARED, _GLUED))
        plan = replace(plan, glue=glued.glue, stages=(*plan.stages, glued.note))
        levelled = set_level(
            glued.song,
            target.target_lufs,
            target.ceiling_dbtp,
            master,
            target.rate.bit_depth,
            _dither_seed(source),
            part(progress, _GLUED, _LEVELLED),
            glued.estimate,
        )
        start_s, cut = preview_start(levelled.features, preview_start_s), None
        if preview:
            progress(_LEVELLED, "cutting the preview")
            cut = write_preview(master, start_s, folder / "preview.mp3")
            os.replace(cut.path, preview)
        os.replace(master, out)
    return MasterOutcome(out, preview, master_notes(features, plan, levelled, start_s, cut), plan)


def _dither_seed(source: Path) -> int:
    """Return the seed of the dither, a hash of the song, so that the same song gives the same file anywhere."""
    with source.open("rb") as file:
        return int.from_bytes(hashlib.file_digest(file, "sha256").digest()[:8], "big")
