"""How the tone of a song is moved toward its style, or toward its album: most of the way, within limits.

Only the broad shape counts: spectra are compared after an average over one octave, because single bumps are the notes of the song and no
fault of its tone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.studio.mastering_features import SongFeatures

STRENGTH = 0.7
LARGEST_DB = 4.0
LARGEST_LIFT_AT_THE_ENDS_DB = 1.5
CLOSE_ENOUGH_DB = 1.5
"""A song this near to its target is left alone (root mean square over the bands)."""
USUAL_SHARE_LEFT = 0.7
"""Of the distance to the target: more is left only where a song lies so far off that the limits hold the curve back."""

_ENDS = np.array([centre <= 40 or centre >= 8000 for centre in THIRD_OCTAVES])
_EMPTY_DB = -50.0  # below the loudest band: nothing there that could be raised but noise


@dataclass(frozen=True, eq=False)
class ToneMatch:
    """A tone curve and what it does."""

    gain_db: Array
    """In third-octaves, (28,)."""
    distance_before_db: float
    distance_after_db: float
    held_back: int
    """How many bands would have to be moved further than a master may move them."""


def match(features: SongFeatures, target_db: Sequence[float]) -> ToneMatch:
    """Return the curve that moves the song toward the target; what it does to the level, the level's own stage sets right."""
    tone, target = features.tone_db, np.asarray(target_db)
    highest = np.where(_ENDS, LARGEST_LIFT_AT_THE_ENDS_DB, LARGEST_DB)
    highest = np.where(tone < tone.max() + _EMPTY_DB, 0.0, highest)
    wished = STRENGTH * away_db(tone, target)
    curve = np.clip(wished, -LARGEST_DB, highest)
    return ToneMatch(
        curve, distance_db(tone, target), distance_db(tone + curve, target), int(np.count_nonzero(curve != wished))
    )


def distance_db(tone_db: Array, target_db: Sequence[float] | Array) -> float:
    """Return how far two spectra lie apart: root mean square in dB over the bands, whatever their levels."""
    return float(np.sqrt(np.mean(np.square(away_db(tone_db, np.asarray(target_db))))))


def away_db(tone_db: Array, target_db: Array) -> Array:
    """Return target less tone, averaged over one octave, around its own mean."""
    away = np.maximum(target_db, target_db.max() + _EMPTY_DB) - np.maximum(tone_db, tone_db.max() + _EMPTY_DB)
    broad = np.convolve(np.pad(away, 2, mode="edge"), np.array([0.5, 1.0, 1.0, 1.0, 0.5]) / 4.0, "valid")
    return np.asarray(broad - broad.mean())


def louder_by(
    features: SongFeatures, gain_db: Sequence[float] | Array, low_hz: float = 0.0, high_hz: float = 1e6
) -> float:
    """Return by how many dB the curve raises what lies between two frequencies."""
    power = features.middle + features.side
    power = np.where([low_hz <= centre < high_hz for centre in THIRD_OCTAVES], power, 0.0)
    return (
        float(10.0 * np.log10(np.average(10.0 ** (np.asarray(gain_db) / 10.0), weights=power))) if power.any() else 0.0
    )
