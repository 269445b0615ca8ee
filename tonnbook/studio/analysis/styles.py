"""What a track of each style is measured against: its long-term spectrum, and how dense it may be.

The nine styles of the mix calls have the spectra that masters are moved toward (`mastering_styles`); a finer style is one of those nine
with differences of its own. Those, and the nine sound styles, are an engineer's usual shelves, written down: no statistics stand behind
them, and at 1 to 3 dB they stay below the tolerance of the verdicts.
"""

from __future__ import annotations

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.analysis import TONAL_HZ
from tonnbook.models.vocabulary import AnalysisStyle as Style
from tonnbook.models.vocabulary import MusicalStyle as Family
from tonnbook.studio.measure.reference_tone import BRIGHT_FROM_HZ, BRIGHTER_DB, STYLE_ANCHORS_HZ, target_tone_db

MIX_PLR_LU = (12.0, 21.0)
_MASTER_PLR_LU = (7.0, 13.0)
_DENSE_PLR_LU = (6.0, 12.0)
_OPEN_PLR_LU = (10.0, 20.0)

_Deltas = tuple[float, float, float, float, float]
_NONE: _Deltas = (0.0, 0.0, 0.0, 0.0, 0.0)

_FINER: dict[Style, tuple[Family, _Deltas]] = {
    Style.ROCK: (Family.ROCK_INDIE, _NONE),
    Style.INSTRUMENTAL: (Family.OTHER, _NONE),
    Style.HIP_HOP_GRIME: (Family.HIPHOP_GRIME, _NONE),
    Style.BLUES: (Family.ROCK_INDIE, (-1.0, 0.5, 0.0, -0.5, -1.0)),
    Style.JAZZ: (Family.ACOUSTIC, (1.0, 0.0, 0.0, -0.5, -1.0)),
    Style.SOUL: (Family.POP, (1.0, 0.5, 0.0, -0.5, -1.0)),
    Style.FOLK: (Family.ACOUSTIC, _NONE),
    Style.PUNK: (Family.ROCK_INDIE, (0.0, 0.0, 0.0, 1.0, 0.0)),
    Style.AMBIENT: (Family.ELECTRONIC, (-1.0, 1.0, 0.0, -1.5, -2.0)),
    Style.EXPERIMENTAL: (Family.OTHER, _NONE),
    Style.COUNTRY: (Family.ACOUSTIC, (1.0, 0.0, 0.0, 0.5, 0.5)),
    Style.FUNK: (Family.POP, (1.0, 0.0, 0.0, 0.5, 0.0)),
    Style.RNB: (Family.HIPHOP_GRIME, (-0.5, 0.0, 0.0, 0.0, 0.5)),
    Style.INDIE_POP: (Family.POP, (0.0, 0.0, 0.0, 0.0, -0.5)),
    Style.INDIE_ROCK: (Family.ROCK_INDIE, _NONE),
    Style.HOUSE: (Family.ELECTRONIC, _NONE),
    Style.TRAP: (Family.HIPHOP_GRIME, (1.0, -0.5, 0.0, 0.0, 0.5)),
    Style.TECHNO: (Family.ELECTRONIC, (0.5, 0.0, 0.0, -0.5, -0.5)),
    Style.AFROBEAT: (Family.POP, (1.5, 0.0, 0.0, 0.0, 0.0)),
    Style.DRUM_N_BASS: (Family.ELECTRONIC, (0.5, -0.5, 0.0, 0.5, 0.5)),
    Style.TRANCE: (Family.ELECTRONIC, (-0.5, 0.0, 0.0, 0.0, 0.5)),
    Style.LO_FI: (Family.HIPHOP_GRIME, (-1.0, 1.0, 0.0, -2.0, -4.0)),
    Style.REGGAE: (Family.REGGAE_DUB, _NONE),
    Style.LATIN: (Family.POP, (0.5, 0.0, 0.0, 0.0, 0.0)),
    Style.GRITTY_CRUNCHY: (Family.OTHER, (0.0, 0.5, 0.0, 1.5, -1.0)),
    Style.BRIGHT: (Family.OTHER, (-1.0, -0.5, 0.0, 1.5, 2.5)),
    Style.WARM: (Family.OTHER, (1.0, 1.0, 0.0, -1.0, -2.0)),
    Style.SHARP_BASSY: (Family.OTHER, (2.5, -1.0, 0.0, 1.5, 1.0)),
    Style.THUMPING_BOOMY: (Family.OTHER, (3.5, 1.0, 0.0, -0.5, -1.0)),
    Style.MELLOW_SMOOTH: (Family.OTHER, (0.5, 0.5, 0.0, -1.5, -2.5)),
    Style.AIRY_EXPANSIVE: (Family.OTHER, (-0.5, -0.5, 0.0, 0.5, 3.0)),
    Style.AGGRESSIVE: (Family.OTHER, (1.0, -0.5, 0.0, 2.0, 0.5)),
    Style.BALANCED: (Family.OTHER, _NONE),
}
"""The style of the mix calls that a finer one belongs to, and how it differs: dB at 60, 250, 1000, 4000 and 12000 Hz."""

