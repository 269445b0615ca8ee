"""Measure the true peak (the peak between the samples) as the strictest of the usual meters would.

Meters that all follow BS.1770-5 differ by up to 0.6 dB on signals close to half the rate, because each has its own interpolator. This one
takes the largest of four readings: the samples themselves, the 48-tap filter of BS.1770-5 Annex 2, the Hann-windowed sinc of libebur128,
and a long Kaiser-windowed sinc at eight times the rate, close to ideal. It oversamples by 4 at any rate: oversampling by 2 at 96 kHz fails
cases 21 and 23 of EBU Tech 3341.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log10
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array, Audio

F = TypeVar("F", np.float32, np.float64)

_ITU_PHASES = (  # BS.1770-5, Annex 2, phases 0 and 1; phases 3 and 2 are their mirror images
    (
        *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625),
        *(0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
    ),
    (
        *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250),
        *(0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
    ),
)
_CELL = 16  # frames that are interpolated, or skipped, together
_CHUNK = 512 * _CELL
_MARGIN = 32  # half the taps of the long interpolator
_LONG_GATE = 0.6  # the long interpolator reads at most 4.4 dB above the short ones, even in noise at half the rate
_MULTIPLICATIONS = 2**18  # below the size from which on OpenBLAS starts threads


def thin_product(matrix: npt.NDArray[F], columns: npt.NDArray[F]) -> npt.NDArray[F]:
    """Return `matrix @ columns`, computed in slices that are small enough for the calling thread alone.

    The slices are the same whatever the number of columns, so each column is the same bit for bit. OpenBLAS, which comes with numpy,
    spreads a product over all cores from about 64³ multiplications on. For products of some microseconds, made by several songs at once,
    its threads then mostly wait for each other: measured, up to forty times slower.
    """
    rows, depth = matrix.shape
    step = max(1, _MULTIPLICATIONS // (rows * depth))
    out = np.empty((rows, columns.shape[1]), dtype=matrix.dtype)
    for start in range(0, columns.shape[1], step):
        part = slice(start, start + step)
        np.matmul(matrix, columns[:, part], out=out[:, part])
    return out


def _windowed_sinc(taps: int, phases: int, window: Callable[[Array], Array]) -> Array:
    """Return an interpolator as (taps, phases - 1), without the phase of the samples themselves; the argument of `window` runs from -1 to 1."""
    lag = np.arange(taps)[:, None] - (taps // 2 - 1) - np.arange(1, phases) / phases
    return np.sinc(lag) * window(lag / (taps / 2))


def _hann(place: Array) -> Array:
    return 0.5 + 0.5 * np.cos(np.pi * place)


def _kaiser(place: Array) -> Array:
    return np.i0(8.0 * np.sqrt(1.0 - np.square(place))) / np.i0(8.0)


def peaks_of_cells(audio: npt.NDArray[F], cell: int) -> npt.NDArray[F]:
    """Return the largest absolute sample of each `cell` frames, (channels, cells); the number of frames must be a multiple of `cell`."""
    frames = np.abs(audio).reshape(len(audio), -1, cell)
    highest = frames[..., 0].copy()
    for n in range(1, cell):  # ten times as fast as a maximum over a short last axis
        np.maximum(highest, frames[..., n], out=highest)
    return highest


def highest_of(values: npt.NDArray[F], window: int) -> npt.NDArray[F]:
    """Return the maximum of every full window along the last axis, (..., n - window + 1), computed over windows of doubling width."""
    width = 1
    while 2 * width <= window:
        values = np.maximum(values[..., :-width], values[..., width:])
        width *= 2
    rest = window - width
    return np.maximum(values[..., :-rest], values[..., rest:]) if rest else values


def over_a_cell(interpolator: Array, cell: int) -> Array:
    """Return an interpolator (taps, phases) as one matrix (cell + taps - 1, cell * phases), from the samples around a cell to all values between those in it."""
    taps, phases = interpolator.shape
    matrix = np.zeros((cell + taps - 1, cell, phases))
    for frame in range(cell):
        matrix[frame : frame + taps, frame] = interpolator
    return matrix.reshape(len(matrix), -1)


_ITU = np.array([*_ITU_PHASES, *(phase[::-1] for phase in _ITU_PHASES)]).T
SHORT_TAPS: Array = np.hstack([_ITU, _windowed_sinc(12, 4, _hann)])
"""The two interpolators of twelve taps, (12, 7): BS.1770-5 and libebur128, both at four times the rate."""

LONG_TAPS: Array = _windowed_sinc(2 * _MARGIN, 8, _kaiser)
"""The long interpolator, (64, 7), at eight times the rate."""

_SHORT_GATE = 1.0 / np.abs(SHORT_TAPS).sum(axis=0).max()  # -6.1 dB: no peak can be further above the samples around it
_SHORT = over_a_cell(SHORT_TAPS, _CELL)
_LONG = over_a_cell(LONG_TAPS, _CELL)


class TruePeakMeter:
    """Measure the true peak of a stream, block by block; the result does not depend on the cut into blocks.

    Only cells that can hold the maximum are interpolated: the gates never miss it by more than rounding (see the tests).
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self._queue = np.zeros((channels, _MARGIN))
        self._peak = 0.0

    def process(self, block: Audio) -> Self:
        """Measure the next (channels, frames)."""
        queue = np.concatenate([self._queue, block], axis=1)
        whole = max(0, (queue.shape[1] - 2 * _MARGIN) // _CHUNK * _CHUNK)
        self._peak = _highest(queue, whole, self._peak)
        self._queue = queue[:, whole:].copy()
        return self

    @property
    def dbtp(self) -> float:
        """The true peak so far in dBTP, over all channels; minus infinity for silence."""
        frames = self._queue.shape[1]
        rest = np.pad(self._queue, ((0, 0), (0, 2 * _CHUNK)))
        highest = _highest(rest, -(-frames // _CHUNK) * _CHUNK, self._peak)
        return 20.0 * log10(highest) if highest else -inf


def true_peak_db(audio: Audio, rate: int) -> float:
    """Return the true peak of (channels, frames) in dBTP, minus infinity for silence."""
    return TruePeakMeter(rate, len(audio)).process(audio).dbtp


def _highest(queue: Array, frames: int, known: float) -> float:
    """Return the larger of `known` and the true peak of `frames` frames that begin `_MARGIN` frames inside the queue."""
    for start in range(0, frames, _CHUNK):
        known = _highest_of_chunk(queue[:, start : start + _CHUNK + 2 * _MARGIN], known)
    return known


def _highest_of_chunk(chunk: Array, known: float) -> float:
    """Return the larger of `known` and the true peak of a chunk that has a margin on either side."""
    margin = _MARGIN // _CELL
    peaks = peaks_of_cells(chunk, _CELL)
    inner = peaks[:, margin:-margin]
    known = max(known, float(inner.max()))
    around = np.maximum(inner, np.maximum(peaks[:, margin - 1 : -margin - 1], peaks[:, margin + 1 : -margin + 1]))
    cells = np.nonzero(around > _SHORT_GATE * known)
    between = np.maximum(_interpolated(chunk, cells, _SHORT), inner[cells])
    known = float(np.max(between, initial=known))
    near = between > _LONG_GATE * known
    return float(np.max(_interpolated(chunk, (cells[0][near], cells[1][near]), _LONG), initial=known))


def _interpolated(chunk: Array, cells: tuple[npt.NDArray[np.intp], ...], matrix: Array) -> Array:
    """Return the largest absolute value between the samples of each cell, given as (channel, number of the cell)."""
    width = len(matrix)
    first = _MARGIN - (width - _CELL) // 2
    windows = np.lib.stride_tricks.sliding_window_view(chunk, width, axis=1)[:, first::_CELL]
    values = thin_product(matrix.T, windows[cells].T)
    np.abs(values, out=values)
    highest: Array = np.max(values, axis=0)
    return highest
