"""A gate with foresight: it has heard the whole recording, so it opens before a hit comes, and knows what a hit is.

The level that decides is taken from a side chain, a band in which the instrument lives and its neighbours do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array, Audio, to_gain

STEP_S = 0.001
_FLOOR_DB = -100.0
_BETWEEN_HITS_S = 0.05
_APART_DB = 9.0  # two kinds of hits differ by this much, or there is one kind only
_SMALLEST_SHARE = 0.03
HYSTERESIS_DB = 10.0
_SMOOTH_STEPS, _LONGEST_TAIL_STEPS = 30, 400
_RISE_DB = 3.0
_REST_STEPS, _FALL_DB = 50, 1.0  # slower than 1 dB in 50 ms, 3 s for 60 dB, is no drum that dies away
_FADE_STEPS = 3.0  # opening takes 3 ms, all of it before the gate is to be open


@dataclass(frozen=True)
class GateSettings:
    """How a gate behaves."""

    range_db: float
    """What it turns down by when it is shut; negative."""
    hold_ms: float
    release_ms: float
    look_ahead_ms: float = 1.5


class SideChain:
    """Notes the level of every millisecond of a stream, in a band of its own, whatever the blocks."""

    def __init__(self, rate: int, channels: int, band: Array) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._filter = Filter(band, channels)
        self._rest = np.empty(0)
        self._peaks: list[Array] = []

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        loudest = np.concatenate([self._rest, np.abs(self._filter.process(block)).max(axis=0)])
        whole = len(loudest) // self._step * self._step
        self._peaks.append(loudest[:whole].reshape(-1, self._step).max(axis=1))
        self._rest = loudest[whole:]

    @property
    def levels_db(self) -> Array:
        """Peak of every full millisecond in dBFS, never below -100."""
        peaks = np.concatenate([np.empty(0), *self._peaks])
        return np.asarray(20.0 * np.log10(np.maximum(peaks, 10.0 ** (_FLOOR_DB / 20.0))))


def hits_db(levels_db: Array) -> Array:
    """Return the level of each hit: what nothing within 50 ms is louder than."""
    reach = 2 * round(_BETWEEN_HITS_S / STEP_S) + 1
    if not len(levels_db):
        return levels_db
    peaks = np.flatnonzero(
        (levels_db == ndimage.maximum_filter1d(levels_db, reach)) & (levels_db > levels_db.max() - 60.0)
    )
    return levels_db[peaks[np.diff(peaks, prepend=-reach) > 1]]


def threshold_db(hits: Array) -> float | None:
    """Return the level that parts hits from their neighbours' bleed: the middle of the gap between two kinds of hits (N. Otsu, 1979).

    None where there is one kind of hits only.
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


def gain_curve(levels_db: Array, opens_db: float, settings: GateSettings) -> Array:
    """Return the gain of every millisecond: open from shortly before a level passes `opens_db`, held, and then let go."""
    ahead, hold = (max(1, round(ms * 1e-3 / STEP_S)) for ms in (settings.look_ahead_ms, settings.hold_ms))
    size = ahead + hold + 1
    loud = _open(levels_db, opens_db).astype(np.float64)
    opened = ndimage.maximum_filter1d(loud, size, origin=hold - size // 2, mode="constant") > 0.0
    places, never = np.arange(len(opened)), 10**9
    since = places - np.maximum.accumulate(np.where(opened, places, -never))
    until = np.minimum.accumulate(np.where(opened, places, never)[::-1])[::-1] - places
    fallen = 1.0 - np.exp(-np.minimum(since, 10**6) * STEP_S / (settings.release_ms * 1e-3))
    rising = np.minimum(until / _FADE_STEPS, 1.0)
    return np.asarray(to_gain(settings.range_db * np.minimum(fallen, rising)))


def _open(levels_db: Array, opens_db: float) -> npt.NDArray[np.bool_]:
    """Return where the gate is open without its hold: from where a hit passes the level until it has fallen well below it, and died away."""
    stretches, _ = ndimage.label(levels_db > opens_db - HYSTERESIS_DB)
    hits = np.unique(stretches[levels_db > opens_db])
    opened = np.asarray(np.isin(stretches, hits[hits > 0]))
    smooth = ndimage.uniform_filter1d(levels_db, _SMOOTH_STEPS)
    for end in np.flatnonzero(opened[:-1] & ~opened[1:]):
        opened[end : end + _tail(smooth[end : end + _LONGEST_TAIL_STEPS])] = True
    return opened


def _tail(levels_db: Array) -> int:
    """Return how long a hit dies away: until something else begins, or until nothing falls any more."""
    lowest = np.minimum.accumulate(levels_db)
    rises = levels_db > lowest + _RISE_DB
    rests = np.zeros(len(levels_db), dtype=np.bool_)
    rests[_REST_STEPS:] = lowest[_REST_STEPS:] > lowest[:-_REST_STEPS] - _FALL_DB
    over = np.flatnonzero(rises | rests)
    return int(over[0]) if len(over) else len(levels_db)


class Gate:
    """Applies a gain curve of one value per millisecond to a stream."""

    def __init__(self, rate: int, curve: Array) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._curve = curve if len(curve) else np.ones(1)
        self._given = 0

    def process(self, block: Audio) -> Array:
        """Return the next block with the gain on it."""
        times = (np.arange(self._given, self._given + block.shape[1]) + 0.5) / self._step - 0.5
        self._given += block.shape[1]
        return np.asarray(block * np.interp(times, np.arange(len(self._curve)), self._curve))
