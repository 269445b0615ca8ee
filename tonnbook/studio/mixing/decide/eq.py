"""EQ of single tracks: cuts that a recording needs whatever the other tracks are, and the usual cut of its instrument.

An EQ has at most one band in each of six frequency regions, so six bands are always enough. `masking_eq` adds the bands that
uncover other tracks.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ, centroid_hz, k_power
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import Presence
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.strip import EqBandDecision, Strip

EDGES_HZ = (80.0, 250.0, 500.0, 2000.0, 8000.0)
"""Edges between the six regions (Hafezi and Reiss, JAES 63, 2015)."""
REGION_OF: npt.NDArray[np.intp] = np.searchsorted(EDGES_HZ, CENTRES_HZ, side="right")
"""The region, 0 to 5, of each third octave."""

_RUMBLE_DB = -25.0  # power below the range of the instrument, relative to the power in it
_RUMBLE_CUT_DB = (6.0, 12.0)
_HEAVY_RUMBLE_DB, _HEAVY_CUT_DB = -10.0, 6.0  # above this level up to 6 dB more: with 12 dB the pauses still rumble
_OWN_BASS_DB = -3.0  # above this level the low power is not rumble: the instrument plays there
_DEEP_PLAYERS = frozenset({Group.SYNTH, Group.KEYS, Group.STRINGS, Group.BRASS})
_RESONANT = frozenset({Group.CYMBALS, Group.PERCS})
_RESONANCE_DB = 8.0  # of a third octave over its neighbours
_RESONANCE_SHARE = 0.4  # of the frames in which it is that loud
_RESONANCE_CUT_DB = 4.0
_RESONANCE_Q = 3.0
_RESONANCE_HZ = (200.0, 10_000.0)


def region_of(centre_hz: float) -> int:
    """Return the region, 0 to 5, of a frequency."""
    return int(np.searchsorted(EDGES_HZ, centre_hz, side="right"))


def thirds_of(region: int) -> npt.NDArray[np.bool_]:
    """Return which third octaves lie in a region, (28,)."""
    return np.equal(REGION_OF, region)


def rounded_hz(centre_hz: float) -> float:
    """Return a frequency rounded to two or three digits, from 20 Hz to 20 kHz."""
    step = 5.0 if centre_hz < 500 else 10.0 if centre_hz < 1000 else 100.0
    return float(min(max(round(centre_hz / step) * step, 20.0), 20_000.0))


def centre_and_q(weight: Array) -> tuple[float, float]:
    """Return centre (Hz) and Q (0.5 to 3) of the bell that covers a weight per third octave, (28,)."""
    thirds = np.arange(len(CENTRES_HZ))
    middle = float(np.average(thirds, weights=weight))
    deviation = float(np.sqrt(np.average((thirds - middle) ** 2, weights=weight)))
    centre = float(np.interp(middle, thirds, np.log(CENTRES_HZ)))
    return float(np.exp(centre)), round(float(np.clip(_q_of_width(2.0 * deviation + 1.0), 0.5, 3.0)), 1)


def decide_cleaning_eq(strip: Strip) -> Strip:
    """Return the track with the EQ bands that its own recording needs: a low cut, a resonance cut, both or none."""
    found = [_low_cut(strip), _resonance_cut(strip)]
    bands = {region_of(band.centre_hz): band for band in reversed(found) if band}
    return strip.with_eq(tuple(bands.values()))


def with_usual_tone(strip: Strip) -> Strip:
    """Return the track with the usual cut of its instrument; not where another band works in that region, and not for a lead."""
    tone = styles.TONE.get(strip.request.instrument)
    if tone is None or strip.request.presence is Presence.LEAD:
        return strip
    if any(region_of(band.centre_hz) == region_of(tone.centre_hz) for band in strip.eq):
        return strip
    band = EqBandDecision(tone.centre_hz, tone.gain_db, tone.q, tone.reason)
    return strip.with_eq((*strip.eq, band))


def _low_cut(strip: Strip) -> EqBandDecision | None:
    """Return a bell at the centroid of the power below the range of the instrument; None if there is too little of it."""
    group = strip.request.instrument
    lowest_hz = styles.LOWEST_HZ.get(group)
    if lowest_hz is None:
        return None
    spectrum = strip.features.spectrum
    upper_edges = CENTRES_HZ * 2 ** (1 / 6)
    below = upper_edges <= lowest_hz * 1.01
    share = 10.0 * float(np.log10(max(spectrum[below].sum() / spectrum[~below].sum(), 1e-12)))
    if share <= _RUMBLE_DB or (share > _OWN_BASS_DB and group in _DEEP_PLAYERS):
        return None
    depth = float(np.clip(_RUMBLE_CUT_DB[0] + 0.4 * (share - _RUMBLE_DB), *_RUMBLE_CUT_DB))
    depth += float(np.clip(0.6 * (share - _HEAVY_RUMBLE_DB), 0.0, _HEAVY_CUT_DB))
    centre = rounded_hz(min(centroid_hz(np.where(below, spectrum, 0.0)), lowest_hz / 1.5))
    side = "quieter" if share < 0 else "louder"
    cause = (
        f"a wide low cut, because rumble below the range of the {group.label.lower()} ({abs(share):.0f} dB {side} than the rest of "
        "the recording) would mask kick and bass"
    )
    return EqBandDecision(centre, -round(depth, 1), 0.5, cause, cleaning=True)


def _resonance_cut(strip: Strip) -> EqBandDecision | None:
    """Return a narrow cut at the third octave that exceeds its neighbours most, if it does so in enough frames.

    Only for cymbals and percussion: on a voice or a string it would cut formants, on a snare the tone of the drum itself.
    """
    if strip.request.instrument not in _RESONANT:
        return None
    frames = strip.features.spectra[:, strip.features.active]
    levels = 10.0 * np.log10(np.maximum(frames, 1e-20))
    neighbours = np.stack([np.roll(levels, shift, axis=0) for shift in (-2, -1, 1, 2)]).mean(axis=0)
    frequency = np.mean(levels > neighbours + _RESONANCE_DB, axis=1)
    excess = np.mean(levels - neighbours, axis=1)
    inside = np.greater_equal(CENTRES_HZ, _RESONANCE_HZ[0]) & np.less_equal(CENTRES_HZ, _RESONANCE_HZ[1])
    loud = strip.features.spectrum * k_power() > 0.02 * np.sum(strip.features.spectrum * k_power())
    candidates = np.flatnonzero(inside & loud & (frequency > _RESONANCE_SHARE))
    if not len(candidates):
        return None
    worst = int(candidates[np.argmax(excess[candidates])])
    depth = round(float(min(_RESONANCE_CUT_DB, 0.5 * excess[worst])), 1)
    centre = rounded_hz(CENTRES_HZ[worst])
    cause = f"a resonance there is {excess[worst]:.0f} dB louder than its neighbours and sounds harsh"
    return EqBandDecision(centre, -depth, _RESONANCE_Q, cause, cleaning=True) if depth >= 1.0 else None


def _q_of_width(thirds: float) -> float:
    """Return the Q of a bell that is this many third octaves wide."""
    ratio: float = 2.0 ** (max(thirds, 0.5) / 3.0)
    return sqrt(ratio) / (ratio - 1.0)
