"""The stereo field: panning, and the figures that describe width and balance."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np

from tonnbook.dsp.levels import Array, Audio, db, rms

EDGE_DEG = 60.0
"""Hard left is -60 degrees, hard right +60: the range of the service's panner."""

_NARROWING = 0.7  # what a full turn takes away of a stereo track's own width


def pan(block: Audio, angle_deg: float) -> Array:
    """Return (2, frames) with the sound placed at `angle_deg`, -60 (left) to +60 (right).

    Constant power with 0 dB at the centre: left² + right² is the same at every angle, and a mono track in the middle goes to both
    sides as it is. Of a stereo track the middle is panned and the sides are narrowed, to three tenths at the edge.
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


def _gains(angle_deg: float) -> tuple[float, float]:
    if angle_deg == 0.0:
        return 1.0, 1.0  # √2·cos 45° is 1 only to rounding, and the middle is to pass untouched
    theta = (angle_deg + EDGE_DEG) / (2.0 * EDGE_DEG) * pi / 2.0
    return sqrt(2.0) * cos(theta), sqrt(2.0) * sin(theta)


def _relative_db(a: float, b: float) -> float:
    if a == 0.0 or b == 0.0:
        return 0.0 if a == b else (200.0 if a else -200.0)
    return float(np.clip(db(a / b), -200.0, 200.0))
