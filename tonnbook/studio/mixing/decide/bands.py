"""The spectrum in 28 third octaves, and in the six regions that the six bands of an EQ stand in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.filters import Band, eq, response_db
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import k_weighting, lufs
from tonnbook.dsp.spectrum import THIRD_OCTAVES

CENTRES_HZ: Array = np.array(THIRD_OCTAVES)
EDGES_HZ = (80.0, 250.0, 500.0, 2000.0, 8000.0)
"""Between the six regions (Hafezi and Reiss, JAES 63, 2015)."""
REGION_OF: npt.NDArray[np.intp] = np.searchsorted(EDGES_HZ, CENTRES_HZ, side="right")
"""The region, 0 to 5, of each third octave."""

_RATE = 48_000  # the responses are the same at any rate up to close to half of it
_WITHIN = 2.0 ** (np.array([-0.4, -0.2, 0.0, 0.2, 0.4]) / 3.0)  # where in a third octave a response is read


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


@cache
def k_power() -> Array:
    """Return the power gain of the K filter in each third octave, (28,)."""
    return np.asarray(10.0 ** (response_db(k_weighting(_RATE), CENTRES_HZ, _RATE) / 10.0))


def third_octave_power(bands: Sequence[Band]) -> Array:
    """Return the power gain of an EQ in each third octave, (28,), averaged over five points of it."""
    if not bands:
        return np.ones(len(CENTRES_HZ))
    response = response_db(eq(bands, _RATE), np.outer(CENTRES_HZ, _WITHIN).ravel(), _RATE)
    return np.asarray(np.mean(10.0 ** (response.reshape(len(CENTRES_HZ), -1) / 10.0), axis=1))


def loudness_of(spectrum: Array) -> float:
    """Return the loudness in LUFS of a third-octave power spectrum."""
    return float(lufs(np.atleast_1d(np.sum(spectrum * k_power())))[0])


def centroid_hz(weight: Array) -> float:
    """Return the centre of gravity of something per third octave, in Hz, on a logarithmic scale."""
    return float(np.exp(np.average(np.log(CENTRES_HZ), weights=weight)))


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
