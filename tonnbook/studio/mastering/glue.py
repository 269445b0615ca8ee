"""Glue: how hard a shaped song will be driven, and the compression that goes before clipper and limiter then.

`over` is by how many dB the hits would pass the ceiling at the target. It is read off the shaped song, because tone, repairs and bands
move the peaks by many dB; and off the same sketch as the clipper's share, so that no two stages can disagree. Nothing over: a gain will do.
A little: the limiter does it unheard. More than 4 dB: glue takes its share first, and the clipper rounds what is left (sound.md 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.levels import db
from tonnbook.models.notes import StageNotes
from tonnbook.studio.mastering.chain import PreparedSong, glued
from tonnbook.studio.mastering.plan import BandCompression, MasterTarget
from tonnbook.studio.mastering.sketch import LIMITED_ALONE_DB, Sketch
from tonnbook.studio.measure.progress import Progress

DRIVEN_DB = 4.0
_LOUD = 0.995  # of all steps of 10 ms: the hits
_SHARE, _DEEPEST_DB = 0.6, 10.0


@dataclass(frozen=True, eq=False)
class Glued:
    """A shaped song with its glue, if that does it good."""

    song: PreparedSong
    sketch: Sketch
    glue: BandCompression | None
    note: StageNotes


def with_glue(song: PreparedSong, target: MasterTarget, progress: Progress) -> Glued:
    """Compress a driven song as a whole before its level is set; keep that only if its hits then pass the ceiling by less."""
    sketch = Sketch(song)
    over = sketch.over_db(target.target_lufs, target.ceiling_dbtp)
    numbers = {"over_db": round(over, 2)}
    if over <= DRIVEN_DB:
        return Glued(song, sketch, None, StageNotes(stage="glue", done=False, text=_left_out(over), numbers=numbers))
    glue = settings(sketch, over)
    made = glued(song, glue, progress)
    after = Sketch(made)
    left = after.over_db(target.target_lufs, target.ceiling_dbtp)
    numbers |= {"threshold_dbfs": glue.threshold_db, "ratio": glue.ratio, "left_over_db": round(left, 2)}
    how = f"compression of 2:1 from {glue.threshold_db:.1f} dBFS"
    text = f"At the target the hits would pass the ceiling by {over:.1f} dB; after {how} they do by {left:.1f} dB"
    if left >= over:
        made.path.unlink()
        return Glued(
            song, sketch, None, StageNotes(stage="glue", done=False, text=f"{text}: left out.", numbers=numbers)
        )
    song.path.unlink()
    return Glued(made, after, glue, StageNotes(stage="glue", done=True, text=f"{text}.", numbers=numbers))


def settings(sketch: Sketch, over_db: float) -> BandCompression:
    """Return the compression for hits that pass the ceiling by so much: the more, the lower it starts."""
    loud = db(float(np.quantile(sketch.peaks_per_10_ms(), _LOUD)))
    return BandCompression(round(loud - min(_DEEPEST_DB, _SHARE * over_db), 2), 2.0, 10.0, 120.0, knee_db=8.0)


def _left_out(over: float) -> str:
    if over <= 0.0:
        return f"At the target the hits stay {-over:.1f} dB below the ceiling: a gain will do."
    enough = "the limiter alone can do that" if over <= LIMITED_ALONE_DB else "clipper and limiter alone can do that"
    return f"At the target the hits pass the ceiling by {over:.1f} dB: {enough}."
