"""True peaks cell by cell: where between the samples a song is how high, as any meter or converter would find it.

Four kinds of interpolator look at a cell of 8 frames: the two short ones that meters use, the long one close to ideal, and the low-pass filters
of the sample rate converters that come after a master, in ffmpeg and in players. Those take off what lies next to half the rate, and without
it some peaks are *higher*: on recordings with cymbals by 0.3 dB (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log10
from typing import Self

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.products import thin_product
from tonnbook.dsp.true_peak import LONG_TAPS, SHORT_TAPS, highest_of, over_a_cell, peaks_of_cells

Array32 = npt.NDArray[np.float32]

CELL = 8
_PIECE = 4096 * CELL
_COARSE = 8  # phases: at half the rate a peak between two of them reads 0.17 dB too low


def converter_taps(taps: int, passed: float, beta: float, phases: int) -> Array:
    """Return the low-pass of a sample rate converter, (taps, phases): a Kaiser-windowed sinc that passes a share of the band."""
    lag = np.arange(taps)[:, None] - (taps // 2 - 1) - np.arange(phases) / phases
    window = np.i0(beta * np.sqrt(np.maximum(1.0 - np.square(lag / (taps / 2)), 0.0)))
    low_pass = np.sinc(passed * lag) * window
    return np.asarray(low_pass / low_pass.sum(axis=0))


def ffmpeg_taps(phases: int) -> Array:
    """Return libswresample as it comes: 32 taps, cut-off 0.97, Kaiser window of 9. ffmpeg's true-peak meter reads through it."""
    return converter_taps(32, 0.97, 9.0, phases)


def steep_taps(phases: int) -> Array:
    """Return something close to soxr at its high quality, which lets 0.913 of the band through unchanged."""
    return converter_taps(128, 0.957, 8.0, phases)


_GATES: Sequence[float] = (0.5, 0.75, 0.8, 0.8, 0.98, 0.98)
"""Of the level that counts: where nothing reads this much, the next interpolator reads nothing that counts.

A short interpolator reads at most 6.1 dB over the samples, the long one 2.5 dB over the short ones, a converter hardly 1 dB more.
"""


def close_look(ffmpeg_phases: int, steep_phases: int) -> Sequence[Array]:
    """Return all interpolators, those of converters first with few phases, and where that reads much, with as many as given."""
    coarse = ffmpeg_taps(_COARSE), steep_taps(_COARSE)
    fine = [
        taps(phases) for taps, phases in ((ffmpeg_taps, ffmpeg_phases), (steep_taps, steep_phases)) if phases > _COARSE
    ]
    return SHORT_TAPS, LONG_TAPS, *coarse, *fine


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
        self.level = level
        self._before = np.zeros((channels, 2 * self.delay * CELL), dtype=np.float32)
        self._known = np.zeros((channels, 2 * self.delay), dtype=np.float32)

    def push(self, chunk: Audio) -> Array32:
        """Return the linear peaks of as many cells as `chunk`, whose length is a multiple of the cell, brings."""
        largest: Array32 = np.max(self.of_each(chunk), axis=0)
        return largest

    def of_each(self, chunk: Audio, known: Array32 | None = None) -> Array32:
        """Return the same for each channel, (channels, cells).

        Where what the first interpolator finds is `known` already, (channels, cells), only the others look.
        """
        audio = np.concatenate([self._before, chunk.astype(np.float32)], axis=1)
        self._before = audio[:, chunk.shape[1] :]
        inside = slice(self.delay, -self.delay)
        if known is None:
            peaks = peaks_of_cells(audio, CELL)
            found, around = peaks[:, inside], highest_of(peaks, 2 * self.delay + 1)
            looks = zip(self._matrices, _GATES, strict=False)
        else:
            peaks = np.concatenate([self._known, known], axis=1)
            self._known = peaks[:, known.shape[1] :]
            found, around = peaks[:, inside].copy(), highest_of(peaks, 3)[:, inside.start - 1 : inside.stop + 1 or None]
            looks = zip(self._matrices[1:], _GATES[1:], strict=False)
        for matrix, gate in looks:
            for side, highest, near in zip(audio, found, around, strict=True):
                cells = np.flatnonzero(near > gate * self.level)
                highest[cells] = np.maximum(highest[cells], self._between(side, cells, matrix))
            around = found.copy()
            np.maximum(around[:, 1:], found[:, :-1], out=around[:, 1:])
            np.maximum(around[:, :-1], found[:, 1:], out=around[:, :-1])
        return found

    def _between(self, side: Array32, cells: npt.NDArray[np.intp], matrix: Array32) -> Array32:
        """Return the largest absolute value between the samples of each of the cells, given by their numbers."""
        width = matrix.shape[1]
        first = self.delay * CELL - (width - CELL) // 2
        windows = np.lib.stride_tricks.sliding_window_view(side[first:], width)[::CELL]
        windows = windows[: len(cells)] if len(cells) and cells[-1] == len(cells) - 1 else windows[cells]
        values = thin_product(matrix, windows.T)
        np.abs(values, out=values)
        largest: Array32 = np.max(values, axis=0)
        return largest


class StrictPeak:
    """The highest true peak that any meter or converter would find. Looked into is only what may be higher than what is known."""

    def __init__(self, channels: int) -> None:
        self._finder = CellPeaks(channels, close_look(64, 16))
        self._queue = np.zeros((channels, 0))

    def process(self, block: Audio) -> Self:
        """Take in the next (channels, frames)."""
        queue = np.concatenate([self._queue, block], axis=1)
        for start in range(0, queue.shape[1] - _PIECE + 1, _PIECE):
            self._look_at(queue[:, start : start + _PIECE])
        self._queue = queue[:, queue.shape[1] // _PIECE * _PIECE :].copy()
        return self

    @property
    def dbtp(self) -> float:
        """The highest peak in dBTP, minus infinity for silence; ends the stream."""
        self.process(np.zeros((len(self._queue), _PIECE + 2 * self._finder.delay * CELL)))
        return 20.0 * log10(self._finder.level) if self._finder.level else -inf

    def _look_at(self, piece: Audio) -> None:
        self._finder.level = max(self._finder.level, float(self._finder.push(piece).max(initial=0.0)))
