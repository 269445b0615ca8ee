"""Measure the true peak of every cell of 8 frames as any meter or sample rate converter would.

Four kinds of interpolator are used: the two short ones of meters, the long one close to ideal, and the low-pass filters of the sample rate
converters that process a master later, in ffmpeg and in players. The converters remove frequencies close to half the rate, and without those
some peaks are *higher*: on recordings with cymbals by 0.3 dB (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log10
from typing import Self

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.true_peak import LONG_TAPS, SHORT_TAPS, highest_of, over_a_cell, peaks_of_cells, thin_product

Array32 = npt.NDArray[np.float32]

CELL = 8
"""Frames in a cell."""

_PIECE = 4096 * CELL
_COARSE = 8  # phases: at half the rate a peak between two of them reads 0.17 dB too low


def converter_taps(taps: int, passed: float, beta: float, phases: int) -> Array:
    """Return the low-pass of a sample rate converter, (taps, phases): a Kaiser-windowed sinc that passes the share `passed` of the band."""
    lag = np.arange(taps)[:, None] - (taps // 2 - 1) - np.arange(phases) / phases
    window = np.i0(beta * np.sqrt(np.maximum(1.0 - np.square(lag / (taps / 2)), 0.0)))
    low_pass = np.sinc(passed * lag) * window
    return np.asarray(low_pass / low_pass.sum(axis=0))


def ffmpeg_taps(phases: int) -> Array:
    """Return the filter of libswresample with its defaults: 32 taps, cut-off 0.97, Kaiser window of 9; ffmpeg's true-peak meter uses it."""
    return converter_taps(32, 0.97, 9.0, phases)


def steep_taps(phases: int) -> Array:
    """Return a filter close to that of soxr at high quality, which passes 0.913 of the band unchanged."""
    return converter_taps(128, 0.957, 8.0, phases)


_GATES: Sequence[float] = (0.5, 0.75, 0.8, 0.8, 0.98, 0.98)
"""Shares of the relevant level: where an interpolator reads less than this, the next one reads less than the relevant level.

A short interpolator reads at most 6.1 dB above the samples, the long one 2.5 dB above the short ones, a converter hardly 1 dB more.
"""


def all_interpolators(ffmpeg_phases: int, steep_phases: int) -> Sequence[Array]:
    """Return all interpolators; those of converters first with few phases, then, for cells with high readings, with the given numbers."""
    coarse = ffmpeg_taps(_COARSE), steep_taps(_COARSE)
    fine = [
        taps(phases) for taps, phases in ((ffmpeg_taps, ffmpeg_phases), (steep_taps, steep_phases)) if phases > _COARSE
    ]
    return SHORT_TAPS, LONG_TAPS, *coarse, *fine


class CellPeaks:
    """Measure the true peak of every cell of a stream, `delay` cells late.

    Parameters
    ----------
    taps
        Interpolators (taps, phases), see `true_peak`.
    level
        The relevant level: peaks below this amplitude may be measured too low. With 0 all peaks are exact.
    """

    def __init__(self, channels: int, taps: Sequence[Array], level: float = 0.0) -> None:
        reach = max(len(each) for each in taps) // 2
        self.delay = -(-reach // CELL)
        self._matrices = [np.ascontiguousarray(over_a_cell(each, CELL).T, dtype=np.float32) for each in taps]
        self.level = level
        self._before = np.zeros((channels, 2 * self.delay * CELL), dtype=np.float32)
        self._known = np.zeros((channels, 2 * self.delay), dtype=np.float32)

    def push(self, chunk: Audio) -> Array32:
        """Return the peak over all channels of as many cells as `chunk` has, as amplitudes; its length must be a multiple of the cell."""
        largest: Array32 = np.max(self.of_each(chunk), axis=0)
        return largest

    def of_each(self, chunk: Audio, known: Array32 | None = None) -> Array32:
        """Return the same for each channel, (channels, cells).

        If the readings of the first interpolator are `known`, (channels, cells), only the others are used.
        """
        audio = np.concatenate([self._before, chunk.astype(np.float32)], axis=1)
        self._before = audio[:, chunk.shape[1] :]
        inside = slice(self.delay, -self.delay)
        if known is None:
            peaks = peaks_of_cells(audio, CELL)
            found, around = peaks[:, inside], highest_of(peaks, 2 * self.delay + 1)
            interpolators = zip(self._matrices, _GATES, strict=False)
        else:
            peaks = np.concatenate([self._known, known], axis=1)
            self._known = peaks[:, known.shape[1] :]
            found, around = peaks[:, inside].copy(), highest_of(peaks, 3)[:, inside.start - 1 : inside.stop + 1 or None]
            interpolators = zip(self._matrices[1:], _GATES[1:], strict=False)
        for matrix, gate in interpolators:
            for channel, highest, near in zip(audio, found, around, strict=True):
                cells = np.flatnonzero(near > gate * self.level)
                highest[cells] = np.maximum(highest[cells], self._between(channel, cells, matrix))
            around = found.copy()
            np.maximum(around[:, 1:], found[:, :-1], out=around[:, 1:])
            np.maximum(around[:, :-1], found[:, 1:], out=around[:, :-1])
        return found

    def _between(self, channel: Array32, cells: npt.NDArray[np.intp], matrix: Array32) -> Array32:
        """Return the largest absolute value between the samples of each of the given cells."""
        width = matrix.shape[1]
        first = self.delay * CELL - (width - CELL) // 2
        windows = np.lib.stride_tricks.sliding_window_view(channel[first:], width)[::CELL]
        windows = windows[: len(cells)] if len(cells) and cells[-1] == len(cells) - 1 else windows[cells]
        values = thin_product(matrix, windows.T)
        np.abs(values, out=values)
        largest: Array32 = np.max(values, axis=0)
        return largest


class StrictPeak:
    """Measure the highest true peak that any meter or converter would find; only cells that may exceed the maximum so far are interpolated."""

    def __init__(self, channels: int) -> None:
        self._finder = CellPeaks(channels, all_interpolators(64, 16))
        self._queue = np.zeros((channels, 0))

    def process(self, block: Audio) -> Self:
        """Measure the next (channels, frames)."""
        queue = np.concatenate([self._queue, block], axis=1)
        for start in range(0, queue.shape[1] - _PIECE + 1, _PIECE):
            self._measure(queue[:, start : start + _PIECE])
        self._queue = queue[:, queue.shape[1] // _PIECE * _PIECE :].copy()
        return self

    @property
    def dbtp(self) -> float:
        """The highest peak in dBTP, minus infinity for silence; ends the stream."""
        self.process(np.zeros((len(self._queue), _PIECE + 2 * self._finder.delay * CELL)))
        return 20.0 * log10(self._finder.level) if self._finder.level else -inf

    def _measure(self, piece: Audio) -> None:
        self._finder.level = max(self._finder.level, float(self._finder.push(piece).max(initial=0.0)))
