"""Find the emotions of a prompt, rank clear words above weak ones, and supply defaults where the prompt names none."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tonnbook.models.composition import Emotion, Genre, Tempo
from tonnbook.models.prompt.marked_prompt import MarkedPrompt
from tonnbook.models.prompt.words import NEAR, WEAK, Word

_STYLE_RANK = WEAK + 1
"""The emotion of a style ranks below every word for an emotion."""

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
"""Default emotions of each genre, the preferred one first; the others are used if the prompt excludes those before."""

FITTING: dict[Emotion, Genre] = {
    Emotion.TRIUMPHANT: Genre.CINEMATIC,
    Emotion.SCARY: Genre.CINEMATIC,
    Emotion.TENSE: Genre.CINEMATIC,
    Emotion.FEARFUL: Genre.CINEMATIC,
    Emotion.CALM: Genre.AMBIENT,
    Emotion.DREAMY: Genre.AMBIENT,
}
"""Default genre of each emotion; pop for all others."""

PACE: dict[Emotion, Tempo] = {
    Emotion.ENERGETIC: Tempo.FAST,
    Emotion.ANGRY: Tempo.FAST,
    Emotion.CALM: Tempo.SLOW,
    Emotion.SAD: Tempo.SLOW,
    Emotion.DREAMY: Tempo.SLOW,
    Emotion.DEPRESSING: Tempo.SLOW,
    Emotion.RELAXING: Tempo.SLOW,
}
"""Default tempo of each emotion; medium for all others."""

_SIMILAR = (
    {Emotion.HAPPY, Emotion.CHEERFUL, Emotion.JOYFUL},
    {Emotion.SAD, Emotion.DEPRESSING},
    {Emotion.CALM, Emotion.RELAXING},
    {Emotion.SCARY, Emotion.FEARFUL},
)
"""Emotions that are excluded together."""


def usual(genre: Genre, excluded: Collection[Emotion]) -> Emotion:
    """Return the default emotion of a genre that is neither excluded nor similar to an excluded one."""
    away = set(excluded).union(*(group for group in _SIMILAR if group & set(excluded)))
    return next((emotion for emotion in (*USUAL.get(genre, ()), *Emotion) if emotion not in away), Emotion.HAPPY)


def nearest_tempo(preferred: Tempo, allowed: Collection[Tempo]) -> Tempo:
    """Return the allowed tempo nearest to the preferred one; the preferred one if none is allowed."""
    order = list(Tempo)
    return min(allowed, key=lambda tempo: abs(order.index(tempo) - order.index(preferred)), default=preferred)


@dataclass(frozen=True, slots=True)
class NamedEmotion:
    """An emotion that a prompt names."""

    match: re.Match[str]
    emotion: Emotion
    rank: int

    @property
    def start(self) -> int:
        """Where its word begins."""
        return self.match.start()

    @property
    def end(self) -> int:
        """Where its word ends."""
        return self.match.end()


def find_emotions(
    prompt: MarkedPrompt, styles: Sequence[tuple[Word, re.Match[str]]]
) -> tuple[list[NamedEmotion], frozenset[Emotion]]:
    """Return the emotions that the prompt names, in its order, and those that it excludes. Marks the excluded ones only.

    `styles`: words that were read as kinds of music; their `hint` is the nearest emotion.
    """
    found, excluded = [NamedEmotion(match, Emotion(word.hint), _STYLE_RANK) for word, match in styles], set()
    for word, match in prompt.find_words("emotion"):
        emotion = Emotion(word.meaning)
        if prompt.is_negated(match):
            prompt.mark(match, f"not {emotion}")
            excluded.add(emotion)
        else:
            found.append(NamedEmotion(match, emotion, word.rank))
    return sorted(found, key=lambda named: named.start), frozenset(excluded)


def choose_emotion(
    prompt: MarkedPrompt, found: Sequence[NamedEmotion], span: tuple[int, int], assumed: list[str]
) -> NamedEmotion | None:
    """Return the emotion of a span: the clearest word, the first of several; after "starts tense", the one that starts.

    Marks all emotions of the span. None if the span names none.
    """
    here = [named for named in found if span[0] <= named.start < span[1]]
    begins = next((match.end() for match in prompt.find(r"(?:start|begin|open)\w*", span)), 0)
    here.sort(key=lambda named: (named.rank, named.start < begins, named.start))
    for named in here:
        if prompt.is_free(*named.match.span()):
            used = named.emotion == here[0].emotion
            prompt.mark(named.match, f"emotion {named.emotion}" + ("" if used else ", not used"))
    if here and here[0].rank in (NEAR, _STYLE_RANK):
        assumed.append(f"emotion: {here[0].emotion}, the nearest to {here[0].match.group()}")
    return here[0] if here else None


def mark_unused(prompt: MarkedPrompt, found: Sequence[NamedEmotion]) -> None:
    """Mark the emotions that no section uses: those of the whole song, where the sections have their own."""
    for named in found:
        if prompt.is_free(*named.match.span()):
            prompt.mark(named.match, f"emotion {named.emotion}, not used")
