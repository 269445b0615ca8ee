"""Curves over time in the form an answer carries them: loudness curves, short series, and levels that JSON can hold."""

from __future__ import annotations

from math import inf, isfinite
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import MOMENTARY, SHORT_TERM, lufs, windowed
from tonnbook.models.notes import Series

POINTS = 1200
"""Largest number of points of a curve over time in an answer."""


class LoudnessCurves(NamedTuple):
    """Momentary (400 ms) and short-term (3 s) loudness of a recording, in LUFS: the maxima, and the curves over time."""

    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    momentary: Series
    short_term: Series


def loudness_curves(energies: Array) -> LoudnessCurves:
    """Return the loudness over time of K-weighted mean squares per 10 ms, (steps,)."""
    momentary, short_term = (lufs(windowed(energies, length)) for length in (MOMENTARY, SHORT_TERM))
    highest = [finite(float(np.max(curve, initial=-inf))) for curve in (momentary, short_term)]
    return LoudnessCurves(highest[0], highest[1], series(momentary, 0.01), series(short_term, 0.01))


def series(values: Array, hop_s: float) -> Series:
    """Return a curve reduced to at most `POINTS` points, each the largest of the values it stands for; None where all are infinite."""
    step = max(1, -(-len(values) // POINTS))
    padded = np.pad(values, (0, -len(values) % step), constant_values=-inf)
    largest = padded.reshape(-1, step).max(axis=1)
    return Series(hop_s=hop_s * step, values=tuple(round(v, 2) if isfinite(v) else None for v in largest.tolist()))


def finite(value: float) -> float | None:
    """Return a level rounded to two decimals, or None for an infinite one, which JSON cannot hold."""
    return round(value, 2) if isfinite(value) else None


def largest_per_10_ms(values: npt.NDArray[np.floating], cells_per_s: float) -> Array:
    """Return the largest value of every 10 ms, (steps,), of a curve with `cells_per_s` values per second."""
    edges = np.arange(0, len(values), cells_per_s / 100).astype(np.intp)
    return np.asarray(np.maximum.reduceat(values, edges), dtype=np.float64) if len(edges) else np.empty(0)
