"""The soft clipper: rounds off the tips of the loudest hits, four times oversampled.

A short overshoot is heard less as a rounded tip than as a dip of the whole band that a limiter would make. The curve works at four
times the rate, between the samples, and only what it takes away is brought back to the rate of the audio: where no tip passes
the knee, the audio goes through untouched, bit for bit.
"""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array, Audio, to_gain
from tonnbook.dsp.products import thin_product
from tonnbook.dsp.true_peak import LONG_TAPS, over_a_cell

KNEE_DB = 1.5
_CELL = 8
_CHUNK = 2048 * _CELL
_PHASES = 4
_GATE = 0.5  # an interpolated value is at most twice the largest sample around it, but for contrived signals
_BACK, _AHEAD = 4, 5  # cells that the interpolator reaches into on either side
_REACH = _BACK + 1 + _AHEAD


def clipped(level: Audio, ceiling: float, knee_db: float = KNEE_DB) -> Array:
    """Return amplitudes, 0 or more, after the curve: straight up to the knee, then a hyperbolic tangent that nears `ceiling`."""
    knee = ceiling * to_gain(-knee_db)
    over = np.maximum(level - knee, 0.0) / (ceiling - knee)
    rounded: Array = np.minimum(level, knee) + (ceiling - knee) * np.tanh(over)
    return rounded


class SoftClipper(Chunked):
    """A clipper that is fed block by block.

    Parameters
    ----------
    ceiling_db
        In dBFS: what the curve lets no value between the samples pass. The way back to the rate of the audio may overshoot it a little.
    """

    def __init__(self, channels: int, ceiling_db: float, knee_db: float = KNEE_DB) -> None:
        super().__init__(channels, _CHUNK, (_BACK + _AHEAD) * _CELL)
        self._ceiling, self._knee_db = to_gain(ceiling_db), knee_db
        self._knee = to_gain(ceiling_db - knee_db)
        taps = len(LONG_TAPS)
        at_the_sample = np.eye(taps)[:, taps // 2 - 1 : taps // 2]
        self._up = over_a_cell(np.hstack([at_the_sample, LONG_TAPS[:, 1::2]]), _CELL)
        self._first = _BACK * _CELL - (taps // 2 - 1)
        right = _REACH * _CELL - len(self._up) - self._first
        self._down = np.pad(self._up.T / _PHASES, ((0, 0), (self._first, right)))
        self._before = np.zeros((channels, (_BACK + _AHEAD) * _CELL))
        self._owed = np.zeros((channels, _BACK + _AHEAD, _CELL))

    def _work(self, chunk: Array) -> Array:
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :]
        cells = chunk.shape[1] // _CELL
        change = np.pad(self._owed, ((0, 0), (0, cells), (0, 0)))
        for side, corrected in zip(audio, change, strict=True):
            self._round(side, corrected)
        self._owed = change[:, cells:]
        return audio[:, : chunk.shape[1]] + change[:, :cells].reshape(len(audio), -1)

    def _round(self, side: Array, change: Array) -> None:
        """Add to `change` what the curve takes away between the samples of each cell."""
        peaks = np.abs(side).reshape(-1, _CELL).max(axis=1)
        around = np.lib.stride_tricks.sliding_window_view(peaks, _REACH).max(axis=1)
        cells = np.flatnonzero(around > _GATE * self._knee)
        windows = np.lib.stride_tricks.sliding_window_view(side[self._first :], len(self._up))[::_CELL]
        between = thin_product(self._up.T, windows[cells].T).T
        level = np.abs(between)
        loud = level.max(axis=1, initial=0.0) > self._knee
        taken = level[loud] - clipped(level[loud], self._ceiling, self._knee_db)
        back = thin_product(self._down.T, -np.copysign(taken, between[loud]).T).T.reshape(-1, _REACH, _CELL)
        for n in range(_REACH):
            change[cells[loud] + n] += back[:, n]
