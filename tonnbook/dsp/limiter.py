"""The limiter: look-ahead, true peak, programme-dependent release; exact for any cut into blocks.

It works on cells of 8 frames. Of each cell it takes the largest value that any usual meter would find between its samples (see
`true_peak`), asks by how many dB that stands above the ceiling, and makes a gain curve that is down by at least as much when the cell
comes. After M. Senior's and D. Giannoulis' (JAES 60(6), 2012) "feed-forward, log domain", with three additions:

- the maximum is *held* for 10 ms, half a period of 50 Hz, so that a steady bass note is turned down by one gain and not bent;
- two releases run side by side, a quick one for single hits and a slow one for dense passages;
- the curve is smoothed by a Hann window inside the look-ahead, so that it has no corner that could be heard.

A second, short pass with a long interpolator catches what the moving gain itself pushed between the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.products import thin_product
from tonnbook.dsp.true_peak import LONG_TAPS, SHORT_TAPS, over_a_cell

Array32 = npt.NDArray[np.float32]

CELL = 8
_CHUNK = (
    2048 * CELL
)  # frames that are worked on together; always whole, so that every cut into blocks computes the same
_GATES = (
    0.5,
    0.75,
)  # a short interpolator reads at most 6.1 dB over the samples, the long one 2.5 dB over the short ones
_NEPER = log(10.0) / 20.0
_REST_DB = 1e-6  # a release that has come down to this has ended
_SLOPE = (np.arange(CELL) + 0.5) / CELL - 0.5  # place of each frame in its cell, from the middle, in cells
_BLEND = np.stack([np.maximum(-_SLOPE, 0.0), 1.0 - np.abs(_SLOPE), np.maximum(_SLOPE, 0.0)])


class CellPeaks:
    """Finds the true peak of every cell, over all channels, a fixed number of cells late.

    Parameters
    ----------
    taps
        Interpolators, see `true_peak`.
    level
        What counts: below this amplitude a peak may be found too low. 0 finds all of them.
    """

    def __init__(self, channels: int, taps: Sequence[Array], level: float = 0.0) -> None:
        reach = max(len(each) for each in taps) // 2
        self.delay = -(-reach // CELL)
        self._matrices = [np.ascontiguousarray(over_a_cell(each, CELL).T, dtype=np.float32) for each in taps]
        self._gates = [level * gate for gate in _GATES[: len(taps)]]
        self._before = np.zeros((channels, 2 * self.delay * CELL), dtype=np.float32)

    def push(self, chunk: Audio) -> Array32:
        """Return the linear peaks of as many cells as `chunk`, whose length is a multiple of the cell, brings."""
        audio = np.concatenate([self._before, chunk.astype(np.float32)], axis=1)
        self._before = audio[:, chunk.shape[1] :]
        peaks = np.abs(audio).reshape(len(audio), -1, CELL).max(axis=2)
        inner = peaks[:, self.delay : -self.delay]
        around = np.lib.stride_tricks.sliding_window_view(peaks, 2 * self.delay + 1, axis=1).max(axis=2)
        for matrix, gate in zip(self._matrices, self._gates, strict=True):
            cells = np.nonzero(around > gate)
            inner[cells] = np.maximum(inner[cells], self._between(audio, cells, matrix))
            around = inner
        largest: Array32 = np.max(inner, axis=0)
        return largest

    def _between(self, audio: Array32, cells: tuple[npt.NDArray[np.intp], ...], matrix: Array32) -> Array32:
        """Return the largest absolute value between the samples of each cell, given as (channel, number of the cell)."""
        width = matrix.shape[1]
        first = self.delay * CELL - (width - CELL) // 2
        windows = np.lib.stride_tricks.sliding_window_view(audio[:, first:], width, axis=1)[:, ::CELL]
        values = thin_product(matrix, windows[cells].T)
        np.abs(values, out=values)
        largest: Array32 = np.max(values, axis=0)
        return largest


class Release:
    """`y[n] = max(x[n], a·y[n-1])` without a loop: a running maximum of x[n]·a⁻ⁿ, started afresh with every chunk."""

    def __init__(self, time_ms: float, rate: float) -> None:
        self._decay = 1e3 / (time_ms * rate)
        self._held = 0.0

    def push(self, wanted: Array) -> Array:
        """Return the held and released reduction for each cell."""
        if not self._held and not wanted.any():
            return wanted
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
        if not wanted.any():
            held = wanted_db
        else:
            held = ndimage.maximum_filter1d(wanted, self._window, origin=(self._window - 1) // 2, mode="constant")
            held = held[self._window - 1 :]
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
        self._gains = np.ones(2)
        self.reduction: list[Array32] = []

    def push(self, chunk: Array) -> Array:
        """Return the limited audio."""
        audio = np.concatenate([self._late, chunk], axis=1)
        self._late = audio[:, chunk.shape[1] :]
        wanted = np.log(np.maximum(self._peaks.push(chunk) / self._ceiling, 1.0)) / _NEPER
        gains = np.concatenate([self._gains, np.exp(-_NEPER * self._curve.push(wanted))])
        self._gains = gains[-2:]
        self.reduction.append((-np.log(gains[1:-1]) / _NEPER).astype(np.float32))
        out: Array = audio[:, : chunk.shape[1]]
        if gains.min() < 1.0:
            moving = np.stack([gains[:-2], gains[1:-1], gains[2:]], axis=1) @ _BLEND
            out = out * moving.ravel()
        return out


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
            _Pass(channels, ceiling_db, [SHORT_TAPS, LONG_TAPS], short),
        ]
        super().__init__(channels, _CHUNK, sum(each.delay for each in self._passes))

    def _work(self, chunk: Array) -> Array:
        for each in self._passes:
            chunk = each.push(chunk)
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
