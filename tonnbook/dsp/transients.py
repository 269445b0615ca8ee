"""Detect the attacks of a sound, and make a gain over time that emphasises or softens them.

Two envelopes follow the power, with time constants of 3 ms and 60 ms. At the beginning of a hit the fast one rises first, and the difference
between the two corresponds to what listeners call punch (the "differential envelope" of transient designers; on followers of this kind
see D. Giannoulis, M. Massberg, J. Reiss, JAES 60(6), 2012). The level does not matter: a soft hit is treated like a loud one. The whole
recording is measured first, so the gain is already there when the hit begins.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from tonnbook.dsp.gate import STEP_S
from tonnbook.dsp.levels import Array, Audio, to_gain

_FAST_S, _SLOW_S = 0.003, 0.06
_AHEAD_STEPS = 2
_FULL_DB = 6.0
"""An attack of this size gets all of the gain."""
_PAUSE_DB = -50.0  # relative to the mean: below it nothing counts as a hit


class Powers:
    """Measure the mean square of every millisecond of a stream, over all channels."""

    def __init__(self, rate: int) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._rest = np.empty(0)
        self._parts: list[Array] = []

    def measure(self, block: Audio) -> None:
        """Measure the next (channels, frames)."""
        power = np.concatenate([self._rest, np.square(block).mean(axis=0)])
        whole = len(power) // self._step * self._step
        self._parts.append(power[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = power[whole:]

    @property
    def powers(self) -> Array:
        """One value for each full millisecond."""
        return np.concatenate([np.empty(0), *self._parts])


def attacks_db(powers: Array) -> Array:
    """Return by how many dB, 0 or more, each millisecond exceeds the level before it."""
    if not powers.any():
        return np.zeros(len(powers))
    floor = powers.mean() * 10.0 ** (_PAUSE_DB / 10.0)
    fast, slow = (_envelope(powers, seconds) + floor for seconds in (_FAST_S, _SLOW_S))
    out = np.maximum(10.0 * np.log10(fast / slow), 0.0)
    return np.asarray(np.concatenate([out[_AHEAD_STEPS:], np.zeros(min(_AHEAD_STEPS, len(out)))])[: len(out)])


def attack_gain(attacks: Array, most_db: float) -> Array:
    """Return the gain of every millisecond, for `dsp.gate.GainOverTime`: 1 between the hits, up to `most_db` where one begins.

    A negative `most_db` softens the hits.
    """
    return to_gain(most_db * np.minimum(attacks / _FULL_DB, 1.0))


def _envelope(powers: Array, seconds: float) -> Array:
    keep = float(np.exp(-STEP_S / seconds))
    return np.asarray(signal.lfilter([1.0 - keep], [1.0, -keep], powers))
