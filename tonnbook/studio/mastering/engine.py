"""The mastering engineer: listens, decides, renders, measures what was written, and reports.

`master_song` is all that a route, a cluster's worker or the mix engineer needs: paths and plain values in, paths and plain values out.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tonnbook.models.mastering import CEILING_DBTP, MasteringRequest, MasterNotes
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering.chain import prepare
from tonnbook.studio.mastering.decisions import decide
from tonnbook.studio.mastering.glue import with_glue
from tonnbook.studio.mastering.loudness_search import level_to
from tonnbook.studio.mastering.notes import notes_of
from tonnbook.studio.mastering.plan import MasterPlan, MasterTarget
from tonnbook.studio.mastering.preview import preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress, part
from tonnbook.studio.measure.reference_tone import master_tone_db
from tonnbook.studio.measure.song_features import measure_song
from tonnbook.studio.runtime.temporary_folder import temporary_folder

_SILENT_DBTP = -80.0
_LISTENING, _SHAPING, _GLUING, _LEVELLING = 0.15, 0.35, 0.4, 0.9  # how far along each stage ends


@dataclass(frozen=True)
class MasterOutcome:
    """A finished master."""

    master: Path
    preview: Path | None
    notes: MasterNotes
    plan: MasterPlan


def requested_target(request: MasteringRequest) -> MasterTarget:
    """Return what a request asks for."""
    album = request.album.tone_db if request.album else None
    return target_for(request.style, request.target_lufs, request.sample_rate, album)


def target_for(
    style: MusicalStyle, target_lufs: float, rate: SampleRate, album_tone_db: tuple[float, ...] | None = None
) -> MasterTarget:
    """Return a target; an album's own spectrum takes the place of the style's."""
    if album_tone_db is not None:
        return MasterTarget(target_lufs, rate, album_tone_db, "the album's average", CEILING_DBTP, tone_share=1.0)
    return MasterTarget(
        target_lufs, rate, tuple(master_tone_db(style).tolist()), f"the style {style.label}", CEILING_DBTP
    )


def master_song(
    source: Path,
    wished: MasterTarget,
    out: Path,
    preview: Path | None = None,
    preview_start_s: float | None = None,
    progress: Progress = no_progress,
) -> MasterOutcome:
    """Master one song into the WAV file `out`, and its preview into the MP3 file `preview`; AudioError where that cannot be done.

    The same song and target give the same bytes.
    """
    features = measure_song(source, part(progress, 0.0, _LISTENING))
    plan = decide(features, wished)
    with temporary_folder(out.parent, "mastering-") as folder:
        song = prepare(source, plan, features.seconds, folder, part(progress, _LISTENING, _SHAPING))
        made = with_glue(song, wished, part(progress, _SHAPING, _GLUING))
        plan = replace(plan, glue=made.glue, stages=(*plan.stages, made.note))
        levelled = level_to(
            made.song,
            wished.target_lufs,
            wished.ceiling_dbtp,
            folder / "master.wav",
            wished.rate.bit_depth,
            _seed(source),
            part(progress, _GLUING, _LEVELLING),
            made.sketch,
        )
        start_s, cut = preview_start(levelled.features, preview_start_s), None
        if preview:
            progress(_LEVELLING, "cutting the preview")
            cut = write_preview(folder / "master.wav", start_s, folder / "preview.mp3")
            os.replace(cut.path, preview)
        os.replace(folder / "master.wav", out)
    return MasterOutcome(out, preview, notes_of(features, plan, levelled, start_s, cut), plan)


def _seed(source: Path) -> int:
    """Return the seed of the dither: from the song itself, so that the same song gives the same file anywhere."""
    with source.open("rb") as file:
        return int.from_bytes(hashlib.file_digest(file, "sha256").digest()[:8], "big")
