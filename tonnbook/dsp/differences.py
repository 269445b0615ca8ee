"""What differs between two versions of one sound, over time: in loudness, and octave by octave."""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.filters import response_db
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import k_weighting
from tonnbook.dsp.spectrum import THIRD_OCTAVES, third_octave_energies

OCTAVES_HZ: tuple[float, ...] = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
"""Nominal centres, IEC 61260-1. Of the lowest the upper two thirds are measured, of the highest the lower two."""

FAINT_DB = -60.0
"""A band this far under the loudest one of either version is not compared: what changes there nobody hears."""

_NOTHING = 1e-20
_FIRST_OF_OCTAVE = (0, *range(2, len(THIRD_OCTAVES), 3))


def changes_db(before: Audio, after: Audio, rate: int, hop_s: float) -> tuple[Array, Array]:
    """Return by how many dB `after` lies over `before`: as a whole (frames,), and in each octave (10, frames).

    Both are (channels, frames) at one rate and in step; the longer one is cut. The windows are `hop_s` apart and twice as long, the first
    centred on the start. The whole is weighted as BS.1770 does; nan stands where neither version sounds.
    """
    frames = min(before.shape[1], after.shape[1])
    thirds = [third_octave_energies(each[:, :frames], rate, hop_s) / len(each) for each in (before, after)]
    octaves = [np.add.reduceat(each, _FIRST_OF_OCTAVE, axis=0) for each in thirds]
    weights = 10.0 ** (response_db(k_weighting(rate), np.minimum(THIRD_OCTAVES, 0.49 * rate), rate) / 10.0)
    wholes = [(weights @ each)[None] for each in thirds]
    return _difference(*wholes)[0], _difference(*octaves)


def _difference(before: Array, after: Array) -> Array:
    louder = np.maximum(before, after)
    faint = louder < max(louder.max(initial=0.0) * 10.0 ** (FAINT_DB / 10.0), _NOTHING)
    difference = 10.0 * np.log10(np.maximum(after, _NOTHING) / np.maximum(before, _NOTHING))
    return np.where(faint, np.nan, difference)
