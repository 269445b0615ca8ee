"""Compare the tones of songs: their smoothed third-octave spectra, over the bands in which both have content.

Levels are averaged over one octave, because single peaks are the notes of a song and not its tone. A band without content, above the
low-pass of an MP3 or the limit of a low sample rate, is not part of a tone: it is left out of every mean. The tone curve of a master, the
differences within an album and the plots of both use these definitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

EMPTY_DB = -50.0
"""A band this far below the loudest band of a song counts as empty: there is only noise."""

_OCTAVE = (0.125, 0.25, 0.25, 0.25, 0.125)


def filled(*tones_db: Sequence[float]) -> list[bool]:
    """Return which bands have content in every spectrum. A band beside an empty one is attenuated by the filter edge and does not count."""
    used = [True] * len(tones_db[0])
    for tone_db in tones_db:
        holds = [level > max(tone_db) + EMPTY_DB for level in tone_db]
        whole = [all(holds[max(0, n - 1) : n + 2]) for n in range(len(holds))]
        used = [a and b for a, b in zip(used, whole if any(whole) else holds, strict=True)]
    return used if any(used) else [True] * len(used)


def centred(tone_db: Sequence[float], used: Sequence[bool] | None = None) -> list[float]:
    """Return a spectrum in dB relative to the mean of its `used` bands: its tone, without its level."""
    used = filled(tone_db) if used is None else used
    middle = fmean(level for level, counts in zip(tone_db, used, strict=True) if counts)
    return [level - middle for level in tone_db]


def smoothed(levels_db: Sequence[float], used: Sequence[bool]) -> list[float]:
    """Return levels averaged over one octave, relative to the mean of the used bands. An unused band has the level of the nearest used one."""
    filled_bands = [n for n, counts in enumerate(used) if counts]
    whole = [levels_db[min(filled_bands, key=lambda band: abs(band - n))] for n in range(len(levels_db))]
    padded = [whole[0]] * 2 + whole + [whole[-1]] * 2
    means = [sum(w * level for w, level in zip(_OCTAVE, padded[n : n + 5], strict=True)) for n in range(len(whole))]
    return centred(means, used)


def difference_db(tone_db: Sequence[float], target_db: Sequence[float]) -> list[float]:
    """Return the smoothed difference of target and tone in dB; at most 0 dB in empty bands."""
    used = filled(tone_db, target_db)
    shape = smoothed([t - level for t, level in zip(target_db, tone_db, strict=True)], used)
    return [away if counts else min(away, 0.0) for away, counts in zip(shape, used, strict=True)]


def distance_db(tone_db: Sequence[float], target_db: Sequence[float]) -> float:
    """Return the distance of two spectra: root mean square of their smoothed difference in dB over the bands that both fill."""
    return _rms(difference_db(tone_db, target_db), filled(tone_db, target_db))


def spread_db(tones_db: Sequence[Sequence[float]]) -> float:
    """Return the distance of spectra from their average: root mean square in dB of their smoothed shapes, over the bands that all fill."""
    used = filled(*tones_db)
    shapes = [smoothed(tone, used) for tone in tones_db]
    average = [fmean(band) for band in zip(*shapes, strict=True)]
    return sqrt(fmean(_rms([a - b for a, b in zip(shape, average, strict=True)], used) ** 2 for shape in shapes))


def average_db(tones_db: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of spectra in dB, with equal weights whatever their levels; each band is averaged over the songs that fill it."""
    common, own = filled(*tones_db), [filled(tone) for tone in tones_db]
    rows = [centred(tone, common) for tone in tones_db]
    average = []
    for n in range(len(common)):
        levels = [row[n] for row, used in zip(rows, own, strict=True) if used[n]]
        average.append(fmean(levels or [row[n] for row in rows]))
    return average


def _rms(values: Sequence[float], used: Sequence[bool]) -> float:
    return sqrt(fmean(value * value for value, counts in zip(values, used, strict=True) if counts))
