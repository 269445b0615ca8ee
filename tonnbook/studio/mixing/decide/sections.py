"""Sections: tracks that are heard as one instrument, and share what the masking EQ may cut from it.

The microphones of a drum kit, a choir of backing vocals, and several tracks of one instrument group are one instrument each. Without a common
limit, eight drum tracks were each cut for the same saxophone, and the kit together lost 5.4 dB.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tonnbook.dsp.third_octaves import eq_power
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import Presence
from tonnbook.studio.measure.reference_levels import DRUM_KIT
from tonnbook.studio.mixing.decide.strip import Strip

LARGEST_SECTION_LOSS_DB = 3.0
"""Most that all masking cuts together may take from a section, in any third octave."""


def section_of(strips: Sequence[Strip], track: int) -> list[int]:
    """Return the numbers of the tracks that are one instrument with this one, itself included."""
    name = _section_name(strips[track])
    return [n for n, strip in enumerate(strips) if _section_name(strip) == name]


def section_loss_db(section: Sequence[Strip]) -> float:
    """Return the largest loss of a section's power in a third octave by the cuts that uncover other tracks, in dB, 0 or more."""
    before, after = np.zeros(1), np.zeros(1)
    for strip in section:
        cuts = [band for band in strip.eq if band.gain_db < 0 and not band.cleaning]
        power = strip.sound.spectrum * strip.power
        before, after = before + power / eq_power(cuts), after + power
    return float(10.0 * np.log10(np.max(np.maximum(before, 1e-20) / np.maximum(after, 1e-20))))


def _section_name(strip: Strip) -> str:
    group = strip.request.instrument
    if group in DRUM_KIT:
        return "drum kit"
    if group is Group.VOCAL and strip.request.presence is Presence.BACKGROUND:
        return str(Group.BACKING_VOX)
    return str(group)
