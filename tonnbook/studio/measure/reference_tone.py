"""Reference spectra: the long-term tone of an average mix, of a master of each musical style, and of each style of the analysis.

The average mix comes from human mixes (sound.md 3.3: MUSDB18 weighted by DSD100, slope -4.4 dB per octave from 100 Hz to 4 kHz, in
agreement with Pestana et al. 2013 and Elowsson and Friberg 2017). Those mixes are not mastered; a master is 1 dB brighter from 4 kHz.
The differences between the styles come from the design page, except those of rock, which are larger by 0.5 dB: with those of the page the
difference of a rock and a pop master was 31 and 37 dB below the master (two songs of the demo), now it is 26 and 32 dB below.

The analysis knows more styles than the mix and master calls. Each of them has the spectrum of one of those nine styles, plus differences
of its own. These differences, and the nine sound styles ("bright", "warm"...), are common EQ settings and not based on statistics; at 1
to 3 dB they stay below the tolerance of the verdicts.
"""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.analysis import TONAL_HZ
from tonnbook.models.vocabulary import AnalysisStyle, MusicalStyle

TONE_DB = (
    *(-4.8, -2.8, -0.8, 1.5, 3.4, 4.1, 4.0, 3.5, 3.0, 2.3, 2.0, 1.9, 1.9, 1.6),
    *(0.7, 0.0, -0.7, -1.2, -1.6, -1.4, -2.7, -4.1, -6.1, -6.9, -7.9, -8.9, -11.3, -15.8),
)
"""Third-octave power of an average mix, 31.5 Hz to 16 kHz, in dB relative to 1 kHz (sound.md 3.3, MUSDB18 weighted by DSD100)."""

_ANCHORS_HZ = (60.0, 250.0, 1000.0, 4000.0, 12000.0)
_AnchorGains = tuple[float, float, float, float, float]
_NONE: _AnchorGains = (0.0, 0.0, 0.0, 0.0, 0.0)
_BRIGHTER_DB = 1.0
_BRIGHT_FROM_HZ = 4000.0

_STYLE_DB: dict[MusicalStyle, _AnchorGains] = {
    MusicalStyle.ROCK_INDIE: (-0.5, 0.5, 0.0, 1.0, -0.5),  # guitars: more middle, less of both ends than pop
    MusicalStyle.POP: (0.5, -0.5, 0.0, 0.5, 1.0),
    MusicalStyle.HIPHOP_GRIME: (3.0, 0.0, -0.5, 0.0, 0.0),
    MusicalStyle.ELECTRONIC: (3.0, -1.0, -0.5, 0.0, 1.0),
    MusicalStyle.REGGAE_DUB: (3.0, 0.5, 0.0, -1.0, -1.0),
    MusicalStyle.METAL: (0.0, -1.0, 0.0, 1.5, 0.5),
    MusicalStyle.ACOUSTIC: (-2.0, 0.5, 0.0, 0.0, 0.0),
    MusicalStyle.ORCHESTRAL: (-3.0, 0.5, 0.0, -1.5, -2.0),
    MusicalStyle.OTHER: (0.0, 0.0, 0.0, 0.0, 0.0),
}
"""Differences from the average mix in dB at `_ANCHORS_HZ`."""

