"""A side for a sound that has none: made from the middle by a filter, and gone again in mono.

The middle is cut into twelve bands, each is delayed by a time of its own, and every other one is reversed; left gets the result added, right
subtracted. So each band leans to a place of its own, no frequency grows or shrinks by more than the side's share, and the mono sum is
the middle, exactly. (After H. Lauridsen's pseudo-stereo of 1954 and M. R. Schroeder, "An artificial stereophonic effect obtained from a
single audio signal", JAES 6(2), 1958.) A filter cannot make two sounds out of one: the analysis calls the result an upmix, which it is.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import fft
from scipy.signal import windows

from tonnbook.dsp.levels import Array, to_gain
from tonnbook.dsp.linear_phase import TAPS

BANDS = 12
_EDGES_HZ = np.geomspace(200.0, 16000.0, BANDS + 1)
_DELAYS_MS = (11.0, 3.0, 9.0, 5.0, 12.0, 2.0, 8.0, 4.0, 10.0, 6.0, 7.0, 2.5)
"""Unlike in neighbours, and none so long that a hit is heard twice (under 15 ms)."""
_SIZE = 32768


def side_impulse(level_db: float, rate: int) -> Array:
    """Return what makes the side from the middle, (TAPS,), its time 0 in the middle.

    Parameters
    ----------
    level_db
        Of the side, relative to the middle, from 250 Hz on; below 200 Hz there is none.
    """
    freqs = np.linspace(0.0, rate / 2.0, _SIZE // 2 + 1)
    total = np.zeros(len(freqs), dtype=np.complex128)
    for n, ((low, high), delay_ms) in enumerate(zip(pairwise(_EDGES_HZ), _DELAYS_MS, strict=True)):
        share = _rise(freqs, low) - (_rise(freqs, high) if n + 1 < BANDS else 0.0)
        total += (-1.0) ** n * share * np.exp(-2e-3j * np.pi * freqs * delay_ms)
    total[-1] = total[-1].real
    long = np.roll(fft.irfft(total, _SIZE), TAPS // 2)[:TAPS]
    return np.asarray(to_gain(level_db) * long * windows.tukey(TAPS, 0.5))


def _rise(freqs: Array, edge_hz: float) -> Array:
    """Return 0 below an edge and 1 above it, within a third of an octave."""
    place = np.clip(3.0 * np.log2(np.maximum(freqs, 1e-3) / edge_hz) + 0.5, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * place))
