"""How the tones of songs are compared: by the broad shape of their third-octave spectra, where both hold anything.

Single bumps are the notes of a song and no fault of its tone, so levels are averaged over one octave. A band without content, above the
corner of an MP3 or of a low sample rate, says nothing of a tone either: it stands outside every mean. One definition serves the curve that
a master gets, the spread of an album, and the plots of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

EMPTY_DB = -50.0
"""So far below its loudest band a song holds nothing but noise."""

_OCTAVE = (0.125, 0.25, 0.25, 0.25, 0.125)


def filled(*tones_db: Sequence[float]) -> list[bool]:
    """Return which bands every one of the spectra fills. The band beside an empty one is cut by the edge, and does not count."""
    used = [True] * len(tones_db[0])
    for tone_db in tones_db:
        holds = [level > max(tone_db) + EMPTY_DB for level in tone_db]
        whole = [all(holds[max(0, n - 1) : n + 2]) for n in range(len(holds))]
        used = [a and b for a, b in zip(used, whole if any(whole) else holds, strict=True)]
    return used if any(used) else [True] * len(used)


def centred(tone_db: Sequence[float], used: Sequence[bool] | None = None) -> list[float]:
    """Return a spectrum in dB around the mean of its `used` bands: tone, apart from level."""
    used = filled(tone_db) if used is None else used
    middle = fmean(level for level, counts in zip(tone_db, used, strict=True) if counts)
    return [level - middle for level in tone_db]


def broad(levels_db: Sequence[float], used: Sequence[bool]) -> list[float]:
    """Return levels averaged over one octave, around the mean of the used bands. A band that is not used goes on as the nearest that is."""
    places = [n for n, counts in enumerate(used) if counts]
    whole = [levels_db[min(places, key=lambda place: abs(place - n))] for n in range(len(levels_db))]
    padded = [whole[0]] * 2 + whole + [whole[-1]] * 2
    means = [sum(w * level for w, level in zip(_OCTAVE, padded[n : n + 5], strict=True)) for n in range(len(whole))]
    return centred(means, used)


def away_db(tone_db: Sequence[float], target_db: Sequence[float]) -> list[float]:
    """Return the broad shape of target less tone, in dB; never a lift in bands that are empty."""
    used = filled(tone_db, target_db)
    shape = broad([t - level for t, level in zip(target_db, tone_db, strict=True)], used)
    return [away if counts else min(away, 0.0) for away, counts in zip(shape, used, strict=True)]


def distance_db(tone_db: Sequence[float], target_db: Sequence[float]) -> float:
    """Return how far two spectra lie apart: root mean square in dB over the bands that both fill, whatever their levels."""
    return _rms(away_db(tone_db, target_db), filled(tone_db, target_db))


def apart_db(tones_db: Sequence[Sequence[float]]) -> float:
    """Return how far spectra lie from their average: root mean square in dB of their broad shapes, over the bands that all fill."""
    used = filled(*tones_db)
    shapes = [broad(tone, used) for tone in tones_db]
    average = [fmean(band) for band in zip(*shapes, strict=True)]
    return sqrt(fmean(_rms([a - b for a, b in zip(shape, average, strict=True)], used) ** 2 for shape in shapes))


def average_db(tones_db: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of spectra in dB, each counting the same however loud it is; a band counts for the songs that fill it."""
    common, own = filled(*tones_db), [filled(tone) for tone in tones_db]
    rows = [centred(tone, common) for tone in tones_db]
    average = []
    for n in range(len(common)):
        told = [row[n] for row, used in zip(rows, own, strict=True) if used[n]]
        average.append(fmean(told or [row[n] for row in rows]))
    return average


def _rms(values: Sequence[float], used: Sequence[bool]) -> float:
    return sqrt(fmean(value * value for value, counts in zip(values, used, strict=True) if counts))
