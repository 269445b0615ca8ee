"""How the tone of a song is moved toward its style, or toward its album: most of the way, within limits.

What counts is the broad shape, where the song holds anything: see `models.tone`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.linear_phase import gains_between, impulse, response
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.tone import away_db, distance_db, filled
from tonnbook.studio.measure.song_features import SongFeatures

LARGEST_DB = 4.0
LARGEST_LIFT_IN_THE_TREBLE_DB = 1.5
CLOSE_ENOUGH_DB = 1.5
"""A song this near to its target is left alone (root mean square over the bands)."""
USUAL_SHARE_LEFT = 0.7
"""Of the distance to the target: more is left only where a song lies so far off that the limits hold the curve back."""

_TREBLE = np.array([centre >= 8000 for centre in THIRD_OCTAVES])
_LEVELS_DB = np.arange(-2.0, 2.01, 0.25)


@dataclass(frozen=True, eq=False)
class ToneMatch:
    """A tone curve and what it is to do."""

    gain_db: Array
    """In third-octaves, (28,)."""
    distance_before_db: float
    distance_after_db: float
    """What the curve alone would leave; dynamics move the tone a little, too."""
    held_back: int
    """How many bands would have to be moved further than a master may move them."""


def match(features: SongFeatures, target_db: Sequence[float], share: float) -> ToneMatch:
    """Return the curve that moves the song by `share` of the way toward the target, within the limits.

    What the curve does to the level, the level's own stage sets right; so it may stand a little higher or lower, wherever the limits
    cost least.
    """
    tone = features.tone_db
    used = np.array(filled(tone.tolist(), target_db))
    wished = share * np.array(away_db(tone.tolist(), target_db))
    highest = np.where(_TREBLE, LARGEST_LIFT_IN_THE_TREBLE_DB, LARGEST_DB)
    tries = [np.clip(wished + level, -LARGEST_DB, highest) for level in _LEVELS_DB]
    tries = [
        np.where(used, curve, np.minimum(curve, 0.0)) for curve in tries
    ]  # where there is nothing, nothing is lifted
    left = [distance_db((tone + curve).tolist(), target_db) for curve in tries]
    best = int(np.lexsort((np.abs(_LEVELS_DB), np.round(left, 3)))[0])
    held = np.abs(tries[best] - wished - _LEVELS_DB[best])[used] > 1e-9
    return ToneMatch(tries[best], distance_db(tone.tolist(), target_db), left[best], int(np.count_nonzero(held)))


def applied_db(gain_db: Sequence[float], rate: int) -> Array:
    """Return what the filter makes of a curve: its gain in each third-octave, (28,). In the bass it bends less sharply than was asked."""
    return response(impulse(gains_between(THIRD_OCTAVES, gain_db, rate)), THIRD_OCTAVES, rate)


def louder_by(
    features: SongFeatures, gain_db: Sequence[float] | Array, low_hz: float = 0.0, high_hz: float = 1e6
) -> float:
    """Return by how many dB the curve raises what lies between two frequencies."""
    power = features.middle + features.side
    power = np.where([low_hz <= centre < high_hz for centre in THIRD_OCTAVES], power, 0.0)
    return (
        float(10.0 * np.log10(np.average(10.0 ** (np.asarray(gain_db) / 10.0), weights=power))) if power.any() else 0.0
    )
