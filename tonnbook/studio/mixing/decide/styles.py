"""Tables of a mix: target level, tone, compression, low cut, pan and reverb per instrument group, presence and musical style.

Figures from the design page sound.md, sections 2.6 and 3.1. The budgets are the medians of a hundred human mixes (DSD100 stems:
vocals -19.8, other -20.5, drums -22.4, bass -24.0 LUFS) relative to the lead vocal. Levels that other engines need too are in
`studio.measure.reference_levels`.

The differences between the instruments are the studio's own choice, except PLACE_LU. They follow habits that textbooks describe; the figures are
not taken from those books.

| table | source |
|---|---|
| PLACE_LU | rules of S. Vanka et al., "Diff-MST", ISMIR 2024, as on the design page: guitars at -11 to -9 dB, keys, synths and strings at -13 to -10 dB |
| TONE | habits: B. Owsinski, The Mixing Engineer's Handbook, on where an instrument sounds full, boomy, piercing or scratchy |
| COMPRESSION | sound.md 3.1; for guitars, synths, strings and brass habits: Owsinski; M. Senior, Mixing Secrets for the Small Studio |
| PAN_FACTOR, REVERB_OF_GROUP_LU | habits: Senior; P. Pestana, J. Reiss, "Intelligent audio production strategies informed by best practices", AES 53, 2014 |

The five OTHER groups are neutral: they have the budget's own level, no low cut, no tone, and the settings of an average chord
instrument. Their numbers only tell such groups apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle as Style
from tonnbook.models.vocabulary import Presence, ReverbPreference

OTHERS = frozenset({Group.OTHER_1, Group.OTHER_2, Group.OTHER_3, Group.OTHER_4, Group.OTHER_5})
HARMONY = OTHERS | {
    Group.E_GUITAR,
    Group.ACOUSTIC_GUITAR,
    Group.KEYS,
    Group.SYNTH,
    Group.STRINGS,
    Group.BRASS,
}
"""The instruments that play the chords; they share one budget."""

MELODIC = HARMONY | {Group.BACKING_VOX, Group.BASS}
"""The groups that can carry the tune, besides the vocal: with LEAD presence their level is measured against the rest. A drum or an effect
with LEAD presence is an accent: it is raised by a fixed amount."""

HARMONY_BUDGET_LU = -0.7
"""Loudness of all harmony instruments together, relative to the lead vocal."""
DRUM_BUDGET_LU = -2.5
"""Loudness of the drum kit, relative to the lead vocal."""

PLACE_LU: dict[Group, float] = {
    **dict.fromkeys((Group.E_GUITAR, Group.ACOUSTIC_GUITAR, Group.BRASS), 0.75),
    **dict.fromkeys((Group.KEYS, Group.SYNTH, Group.STRINGS), -0.75),
}
"""Level of a harmony instrument relative to its share of their budget: guitars and brass in front, keys, synths and strings behind."""

_HARMONY_EACH_LU = -4.5
LEVEL_LU: dict[Group, float] = {
    **dict.fromkeys(HARMONY, _HARMONY_EACH_LU),
    Group.VOCAL: 0.0,
    Group.BACKING_VOX: -5.0,
    Group.KICK: -6.0,
    Group.SNARE: -6.5,
    Group.CYMBALS: -11.0,
    Group.PERCS: -9.0,
    Group.DRUMS: DRUM_BUDGET_LU,
    Group.BASS: -4.2,
    Group.BACKING_TRACK: 0.0,
    Group.FX: -10.0,
}
"""Loudness of one track of a group while it plays, relative to the lead vocal."""

_PRESENCE_LU = {Presence.LEAD: 3.0, Presence.NORMAL: 0.0, Presence.BACKGROUND: -4.0}
_VOCAL_PRESENCE_LU = {Presence.LEAD: 0.0, Presence.NORMAL: -2.2, Presence.BACKGROUND: -5.0}

_PRIORITY = {Presence.LEAD: 3.0, Presence.NORMAL: 2.0, Presence.BACKGROUND: 1.0}
_GROUP_PRIORITY = {Group.VOCAL: 1.0, Group.KICK: 0.5, Group.SNARE: 0.5, Group.BASS: 0.5}


def presence_lu(group: Group, presence: Presence) -> float:
    """Return what the presence adds to a track's level, in LU, at least 2 LU from word to word.

    The styles' vocal figures are measured on *lead* vocals, so a vocal marked LEAD gets 0 LU, and the others less. An instrument marked
    LEAD gets 3 LU, or more where its level over the rest asks for it, see `lead`.
    """
    return (_VOCAL_PRESENCE_LU if group is Group.VOCAL else _PRESENCE_LU)[presence]


def priority(group: Group, presence: Presence) -> float:
    """Return the priority of a track where two need the same frequencies: 1 (a background track) to 4 (the lead vocal)."""
    return _PRIORITY[presence] + _GROUP_PRIORITY.get(group, 0.0)


@dataclass(frozen=True)
class CompressorRange:
    """The limits of a group's compressor settings; the recording determines the settings within them."""

    ratio: tuple[float, float]
    attack_ms: tuple[float, float]
    release_ms: tuple[float, float]
    reduction_db: float
    """Target of the mean gain reduction while the track plays."""


