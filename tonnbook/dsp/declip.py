"""Declipping: gives flat tops their curve back, by a cubic between the slopes on both sides (sound.md 2.11).

A wave that was cut off leaves a run of samples at one level. The slope with which it went into the run and the one with which it came
out say how far it must have gone; the cubic Hermite curve through both never lies below the level of the cut.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array

_CHUNK = 65536
_RUN = 3  # samples: shorter ones are peaks like any other
_LONGEST_S = 0.002


class Declipper(Chunked):
    """Takes a recording at its own sample rate, block by block.

    Parameters
    ----------
    ceiling
        The amplitude at which it was cut off: one for all, or (channels, 2) of them, above and below zero; infinite where it was not.
    step
        How far below the ceiling still counts as cut off: one step of the converter.
    """

    def __init__(self, rate: int, channels: int, ceiling: npt.ArrayLike, step: float = 1.0 / 32768.0) -> None:
        self._longest = round(_LONGEST_S * rate)
        self._margin = self._longest + _RUN
        super().__init__(channels, _CHUNK, self._margin)
        self._floors = np.broadcast_to(np.asarray(ceiling, dtype=np.float64), (channels, 2)) - 0.999 * step
        self._before = np.zeros((channels, 2 * self._margin))
        self.runs = 0
        """Flat tops that were rounded so far."""

    def _work(self, chunk: Array) -> Array:
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :].copy()
        out = audio.copy()
        for side, rounded, (above, below) in zip(audio, out, self._floors, strict=True):
            self._round(side, rounded, (side >= above) | (side <= -below))
        return out[:, self._margin : self._margin + chunk.shape[1]]

    def _round(self, side: Array, out: Array, cut: npt.NDArray[np.bool_]) -> None:
        for start, stop in _runs(cut):
            if stop - start > self._longest or start < 2 or stop > len(side) - 2:
                continue
            out[start:stop] = _arc(side, start, stop)
            self.runs += self._margin <= start < len(side) - self._margin


def _runs(cut: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(cut.astype(np.int8), prepend=0, append=0))
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= _RUN
    return [(int(a), int(b)) for a, b in zip(starts[long], stops[long], strict=True)]


def _arc(side: Array, start: int, stop: int) -> Array:
    """Return the cubic from the last sample before the run to the first one after it, never below the level of the cut."""
    before, after = side[start - 1], side[stop]
    span = stop - start + 1
    slope_in, slope_out = before - side[start - 2], side[stop + 1] - after
    t = np.arange(1, span) / span
    curve = (
        before * (1 + 2 * t) * (1 - t) ** 2
        + after * t**2 * (3 - 2 * t)
        + span * (slope_in * t * (1 - t) ** 2 - slope_out * t**2 * (1 - t))
    )
    level = side[start:stop]
    arc: Array = np.where(np.abs(curve) > np.abs(level), np.copysign(curve, level), level)
    return arc
