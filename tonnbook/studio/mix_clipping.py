"""Was the recording clipped already? A clipped wave has flat tops: runs of samples at the very same level (sound.md 2.11)."""

from __future__ import annotations

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
    """Flat tops of three samples or more."""
    ceiling_dbfs: float = 0.0
    seconds: float = 0.0
    """Time spent at the ceiling, all runs together."""
    starts_s: tuple[float, ...] = ()
    """When each run starts, in order; of more than a thousand the first, and every so many-th after it."""


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
        self._cells: list[_Cell] = []
        self._first = 0

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        whole = np.abs(block)
        if self._pending is not None and self._pending.size:
            whole = np.concatenate([self._pending, whole], axis=1)
        while whole.shape[1] >= _CELL:
            self._cells += [_look_at(side, self._first) for side in whole[:, :_CELL]]
            self._first += _CELL
            whole = whole[:, _CELL:]
        self._pending = whole

    def clipping(self) -> Clipping:
        """Return what was found up to here."""
        rest = () if self._pending is None else self._pending
        cells = self._cells + [_look_at(side, self._first) for side in rest]
        top = max((cell.top for cell in cells), default=0.0)
        loud = [cell for cell in cells if cell.top > top - _STEP]
        histogram = np.sum([cell.histogram for cell in loud], axis=0) if loud else np.zeros(_BINS)
        flat = top >= 0.9999 or (top > 0.01 and histogram[0] >= _CROWDED * max(histogram[1:].mean(), 1.0))
        starts = np.sort(np.concatenate([cell.starts for cell in loud])) if flat else np.empty(0)
        if not len(starts):
            return Clipping()
        places = tuple((starts[:: -(-len(starts) // _MOST_PLACES)] / self._rate).tolist())
        return Clipping(len(starts), db(top), sum(cell.samples for cell in loud) / self._rate, places)


def _look_at(side: Array, first: int) -> _Cell:
    """Return how one channel of one cell behaves at its own highest level; quieter cells are left out in the end.

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
