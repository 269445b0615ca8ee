"""Transients: how much a sound stands out at its attacks, and a gain that makes that more, or less.

Two envelopes follow the power, one within 3 ms and one within 60: where a hit begins the fast one runs ahead, and by how much is what a
listener calls punch (after the "differential envelope" of transient designers; cf. D. Giannoulis, M. Massberg, J. Reiss, JAES 60(6), 2012,
on followers of this kind). Loudness plays no part in it, so a soft hit is treated as a loud one. The whole recording is known, so the
gain is there when the hit comes.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from tonnbook.dsp.gate import STEP_S
from tonnbook.dsp.levels import Array, Audio, to_gain

_FAST_S, _SLOW_S = 0.003, 0.06
_AHEAD_STEPS = 2
_FULL_DB = 6.0
"""An attack that stands out by this much gets all of the gain."""
_PAUSE_DB = -50.0  # of the mean: below it nothing is a hit


class Powers:
    """Notes the mean square of every millisecond of a stream, over all channels, whatever the blocks."""

    def __init__(self, rate: int) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._rest = np.empty(0)
        self._parts: list[Array] = []

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        power = np.concatenate([self._rest, np.square(block).mean(axis=0)])
        whole = len(power) // self._step * self._step
        self._parts.append(power[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = power[whole:]

    @property
    def powers(self) -> Array:
        """One value for each full millisecond."""
        return np.concatenate([np.empty(0), *self._parts])


def attacks_db(powers: Array) -> Array:
    """Return by how many dB, 0 or more, each millisecond stands out of what was before it."""
    if not powers.any():
        return np.zeros(len(powers))
    floor = powers.mean() * 10.0 ** (_PAUSE_DB / 10.0)
    fast, slow = (_followed(powers, seconds) + floor for seconds in (_FAST_S, _SLOW_S))
    out = np.maximum(10.0 * np.log10(fast / slow), 0.0)
    return np.asarray(np.concatenate([out[_AHEAD_STEPS:], np.zeros(min(_AHEAD_STEPS, len(out)))])[: len(out)])


def gain_curve(attacks: Array, most_db: float) -> Array:
    """Return the gain of every millisecond, for `dsp.gate.Gate`: 1 between the hits, up to `most_db` where one begins.

    A negative number softens the hits.
    """
    return to_gain(most_db * np.minimum(attacks / _FULL_DB, 1.0))


def _followed(powers: Array, seconds: float) -> Array:
    keep = float(np.exp(-STEP_S / seconds))
    return np.asarray(signal.lfilter([1.0 - keep], [1.0, -keep], powers))
