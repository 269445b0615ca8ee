"""Decide the glue compression of a prepared song: how far its hits would be over the ceiling at the target, and what to do about it.

`over_db` is by how many dB the hits would pass the ceiling at the target loudness, before clipper and limiter. It comes from the prepared
song, as tone, repairs and bands move the peaks by several dB, and from the same estimate as the clipper's share, so that the stages
cannot disagree. Below 0 dB a gain is enough; up to 4 dB the limiter works inaudibly; above that glue compresses the song first and the
clipper rounds what is left (sound.md 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.levels import db
from tonnbook.models.notes import StageNotes
from tonnbook.studio.mastering.chain import PreparedSong, compress
from tonnbook.studio.mastering.loudness_search import LIMITER_ONLY_DB, LoudnessEstimate
from tonnbook.studio.mastering.plan import BandCompression, MasterTarget
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.series import largest_per_10_ms

GLUE_FROM_DB = 4.0
_LOUD = 0.995  # quantile of the peaks per 10 ms: the hits
_SHARE, _DEEPEST_DB = 0.6, 10.0


@dataclass(frozen=True, eq=False)
class GlueOutcome:
    """A prepared song, compressed if that helps, with the estimate of its loudness."""

    song: PreparedSong
    estimate: LoudnessEstimate
    glue: BandCompression | None
    note: StageNotes


def apply_glue(song: PreparedSong, target: MasterTarget, progress: Progress) -> GlueOutcome:
    """Compress a song whose hits would be far over the ceiling, and keep that if they then are less far over it.

    The file of the version that is not kept is deleted.
    """
    estimate = LoudnessEstimate(song)
    over = estimate.over_db(target.target_lufs, target.ceiling_dbtp)
    numbers = {"over_db": round(over, 2)}
    if over <= GLUE_FROM_DB:
        return GlueOutcome(song, estimate, None, _note(_not_needed(over), numbers, done=False))
    glue = glue_settings(song, over)
    compressed = compress(song, glue, progress)
    after = LoudnessEstimate(compressed)
    left = after.over_db(target.target_lufs, target.ceiling_dbtp)
    numbers |= {"threshold_dbfs": glue.threshold_db, "ratio": glue.ratio, "left_over_db": round(left, 2)}
    text = (
        f"At the target the hits would pass the ceiling by {over:.1f} dB; after compression of 2:1 from {glue.threshold_db:.1f} dBFS, "
        f"by {left:.1f} dB"
    )
    if left >= over:
        compressed.path.unlink()
        return GlueOutcome(song, estimate, None, _note(f"{text}: not used.", numbers, done=False))
    song.path.unlink()
    return GlueOutcome(compressed, after, glue, _note(f"{text}.", numbers, done=True))


def glue_settings(song: PreparedSong, over_db: float) -> BandCompression:
    """Return the compression for hits that are `over_db` over the ceiling: the more, the lower its threshold."""
    loud = db(float(np.quantile(largest_per_10_ms(song.peaks, song.rate / CELL), _LOUD)))
    return BandCompression(round(loud - min(_DEEPEST_DB, _SHARE * over_db), 2), 2.0, 10.0, 120.0, knee_db=8.0)


def _not_needed(over: float) -> str:
    if over <= 0.0:
        return f"At the target the hits stay {-over:.1f} dB below the ceiling: a gain is enough."
    enough = "the limiter alone is enough" if over <= LIMITER_ONLY_DB else "clipper and limiter are enough"
    return f"At the target the hits pass the ceiling by {over:.1f} dB: {enough}."


def _note(text: str, numbers: dict[str, float], *, done: bool) -> StageNotes:
    return StageNotes(stage="glue", done=done, text=text, numbers=numbers)
