"""The loudness loop: finds the gain at which the limited song stands at its target, and proves it on the written file (sound.md 2.8).

Rendering is dear and the answer depends on it, so most of the search runs on a sketch of the song: the energies and peaks that were noted
while it was prepared, taken through the very gain curve of the limiter. A real render then shows by how much the sketch is off, and
the next gain takes that into account. Whatever the loop believes, in the end the written file is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.clip import SoftClipper
from tonnbook.dsp.levels import Array, to_gain
from tonnbook.dsp.limiter import Limiter
from tonnbook.errors import AudioError
from tonnbook.studio.mastering.chain import PreparedSong
from tonnbook.studio.mastering.secant import GainSearch
from tonnbook.studio.mastering.sketch import HEADROOM_DB, Level, Sketch
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.song_features import SongFeatures, measure_master

_AIM_LU = 0.04  # of the 0.05 LU that a master may be off
_MARGIN_DB = 0.01  # what rounding and dither may add
_RENDERS = 10
_OUT_OF_REACH = "{:g} LUFS cannot be reached with this song. Choose a quieter target."


@dataclass(frozen=True, eq=False)
class Levelled:
    """A master on disk."""

    level: Level
    features: SongFeatures
    """Measured on the written file."""
    reduction: Array
    """Of the limiter, in dB, the largest of every 10 ms."""
    clip_db: float
    """By how much the loudest hits were rounded."""
    over_db: float
    """How far the loudest hits stood over the ceiling before clipper and limiter."""
    renders: int


def level_to(
    song: PreparedSong,
    target_lufs: float,
    ceiling_dbtp: float,
    out: Path,
    bit_depth: audio_files.BitDepth,
    seed: int,
    progress: Progress,
    sketch: Sketch | None = None,
) -> Levelled:
    """Write the song to `out` at its loudness and below its ceiling; raises AudioError where that cannot be had.

    A `sketch` that was drawn before remembers what it was asked.
    """
    sketch = sketch or Sketch(song)

    def solved(ceiling_db: float, biased_lufs: float) -> Level:
        level = sketch.solve(ceiling_db, biased_lufs)
        if level is None:
            raise AudioError(_OUT_OF_REACH.format(target_lufs))
        return level

    level = Level(0.0, ceiling_dbtp - HEADROOM_DB)
    if abs(sketch.loudness(level) - target_lufs) > _AIM_LU:  # what stands at its target is left there
        level = solved(level.ceiling_db, target_lufs)
    search = GainSearch(target_lufs, level.gain_db)
    while search.tries < _RENDERS:
        level = replace(level, gain_db=search.gain_db)
        reduction = _render(song, level, sketch.peak_db, out, bit_depth, seed, progress)
        features = measure_master(out)
        off, bias = search.heard(features.loudness_lufs), features.loudness_lufs - sketch.loudness(level)
        if off <= _AIM_LU:
            too_high = features.true_peak_dbtp - ceiling_dbtp
            if too_high <= 0.0:
                over = sketch.peak_db + level.gain_db - level.ceiling_db
                return Levelled(level, features, reduction, level.clip_db(sketch.peak_db), over, search.tries)
            level = solved(level.ceiling_db - too_high - _MARGIN_DB, target_lufs - bias)
            search.again(level.gain_db)
        elif search.gap:
            gain, too_loud = search.gap
            level = replace(level, ceiling_db=level.ceiling_db - too_loud - _MARGIN_DB)
            search.again(gain - too_loud)
        elif search.tries == 1:  # here the sketch, set right by a render, knows more than a first guess of the slope
            level = solved(level.ceiling_db, target_lufs - bias)
            search.gain_db = level.gain_db
    raise AudioError(_OUT_OF_REACH.format(target_lufs))


def rendered(song: PreparedSong, level: Level, peak_db: float, limiter: Limiter) -> Iterator[Array]:
    """Yield the song through gain, clipper and limiter."""
    gain, clip_at = to_gain(level.gain_db), level.clip_ceiling_db(peak_db)
    clipper = SoftClipper(2, clip_at) if clip_at is not None else None
    for block in song.blocks():
        louder = block * gain
        yield limiter.process(clipper.process(louder) if clipper else louder)
    if clipper:
        yield limiter.process(clipper.flush())
    yield limiter.flush()


def _render(
    song: PreparedSong,
    level: Level,
    peak_db: float,
    out: Path,
    bit_depth: audio_files.BitDepth,
    seed: int,
    progress: Progress,
) -> Array:
    limiter, done = Limiter(song.rate, 2, level.ceiling_db), 0
    seeded = seed if bit_depth == 16 else None
    with audio_files.Writer(out, song.rate, 2, bit_depth, seeded) as writer:
        for block in rendered(song, level, peak_db, limiter):
            writer.write(block)
            done += block.shape[1]
            progress(done / song.frames, "setting the level")
    return _per_10_ms(limiter.reduction, song.rate)


def _per_10_ms(reduction: Array, rate: int) -> Array:
    edges = np.arange(0, len(reduction), rate / 100 / CELL).astype(np.intp)
    return np.asarray(np.maximum.reduceat(reduction, edges)) if len(edges) else np.empty(0)
