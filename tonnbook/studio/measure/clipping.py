"""Find clipping in a recording: flat tops, which are runs of samples at exactly the same level (sound.md 2.11).

The two halves of each channel, above and below zero, are judged separately, each at its own highest level: one channel may be clipped
while the other is clean and higher, and a wave may be cut off on one side of zero only.

Not found: tops that are no longer flat because they went through a lossy codec, a filter or a change of sample rate; and a clipped
section of a recording in which another, clean section goes above the clipping level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array, Audio, db
from tonnbook.studio.measure.meters import Cells

_STEP = 1.0 / 32768.0  # one step of a 16-bit converter
_SHORTEST_RUN = 3
_BINS = 9  # levels counted: the top one and its eight neighbours below
_CROWDED = 8.0  # ratio of the top bin to its neighbours where tops are flat; a sine has 2.4
_CELL = 131_072
_MOST_STARTS = 1000


@dataclass(frozen=True)
class Clipping:
    """The clipping of a recording: how much, at which level and where."""

    runs: int = 0
    """Number of flat tops of three samples or more, in all channels."""
    ceiling_dbfs: float = 0.0
    """The highest level at which a channel is cut off."""
    seconds: float = 0.0
    """Total length of all runs."""
    starts_s: tuple[float, ...] = ()
    """Start of each run, in order; of more than a thousand runs, every n-th."""
    ceilings: tuple[tuple[float, float], ...] = ()
    """Amplitudes at which each channel is cut off above and below zero; infinite where it is not."""


@dataclass(frozen=True)
class _HalfWave:
    """Samples near the highest level of one half (above or below zero) of one channel, in one cell or in all of them."""

    top: float
    histogram: npt.NDArray[np.intp]
    """Number of samples in each of the `_BINS` steps below the top."""
    starts: npt.NDArray[np.intp]
    samples: int
    """Number of samples in runs."""


class ClippingDetector:
    """Find the clipping of a recording that comes in blocks, at its own sample rate: resampling rounds the flat tops off."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._cells = Cells(_CELL)
        self._measured: list[list[_HalfWave]] = []

    def process(self, block: Audio) -> None:
        """Take the next (channels, frames)."""
        for cell in self._cells.add(block):
            self._measured.append(_measure(cell, len(self._measured) * _CELL))

    def clipping(self) -> Clipping:
        """Return the clipping found so far."""
        rest = [] if self._cells.rest is None else [_measure(self._cells.rest, len(self._measured) * _CELL)]
        halves = [_clipped(cells) for cells in zip(*self._measured, *rest, strict=True)]
        flat = [each for each in halves if each is not None]
        if not flat:
            return Clipping()
        starts = np.sort(np.concatenate([each.starts for each in flat]))
        starts_s = tuple((starts[:: -(-len(starts) // _MOST_STARTS)] / self._rate).tolist())
        tops = [np.inf if each is None else each.top for each in halves]
        ceilings = tuple(zip(tops[::2], tops[1::2], strict=True))
        seconds = sum(each.samples for each in flat) / self._rate
        return Clipping(len(starts), db(max(each.top for each in flat)), seconds, starts_s, ceilings)


def _measure(cell: Array, first: int) -> list[_HalfWave]:
    """Return the two halves of each channel, above zero and below; `first` is the number of the cell's first frame."""
    return [_measure_half(half, first) for channel in cell for half in (channel, -channel)]


def _measure_half(half: Array, first: int) -> _HalfWave:
    """Return the samples near the cell's own highest level; `_clipped` drops the cells that are not among the loudest."""
    top = float(half.max(initial=0.0))
    near = np.flatnonzero(half > top - _BINS * _STEP)
    below = top - half[near]
    bins = np.minimum((below / _STEP).astype(np.intp), _BINS - 1)
    at_top = near[below <= 0.999 * _STEP]
    begins = np.flatnonzero(np.diff(at_top, prepend=-2) > 1)
    lengths = np.diff(begins, append=len(at_top))
    flat = lengths >= _SHORTEST_RUN
    return _HalfWave(top, np.bincount(bins, minlength=_BINS), first + at_top[begins[flat]], int(lengths[flat].sum()))


def _clipped(cells: Sequence[_HalfWave]) -> _HalfWave | None:
    """Return the loudest cells of one half of one channel as one; None where its tops are not flat."""
    top = max(cell.top for cell in cells)
    loud = [cell for cell in cells if cell.top > top - _STEP]
    histogram = np.sum([cell.histogram for cell in loud], axis=0)
    crowded = top > 0.01 and histogram[0] >= _CROWDED * max(histogram[1:].mean(), 1.0)
    starts = np.concatenate([cell.starts for cell in loud])
    if not len(starts) or not (crowded or top >= 0.9999):
        return None
    return _HalfWave(top, histogram, starts, sum(cell.samples for cell in loud))
