"""Third-octave spectra of 28 bands: K weighting, response of an EQ, loudness and centroid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from tonnbook.dsp.filters import Band, eq, response_db
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import k_weighting, lufs
from tonnbook.dsp.spectrum import THIRD_OCTAVES

CENTRES_HZ: Array = np.array(THIRD_OCTAVES)

_RATE = 48_000  # the responses do not depend on the rate up to close to half of it
_OFFSETS = 2.0 ** (np.array([-0.4, -0.2, 0.0, 0.2, 0.4]) / 3.0)  # where in a third octave a response is read


@cache
def k_power() -> Array:
    """Return the power gain of the K filter in each third octave, (28,)."""
    return np.asarray(10.0 ** (response_db(k_weighting(_RATE), CENTRES_HZ, _RATE) / 10.0))


def eq_power(bands: Sequence[Band]) -> Array:
    """Return the power gain of an EQ in each third octave, (28,), averaged over five frequencies in the band."""
    if not bands:
        return np.ones(len(CENTRES_HZ))
    response = response_db(eq(bands, _RATE), np.outer(CENTRES_HZ, _OFFSETS).ravel(), _RATE)
    return np.asarray(np.mean(10.0 ** (response.reshape(len(CENTRES_HZ), -1) / 10.0), axis=1))


def loudness_of(spectrum: Array) -> float:
    """Return the loudness in LUFS of a third-octave power spectrum, (28,)."""
    return float(lufs(np.atleast_1d(np.sum(spectrum * k_power())))[0])


def centroid_hz(weight: Array) -> float:
    """Return the centroid in Hz, on a logarithmic frequency scale, of a weight per third octave, (28,)."""
    return float(np.exp(np.average(np.log(CENTRES_HZ), weights=weight)))
