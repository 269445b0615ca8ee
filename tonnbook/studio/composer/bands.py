"""Which band plays a genre, and who leads it; indian has a room of its own."""

from __future__ import annotations

import random

from tonnbook.models.composition import Genre
from tonnbook.studio.composer.bands_acoustic import CINEMATIC, INDIE, POP
from tonnbook.studio.composer.bands_electric import AMBIENT, ELECTRONIC, HIPHOP, RNB
from tonnbook.studio.composer.moods import Mood
from tonnbook.studio.composer.patterns import Band

BANDS: dict[Genre, tuple[Band, ...]] = {
    Genre.POP: POP,
    Genre.AMBIENT: AMBIENT,
    Genre.INDIE: INDIE,
    Genre.RNB: RNB,
    Genre.CINEMATIC: CINEMATIC,
    Genre.HIPHOP: HIPHOP,
    Genre.ELECTRONIC: ELECTRONIC,
}


def band_for(genre: Genre, mood: Mood, dice: random.Random) -> Band:
    """Return the band of a song; restless or dark hip-hop is trap, the rest boom bap."""
    choice = dice.choice(BANDS[genre])
    if genre is Genre.HIPHOP:
        hard = mood.arousal >= 0.6 and (mood.dark or mood.arousal > 0.8 or dice.random() < 0.4)
        return HIPHOP[1] if hard else HIPHOP[0]
    return choice


def lead_for(band: Band, mood: Mood, turn: int) -> str:
    """Return the lead voice for a mood; `turn` rotates through the choices."""
    lively = band.strong if mood.arousal > 0.85 else band.dark if mood.dark else band.bright
    choices = band.tender if mood.arousal < 0.4 else lively
    return choices[turn % len(choices)]
