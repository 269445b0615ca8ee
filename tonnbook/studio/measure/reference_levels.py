"""Levels in finished mixes of each style: the lead vocal against the rest, and what a style adds to an instrument group.

The vocal's level against the rest follows Gerdes and Siedenburg, "Lead-vocal level in recordings of popular music 1946-2020", JASA
Express Letters 3, 2023; the styles' own differences are those of the design page (sound.md 3.1).
"""

from __future__ import annotations

from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle as Style

DRUM_KIT = frozenset({Group.KICK, Group.SNARE, Group.CYMBALS, Group.PERCS, Group.DRUMS})

_STYLE_LU: dict[Style, dict[Group, float]] = {
    Style.ROCK_INDIE: {Group.E_GUITAR: 1.5, Group.ACOUSTIC_GUITAR: 1.5, **dict.fromkeys(DRUM_KIT, 0.5)},
    Style.HIPHOP_GRIME: {Group.BASS: 2.0, Group.KICK: 2.0},
    Style.ELECTRONIC: {Group.KICK: 2.0, Group.BASS: 1.0, Group.SYNTH: 1.0},
    Style.REGGAE_DUB: {Group.BASS: 3.0, Group.PERCS: 1.0},
    Style.METAL: {Group.E_GUITAR: 2.0, Group.KICK: 1.0},
    Style.ACOUSTIC: {Group.ACOUSTIC_GUITAR: 1.5, Group.BASS: -1.0, **dict.fromkeys(DRUM_KIT, -3.0)},
    Style.ORCHESTRAL: {Group.STRINGS: 2.0, Group.BRASS: 1.0, **dict.fromkeys(DRUM_KIT, -4.0)},
}

VOCAL_OVER_REST_LU: dict[Style, float] = {
    Style.POP: 1.0,
    Style.HIPHOP_GRIME: 2.0,
    Style.ACOUSTIC: 2.5,
    Style.REGGAE_DUB: 0.5,
    Style.ELECTRONIC: 0.0,
    Style.ROCK_INDIE: -0.5,
    Style.METAL: -2.0,
    Style.ORCHESTRAL: 1.0,
    Style.OTHER: 0.6,  # the mean of the eight styles
}
"""Loudness of the lead vocal relative to everything else while it sings; includes the style's own vocal offset."""


def style_lu(style: Style, group: Group) -> float:
    """Return what the style adds to the level of an instrument group, in LU; 0.0 where it has no preference."""
    return _STYLE_LU.get(style, {}).get(group, 0.0)
