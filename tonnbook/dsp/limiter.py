"""Limit the true peak: look-ahead, programme-dependent release, the same output for any cut into blocks.

The limiter works on cells of 8 frames. It finds the true peak of each cell as a usual meter would, computes by how many dB it exceeds the
ceiling, and makes a gain curve that is reduced by at least that much when the cell is reached. Feed-forward in the log domain, as in
Giannoulis, Massberg and Reiss (JAES 60(6), 2012), with three additions:

- the maximum is *held* for 10 ms, half a period of 50 Hz, so that a steady bass note gets one constant gain and is not distorted;
- two releases work in parallel, a quick one for single hits and a slow one for dense passages;
- the curve is smoothed by a Hann window within the look-ahead, so that it has no audible corner.

A second, short pass measures with all interpolators of `cell_peaks`, and removes the peaks that the moving gain itself has created between the
samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np

from tonnbook.dsp.cell_peaks import CELL, Array32, CellPeaks, all_interpolators
from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array
from tonnbook.dsp.true_peak import SHORT_TAPS, highest_of

_CHUNK = 8192 * CELL  # whole chunks only, so that the cut into blocks changes nothing
_NEPER = log(10.0) / 20.0
_LARGEST_EXPONENT = 300.0  # e**300 does not overflow
_REST_DB = 1e-6  # a release that has decayed to this has ended
_SLOPE = (np.arange(CELL) + 0.5) / CELL - 0.5  # position of each frame in its cell, from the middle, in cells
_BLEND = np.stack([np.maximum(-_SLOPE, 0.0), 1.0 - np.abs(_SLOPE), np.maximum(_SLOPE, 0.0)])


class Release:
    """Hold and release gain reductions: `y[n] = max(x[n], a·y[n-1])`, with time constant `time_ms` at `rate` values per second.

    Computed without a loop, as a running maximum of x[n]·a⁻ⁿ, restarted before a⁻ⁿ overflows.
    """

    def __init__(self, time_ms: float, rate: float) -> None:
        self._decay = 1e3 / (time_ms * rate)
        self._longest = max(1, int(_LARGEST_EXPONENT / self._decay))
        self._held = 0.0

    def push(self, required: Array) -> Array:
        """Return the held and released reduction in dB for each cell."""
        if not self._held and not required.any():
            return required
        pieces = np.split(required, range(self._longest, len(required), self._longest))
        return np.concatenate([self._released(piece) for piece in pieces])

    def _released(self, required: Array) -> Array:
        steps = self._decay * np.arange(len(required))
        rising = required * np.exp(steps)
        rising[0] = max(rising[0], self._held)
        released: Array = np.maximum.accumulate(rising) * np.exp(-steps)
        self._held = float(released[-1]) * exp(-self._decay)
        self._held = self._held if self._held > _REST_DB else 0.0
        return released


class GainCurve:
    """Turn the reduction that each cell requires, in dB, into a smooth reduction, `delay` cells late.

    The reduction is nowhere too small: at every cell and both of its neighbours it is at least what the cell requires.

    Parameters
    ----------
    releases
        Pairs of share and time constant in ms; the shares add up to 1.
    """

    def __init__(
        self, rate: int, look_ahead_ms: float, hold_ms: float, releases: Sequence[tuple[float, float]]
    ) -> None:
        cells = rate / CELL
        self._half = max(1, round(look_ahead_ms * 1e-3 * cells) - 1)
        self._window = 2 * (self._half + 1) + 1 + round(hold_ms * 1e-3 * cells)
        self._releases = [(share, Release(time_ms, cells)) for share, time_ms in releases]
        smoother = np.hanning(2 * self._half + 3)[1:-1]
        self._smoother = smoother / smoother.sum()
        self._required = np.zeros(self._window - 1)
        self._held = np.zeros(2 * self._half)
        self.delay = 2 * self._half + 1

    def push(self, required_db: Array) -> Array:
        """Return the smooth reduction in dB, 0 or more, of as many cells as are given."""
        required = np.concatenate([self._required, required_db])
        self._required = required[len(required_db) :]
        held = highest_of(required, self._window) if required.any() else required_db
        slow = [share * release.push(held) for share, release in self._releases]
        held = np.concatenate([self._held, np.maximum(held, np.sum(slow, axis=0))])
        self._held = held[len(required_db) :]
        return np.convolve(held, self._smoother, "valid") if held.any() else np.zeros(len(required_db))


def main_curve(rate: int) -> GainCurve:
    """Return the gain curve of the limiter's first pass: 1.5 ms look-ahead, 10 ms hold, releases of 20 ms and 175 ms."""
    return GainCurve(rate, 1.5, 10.0, [(0.7, 20.0), (0.3, 175.0)])


