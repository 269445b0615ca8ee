"""Find clicks (single samples, or up to 1.5 ms, that do not fit the waveform) and interpolate across them.

Clicks are detected by the second difference of the signal, which is small where the waveform is smooth. Each is replaced by linear
prediction from both sides: A. Janssen, R. Veldhuis, L. Vries, "Adaptive interpolation of discrete-time signals that can be modeled as
autoregressive processes", IEEE Trans. ASSP 34(2), 1986. Beyond the ends of the recording its odd reflection is used, which continues
value and slope.
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
# A click's second difference exceeds this multiple of the median of the 5 ms around it...
_OVER_MEDIAN = 8.0
# ...and this multiple of the maximum within 15 ms: glottal pulses of a voice have similar neighbours, a click has none.
_OVER_MAXIMUM = 3.0
_NEIGHBOURHOOD_S = 0.015
_FAINT = 1.0 / 30.0  # of the largest value of a group: smaller ones are not part of the click
_ONE_WAY = 0.35  # sum over absolute sum of the second difference, from which on it is an onset and no click
_AUDIBLE = 1e-4


class Declicker(Chunked):
    """Remove clicks from a stream, block by block; each channel is analysed independently."""

    def __init__(self, rate: int, channels: int) -> None:
        self._longest, self._cell, self._neighbourhood, self._context = (
            max(2, round(seconds * rate)) for seconds in (_LONGEST_S, _CELL_S, _NEIGHBOURHOOD_S, _CONTEXT_S)
        )
        self._margin = self._context + self._neighbourhood + 2 * self._longest
        super().__init__(channels, _CHUNK, self._margin)
        self._before = np.zeros((channels, 2 * self._margin))
        self._first = -2 * self._margin  # frame of the recording at which the next piece starts
        self.positions: list[int] = []
        """First frame of each click removed so far, channel by channel within each chunk."""

    def _work(self, chunk: Array) -> Array:
        if self._first == -2 * self._margin:
            self._before = _reflected(chunk[:, ::-1], 2 * self._margin)[:, ::-1]
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :].copy()
        out = audio.copy()
        for channel, repaired in zip(audio, out, strict=True):
            for start, stop in self._clicks(channel):
                if self._margin <= start < len(channel) - self._margin:
                    repaired[start:stop] = _interpolated(channel, start, stop, self._context)
                    self.positions.append(self._first + start)
        self._first += chunk.shape[1]
        return out[:, self._margin : self._margin + chunk.shape[1]]

    def _after_end(self, frames: int) -> Array:
        known = np.concatenate([self._before, self._queue], axis=1)[:, -max(1, self._received) :]
        return _reflected(known, frames)

    def _clicks(self, channel: Array) -> list[tuple[int, int]]:
        """Return (start, stop) of each click in one channel."""
        second = np.diff(channel, 2, prepend=channel[:1], append=channel[-1:])
        magnitude = np.abs(second)
        cells = np.pad(magnitude, (0, -len(magnitude) % self._cell), mode="edge").reshape(-1, self._cell)
        median = np.repeat(ndimage.maximum_filter1d(np.median(cells, axis=1), 3), self._cell)[: len(magnitude)]
        # A click near an end is reflected there: its reflection must not count as a neighbour.
        magnitude[: max(0, -self._first)] = magnitude[max(0, self._received - self._first) :] = 0.0
        high = np.flatnonzero(magnitude > np.maximum(_OVER_MEDIAN * median, _AUDIBLE))
        found: list[tuple[int, int]] = []
        for group in np.split(high, np.flatnonzero(np.diff(high) > self._longest) + 1):
            # A far smaller glottal pulse that follows a click is not part of it.
            group = group[magnitude[group] > _FAINT * np.max(magnitude[group], initial=0.0)]
            if not len(group) or group[-1] - group[0] >= self._longest:
                continue
            first, last = int(group[0]), int(group[-1])
            if _cancels_out(second[max(0, first - 1) : last + 2]) and self._stands_alone(magnitude, first, last):
                found.append((first, last + 1))
        return found

    def _stands_alone(self, magnitude: Array, first: int, last: int) -> bool:
        around = np.concatenate(
            [
                magnitude[max(0, first - self._neighbourhood) : first - 2],
                magnitude[last + 3 : last + self._neighbourhood],
            ]
        )
        return bool(magnitude[first : last + 1].max() > _OVER_MAXIMUM * np.max(around, initial=0.0))


def _reflected(audio: Array, frames: int) -> Array:
    """Return `frames` frames that continue `audio` after its end by point reflection in its last sample: value and slope are continuous."""
    reach = min(frames, audio.shape[1] - 1)
    reflection = 2.0 * audio[:, -1:] - audio[:, -1 - reach : -1][:, ::-1] if reach else audio[:, :0]
    return np.pad(reflection, ((0, 0), (0, frames - reach)), mode="edge" if reach else "constant")


def _cancels_out(differences: Array) -> bool:
    """Return whether the second differences cancel out: they do in a click, and not at the onset of a note."""
    return bool(abs(differences.sum()) < _ONE_WAY * np.abs(differences).sum())


def _interpolated(channel: Array, start: int, stop: int, context: int) -> Array:
    """Return samples `start` to `stop`, interpolated by linear prediction from `context` frames on either side."""
    first = start - context
    part = channel[first : stop + context].copy()
    gap = np.arange(start - first, stop - first)
    part[gap] = np.interp(gap, [gap[0] - 1, gap[-1] + 1], part[[gap[0] - 1, gap[-1] + 1]])
    for _ in range(2):
        error = _prediction_error(part)
        known = part.copy()
        known[gap] = 0.0
        rows = np.arange(_ORDER, len(part))[:, None] - gap
        gap_matrix = np.where((rows >= 0) & (rows <= _ORDER), error[np.clip(rows, 0, _ORDER)], 0.0)
        known_part = np.convolve(error, known)[_ORDER : len(part)]
        part[gap] = linalg.lstsq(gap_matrix, -known_part)[0]
    return part[gap]


def _prediction_error(part: Array) -> Array:
    """Return the prediction error filter 1, a1 .. a32 of a signal (autocorrelation method)."""
    windowed = part * np.hanning(len(part))
    lags = np.correlate(windowed, windowed, "full")[len(part) - 1 : len(part) + _ORDER]
    lags[0] = lags[0] * (1.0 + 1e-9) + 1e-20
    return np.concatenate([[1.0], linalg.solve_toeplitz(lags[:-1], -lags[1:])])
