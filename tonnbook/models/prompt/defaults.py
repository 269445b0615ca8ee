"""What is taken where a prompt says nothing."""

from __future__ import annotations

from collections.abc import Collection

from tonnbook.models.composition import Emotion, Genre, Tempo

USUAL: dict[Genre, tuple[Emotion, ...]] = {
    Genre.POP: (Emotion.HAPPY, Emotion.MOTIVATIONAL, Emotion.CALM),
    Genre.AMBIENT: (Emotion.CALM, Emotion.DREAMY, Emotion.SAD),
    Genre.INDIE: (Emotion.CHEERFUL, Emotion.INSPIRATIONAL, Emotion.CALM),
    Genre.RNB: (Emotion.RELAXING, Emotion.HAPPY, Emotion.SAD),
    Genre.CINEMATIC: (Emotion.INSPIRATIONAL, Emotion.TRIUMPHANT, Emotion.TENSE),
    Genre.HIPHOP: (Emotion.RELAXING, Emotion.MOTIVATIONAL, Emotion.SAD),
    Genre.ELECTRONIC: (Emotion.ENERGETIC, Emotion.HAPPY, Emotion.DREAMY),
    Genre.INDIAN: (Emotion.CALM, Emotion.HAPPY, Emotion.ENERGETIC),
}
"""The emotions of a genre about which nothing else is said; the next ones where those before were asked away."""

FITTING: dict[Emotion, Genre] = {
    Emotion.TRIUMPHANT: Genre.CINEMATIC,
    Emotion.SCARY: Genre.CINEMATIC,
    Emotion.TENSE: Genre.CINEMATIC,
    Emotion.FEARFUL: Genre.CINEMATIC,
    Emotion.CALM: Genre.AMBIENT,
    Emotion.DREAMY: Genre.AMBIENT,
}
"""The genre of an emotion where none is named; pop for all others."""

PACE: dict[Emotion, Tempo] = {
    Emotion.ENERGETIC: Tempo.FAST,
    Emotion.ANGRY: Tempo.FAST,
    Emotion.CALM: Tempo.SLOW,
    Emotion.SAD: Tempo.SLOW,
    Emotion.DREAMY: Tempo.SLOW,
    Emotion.DEPRESSING: Tempo.SLOW,
    Emotion.RELAXING: Tempo.SLOW,
}
"""The tempo of an emotion where none is named; medium for all others."""

_KIN = (
    {Emotion.HAPPY, Emotion.CHEERFUL, Emotion.JOYFUL},
    {Emotion.SAD, Emotion.DEPRESSING},
    {Emotion.CALM, Emotion.RELAXING},
    {Emotion.SCARY, Emotion.FEARFUL},
)
"""Who asks for none of one wants none of its kin."""


def usual(genre: Genre, unwanted: Collection[Emotion]) -> Emotion:
    """Return the usual emotion of a genre that is neither unwanted nor kin to what is."""
    away = set(unwanted).union(*(kin for kin in _KIN if kin & set(unwanted)))
    return next((emotion for emotion in (*USUAL.get(genre, ()), *Emotion) if emotion not in away), Emotion.HAPPY)


def nearest_tempo(wished: Tempo, allowed: Collection[Tempo]) -> Tempo:
    """Return the allowed tempo next to the one that is wished; the wished one where none is allowed."""
    order = list(Tempo)
    return min(allowed, key=lambda tempo: abs(order.index(tempo) - order.index(wished)), default=wished)
