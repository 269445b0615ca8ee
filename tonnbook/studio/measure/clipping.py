"""Was the recording clipped already? A clipped wave has flat tops: runs of samples at the very same level (sound.md 2.11).

Each channel, and in it what lies above and below zero, is looked at by itself, at its own highest level: one side may be clipped while
the other is clean and higher, and a wave may be cut off on one side of zero only.

What cannot be found: tops that are flat no more, for they went through a lossy codec, a filter or a change of rate; and the clipped part
of a recording another part of which is clean and passes that level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array, Audio, db

_STEP = 1.0 / 32768.0  # one step of a 16-bit converter
_RUN = 3
_BINS = 9  # the top one and its eight neighbours below
_CROWDED = 8.0  # how much fuller the top one is where tops are flat; a sine has 2.4 times
_CELL = 131_072
_MOST_PLACES = 1000


@dataclass(frozen=True)
class Clipping:
    """How often a recording hits its ceiling, and where that is."""

    runs: int = 0
    """Flat tops of three samples or more, of all channels."""
    ceiling_dbfs: float = 0.0
    """The highest at which anything is cut off."""
    seconds: float = 0.0
    """Time spent at the ceiling, all runs together."""
    starts_s: tuple[float, ...] = ()
    """When each run starts, in order; of more than a thousand the first, and every so many-th after it."""
    ceilings: tuple[tuple[float, float], ...] = ()
    """Of each channel the amplitudes at which it is cut off above and below zero; infinite where it is not."""


@dataclass(frozen=True)
class _Cell:
    top: float
    histogram: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    samples: int


class ClippingDetector:
    """Takes in a recording at its own sample rate: resampling rounds the flat tops off."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._pending: Array | None = None
        self._cells: list[list[_Cell]] = []
        self._first = 0

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        whole = np.asarray(block, dtype=np.float64)
        if self._pending is not None and self._pending.size:
            whole = np.concatenate([self._pending, whole], axis=1)
        while whole.shape[1] >= _CELL:
            self._cells.append(_both_ways(whole[:, :_CELL], self._first))
            self._first += _CELL
            whole = whole[:, _CELL:]
        self._pending = whole.copy()

    def clipping(self) -> Clipping:
        """Return what was found up to here."""
        rest = [] if self._pending is None else [_both_ways(self._pending, self._first)]
        found = [_joined(cells) for cells in zip(*self._cells, *rest, strict=True)]
        flat = [each for each in found if each is not None]
        if not flat:
            return Clipping()
        starts = np.sort(np.concatenate([each.starts for each in flat]))
        places = tuple((starts[:: -(-len(starts) // _MOST_PLACES)] / self._rate).tolist())
        tops = [np.inf if each is None else each.top for each in found]
        ceilings = tuple(zip(tops[::2], tops[1::2], strict=True))
        seconds = sum(each.samples for each in flat) / self._rate
        return Clipping(len(starts), db(max(each.top for each in flat)), seconds, places, ceilings)


def _both_ways(cell: Array, first: int) -> list[_Cell]:
    """Return how each channel behaves above and below zero, in that order."""
    return [_look_at(half, first) for side in cell for half in (side, -side)]


def _joined(cells: Sequence[_Cell]) -> _Cell | None:
    """Return what the loudest cells of one half of one channel say together; None where its tops are not flat."""
    top = max(cell.top for cell in cells)
    loud = [cell for cell in cells if cell.top > top - _STEP]
    histogram = np.sum([cell.histogram for cell in loud], axis=0)
    crowded = top > 0.01 and histogram[0] >= _CROWDED * max(histogram[1:].mean(), 1.0)
    starts = np.concatenate([cell.starts for cell in loud])
    if not len(starts) or not (crowded or top >= 0.9999):
        return None
    return _Cell(top, histogram, starts, sum(cell.samples for cell in loud))


def _look_at(side: Array, first: int) -> _Cell:
    """Return how one half of one channel behaves in one cell at its own highest level; quieter cells are left out in the end.

    `first` is the frame of the recording that the cell starts with.
    """
    top = float(side.max(initial=0.0))
    near = np.flatnonzero(side > top - _BINS * _STEP)
    below = top - side[near]
    bins = np.minimum((below / _STEP).astype(np.intp), _BINS - 1)
    at_top = near[below <= 0.999 * _STEP]
    begins = np.flatnonzero(np.diff(at_top, prepend=-2) > 1)
    lengths = np.diff(begins, append=len(at_top))
    flat = lengths >= _RUN
    return _Cell(top, np.bincount(bins, minlength=_BINS), first + at_top[begins[flat]], int(lengths[flat].sum()))
