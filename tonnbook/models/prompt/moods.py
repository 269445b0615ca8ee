"""Finds the emotions of a prompt, weighs clear words against weak ones, and keeps those that are not wanted apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tonnbook.models.composition import Emotion
from tonnbook.models.prompt import words
from tonnbook.models.prompt.spans import Reader

_OF_STYLE = words.WEAK + 1
"""What a kind of music brings along weighs less than any word for an emotion."""


@dataclass(frozen=True, slots=True)
class Mood:
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


def moods(reader: Reader, styles: Sequence[tuple[re.Match[str], str]]) -> tuple[list[Mood], frozenset[Emotion]]:
    """Return the emotions that are named, in their order, and those that are not wanted; nothing is taken yet but the latter.

    `styles`: words that have been taken as kinds of music, with the emotion that is nearest to them.
    """
    found, unwanted = [Mood(match, Emotion(near), _OF_STYLE) for match, near in styles], set()
    for pattern, meaning, rank in words.EMOTIONS:
        emotion = Emotion(meaning)
        for match in reader.find(pattern):
            if reader.negated(match):
                reader.take(match, f"not {emotion}")
                unwanted.add(emotion)
            else:
                found.append(Mood(match, emotion, rank))
    return sorted(found, key=lambda mood: mood.start), frozenset(unwanted)


def chosen(reader: Reader, found: Sequence[Mood], span: tuple[int, int], assumed: list[str]) -> Mood | None:
    """Return the emotion of a stretch: the clearest word, of several the first; where something "starts tense", what starts."""
    here = [mood for mood in found if span[0] <= mood.start < span[1]]
    begins = next((match.end() for match in reader.find(r"(?:start|begin|open)\w*", span)), 0)
    here.sort(key=lambda mood: (mood.rank, mood.start < begins, mood.start))
    for mood in here:
        if reader.is_free(*mood.match.span()):
            same = mood.emotion == here[0].emotion
            reader.take(mood.match, f"emotion {mood.emotion}" + ("" if same else ", not followed"))
    if here and here[0].rank in (words.NEAR, _OF_STYLE):
        assumed.append(f"emotion: {here[0].emotion}, the nearest to {here[0].match.group()}")
    return here[0] if here else None


def leave(reader: Reader, found: Sequence[Mood]) -> None:
    """Note the emotions that no section follows: what is said of the whole, where the sections say more."""
    for mood in found:
        if reader.is_free(*mood.match.span()):
            reader.take(mood.match, f"emotion {mood.emotion}, not followed")
