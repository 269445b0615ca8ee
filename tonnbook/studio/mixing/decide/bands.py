"""The six frequency regions that the six bands of an EQ stand in, and the centre and Q of a band."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ

EDGES_HZ = (80.0, 250.0, 500.0, 2000.0, 8000.0)
"""Between the six regions (Hafezi and Reiss, JAES 63, 2015)."""
REGION_OF: npt.NDArray[np.intp] = np.searchsorted(EDGES_HZ, CENTRES_HZ, side="right")
"""The region, 0 to 5, of each third octave."""


def region_of(centre_hz: float) -> int:
    """Return the region, 0 to 5, that a frequency lies in."""
    return int(np.searchsorted(EDGES_HZ, centre_hz, side="right"))


def bands_of(region: int) -> npt.NDArray[np.bool_]:
    """Return which third octaves lie in a region, (28,)."""
    return np.equal(REGION_OF, region)


def tidy_hz(centre_hz: float) -> float:
    """Return a frequency with two or three digits, as an engineer would set it."""
    step = 5.0 if centre_hz < 500 else 10.0 if centre_hz < 1000 else 100.0
    return float(min(max(round(centre_hz / step) * step, 20.0), 20_000.0))


def middle_and_q(weight: Array) -> tuple[float, float]:
    """Return centre (Hz) and Q of the bell that covers what is weighted, (28,)."""
    bands = np.arange(len(CENTRES_HZ))
    middle = float(np.average(bands, weights=weight))
    spread = float(np.sqrt(np.average((bands - middle) ** 2, weights=weight)))
    centre = float(np.interp(middle, bands, np.log(CENTRES_HZ)))
    return float(np.exp(centre)), round(float(np.clip(_sharpness(2.0 * spread + 1.0), 0.5, 3.0)), 1)


def _sharpness(width_thirds: float) -> float:
    """Return the Q of a bell as wide as that many third octaves."""
    ratio: float = 2.0 ** (max(width_thirds, 0.5) / 3.0)
    return sqrt(ratio) / (ratio - 1.0)
