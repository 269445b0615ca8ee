"""The loudness loop: finds the gain at which the limited song stands at its target, and proves it on the written file (sound.md 2.8).

Rendering is dear and the answer depends on it, so most of the search runs on a sketch of the song: the energies and peaks that were noted
while it was prepared, taken through the very gain curve of the limiter. A real render then shows by how much the sketch is off, and
the next gain takes that into account. Whatever the loop believes, in the end the written file is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from tonnbook import audio_files
from tonnbook.dsp.cell_peaks import CELL, StrictPeak
from tonnbook.dsp.clip import KNEE_DB, SoftClipper, clipped
from tonnbook.dsp.levels import Array, db, to_gain
from tonnbook.dsp.limiter import Limiter, main_curve
from tonnbook.dsp.loudness import gated_loudness
from tonnbook.errors import AudioError
from tonnbook.studio.mastering_chain import ENERGY_FRAMES, PreparedSong, Progress
from tonnbook.studio.mastering_features import SongFeatures, SongListener
from tonnbook.studio.mastering_search import GainSearch

LIMITED_ALONE_DB = 3.0
"""So much over the ceiling the limiter takes alone, unheard."""
CLIPPED_SHARE = 0.75
"""Of what is over that, the share that the clipper takes: a limiter that ducks deeper than some dB is heard as pumping."""
_AIM_LU = 0.04  # of the 0.05 LU that a master may be off
# What the moving gain may add between the samples. Too much of it costs nothing, too little another render.
_HEADROOM_DB = 0.08
_MARGIN_DB = 0.01  # what rounding and dither may add
_RENDERS = 10
_GAIN_STEP_DB = 0.01  # to which the sketch is solved
_STEEP = 1.5  # dB of gain for 1 LU, a little more than a song at work takes: the next trial is then beyond the target
_MOST_GAIN_DB = 40.0  # of drive beyond what a plain gain would need
_USUAL_PEAK = 0.9995  # of all cells: one stray click says nothing of a song's hits
_CELLS_AT_ONCE = 8192
_DB_PER_NEPER = 20.0 / log(10.0)


@dataclass(frozen=True)
class Level:
    """The settings of the last stages."""

    gain_db: float
    ceiling_db: float

    def clip_db(self, peak_db: float) -> float:
        """Return by how much the hits of a song with this peak are rounded: of what is over the ceiling, what the limiter should not take."""
        over = peak_db + self.gain_db - self.ceiling_db
        return max(0.0, CLIPPED_SHARE * (over - LIMITED_ALONE_DB))

    def clip_ceiling_db(self, peak_db: float) -> float | None:
        """Return where the clipper holds; None where it has nothing to do."""
        taken = self.clip_db(peak_db)
        return peak_db + self.gain_db - taken if taken else None


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
) -> Levelled:
    """Write the song to `out` at its loudness and below its ceiling; raises AudioError where that cannot be had."""
    sketch = _Sketch(song)
    ceiling_db = ceiling_dbtp - _HEADROOM_DB
    search = GainSearch(target_lufs, sketch.solve(ceiling_db, target_lufs))
    while search.tries < _RENDERS:
        level = Level(search.gain_db, ceiling_db)
        reduction = _render(song, level, sketch.peak_db, out, bit_depth, seed, progress)
        features = listen(out)
        off, bias = search.heard(features.loudness_lufs), features.loudness_lufs - sketch.loudness(level)
        if off <= _AIM_LU:
            too_high = features.true_peak_dbtp - ceiling_dbtp
            if too_high <= 0.0:
                over = sketch.peak_db + level.gain_db - level.ceiling_db
                return Levelled(level, features, reduction, level.clip_db(sketch.peak_db), over, search.tries)
            ceiling_db -= too_high + _MARGIN_DB
            search.again(sketch.solve(ceiling_db, target_lufs - bias))
        elif search.gap:
            gain, too_loud = search.gap
            ceiling_db -= too_loud + _MARGIN_DB
            search.again(gain - too_loud)
        elif search.tries == 1:  # here the sketch, set right by a render, knows more than a first guess of the slope
            search.gain_db = sketch.solve(ceiling_db, target_lufs - bias)
    raise AudioError(f"{target_lufs:g} LUFS cannot be reached with this song. Choose a quieter target.")


def listen(path: Path) -> SongFeatures:
    """Return what a finished master sounds like; its true peak is the highest that anyone may find in it."""
    listener = SongListener(audio_files.info(path).rate, 2, true_peak=StrictPeak(2))
    for block in audio_files.blocks(path):
        listener.hear(block)
    return listener.features()


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


class _Sketch:
    """The song as the loop sees it between two renders."""

    def __init__(self, song: PreparedSong) -> None:
        self._song = song
        self.peak_db = db(float(np.quantile(song.peaks, _USUAL_PEAK)))
        self._known: dict[Level, float] = {}

    def solve(self, ceiling_db: float, target_lufs: float) -> float:
        """Return the gain at which the sketch is as loud as the target."""
        low = high = plain = target_lufs - gated_loudness(self._per_10_ms(self._song.energies))

        def away(gain: float) -> float:
            return self.loudness(Level(gain, ceiling_db)) - target_lufs

        while (short := -away(high)) > 0.0:
            low, high = high, high + _STEEP * short + _GAIN_STEP_DB
            if high > plain + _MOST_GAIN_DB:
                raise AudioError(f"{target_lufs:.1f} LUFS cannot be reached with this song. Choose a quieter target.")
        return low if low == high else float(brentq(away, low, high, xtol=_GAIN_STEP_DB))

    def loudness(self, level: Level) -> float:
        """Return about how loud a render at this level would be, in LUFS."""
        if level not in self._known:
            self._known[level] = gated_loudness(self._per_10_ms(self._energies(level)))
        return self._known[level]

    def _energies(self, level: Level) -> Array:
        """Return the energies after gain, clipper and limiter."""
        song, curve = self._song, main_curve(self._song.rate)
        ceiling, gain = to_gain(level.ceiling_db), to_gain(level.gain_db)
        clip_at = level.clip_ceiling_db(self.peak_db)
        cells = len(song.peaks)
        peaks = np.pad(song.peaks, (0, -(cells + curve.delay) % _CELLS_AT_ONCE + curve.delay)).astype(np.float64)
        powers, limited = [], []
        for start in range(0, len(peaks), _CELLS_AT_ONCE):
            part = peaks[start : start + _CELLS_AT_ONCE] * gain
            power = np.ones(len(part))
            if clip_at is not None:
                loud = np.flatnonzero(part > to_gain(clip_at - KNEE_DB))
                held = clipped(part[loud], to_gain(clip_at))
                power[loud] = np.square(held / part[loud])
                part[loud] = held
            wanted = _DB_PER_NEPER * np.log(np.maximum(part / ceiling, 1.0))
            powers.append(power)
            limited.append(np.exp(curve.push(wanted) * (-2.0 / _DB_PER_NEPER)))
        left = np.concatenate(powers)[:cells] * np.concatenate(limited)[curve.delay :][:cells]
        per_energy = ENERGY_FRAMES // CELL
        left = np.pad(left, (0, -cells % per_energy), mode="edge").reshape(-1, per_energy)
        return np.asarray(song.energies * gain**2 * left.mean(axis=1))

    def _per_10_ms(self, energies: Array) -> Array:
        """Return the mean square of every full 10 ms."""
        sums = np.concatenate([[0.0], np.cumsum(energies)])
        edges = np.arange(self._song.frames * 100 // self._song.rate + 1) * (self._song.rate / 100)
        return np.asarray(
            np.diff(np.interp(edges, np.arange(len(sums)) * ENERGY_FRAMES, sums)) / (self._song.rate / 100)
        )


def _per_10_ms(reduction: Array, rate: int) -> Array:
    edges = np.arange(0, len(reduction), rate / 100 / CELL).astype(np.intp)
    return np.asarray(np.maximum.reduceat(reduction, edges)) if len(edges) else np.empty(0)
