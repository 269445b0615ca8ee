"""The limiter: look-ahead, true peak, programme-dependent release; exact for any cut into blocks.

It works on cells of 8 frames: finds the largest value that a usual meter would see between the samples of each, asks by how many dB that
stands above the ceiling, and makes a gain curve that is down by at least as much when the cell comes. Feed-forward in the log domain, as in
Giannoulis, Massberg and Reiss (JAES 60(6), 2012), with three additions:

- the maximum is *held* for 10 ms, half a period of 50 Hz, so that a steady bass note is turned down by one gain and not bent;
- two releases run side by side, a quick one for single hits and a slow one for dense passages;
- the curve is smoothed by a Hann window inside the look-ahead, so that it has no corner that could be heard.

A second, short pass looks closer, with all interpolators of `cell_peaks`, and catches what the moving gain itself pushed between the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np

from tonnbook.dsp.cell_peaks import CELL, Array32, CellPeaks, close_look
from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array
from tonnbook.dsp.true_peak import SHORT_TAPS, highest_of

_CHUNK = 8192 * CELL  # whole chunks only, so that every cut into blocks computes the same
_NEPER = log(10.0) / 20.0
_LARGEST_EXPONENT = 300.0  # e**300 is far from overflow
_REST_DB = 1e-6  # a release that has come down to this has ended
_SLOPE = (np.arange(CELL) + 0.5) / CELL - 0.5  # place of each frame in its cell, from the middle, in cells
_BLEND = np.stack([np.maximum(-_SLOPE, 0.0), 1.0 - np.abs(_SLOPE), np.maximum(_SLOPE, 0.0)])


class Release:
    """`y[n] = max(x[n], a·y[n-1])` without a loop: a running maximum of x[n]·a⁻ⁿ, started afresh before a⁻ⁿ overflows."""

    def __init__(self, time_ms: float, rate: float) -> None:
        self._decay = 1e3 / (time_ms * rate)
        self._longest = max(1, int(_LARGEST_EXPONENT / self._decay))
        self._held = 0.0

    def push(self, wanted: Array) -> Array:
        """Return the held and released reduction for each cell."""
        if not self._held and not wanted.any():
            return wanted
        pieces = np.split(wanted, range(self._longest, len(wanted), self._longest))
        return np.concatenate([self._released(piece) for piece in pieces])

    def _released(self, wanted: Array) -> Array:
        steps = self._decay * np.arange(len(wanted))
        rising = wanted * np.exp(steps)
        rising[0] = max(rising[0], self._held)
        released: Array = np.maximum.accumulate(rising) * np.exp(-steps)
        self._held = float(released[-1]) * exp(-self._decay)
        self._held = self._held if self._held > _REST_DB else 0.0
        return released


class GainCurve:
    """Turns the reduction that each cell needs, in dB, into the smooth reduction that it gets, `delay` cells late.

    The curve is nowhere above what is asked: at every cell and at both of its neighbours it is down by what the cell needs.
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
        self._wanted = np.zeros(self._window - 1)
        self._held = np.zeros(2 * self._half)
        self.delay = 2 * self._half + 1

    def push(self, wanted_db: Array) -> Array:
        """Return the reduction in dB, 0 or more, of as many cells as are given."""
        wanted = np.concatenate([self._wanted, wanted_db])
        self._wanted = wanted[len(wanted_db) :]
        held = highest_of(wanted, self._window) if wanted.any() else wanted_db
        slow = [share * release.push(held) for share, release in self._releases]
        held = np.concatenate([self._held, np.maximum(held, np.sum(slow, axis=0))])
        self._held = held[len(wanted_db) :]
        return np.convolve(held, self._smoother, "valid") if held.any() else np.zeros(len(wanted_db))


def main_curve(rate: int) -> GainCurve:
    """Return the gain curve of the limiter's first pass: 1.5 ms ahead, 10 ms held, released in 20 and in 175 ms."""
    return GainCurve(rate, 1.5, 10.0, [(0.7, 20.0), (0.3, 175.0)])


class _Pass:
    """One detection and one gain curve over the audio; out comes as much as goes in, `delay` frames late."""

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
        """Return the limited audio, and the peaks of its cells, (channels, cells): those found before, turned down with it."""
        audio = np.concatenate([self._late, chunk], axis=1)
        self._late = audio[:, chunk.shape[1] :]
        found = self._peaks.of_each(chunk, known)
        wanted = np.log(np.maximum(found.max(axis=0) / self._ceiling, 1.0)) / _NEPER
        gains = np.concatenate([self._gains, np.exp(-_NEPER * self._curve.push(wanted))])
        self._gains = gains[-2:]
        self.reduction.append((-np.log(gains[1:-1]) / _NEPER).astype(np.float32))
        found = np.concatenate([self._found, found], axis=1)
        self._found = found[:, len(wanted) :]
        out, peaks = audio[:, : chunk.shape[1]], found[:, : len(wanted)]
        if gains.min() < 1.0:
            moving = np.stack([gains[:-2], gains[1:-1], gains[2:]], axis=1) @ _BLEND
            out = out * moving.ravel()
            peaks = peaks * highest_of(gains, 3).astype(np.float32)
        return out, peaks


class Limiter(Chunked):
    """A limiter that is fed block by block.

    Parameters
    ----------
    ceiling_db
        True peak in dBTP that the output keeps to; after the second pass what remains above it is in the hundredths of a dB.
    """

    def __init__(self, rate: int, channels: int, ceiling_db: float = -1.0) -> None:
        short = GainCurve(rate, 0.75, 0.0, [(1.0, 7.0)])
        self._passes = [
            _Pass(channels, ceiling_db, [SHORT_TAPS], main_curve(rate)),
            _Pass(channels, ceiling_db, close_look(16, 8), short),
        ]
        super().__init__(channels, _CHUNK, sum(each.delay for each in self._passes))

    def _work(self, chunk: Array) -> Array:
        known: Array32 | None = None
        for each in self._passes:
            chunk, known = each.push(chunk, known)
        return chunk

    @property
    def reduction(self) -> Array:
        """By how many dB each cell of 8 frames was turned down, both passes together; complete after `flush`."""
        cells = -(-self._taken // CELL)
        total, late = np.zeros(cells), 0
        for each in self._passes:
            late += each.delay // CELL
            curve = np.concatenate([np.empty(0), *each.reduction])[late : late + cells]
            total[: len(curve)] += curve
        return total