_DENSE = frozenset({Family.ELECTRONIC, Family.METAL, Family.HIPHOP_GRIME})
_OPEN = frozenset({Family.ACOUSTIC, Family.ORCHESTRAL})
_OPEN_THOUGH = frozenset({Style.AMBIENT})


def family(style: Style) -> Family:
    """Return the style of the mix and master calls that `style` belongs to."""
    return _FINER[style][0] if style in _FINER else Family(style.value)


def tone_target_db(style: Style, *, is_master: bool) -> Array:
    """Return the spectrum that the style wants, third-octaves, dB re 1 kHz, (28,). A mix is not brightened yet."""
    centres = np.array(THIRD_OCTAVES)
    own = _FINER[style][1] if style in _FINER else _NONE
    tone = target_tone_db(family(style)) + np.interp(np.log(centres), np.log(STYLE_ANCHORS_HZ), own)
    tone -= 0.0 if is_master else np.where(centres >= BRIGHT_FROM_HZ, BRIGHTER_DB, 0.0)
    return np.asarray(tone - tone[THIRD_OCTAVES.index(1000)])


def tonal_target_db(style: Style, *, is_master: bool, up_to_hz: float = np.inf) -> Array:
    """Return what each range of the tonal profile should have of a file that ends at a frequency, in dB, (4,); -200 for nothing."""
    power = 10.0 ** (tone_target_db(style, is_master=is_master) / 10.0)
    shares = np.array([(power * share_inside(low, min(high, up_to_hz))).sum() for low, high in TONAL_HZ.values()])
    return np.asarray(10.0 * np.log10(np.maximum(shares / shares.sum(), 1e-20)))


def plr_range_lu(style: Style, *, is_master: bool) -> tuple[float, float]:
    """Return between what the peak to loudness ratio should lie, in LU."""
    if not is_master:
        return MIX_PLR_LU
    if style in _OPEN_THOUGH or family(style) in _OPEN:
        return _OPEN_PLR_LU
    return _DENSE_PLR_LU if family(style) in _DENSE else _MASTER_PLR_LU


def share_inside(low_hz: float, high_hz: float) -> Array:
    """Return the part of each third octave that lies between two frequencies, with its power spread evenly over its pitch."""
    exact = 1000.0 * 10.0 ** (np.arange(-15, 13) / 10.0)
    lower, upper = exact * 10.0**-0.05, exact * 10.0**0.05
    overlap = np.log(np.minimum(upper, high_hz)) - np.log(np.maximum(lower, low_hz))
    return np.asarray(np.clip(overlap / np.log(upper / lower), 0.0, 1.0))
