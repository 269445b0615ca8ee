"""Compress dynamics: soft knee, log domain, stereo linked, sample accurate.

After D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design: a tutorial and analysis", JAES 60(6), 2012:
feed-forward, level measured as peak in dB, "smooth, decoupled" ballistics on the gain reduction.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log

import numpy as np
import numpy.typing as npt
from scipy import signal

from tonnbook.dsp.levels import Array, Audio, to_gain
from tonnbook.dsp.true_peak import F, peaks_of_cells

KNEE_DB = 6.0
_NEPER = log(10.0) / 20.0  # dB to the exponent of e
_GRID = 8192  # frames, fits the cache; state is carried from cell to cell of this grid
_LARGEST_EXPONENT = 300.0  # e**300 does not overflow
_NEGLIGIBLE_DB = 1e-11
_BUS_CELL = 8
_BUS_STEPS = np.arange(1, _BUS_CELL + 1) / _BUS_CELL


def gain_reduction_db(level_db: Audio, threshold_db: float, ratio: float, knee_db: float = KNEE_DB) -> Array:
    """Return the gain reduction in dB, 0 or more, of steady levels: the static curve, equation 4 of the paper.

    The knee is a parabola from `threshold_db - knee_db / 2` to `threshold_db + knee_db / 2`. Raises ValueError for a ratio below 1 or a
    negative knee.
    """
    _check_curve(ratio, knee_db)
    slope = 1.0 - 1.0 / ratio
    over: Array = np.asarray(level_db, dtype=np.float64) - threshold_db
    reduction: Array = np.maximum(over - knee_db / 2, 0.0)
    if knee_db:
        reduction += np.square(np.clip(over + knee_db / 2, 0.0, knee_db)) / (2 * knee_db)
    reduction *= slope
    return reduction


class Compressor:
    """Compress a stream downward, block by block; the output is bit for bit the same for any cut into blocks.

    The release is `y[n] = max(g[n], a·y[n-1])`. As `y[n] = aⁿ · max over k ≤ n of g[k]·a⁻ᵏ`, it is a running maximum, which numpy
    computes without a loop; the attack is a one-pole low-pass after it. To keep `a⁻ᵏ` in range, k counts from the start of a cell of a fixed
    grid over the absolute sample index.

    Parameters
    ----------
    threshold_db
        In dBFS of the sample peak of the louder channel.
    ratio
        1 or more; infinity makes a limiter.
    attack_ms, release_ms
        Time constants (63 %), more than 0.
    knee_db, makeup_db
        Width of the knee, 0 or more, and gain after the compression, in dB.
    """

    def __init__(
        self,
        threshold_db: float,
        ratio: float,
        attack_ms: float,
        release_ms: float,
        rate: float,
        knee_db: float = KNEE_DB,
        makeup_db: float = 0.0,
    ) -> None:
        _check_curve(ratio, knee_db)
        if attack_ms <= 0 or release_ms <= 0:
            raise ValueError("attack_ms and release_ms must be more than 0")
        self._curve = (threshold_db, ratio, knee_db)
        self._makeup = to_gain(makeup_db)
        # Below this amplitude the curve is exactly 0, so the logarithm is skipped; the margin allows for its rounding.
        self._quiet = to_gain(threshold_db - knee_db / 2) * (1.0 - 1e-9)
        attack = exp(-1e3 / (attack_ms * rate))
        self._smoother = (np.array([1.0 - attack]), np.array([1.0, -attack]))
        decay = 1e3 / (release_ms * rate)
        cell = max(1, min(_GRID, int(_LARGEST_EXPONENT / decay)))
        self._rise = np.exp(decay * np.arange(cell))
        self._fall = np.exp(-decay * np.arange(cell + 1))
        self._position = 0  # in the current cell
        self._held = 0.0  # running maximum in dB at the start of the cell
        self._smoothed = np.zeros(1)

    def process(self, block: Audio) -> Array:
        """Return the compressed block, (channels, frames), with the makeup gain applied."""
        out = np.empty(block.shape)
        start = 0
        for reduction in self._cells(block):
            part = slice(start, start := start + len(reduction))
            gain = np.exp(-_NEPER * reduction) if reduction.any() else 1.0
            np.multiply(block[:, part], gain * self._makeup, out=out[:, part])
        return out

    def reduction(self, block: Audio) -> Array:
        """Return the gain reduction in dB for each frame, 0 or more; advances in time as `process` does."""
        return np.concatenate([np.empty(0), *self._cells(block)])

    def _cells(self, block: Audio) -> Iterator[Array]:
        """Yield the gain reduction of consecutive parts of the block, cut at the cells of the grid."""
        cell = len(self._rise)
        start = 0
        while start < block.shape[1]:
            stop = min(start + cell - self._position, block.shape[1])
            yield self._smooth(self._release(self._static_curve(block[:, start:stop]), stop - start))
            start = stop
            if self._position == cell:
                self._next_cell()

    def _static_curve(self, part: Audio) -> Array | None:
        """Return the reduction in dB by the static curve for each frame, None if it is 0 throughout."""
        level: Array = np.abs(part[0]).astype(np.float64, copy=False)
        for channel in part[1:]:
            np.maximum(level, np.abs(channel), out=level)
        if level.max() <= self._quiet:
            return None
        np.maximum(level, 1e-20, out=level)
        np.log10(level, out=level)
        level *= 20.0
        return gain_reduction_db(level, *self._curve)

    def _release(self, reduction_db: Array | None, frames: int) -> Array:
        here = slice(self._position, self._position + frames)
        self._position += frames
        if reduction_db is None:
            fallen: Array = self._held * self._fall[here]
            return fallen
        reduction_db *= self._rise[here]
        reduction_db[0] = max(reduction_db[0], self._held)
        np.maximum.accumulate(reduction_db, out=reduction_db)
        self._held = float(reduction_db[-1])
        reduction_db *= self._fall[here]
        return reduction_db

    def _smooth(self, released: Array) -> Array:
        if not (self._smoothed[0] or released[0] or released[-1]):
            return released
        smooth: Array
        smooth, self._smoothed = signal.lfilter(*self._smoother, released, zi=self._smoothed)
        return smooth

    def _next_cell(self) -> None:
        """Carry the state over to the next cell, with inaudible remainders set to 0, so that silence costs nothing."""
        self._position = 0
        self._held *= float(self._fall[-1])
        if self._held < _NEGLIGIBLE_DB:
            self._held = 0.0
            if self._smoothed[0] < _NEGLIGIBLE_DB:
                self._smoothed[0] = 0.0


class BusCompressor:
    """Compress a stream with an eighth of the work of `Compressor`: the gain is computed once per 8 frames and interpolated linearly.

    Equivalent where attack and release take milliseconds, on a bus or a master. The parameters are those of `Compressor`.
    """

    def __init__(
        self,
        threshold_db: float,
        ratio: float,
        attack_ms: float,
        release_ms: float,
        rate: int,
        knee_db: float = KNEE_DB,
        makeup_db: float = 0.0,
    ) -> None:
        self._detector = Compressor(threshold_db, ratio, attack_ms, release_ms, rate / _BUS_CELL, knee_db)
        self._makeup = to_gain(makeup_db)
        self._gain = self._makeup

    def process(self, block: npt.NDArray[F]) -> npt.NDArray[F]:
        """Return the compressed block, (channels, frames), with the makeup gain applied; the number of frames must be a multiple of 8."""
        peaks = peaks_of_cells(block, _BUS_CELL)
        reduction = self._detector.reduction(peaks)
        gains = np.concatenate([[self._gain], self._makeup * np.exp(-_NEPER * reduction)])
        self._gain = gains[-1]
        moving = gains[:-1, None] + np.diff(gains)[:, None] * _BUS_STEPS
        return block * moving.ravel().astype(block.dtype, copy=False)


def _check_curve(ratio: float, knee_db: float) -> None:
    if ratio < 1.0 or knee_db < 0.0:
        raise ValueError("ratio must be 1 or more, and knee_db 0 or more")