_FINER_STYLES: dict[AnalysisStyle, tuple[MusicalStyle, _AnchorGains]] = {
    AnalysisStyle.ROCK: (MusicalStyle.ROCK_INDIE, _NONE),
    AnalysisStyle.INSTRUMENTAL: (MusicalStyle.OTHER, _NONE),
    AnalysisStyle.HIP_HOP_GRIME: (MusicalStyle.HIPHOP_GRIME, _NONE),
    AnalysisStyle.BLUES: (MusicalStyle.ROCK_INDIE, (-1.0, 0.5, 0.0, -0.5, -1.0)),
    AnalysisStyle.JAZZ: (MusicalStyle.ACOUSTIC, (1.0, 0.0, 0.0, -0.5, -1.0)),
    AnalysisStyle.SOUL: (MusicalStyle.POP, (1.0, 0.5, 0.0, -0.5, -1.0)),
    AnalysisStyle.FOLK: (MusicalStyle.ACOUSTIC, _NONE),
    AnalysisStyle.PUNK: (MusicalStyle.ROCK_INDIE, (0.0, 0.0, 0.0, 1.0, 0.0)),
    AnalysisStyle.AMBIENT: (MusicalStyle.ELECTRONIC, (-1.0, 1.0, 0.0, -1.5, -2.0)),
    AnalysisStyle.EXPERIMENTAL: (MusicalStyle.OTHER, _NONE),
    AnalysisStyle.COUNTRY: (MusicalStyle.ACOUSTIC, (1.0, 0.0, 0.0, 0.5, 0.5)),
    AnalysisStyle.FUNK: (MusicalStyle.POP, (1.0, 0.0, 0.0, 0.5, 0.0)),
    AnalysisStyle.RNB: (MusicalStyle.HIPHOP_GRIME, (-0.5, 0.0, 0.0, 0.0, 0.5)),
    AnalysisStyle.INDIE_POP: (MusicalStyle.POP, (0.0, 0.0, 0.0, 0.0, -0.5)),
    AnalysisStyle.INDIE_ROCK: (MusicalStyle.ROCK_INDIE, _NONE),
    AnalysisStyle.HOUSE: (MusicalStyle.ELECTRONIC, _NONE),
    AnalysisStyle.TRAP: (MusicalStyle.HIPHOP_GRIME, (1.0, -0.5, 0.0, 0.0, 0.5)),
    AnalysisStyle.TECHNO: (MusicalStyle.ELECTRONIC, (0.5, 0.0, 0.0, -0.5, -0.5)),
    AnalysisStyle.AFROBEAT: (MusicalStyle.POP, (1.5, 0.0, 0.0, 0.0, 0.0)),
    AnalysisStyle.DRUM_N_BASS: (MusicalStyle.ELECTRONIC, (0.5, -0.5, 0.0, 0.5, 0.5)),
    AnalysisStyle.TRANCE: (MusicalStyle.ELECTRONIC, (-0.5, 0.0, 0.0, 0.0, 0.5)),
    AnalysisStyle.LO_FI: (MusicalStyle.HIPHOP_GRIME, (-1.0, 1.0, 0.0, -2.0, -4.0)),
    AnalysisStyle.REGGAE: (MusicalStyle.REGGAE_DUB, _NONE),
    AnalysisStyle.LATIN: (MusicalStyle.POP, (0.5, 0.0, 0.0, 0.0, 0.0)),
    AnalysisStyle.GRITTY_CRUNCHY: (MusicalStyle.OTHER, (0.0, 0.5, 0.0, 1.5, -1.0)),
    AnalysisStyle.BRIGHT: (MusicalStyle.OTHER, (-1.0, -0.5, 0.0, 1.5, 2.5)),
    AnalysisStyle.WARM: (MusicalStyle.OTHER, (1.0, 1.0, 0.0, -1.0, -2.0)),
    AnalysisStyle.SHARP_BASSY: (MusicalStyle.OTHER, (2.5, -1.0, 0.0, 1.5, 1.0)),
    AnalysisStyle.THUMPING_BOOMY: (MusicalStyle.OTHER, (3.5, 1.0, 0.0, -0.5, -1.0)),
    AnalysisStyle.MELLOW_SMOOTH: (MusicalStyle.OTHER, (0.5, 0.5, 0.0, -1.5, -2.5)),
    AnalysisStyle.AIRY_EXPANSIVE: (MusicalStyle.OTHER, (-0.5, -0.5, 0.0, 0.5, 3.0)),
    AnalysisStyle.AGGRESSIVE: (MusicalStyle.OTHER, (1.0, -0.5, 0.0, 2.0, 0.5)),
    AnalysisStyle.BALANCED: (MusicalStyle.OTHER, _NONE),
}
"""For each style of the analysis: the musical style it belongs to, and the differences from it in dB at `_ANCHORS_HZ`."""

