"""Which band plays a genre, and who leads it; indian has a room of its own."""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import replace

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.bands_acoustic import CINEMATIC, INDIE, POP
from tonnbook.studio.composition.composer.bands_electric import AMBIENT, ELECTRONIC, HIPHOP, RNB
from tonnbook.studio.composition.composer.moods import Mood
from tonnbook.studio.composition.composer.patterns import Band

BANDS: dict[Genre, tuple[Band, ...]] = {
    Genre.POP: POP,
    Genre.AMBIENT: AMBIENT,
    Genre.INDIE: INDIE,
    Genre.RNB: RNB,
    Genre.CINEMATIC: CINEMATIC,
    Genre.HIPHOP: HIPHOP,
    Genre.ELECTRONIC: ELECTRONIC,
}

_GUESTS = ("flute", "vibraphone", "piano")
"""Who leads where all leads of a band were asked away."""


def band_for(genre: Genre, mood: Mood, dice: random.Random) -> Band:
    """Return the band of a song; restless or dark hip-hop is trap, the rest boom bap."""
    choice = dice.choice(BANDS[genre])
    if genre is Genre.HIPHOP:
        hard = mood.arousal >= 0.6 and (mood.dark or mood.arousal > 0.8 or dice.random() < 0.4)
        return HIPHOP[1] if hard else HIPHOP[0]
    return choice


def without(band: Band, voices: Set[str]) -> Band:
    """Return a band without some voices: who is left takes their place, a guest if nobody is."""
    if not voices:
        return band

    def left(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in (*names, *_GUESTS) if name not in voices)[: len(names)] or names

    comps = tuple(comp for comp in band.comps if comp.voice not in voices)
    comps = comps or tuple(comp for comp in POP[0].comps if comp.voice not in voices)[:1] or band.comps
    if not any(comp.layer == "chords" for comp in comps):
        comps = (replace(comps[0], layer="chords"), *comps[1:])
    tender, bright, dark, strong = (left(names) for names in (band.tender, band.bright, band.dark, band.strong))
    return replace(band, comps=comps, tender=tender, bright=bright, dark=dark, strong=strong)


def lead_for(band: Band, mood: Mood, turn: int) -> str:
    """Return the lead voice for a mood; `turn` rotates through the choices."""
    lively = band.strong if mood.arousal > 0.85 else band.dark if mood.dark else band.bright
    choices = band.tender if mood.arousal < 0.4 else lively
    return choices[turn % len(choices)]
