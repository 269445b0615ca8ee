"""Gate a recording offline: the whole recording is measured first, so the gate opens before a hit and its threshold fits the hits.

The level that opens the gate is measured in a side chain: a band in which the instrument sounds and its neighbours do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array, Audio, to_gain

STEP_S = 0.001
"""Time resolution of levels and gains, in s."""

_FLOOR_DB = -100.0
_BETWEEN_HITS_S = 0.05
_APART_DB = 9.0  # least difference of level between two kinds of hits
_SMALLEST_SHARE = 0.03

HYSTERESIS_DB = 10.0
"""The gate opens at the threshold and stays open down to this far below it."""

_SMOOTH_STEPS, _LONGEST_TAIL_STEPS = 30, 400
_RISE_DB = 3.0
_REST_STEPS, _FALL_DB = 50, 1.0  # a slower decay than 1 dB in 50 ms (60 dB in 3 s) is not that of a drum
_FADE_STEPS = 3.0  # opening takes 3 ms, and is complete when the gate must be open


@dataclass(frozen=True)
class GateSettings:
    """Parameters of a gate."""

    range_db: float
    """Gain of the closed gate in dB; negative."""
    hold_ms: float
    """Time for which the gate stays open after the level has fallen."""
    release_ms: float
    """Time constant of closing."""
    look_ahead_ms: float = 1.5
    """Time by which the gate opens before the level rises."""


class SideChain:
    """Measure the peak level of every millisecond of a stream in one band; the result does not depend on the cut into blocks.

    `band` is an array of second-order sections (n, 6), see `dsp.filters`.
    """

    def __init__(self, rate: int, channels: int, band: Array) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._filter = Filter(band, channels)
        self._rest = np.empty(0)
        self._peaks: list[Array] = []

    def measure(self, block: Audio) -> None:
        """Measure the next (channels, frames)."""
        loudest = np.concatenate([self._rest, np.abs(self._filter.process(block)).max(axis=0)])
        whole = len(loudest) // self._step * self._step
        self._peaks.append(loudest[:whole].reshape(-1, self._step).max(axis=1))
        self._rest = loudest[whole:]

    @property
    def levels_db(self) -> Array:
        """Peak over all channels of every full millisecond in dBFS, at least -100."""
        peaks = np.concatenate([np.empty(0), *self._peaks])
        return np.asarray(20.0 * np.log10(np.maximum(peaks, 10.0 ** (_FLOOR_DB / 20.0))))


def hits_db(levels_db: Array) -> Array:
    """Return the level of each hit in dB: a maximum within 50 ms on either side, less than 60 dB below the highest."""
    reach = 2 * round(_BETWEEN_HITS_S / STEP_S) + 1
    if not len(levels_db):
        return levels_db
    peaks = np.flatnonzero(
        (levels_db == ndimage.maximum_filter1d(levels_db, reach)) & (levels_db > levels_db.max() - 60.0)
    )
    return levels_db[peaks[np.diff(peaks, prepend=-reach) > 1]]


def threshold_db(hits: Array) -> float | None:
    """Return the level in dB that separates an instrument's own hits from bleed: the middle of the gap between two kinds (N. Otsu, 1979).

    None if there is only one kind of hits.
    """
    levels = np.sort(hits)
    if len(levels) < 4:
        return None
    counts = np.arange(1, len(levels))
    below = np.cumsum(levels)[:-1] / counts
    above = (levels.sum() - np.cumsum(levels)[:-1]) / (len(levels) - counts)
    between = counts * (len(levels) - counts) * np.square(above - below)
    cut = int(np.argmax(between))
    share = min(counts[cut], len(levels) - counts[cut]) / len(levels)
    if above[cut] - below[cut] < _APART_DB or share < _SMALLEST_SHARE:
        return None
    return float(0.5 * (levels[cut] + levels[cut + 1]))


def gate_gain(levels_db: Array, opens_db: float, settings: GateSettings) -> Array:
    """Return the gain of every millisecond: open from `look_ahead_ms` before the level passes `opens_db`, then held, then released."""
    ahead, hold = (max(1, round(ms * 1e-3 / STEP_S)) for ms in (settings.look_ahead_ms, settings.hold_ms))
    size = ahead + hold + 1
    loud = _open(levels_db, opens_db).astype(np.float64)
    opened = ndimage.maximum_filter1d(loud, size, origin=hold - size // 2, mode="constant") > 0.0
    steps, never = np.arange(len(opened)), 10**9
    since = steps - np.maximum.accumulate(np.where(opened, steps, -never))
    until = np.minimum.accumulate(np.where(opened, steps, never)[::-1])[::-1] - steps
    fallen = 1.0 - np.exp(-np.minimum(since, 10**6) * STEP_S / (settings.release_ms * 1e-3))
    rising = np.minimum(until / _FADE_STEPS, 1.0)
    return np.asarray(to_gain(settings.range_db * np.minimum(fallen, rising)))


def _open(levels_db: Array, opens_db: float) -> npt.NDArray[np.bool_]:
    """Return where the gate is open, hold time not included: from where a hit passes the threshold until it has fallen well below it and decayed."""
    stretches, _ = ndimage.label(levels_db > opens_db - HYSTERESIS_DB)
    hits = np.unique(stretches[levels_db > opens_db])
    opened = np.asarray(np.isin(stretches, hits[hits > 0]))
    smooth = ndimage.uniform_filter1d(levels_db, _SMOOTH_STEPS)
    for end in np.flatnonzero(opened[:-1] & ~opened[1:]):
        opened[end : end + _tail(smooth[end : end + _LONGEST_TAIL_STEPS])] = True
    return opened


def _tail(levels_db: Array) -> int:
    """Return for how many steps a hit decays: until the level rises again, or stops falling."""
    lowest = np.minimum.accumulate(levels_db)
    rises = levels_db > lowest + _RISE_DB
    stays = np.zeros(len(levels_db), dtype=np.bool_)
    stays[_REST_STEPS:] = lowest[_REST_STEPS:] > lowest[:-_REST_STEPS] - _FALL_DB
    over = np.flatnonzero(rises | stays)
    return int(over[0]) if len(over) else len(levels_db)


class GainOverTime:
    """Apply a gain curve of one value per millisecond to a stream, interpolated linearly.

    An empty curve leaves the stream unchanged.
    """

    def __init__(self, rate: int, curve: Array) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._curve = curve if len(curve) else np.ones(1)
        self._processed = 0

    def process(self, block: Audio) -> Array:
        """Return the next (channels, frames) with the gain applied."""
        times = (np.arange(self._processed, self._processed + block.shape[1]) + 0.5) / self._step - 0.5
        self._processed += block.shape[1]
        return np.asarray(block * np.interp(times, np.arange(len(self._curve)), self._curve))
