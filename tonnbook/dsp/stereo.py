"""Pan a sound, measure width and balance, and derive a side signal for a sound that has none.

The side signal (`side_impulse`) is filtered from the middle and cancels in mono. The filter splits the middle into twelve bands, delays each by
a time of its own and inverts every other one; the result is added to the left and subtracted from the right. So each band leans to one
side, no frequency changes by more than the level of the side, and the mono sum is exactly the middle. After H. Lauridsen's pseudo-stereo
of 1954 and M. R. Schroeder, "An artificial stereophonic effect obtained from a single audio signal", JAES 6(2), 1958. One filter cannot make
two sounds out of one: the analysis rightly reports the result as an upmix.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi, sin, sqrt

import numpy as np
from scipy import fft
from scipy.signal import windows

from tonnbook.dsp.levels import Array, Audio, db, rms, to_gain
from tonnbook.dsp.linear_phase import TAPS

EDGE_DEG = 60.0
"""Hard left is -60 degrees, hard right +60: the range of the service's panner."""

_NARROWING = 0.7  # share of a stereo track's own width that is removed at the edge

BANDS = 12
"""Number of bands of the derived side signal."""

_EDGES_HZ = np.geomspace(200.0, 16000.0, BANDS + 1)
# Different in neighbouring bands, and short enough (under 15 ms) that no hit is heard twice.
_DELAYS_MS = (11.0, 3.0, 9.0, 5.0, 12.0, 2.0, 8.0, 4.0, 10.0, 6.0, 7.0, 2.5)
_FFT_SIZE = 32768


def pan(block: Audio, angle_deg: float) -> Array:
    """Pan a block to `angle_deg`, -60 (left) to +60 (right); return (2, frames). Raises ValueError for other angles.

    Constant power with 0 dB at the centre: left² + right² is the same at every angle, and a mono track at the centre goes to both sides
    unchanged. Of a stereo track the middle is panned and the side is narrowed, to three tenths at the edge.
    """
    if abs(angle_deg) > EDGE_DEG:
        raise ValueError(f"angle_deg must lie between -60 and 60, not {angle_deg}")
    left, right = _gains(angle_deg)
    if len(block) == 1:
        return np.stack([left * block[0], right * block[0]]).astype(np.float64, copy=False)
    if angle_deg == 0.0:
        return np.array(block, dtype=np.float64)
    middle = 0.5 * (block[0] + block[1])
    side = 0.5 * (block[0] - block[1]) * (1.0 - _NARROWING * abs(angle_deg) / EDGE_DEG)
    return np.stack([left * middle + side, right * middle - side]).astype(np.float64, copy=False)


def correlation(audio: Audio) -> float:
    """Return the correlation of left and right, -1 to 1: 1 for mono and for silence on both sides, 0 where one side is silent."""
    if len(audio) == 1:
        return 1.0
    left, right = np.asarray(audio, dtype=np.float64)
    power = float(np.dot(left, left)) * float(np.dot(right, right))
    if power == 0.0:
        return 0.0 if left.any() or right.any() else 1.0
    return float(np.clip(np.dot(left, right) / sqrt(power), -1.0, 1.0))


def width_db(audio: Audio) -> float:
    """Return the level of the side signal relative to the middle in dB: -200 for mono and silence, 0 for unrelated sides, +200 for L = -R."""
    side = rms(audio[0] - audio[1]) if len(audio) == 2 else 0.0
    return _relative_db(side, rms(audio[0] + audio[1])) if side else -200.0


def balance_db(audio: Audio) -> float:
    """Return the RMS level of left relative to right in dB, -200 to 200: positive leans left."""
    return 0.0 if len(audio) == 1 else _relative_db(rms(audio[0]), rms(audio[1]))


def side_impulse(level_db: float, rate: int) -> Array:
    """Return the impulse response that derives a side signal from the middle, (TAPS,), with time 0 at its centre.

    Parameters
    ----------
    level_db
        Level of the side relative to the middle in dB, from 250 Hz on; there is no side below 200 Hz.
    rate
        In Hz.
    """
    freqs = np.linspace(0.0, rate / 2.0, _FFT_SIZE // 2 + 1)
    total = np.zeros(len(freqs), dtype=np.complex128)
    for n, ((low, high), delay_ms) in enumerate(zip(pairwise(_EDGES_HZ), _DELAYS_MS, strict=True)):
        share = _above(freqs, low) - (_above(freqs, high) if n + 1 < BANDS else 0.0)
        total += (-1.0) ** n * share * np.exp(-2e-3j * np.pi * freqs * delay_ms)
    total[-1] = total[-1].real
    long = np.roll(fft.irfft(total, _FFT_SIZE), TAPS // 2)[:TAPS]
    return np.asarray(to_gain(level_db) * long * windows.tukey(TAPS, 0.5))


def _above(freqs: Array, edge_hz: float) -> Array:
    """Return 0 below an edge and 1 above it, with a raised-cosine transition of a third of an octave."""
    position = np.clip(3.0 * np.log2(np.maximum(freqs, 1e-3) / edge_hz) + 0.5, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * position))


def _gains(angle_deg: float) -> tuple[float, float]:
    if angle_deg == 0.0:
        return 1.0, 1.0  # √2·cos 45° is 1 only to rounding, and the centre must pass unchanged
    theta = (angle_deg + EDGE_DEG) / (2.0 * EDGE_DEG) * pi / 2.0
    return sqrt(2.0) * cos(theta), sqrt(2.0) * sin(theta)


def _relative_db(a: float, b: float) -> float:
    if a == 0.0 or b == 0.0:
        return 0.0 if a == b else (200.0 if a else -200.0)
    return float(np.clip(db(a / b), -200.0, 200.0))
