"""Clicks: single samples, or up to 1.5 ms, that do not belong to the wave; found by their curvature, and drawn anew.

The second difference of a wave is small where the wave is smooth; a click stands out of it. What takes the place of a click is what a
linear prediction from both sides expects there (beyond the ends of the recording, its odd reflection: no step, no bend): A. Janssen, R. Veldhuis, L. Vries, "Adaptive interpolation of discrete-time signals that
can be modeled as autoregressive processes", IEEE Trans. ASSP 34(2), 1986.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, ndimage

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array

_CHUNK = 65536
_ORDER = 32
_CONTEXT_S = 0.012
_LONGEST_S = 0.0015
_CELL_S = 0.005
_OVER_THE_USUAL = 8.0  # times the median of the 5 ms around
_OVER_THE_HIGHEST = (
    3.0  # times the highest within 15 ms: a pulse of a voice has others like it beside it, a click has none
)
_FAINT = 1.0 / 30.0
_BESIDE_S = 0.015
_ONE_WAY = 0.35
_AUDIBLE = 1e-4


class Declicker(Chunked):
    """A repairer that is fed block by block; each channel is judged on its own."""

    def __init__(self, rate: int, channels: int) -> None:
        self._longest, self._cell, self._beside, self._context = (
            max(2, round(seconds * rate)) for seconds in (_LONGEST_S, _CELL_S, _BESIDE_S, _CONTEXT_S)
        )
        self._margin = self._context + self._beside + 2 * self._longest
        super().__init__(channels, _CHUNK, self._margin)
        self._before = np.zeros((channels, 2 * self._margin))
        self._first = -2 * self._margin  # frame of the recording that the next piece starts with
        self.places: list[int] = []
        """First frame of each click that was taken out so far, of one channel after the other."""

    def _work(self, chunk: Array) -> Array:
        if self._first == -2 * self._margin:
            self._before = _reflected(chunk[:, ::-1], 2 * self._margin)[:, ::-1]
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :].copy()
        out = audio.copy()
        for side, repaired in zip(audio, out, strict=True):
            for start, stop in self._found(side):
                if self._margin <= start < len(side) - self._margin:
                    repaired[start:stop] = _drawn_anew(side, start, stop, self._context)
                    self.places.append(self._first + start)
        self._first += chunk.shape[1]
        return out[:, self._margin : self._margin + chunk.shape[1]]

    def _beyond(self, frames: int) -> Array:
        known = np.concatenate([self._before, self._queue], axis=1)[:, -max(1, self._taken) :]
        return _reflected(known, frames)

    def _found(self, side: Array) -> list[tuple[int, int]]:
        """Return the first sample of each click, and the one after its last."""
        turn = np.diff(side, 2, prepend=side[:1], append=side[-1:])
        bend = np.abs(turn)
        cells = np.pad(bend, (0, -len(bend) % self._cell), mode="edge").reshape(-1, self._cell)
        usual = np.repeat(ndimage.maximum_filter1d(np.median(cells, axis=1), 3), self._cell)[: len(bend)]
        # A click near an end has its own reflection beside it: that is none of its neighbours.
        bend[: max(0, -self._first)] = bend[max(0, self._taken - self._first) :] = 0.0
        high = np.flatnonzero(bend > np.maximum(_OVER_THE_USUAL * usual, _AUDIBLE))
        found: list[tuple[int, int]] = []
        for group in np.split(high, np.flatnonzero(np.diff(high) > self._longest) + 1):
            # The next pulse of a voice, far smaller, is no part of the click that it follows.
            group = group[bend[group] > _FAINT * np.max(bend[group], initial=0.0)]
            if not len(group) or group[-1] - group[0] >= self._longest:
                continue
            first, last = int(group[0]), int(group[-1])
            if _comes_back(turn[max(0, first - 1) : last + 2]) and self._alone(bend, first, last):
                found.append((first, last + 1))
        return found

    def _alone(self, bend: Array, first: int, last: int) -> bool:
        around = np.concatenate([bend[max(0, first - self._beside) : first - 2], bend[last + 3 : last + self._beside]])
        return bool(bend[first : last + 1].max() > _OVER_THE_HIGHEST * np.max(around, initial=0.0))


def _reflected(audio: Array, frames: int) -> Array:
    """Return how it goes on after its end when it is turned about its last sample: value and slope stay."""
    reach = min(frames, audio.shape[1] - 1)
    turned = 2.0 * audio[:, -1:] - audio[:, -1 - reach : -1][:, ::-1] if reach else audio[:, :0]
    return np.pad(turned, ((0, 0), (0, frames - reach)), mode="edge" if reach else "constant")


def _comes_back(turns: Array) -> bool:
    """Say whether the wave goes on after it as before: the beginning of a note bends it once, a click there and back."""
    return bool(abs(turns.sum()) < _ONE_WAY * np.abs(turns).sum())


def _drawn_anew(side: Array, start: int, stop: int, context: int) -> Array:
    """Return what the wave would do between two places, by linear prediction from what lies on both sides."""
    first = start - context
    part = side[first : stop + context].copy()
    gap = np.arange(start - first, stop - first)
    part[gap] = np.interp(gap, [gap[0] - 1, gap[-1] + 1], part[[gap[0] - 1, gap[-1] + 1]])
    for _ in range(2):
        error = _prediction_error(part)
        known = part.copy()
        known[gap] = 0.0
        rows = np.arange(_ORDER, len(part))[:, None] - gap
        of_the_gap = np.where((rows >= 0) & (rows <= _ORDER), error[np.clip(rows, 0, _ORDER)], 0.0)
        of_the_rest = np.convolve(error, known)[_ORDER : len(part)]
        part[gap] = linalg.lstsq(of_the_gap, -of_the_rest)[0]
    return part[gap]


def _prediction_error(part: Array) -> Array:
    """Return the filter 1, a1 .. a32 that leaves least of the part (autocorrelation method)."""
    windowed = part * np.hanning(len(part))
    lags = np.correlate(windowed, windowed, "full")[len(part) - 1 : len(part) + _ORDER]
    lags[0] = lags[0] * (1.0 + 1e-9) + 1e-20
    return np.concatenate([[1.0], linalg.solve_toeplitz(lags[:-1], -lags[1:])])
