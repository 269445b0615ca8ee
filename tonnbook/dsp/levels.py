"""Convert between decibels and amplitude ratios; measure peak and RMS.

Audio is an array of (channels, frames); full scale is 1.0.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.floating[Any]]
"""Input samples, (channels, frames), float32 or float64."""

Array = npt.NDArray[np.float64]
"""Any result of this package: float64."""


@overload
def db(x: float, floor: float = -200.0) -> float: ...
@overload
def db(x: Audio, floor: float = -200.0) -> Array: ...
def db(x: float | Audio, floor: float = -200.0) -> float | Array:
    """Return the level of an amplitude ratio in dB, never below `floor`; the sign of `x` is ignored."""
    ratio = np.maximum(np.abs(np.asarray(x, dtype=np.float64)), 10.0 ** (floor / 20.0))
    level: Array = 20.0 * np.log10(ratio)
    return level if level.ndim else float(level)


@overload
def to_gain(level_db: float) -> float: ...
@overload
def to_gain(level_db: Audio) -> Array: ...
def to_gain(level_db: float | Audio) -> float | Array:
    """Return the amplitude ratio of a level in dB; minus infinity is silence."""
    gain: Array = 10.0 ** (np.asarray(level_db, dtype=np.float64) / 20.0)
    return gain if gain.ndim else float(gain)


def peak(audio: Audio) -> float:
    """Return the largest absolute sample; 0.0 for an empty array."""
    return float(max(np.max(audio), -np.min(audio))) if audio.size else 0.0


def rms(audio: Audio) -> float:
    """Return the root mean square over all channels and frames; 0.0 for an empty array."""
    if not audio.size:
        return 0.0
    flat = np.asarray(audio, dtype=np.float64).ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size))
