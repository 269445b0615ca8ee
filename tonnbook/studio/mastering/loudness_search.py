"""Find the level of a prepared song: the gain at which, after clipper and limiter, the written file has its target loudness.

A render takes seconds, and its loudness depends on the gain in a way that only a render shows. So most of the search runs on an estimate
(`LoudnessEstimate`): the energies and peaks that were measured while the song was prepared, put through the gain curves of clipper and
limiter, in some milliseconds for a minute of music (sound.md 2.8). A render then shows how far the estimate is off, and the next gain
takes that into account. In the end the written file is measured, and only that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite, log
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from tonnbook import audio_files
from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.clip import KNEE_DB, SoftClipper, clipped
from tonnbook.dsp.levels import Array, db, to_gain
from tonnbook.dsp.limiter import Limiter, main_curve
from tonnbook.dsp.loudness import gated_loudness
from tonnbook.errors import AudioError
from tonnbook.studio.mastering.chain import ENERGY_FRAMES, PreparedSong
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.series import largest_per_10_ms
from tonnbook.studio.measure.song_features import SongFeatures, measure_master

LIMITER_ONLY_DB = 3.0
"""Up to this far over the ceiling, the limiter works alone and inaudibly."""
CLIPPED_SHARE = 0.75
"""Share of what is further over the ceiling that the clipper rounds: a limiter that reduces by more than a few dB pumps audibly."""
INAUDIBLE_CLIP_DB = 4.0
"""Peaks rounded by more than this are audible as distortion. Targets that need more are still met: with the limiter in place of the
clipper the song would pump and get hardly louder (measured: half a LU for 10 dB)."""
HEADROOM_DB = 0.08
"""Room below the ceiling for what the moving gain of the limiter may add between the samples. Too much costs nothing, too little another
render."""

_TOLERANCE_LU = 0.04  # of the 0.05 LU that a master may be off
_MARGIN_DB = 0.01  # what rounding and dither may add
_MAX_RENDERS = 10
_OUT_OF_REACH = "{:g} LUFS cannot be reached with this song. Choose a quieter target."

_FLATTEST, _STEEPEST = 0.8, 12.0  # dB of gain per LU that a step may assume
_FIRST_SLOPE = 1.3
_JUMP = 2.0  # LU per dB: steeper than any limiter

_GAIN_STEP_DB = 0.01  # precision of the gain that is solved for
_STEEP = 1.5  # dB of gain per LU, a little more than a limited song takes: the next trial is then beyond the target
_MAX_DRIVE_DB = 40.0  # of gain beyond what an unlimited song would need
_USUAL_PEAK = 0.9995  # quantile over all cells: a single click says nothing about the hits of a song
_CELLS_AT_ONCE = 8192
_DB_PER_NEPER = 20.0 / log(10.0)


@dataclass(frozen=True)
class LevelSettings:
    """Settings of gain, clipper and limiter."""

    gain_db: float
    ceiling_db: float

    def clip_db(self, peak_db: float) -> float:
        """Return by how much the clipper rounds the hits of a song with this peak: its share of what is over the ceiling."""
        over = peak_db + self.gain_db - self.ceiling_db
        return max(0.0, CLIPPED_SHARE * (over - LIMITER_ONLY_DB))

    def clip_ceiling_db(self, peak_db: float) -> float | None:
        """Return the ceiling of the clipper; None where it has nothing to do."""
        rounded = self.clip_db(peak_db)
        return peak_db + self.gain_db - rounded if rounded else None


@dataclass(frozen=True, eq=False)
class LevelledSong:
    """A master on disk at its target loudness."""

    level: LevelSettings
    features: SongFeatures
    """Measured on the written file."""
    reduction: Array
    """Gain reduction of the limiter in dB, the largest of every 10 ms."""
    clip_db: float
    """By how much the loudest hits were rounded."""
    over_db: float
    """How far the loudest hits were over the ceiling before clipper and limiter."""
    renders: int


def set_level(
    song: PreparedSong,
    target_lufs: float,
    ceiling_dbtp: float,
    out: Path,
    bit_depth: audio_files.BitDepth,
    seed: int,
    progress: Progress,
    estimate: LoudnessEstimate | None = None,
) -> LevelledSong:
    """Write the song to `out` at its target loudness and below its ceiling; raises AudioError where that cannot be reached.

    `seed` is that of the dither, which a file of 16 bit gets. An `estimate` of the same song that was used before saves time.
    """
    estimate = estimate or LoudnessEstimate(song)

    def solve(ceiling_db: float, aim_lufs: float) -> LevelSettings:
        level = estimate.solve(ceiling_db, aim_lufs)
        if level is None:
            raise AudioError(_OUT_OF_REACH.format(target_lufs))
        return level

    level = LevelSettings(0.0, ceiling_dbtp - HEADROOM_DB)
    if abs(estimate.loudness(level) - target_lufs) > _TOLERANCE_LU:  # a song at its target keeps its level
        level = solve(level.ceiling_db, target_lufs)
    search = GainSearch(target_lufs, level.gain_db)
    while search.tries < _MAX_RENDERS:
        level = replace(level, gain_db=search.gain_db)
        reduction = _render(song, level, estimate.peak_db, out, bit_depth, seed, progress)
        features = measure_master(out)
        error, bias = search.add(features.loudness_lufs), features.loudness_lufs - estimate.loudness(level)
        if error <= _TOLERANCE_LU:
            too_high = features.true_peak_dbtp - ceiling_dbtp
            if too_high <= 0.0:
                over = estimate.peak_db + level.gain_db - level.ceiling_db
                clip_db = level.clip_db(estimate.peak_db)
                return LevelledSong(level, features, reduction, clip_db, over, search.tries)
            level = solve(level.ceiling_db - too_high - _MARGIN_DB, target_lufs - bias)
            search.restart(level.gain_db)
        elif search.gap:
            gain, too_loud = search.gap
            level = replace(level, ceiling_db=level.ceiling_db - too_loud - _MARGIN_DB)
            search.restart(gain - too_loud)
        elif search.tries == 1:  # after one render the corrected estimate is better than a guess of the slope
            level = solve(level.ceiling_db, target_lufs - bias)
            search.gain_db = level.gain_db
    raise AudioError(_OUT_OF_REACH.format(target_lufs))


def _render(
    song: PreparedSong,
    level: LevelSettings,
    peak_db: float,
    out: Path,
    bit_depth: audio_files.BitDepth,
    seed: int,
    progress: Progress,
) -> Array:
    """Write the song through gain, clipper and limiter; return the largest gain reduction of every 10 ms in dB."""
    limiter, done = Limiter(song.rate, 2, level.ceiling_db), 0
    with audio_files.Writer(out, song.rate, 2, bit_depth, seed if bit_depth == 16 else None) as writer:
        for block in _limited(song, level, peak_db, limiter):
            writer.write(block)
            done += block.shape[1]
            progress(done / song.frames, "setting the level")
    return largest_per_10_ms(limiter.reduction, song.rate / CELL)


def _limited(song: PreparedSong, level: LevelSettings, peak_db: float, limiter: Limiter) -> Iterator[Array]:
    gain, clip_at = to_gain(level.gain_db), level.clip_ceiling_db(peak_db)
    clipper = SoftClipper(2, clip_at) if clip_at is not None else None
    for block in song.blocks():
        louder = block * gain
        yield limiter.process(clipper.process(louder) if clipper else louder)
    if clipper:
        yield limiter.process(clipper.flush())
    yield limiter.flush()


class GainSearch:
    """Find the gain at which a limited song has a certain loudness, by the secant through the last two trials.

    Measure the loudness at `gain_db`, pass it to `add`, and try the new `gain_db`. A limiter gives less than 1 LU per dB, and less the
    harder it works; the steps stay within that range.

    Integrated loudness is gated: where a quiet passage just passes the gate, it jumps, and in a song of some seconds the target may lie
    inside that gap. Lowering gain and ceiling together moves the gap by the same amount, so a little headroom takes the target out of it.
    """

    def __init__(self, target_lufs: float, gain_db: float) -> None:
        self.gain_db = gain_db
        self.tries = 0
        self._target = target_lufs
        self._last: tuple[float, float] | None = None
        self._below: tuple[float, float] | None = None
        self._above: tuple[float, float] | None = None

    def add(self, loudness_lufs: float) -> float:
        """Add the loudness at the present gain; return how far it is from the target in LU, and move to the next gain."""
        here = self.gain_db, loudness_lufs
        slope = _FIRST_SLOPE
        if self._last and self._last[1] != loudness_lufs:
            slope = (self.gain_db - self._last[0]) / (loudness_lufs - self._last[1])
        if loudness_lufs > self._target:
            self._above = here
        else:
            self._below = here
        self._last = here
        self.gain_db += (self._target - loudness_lufs) * min(max(slope, _FLATTEST), _STEEPEST)
        self.tries += 1
        return abs(self._target - loudness_lufs)

    @property
    def gap(self) -> tuple[float, float] | None:
        """The gain just above a jump of the loudness over the target, and by how many LU that is too loud; None without a jump."""
        if self._below is None or self._above is None:
            return None
        (low, quiet), (high, loud) = self._below, self._above
        return (high, loud - self._target) if loud - quiet > _JUMP * (high - low) > 0.0 else None

    def restart(self, gain_db: float) -> None:
        """Continue from another gain under other settings; the trials so far no longer count, only their number."""
        self.gain_db = gain_db
        self._last = self._below = self._above = None


class LoudnessEstimate:
    """Estimate the loudness of a prepared song after clipper and limiter, from its energies and peaks, without rendering it."""

    def __init__(self, song: PreparedSong) -> None:
        self._song = song
        self.peak_db = db(float(np.quantile(song.peaks, _USUAL_PEAK)))
        self._known: dict[LevelSettings, float] = {}

    def solve(self, ceiling_db: float, target_lufs: float) -> LevelSettings | None:
        """Return the settings at which the estimate has the target loudness; None where no amount of limiting reaches it."""
        low = high = plain = target_lufs - self.plain_lufs()
        if not isfinite(plain):  # no gain makes a loudness of silence, and the search below would not end
            return None

        def away(gain: float) -> float:
            return self.loudness(LevelSettings(gain, ceiling_db)) - target_lufs

        while (short := -away(high)) > 0.0:
            low, high = high, high + _STEEP * short + _GAIN_STEP_DB
            if high > plain + _MAX_DRIVE_DB:
                return None
        gain = low if low == high else float(brentq(away, low, high, xtol=_GAIN_STEP_DB))
        return LevelSettings(gain, ceiling_db)

    def over_db(self, target_lufs: float, ceiling_dbtp: float) -> float:
        """Return by how many dB the hits would be over the ceiling at the target, before clipper and limiter; negative below it."""
        ceiling_db = ceiling_dbtp - HEADROOM_DB
        level = self.solve(ceiling_db, target_lufs)
        gain_db = level.gain_db if level else target_lufs - self.plain_lufs()
        return self.peak_db + gain_db - ceiling_db

    def loudness(self, level: LevelSettings) -> float:
        """Return the estimated loudness of a render with these settings, in LUFS."""
        if level not in self._known:
            self._known[level] = gated_loudness(self._per_10_ms(self._energies(level)))
        return self._known[level]

    def plain_lufs(self) -> float:
        """Return the loudness of the prepared song in LUFS, minus infinity for what the gate leaves nothing of."""
        return gated_loudness(self._per_10_ms(self._song.energies))

    def _energies(self, level: LevelSettings) -> Array:
        """Return the energies of every 32 frames after gain, clipper and limiter."""
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
                rounded = clipped(part[loud], to_gain(clip_at))
                power[loud] = np.square(rounded / part[loud])
                part[loud] = rounded
            wanted = _DB_PER_NEPER * np.log(np.maximum(part / ceiling, 1.0))
            powers.append(power)
            limited.append(np.exp(curve.push(wanted) * (-2.0 / _DB_PER_NEPER)))
        left = np.concatenate(powers)[:cells] * np.concatenate(limited)[curve.delay :][:cells]
        per_energy = ENERGY_FRAMES // CELL
        left = np.pad(left, (0, -cells % per_energy), mode="edge").reshape(-1, per_energy)
        return np.asarray(song.energies * gain**2 * left.mean(axis=1))

    def _per_10_ms(self, energies: Array) -> Array:
        """Return the mean square of every full 10 ms from the energies of every 32 frames."""
        sums = np.concatenate([[0.0], np.cumsum(energies)])
        frames_per_step = self._song.rate / 100
        edges = np.arange(self._song.frames * 100 // self._song.rate + 1) * frames_per_step
        return np.asarray(np.diff(np.interp(edges, np.arange(len(sums)) * ENERGY_FRAMES, sums)) / frames_per_step)
