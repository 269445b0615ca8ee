"""Cleaning EQ: what every track needs whoever else plays. Rumble under the instrument, and bands that stick out of it.

An EQ has at most one band in each of six regions, so that six bands are always enough.
"""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.third_octaves import CENTRES_HZ, centroid_hz, k_power
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.bands import region_of, tidy_hz
from tonnbook.studio.mixing.decide.strip import Move, Strip

_RUMBLE_DB = -25.0  # what lies below the instrument, relative to all of it
_RUMBLE_CUT_DB = (6.0, 12.0)
_HEAVY_RUMBLE_DB, _HEAVY_CUT_DB = -10.0, 6.0  # from there on up to 6 dB more: 12 leave the pauses rumbling
_OWN_BASS_DB = -3.0  # more than this below is no rumble: the instrument plays there
_DEEP_PLAYERS = frozenset({Group.SYNTH, Group.KEYS, Group.STRINGS, Group.BRASS})
_RESONANT = frozenset({Group.CYMBALS, Group.PERCS})
_STICKS_OUT_DB = 8.0
_OFTEN = 0.4
_RESONANCE_CUT_DB = 4.0
_RESONANCE_Q = 3.0
_RESONANCE_HZ = (200.0, 10_000.0)


def cleaned(strip: Strip) -> Strip:
    """Return the track with the EQ that its own recording needs."""
    found = [_low_cut(strip), _resonance(strip)]
    moves = {region_of(move.centre_hz): move for move in reversed(found) if move}
    return strip.with_eq(tuple(moves.values()))


def _low_cut(strip: Strip) -> Move | None:
    """Return a bell at the centre of what lies below the instrument, if that is loud enough to matter."""
    group = strip.request.instrument
    corner = styles.LOW_CUT_HZ.get(group)
    if corner is None:
        return None
    spectrum = strip.features.spectrum
    upper_edges = CENTRES_HZ * 2 ** (1 / 6)
    below = upper_edges <= corner * 1.01
    share = 10.0 * float(np.log10(max(spectrum[below].sum() / spectrum[~below].sum(), 1e-12)))
    if share <= _RUMBLE_DB or (share > _OWN_BASS_DB and group in _DEEP_PLAYERS):
        return None
    depth = float(np.clip(_RUMBLE_CUT_DB[0] + 0.4 * (share - _RUMBLE_DB), *_RUMBLE_CUT_DB))
    depth += float(np.clip(0.6 * (share - _HEAVY_RUMBLE_DB), 0.0, _HEAVY_CUT_DB))
    centre = tidy_hz(min(centroid_hz(np.where(below, spectrum, 0.0)), corner / 1.5))
    side = "under" if share < 0 else "over"
    why = (
        f"a wide low cut, for what lies below the {group.label.lower()} ({abs(share):.0f} dB {side} the rest of the recording) is "
        "rumble that takes room from kick and bass"
    )
    return Move(centre, -round(depth, 1), 0.5, why, cleaning=True)


def _resonance(strip: Strip) -> Move | None:
    """Return a narrow cut at the third octave that sticks out of its octave most, if it does so often.

    Only for cymbals and percussion: of a voice or a string it would catch formants, of a snare its own drum.
    """
    if strip.request.instrument not in _RESONANT:
        return None
    frames = strip.features.spectra[:, strip.features.active]
    levels = 10.0 * np.log10(np.maximum(frames, 1e-20))
    beside = np.stack([np.roll(levels, shift, axis=0) for shift in (-2, -1, 1, 2)]).mean(axis=0)
    often = np.mean(levels > beside + _STICKS_OUT_DB, axis=1)
    usual = np.mean(levels - beside, axis=1)
    inside = np.greater_equal(CENTRES_HZ, _RESONANCE_HZ[0]) & np.less_equal(CENTRES_HZ, _RESONANCE_HZ[1])
    loud = strip.features.spectrum * k_power() > 0.02 * np.sum(strip.features.spectrum * k_power())
    candidates = np.flatnonzero(inside & loud & (often > _OFTEN))
    if not len(candidates):
        return None
    worst = int(candidates[np.argmax(usual[candidates])])
    depth = round(float(min(_RESONANCE_CUT_DB, 0.5 * usual[worst])), 1)
    centre = tidy_hz(CENTRES_HZ[worst])
    why = f"a resonance sticks out {usual[worst]:.0f} dB there and tires the ear"
    return Move(centre, -depth, _RESONANCE_Q, why, cleaning=True) if depth >= 1.0 else None