class _Pass:
    """One peak detection and one gain curve applied to the audio; the output is as long as the input, `delay` frames late."""

    def __init__(self, channels: int, ceiling_db: float, taps: Sequence[Array], curve: GainCurve) -> None:
        self._ceiling = exp(_NEPER * ceiling_db)
        self._peaks = CellPeaks(channels, taps, self._ceiling)
        self._curve = curve
        self.delay = (self._peaks.delay + curve.delay + 1) * CELL
        self._late = np.zeros((channels, self.delay))
        self._found = np.zeros((channels, curve.delay + 1), dtype=np.float32)
        self._gains = np.ones(2)
        self.reduction: list[Array32] = []

    def push(self, chunk: Array, known: Array32 | None) -> tuple[Array, Array32]:
        """Return the limited audio and the peaks of its cells after the gain, (channels, cells).

        `known` are peaks of the cells of `chunk` as the first interpolator has found them, if they are known.
        """
        audio = np.concatenate([self._late, chunk], axis=1)
        self._late = audio[:, chunk.shape[1] :]
        found = self._peaks.of_each(chunk, known)
        required = np.log(np.maximum(found.max(axis=0) / self._ceiling, 1.0)) / _NEPER
        gains = np.concatenate([self._gains, np.exp(-_NEPER * self._curve.push(required))])
        self._gains = gains[-2:]
        self.reduction.append((-np.log(gains[1:-1]) / _NEPER).astype(np.float32))
        found = np.concatenate([self._found, found], axis=1)
        self._found = found[:, len(required) :]
        out, peaks = audio[:, : chunk.shape[1]], found[:, : len(required)]
        if gains.min() < 1.0:
            moving = np.stack([gains[:-2], gains[1:-1], gains[2:]], axis=1) @ _BLEND
            out = out * moving.ravel()
            peaks = peaks * highest_of(gains, 3).astype(np.float32)
        return out, peaks


class Limiter(Chunked):
    """Limit a stream, block by block.

    Parameters
    ----------
    ceiling_db
        Highest true peak of the output in dBTP; it is exceeded by hundredths of a dB at most.
    """

    def __init__(self, rate: int, channels: int, ceiling_db: float = -1.0) -> None:
        short = GainCurve(rate, 0.75, 0.0, [(1.0, 7.0)])
        self._passes = [
            _Pass(channels, ceiling_db, [SHORT_TAPS], main_curve(rate)),
            _Pass(channels, ceiling_db, all_interpolators(16, 8), short),
        ]
        super().__init__(channels, _CHUNK, sum(each.delay for each in self._passes))

    def _work(self, chunk: Array) -> Array:
        known: Array32 | None = None
        for each in self._passes:
            chunk, known = each.push(chunk, known)
        return chunk

    @property
    def reduction(self) -> Array:
        """Gain reduction in dB of each cell of 8 frames, both passes together; complete after `flush`."""
        cells = -(-self._received // CELL)
        total, late = np.zeros(cells), 0
        for each in self._passes:
            late += each.delay // CELL
            curve = np.concatenate([np.empty(0), *each.reduction])[late : late + cells]
            total[: len(curve)] += curve
        return total