_HITS = CompressorRange((2.0, 4.0), (8.0, 20.0), (60.0, 120.0), 2.5)
_CHORDS = CompressorRange((1.5, 2.5), (15.0, 40.0), (100.0, 250.0), 2.0)
_EVEN_CHORDS = CompressorRange((1.5, 2.0), (15.0, 40.0), (100.0, 250.0), 1.5)
_METAL_PERCUSSION = CompressorRange((1.2, 2.0), (8.0, 25.0), (60.0, 150.0), 1.5)

COMPRESSION: dict[Group, CompressorRange] = {
    **dict.fromkeys(HARMONY, _CHORDS),
    Group.E_GUITAR: _EVEN_CHORDS,  # an amplifier compresses it already
    Group.SYNTH: _EVEN_CHORDS,  # every note comes as loud as it was programmed
    Group.ACOUSTIC_GUITAR: CompressorRange((2.0, 3.5), (10.0, 30.0), (80.0, 200.0), 2.5),  # picked: uneven
    Group.STRINGS: CompressorRange((1.2, 1.8), (30.0, 60.0), (200.0, 400.0), 1.0),  # the swells are the music
    Group.BRASS: CompressorRange((2.0, 3.0), (8.0, 25.0), (80.0, 200.0), 2.5),  # stabs stand out
    Group.VOCAL: CompressorRange((2.0, 4.0), (5.0, 15.0), (80.0, 150.0), 3.5),
    Group.BACKING_VOX: CompressorRange((2.0, 4.0), (5.0, 15.0), (80.0, 150.0), 3.0),
    Group.BASS: CompressorRange((3.0, 4.0), (10.0, 30.0), (80.0, 200.0), 3.0),
    Group.KICK: _HITS,
    Group.SNARE: _HITS,
    Group.DRUMS: CompressorRange((1.5, 2.5), (10.0, 30.0), (60.0, 150.0), 2.0),
    Group.CYMBALS: _METAL_PERCUSSION,
    Group.PERCS: _METAL_PERCUSSION,
}
"""Backing tracks and effects are not compressed: they are already processed."""

COMPRESSION_OF_STYLE = {Style.ORCHESTRAL: 0.5, Style.ACOUSTIC: 0.7, Style.HIPHOP_GRIME: 1.15, Style.METAL: 1.15}
"""Factor of a style on the usual gain reduction; 1 for the other styles."""

HIGHEST_RATIO = {Style.ORCHESTRAL: 1.5, Style.ACOUSTIC: 3.0}

REVERB_LU = {ReverbPreference.LOW: -24.0, ReverbPreference.MEDIUM: -18.0, ReverbPreference.HIGH: -12.0}
"""Loudness of the reverb relative to the dry track."""

REVERB_OF_GROUP_LU = {Group.STRINGS: 2.0, Group.BACKING_VOX: 2.0}
"""What a group gets in addition to the requested reverb: strings and a choir are heard from further away than the rest."""

WETTEST_MIX_LU = -12.0
"""Limit of all reverb together relative to the dry mix. De Man, McNally and Reiss, JAES 65(1/2), 2017: too wet from about -14."""

LOWEST_HZ: dict[Group, float] = {
    Group.VOCAL: 90.0,
    Group.BACKING_VOX: 90.0,
    Group.E_GUITAR: 90.0,
    Group.ACOUSTIC_GUITAR: 90.0,
    Group.KEYS: 70.0,
    Group.SYNTH: 70.0,
    Group.SNARE: 90.0,
    Group.CYMBALS: 250.0,
    Group.STRINGS: 80.0,
    Group.BRASS: 80.0,
}
"""Lower end of a group's range: what a recording has below it is rumble."""


@dataclass(frozen=True)
class Tone:
    """A gentle cut that an instrument usually gets in a mix, with its reason."""

    centre_hz: float
    gain_db: float
    q: float
    reason: str


TONE: dict[Group, Tone] = {
    Group.KEYS: Tone(100.0, -1.5, 0.8, "the left hand leaves the fullness there to the bass"),
    Group.ACOUSTIC_GUITAR: Tone(240.0, -1.5, 1.0, "the body of an acoustic guitar booms there"),
    Group.BRASS: Tone(5000.0, -1.5, 1.0, "brass is piercing there"),
    Group.STRINGS: Tone(8500.0, -1.5, 0.8, "bows scratch there"),
}
"""Instruments that are not named here have no usual cut: electric guitars, synths and others differ too much."""

PAN_FACTOR = {Group.E_GUITAR: 1.2, Group.BRASS: 0.9, Group.KEYS: 0.8}
"""How far a mono instrument is panned relative to others of the same brightness: rhythm guitars frame the mix, a piano stays inside."""
