"""The service's own words of a composition: genres, emotions, tempi, formats (composition_params of Beatoven API v2)."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from tonnbook.models.prompt.words import meant


class Choice(StrEnum):
    """A word of the service, matched without case: the create answer writes "Ambient", requests are lower case."""

    @property
    def label(self) -> str:
        """What a person reads: "R&B", "Hip-hop", "Calm"."""
        return {"rnb": "R&B", "hiphop": "Hip-hop"}.get(self.value, self.value.capitalize())

    @classmethod
    def read(cls, value: Any, listed: tuple[str, ...] = ()) -> Self:
        """Return the choice that `value` names, or one that a server lists beyond the document's.

        Raises ValueError with the list and the nearest match, by spelling or by meaning: "rock" is nearest to indie.
        """
        text = value.strip().lower() if isinstance(value, str) else ""
        known = {word.value: word for word in cls}
        if text in known:
            return known[text]
        if text in listed:
            return cls.beyond(text)
        kind = _NAMES.get(cls.__name__, cls.__name__.lower())
        near = meant(kind, text) or next(iter(get_close_matches(text, known, n=1, cutoff=0.5)), None)
        hint = f"did you mean {near}? " if near else ""
        shown = repr(value[:40]) if isinstance(value, str) else type(value).__name__
        raise ValueError(
            f"{shown} is not a known {kind}; {hint}Known: {', '.join((*known, *listed))}{_NOTES.get(kind, '')}"
        )

    @classmethod
    def beyond(cls, text: str) -> Self:
        """Return a choice that is not one of ours: a server may know more words than its document."""
        word = str.__new__(cls, text)
        word._name_, word._value_ = text.upper(), text
        return word

    @classmethod
    def heard(cls, value: Any) -> Self:
        """Return the choice that a server names, ours or another."""
        text = str(value).strip().lower()
        return next((word for word in cls if word == text), None) or cls.beyond(text)


_NAMES = {"AudioFormat": "audio format"}
_NOTES = {"audio format": " (aac on the live service only)"}


class Genre(Choice):
    """Genres of composition_params."""

    INDIAN = "indian"
    POP = "pop"
    AMBIENT = "ambient"
    INDIE = "indie"
    RNB = "rnb"
    CINEMATIC = "cinematic"
    HIPHOP = "hiphop"
    ELECTRONIC = "electronic"


class Emotion(Choice):
    """Emotions of composition_params, also called moods."""

    SAD = "sad"
    CALM = "calm"
    MOTIVATIONAL = "motivational"
    HAPPY = "happy"
    SCARY = "scary"
    CHEERFUL = "cheerful"
    ANGRY = "angry"
    TRIUMPHANT = "triumphant"
    RELAXING = "relaxing"
    DEPRESSING = "depressing"
    DREAMY = "dreamy"
    INSPIRATIONAL = "inspirational"
    ENERGETIC = "energetic"
    JOYFUL = "joyful"
    TENSE = "tense"
    FEARFUL = "fearful"


class Tempo(Choice):
    """Tempo classes of composition_params; what they mean in BPM depends on the genre."""

    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"


class AudioFormat(Choice):
    """Formats that the newer v1 names. The studio refuses AAC: no permissive encoder comes as a wheel."""

    WAV = "wav"
    MP3 = "mp3"
    AAC = "aac"


def _schema(kind: type[Choice]) -> tuple[Any, ...]:
    names = WithJsonSchema({"type": "string", "enum": [str(word) for word in kind], "title": kind.__name__})
    return PlainSerializer(str, return_type=str), names


def _reads(kind: type[Choice], listed_as: str = "") -> tuple[Any, ...]:
    """Return what makes a field of `kind` lenient in case and clear in its complaint, and keeps its JSON schema.

    Options in the context of a validation name further words in their field `listed_as`.
    """

    def read(value: Any, info: ValidationInfo) -> Choice:
        if isinstance(value, kind):
            return value
        options = (info.context or {}).get("options")
        return kind.read(value, tuple(getattr(options, listed_as, ())))

    return BeforeValidator(read), *_schema(kind)


def _hears(kind: type[Choice]) -> tuple[Any, ...]:
    """Return what makes a field of an answer take any word."""
    return BeforeValidator(kind.heard), *_schema(kind)


GenreField = Annotated[Genre, *_reads(Genre, "genres")]
EmotionField = Annotated[Emotion, *_reads(Emotion, "emotions")]
TempoField = Annotated[Tempo, *_reads(Tempo, "tempos")]
FormatField = Annotated[AudioFormat, *_reads(AudioFormat)]
HeardGenre = Annotated[Genre, *_hears(Genre)]
HeardEmotion = Annotated[Emotion, *_hears(Emotion)]
HeardTempo = Annotated[Tempo, *_hears(Tempo)]
