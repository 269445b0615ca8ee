"""What a finished master of each style sounds like: its long-term spectrum.

The base is the average of human mixes that the mix engineer aims at too (sound.md 3.3: MUSDB18 weighted by DSD100, slope -4.4 dB per octave from
100 Hz to 4 kHz, in agreement with Pestana et al. 2013 and Elowsson and Friberg 2017). Those mixes are not mastered: a master is 1 dB
brighter from 4 kHz. The styles' own differences are the design page's.
"""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.vocabulary import MusicalStyle as Style

TONE_DB = (
    *(-4.8, -2.8, -0.8, 1.5, 3.4, 4.1, 4.0, 3.5, 3.0, 2.3, 2.0, 1.9, 1.9, 1.6),
    *(0.7, 0.0, -0.7, -1.2, -1.6, -1.4, -2.7, -4.1, -6.1, -6.9, -7.9, -8.9, -11.3, -15.8),
)
"""Third-octave power of an average mix, 31.5 Hz to 16 kHz, in dB relative to 1 kHz (sound.md 3.3, MUSDB18 weighted by DSD100)."""

STYLE_ANCHORS_HZ = (60.0, 250.0, 1000.0, 4000.0, 12000.0)
BRIGHTER_DB = 1.0
BRIGHT_FROM_HZ = 4000.0

_STYLE_DB: dict[Style, tuple[float, ...]] = {
    Style.ROCK_INDIE: (0.0, 0.0, 0.0, 0.5, 0.0),
    Style.POP: (0.5, -0.5, 0.0, 0.5, 1.0),
    Style.HIPHOP_GRIME: (3.0, 0.0, -0.5, 0.0, 0.0),
    Style.ELECTRONIC: (3.0, -1.0, -0.5, 0.0, 1.0),
    Style.REGGAE_DUB: (3.0, 0.5, 0.0, -1.0, -1.0),
    Style.METAL: (0.0, -1.0, 0.0, 1.5, 0.5),
    Style.ACOUSTIC: (-2.0, 0.5, 0.0, 0.0, 0.0),
    Style.ORCHESTRAL: (-3.0, 0.5, 0.0, -1.5, -2.0),
    Style.OTHER: (0.0, 0.0, 0.0, 0.0, 0.0),
}
"""Differences from the base in dB at the anchors."""


def target_tone_db(style: Style) -> Array:
    """Return the spectrum that a master of the style should have, third-octaves, dB re 1 kHz, (28,)."""
    centres = np.array(THIRD_OCTAVES)
    own = np.interp(np.log(centres), np.log(STYLE_ANCHORS_HZ), _STYLE_DB[style])
    tone = np.array(TONE_DB) + own + np.where(centres >= BRIGHT_FROM_HZ, BRIGHTER_DB, 0.0)
    return np.asarray(tone - tone[THIRD_OCTAVES.index(1000)])