_OTHER_NAME = "the mix calls have one style for both"
TREATED_LIKE: dict[AnalysisStyle, tuple[AnalysisStyle, str]] = {
    AnalysisStyle.ROCK: (AnalysisStyle.ROCK_INDIE, _OTHER_NAME),
    AnalysisStyle.INDIE_ROCK: (AnalysisStyle.ROCK_INDIE, _OTHER_NAME),
    AnalysisStyle.HIP_HOP_GRIME: (AnalysisStyle.HIPHOP_GRIME, _OTHER_NAME),
    AnalysisStyle.REGGAE: (AnalysisStyle.REGGAE_DUB, _OTHER_NAME),
    AnalysisStyle.HOUSE: (
        AnalysisStyle.ELECTRONIC,
        "house is the middle of it, from which techno, trance and drum and bass differ",
    ),
    AnalysisStyle.FOLK: (AnalysisStyle.ACOUSTIC, "both are played on the same instruments"),
    AnalysisStyle.INSTRUMENTAL: (AnalysisStyle.OTHER, "the word describes no sound, only that there are no vocals"),
    AnalysisStyle.EXPERIMENTAL: (AnalysisStyle.OTHER, "experiments have no usual sound"),
    AnalysisStyle.BALANCED: (AnalysisStyle.OTHER, "both mean the average of all styles"),
}
"""Styles that are measured against the spectrum and the dynamics of another one, and why: no published statistics tell them apart."""


def treatment_text(style: AnalysisStyle) -> str:
    """Return a sentence that says which other style this one is treated like, and why; empty for a style of its own."""
    if style not in TREATED_LIKE:
        return ""
    like, reason = TREATED_LIKE[style]
    return f"{style.value} is treated like {like.value}: {reason}"


_EXACT_HZ = 1000.0 * 10.0 ** (
    np.arange(-15, 13) / 10.0
)  # IEC 61260-1, base ten: the centres that `THIRD_OCTAVES` rounds


def third_octave_edges_hz() -> tuple[Array, Array]:
    """Return the lower and the upper edges of the third octaves in Hz, each (28,)."""
    return _EXACT_HZ * 10.0**-0.05, _EXACT_HZ * 10.0**0.05


def share_inside(low_hz: float, high_hz: float) -> Array:
    """Return the share of each third octave that lies between two frequencies, 0 to 1, on a logarithmic frequency scale, (28,)."""
    lower, upper = third_octave_edges_hz()
    overlap = np.log(np.minimum(upper, high_hz)) - np.log(np.maximum(lower, low_hz))
    return np.asarray(np.clip(overlap / np.log(upper / lower), 0.0, 1.0))


def musical_style(style: AnalysisStyle) -> MusicalStyle:
    """Return the style of the mix and master calls that a style of the analysis belongs to."""
    return _FINER_STYLES[style][0] if style in _FINER_STYLES else MusicalStyle(style.value)


def master_tone_db(style: MusicalStyle) -> Array:
    """Return the reference spectrum of a master in third octaves, in dB relative to 1 kHz, (28,)."""
    centres = np.array(THIRD_OCTAVES)
    own = np.interp(np.log(centres), np.log(_ANCHORS_HZ), _STYLE_DB[style])
    tone = np.array(TONE_DB) + own + np.where(centres >= _BRIGHT_FROM_HZ, _BRIGHTER_DB, 0.0)
    return np.asarray(tone - tone[THIRD_OCTAVES.index(1000)])


def reference_tone_db(style: AnalysisStyle, *, is_master: bool) -> Array:
    """Return the reference spectrum of a master, or of a mix before mastering, in third octaves, in dB relative to 1 kHz, (28,)."""
    centres = np.array(THIRD_OCTAVES)
    own = _FINER_STYLES[style][1] if style in _FINER_STYLES else _NONE
    tone = master_tone_db(musical_style(style)) + np.interp(np.log(centres), np.log(_ANCHORS_HZ), own)
    tone -= 0.0 if is_master else np.where(centres >= _BRIGHT_FROM_HZ, _BRIGHTER_DB, 0.0)
    return np.asarray(tone - tone[THIRD_OCTAVES.index(1000)])


def reference_profile_db(style: AnalysisStyle, *, is_master: bool, up_to_hz: float = np.inf) -> Array:
    """Return the reference level of each range of the tonal profile relative to the whole, in dB, (4,).

    `up_to_hz` is the highest frequency that the file can hold; a range that lies above it has -200 dB.
    """
    power = 10.0 ** (reference_tone_db(style, is_master=is_master) / 10.0)
    shares = np.array([(power * share_inside(low, min(high, up_to_hz))).sum() for low, high in TONAL_HZ.values()])
    return np.asarray(10.0 * np.log10(np.maximum(shares / shares.sum(), 1e-20)))
