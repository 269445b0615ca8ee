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
from tonnbook.dsp.true_peak import LONG_TAPS, highest_of, over_a_cell, peaks_of_cells

KNEE_DB = 1.5
_CELL = 8
_CHUNK = 8192 * _CELL
_PHASES = 4
_GATE = 0.7  # what stands more than 3 dB over all samples around it is left to the limiter
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
        up = over_a_cell(np.hstack([at_the_sample, LONG_TAPS[:, 1::2]]), _CELL)
        self._first = _BACK * _CELL - (taps // 2 - 1)
        right = _REACH * _CELL - len(up) - self._first
        # float32 is enough: only what is taken away goes through it
        self._up = np.ascontiguousarray(up.T, dtype=np.float32)
        self._down = np.ascontiguousarray(np.pad(up / _PHASES, ((self._first, right), (0, 0))), dtype=np.float32)
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
        peaks = peaks_of_cells(side[None], _CELL)[0]
        around = highest_of(peaks, _REACH)
        cells = np.flatnonzero(around > _GATE * self._knee)
        windows = np.lib.stride_tricks.sliding_window_view(side[self._first :], self._up.shape[1])[::_CELL]
        between = thin_product(self._up, windows[cells].T.astype(np.float32))
        level = np.abs(between)
        loud = np.flatnonzero(level.max(axis=0) > self._knee)
        level = level[:, loud]
        taken = level - clipped(level, self._ceiling, self._knee_db)
        back = thin_product(self._down, -np.copysign(taken, between[:, loud])).T.reshape(-1, _REACH, _CELL)
        for n in range(_REACH):
            change[cells[loud] + n] += back[:, n]
