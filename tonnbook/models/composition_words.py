"""Genres, emotions, tempi and audio formats of the composition service (composition_params of Beatoven API v2)."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from tonnbook.models.prompt.words import meant


class Choice(StrEnum):
    """A word of the service, matched without case: its answers write "Ambient", requests are lower case."""

    @property
    def label(self) -> str:
        """The label in a form: "R&B", "Hip-hop", "Calm"."""
        return {"rnb": "R&B", "hiphop": "Hip-hop"}.get(self.value, self.value.capitalize())

    @classmethod
    def read(cls, value: Any, listed: tuple[str, ...] = ()) -> Self:
        """Return the choice that `value` names; `listed` are further words that a server offers.

        Raises ValueError with the list of words and the nearest match, by meaning or by spelling: "rock" is nearest to indie.
        """
        text = value.strip().lower() if isinstance(value, str) else ""
        known = {word.value: word for word in cls}
        if text in known:
            return known[text]
        if text in listed:
            return cls.unlisted(text)
        kind = _NAMES.get(cls.__name__, cls.__name__.lower())
        near = meant(kind, text) or next(iter(get_close_matches(text, known, n=1, cutoff=0.5)), None)
        hint = f"did you mean {near}? " if near else ""
        shown = repr(value[:40]) if isinstance(value, str) else type(value).__name__
        raise ValueError(
            f"{shown} is not a known {kind}; {hint}Known: {', '.join(dict.fromkeys((*known, *listed)))}{_NOTES.get(kind, '')}"
        )

    @classmethod
    def unlisted(cls, text: str) -> Self:
        """Return a choice outside this enumeration: a server may know more words than its document."""
        word = str.__new__(cls, text)
        word._name_, word._value_ = text.upper(), text
        return word

    @classmethod
    def from_server(cls, value: Any) -> Self:
        """Return the choice that a server names, whether it is in this enumeration or not."""
        text = str(value).strip().lower()
        return next((word for word in cls if word == text), None) or cls.unlisted(text)


_NAMES = {"AudioFormat": "audio format"}
_NOTES = {"audio format": " (aac on the live service only; the studio writes wav and mp3)"}


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
    """Formats of the newer v1. The studio refuses AAC: no permissively licensed encoder is available as a wheel."""

    WAV = "wav"
    MP3 = "mp3"
    AAC = "aac"


def _schema(kind: type[Choice]) -> tuple[Any, ...]:
    names = WithJsonSchema({"type": "string", "enum": [str(word) for word in kind], "title": kind.__name__})
    return PlainSerializer(str, return_type=str), names


def _reads(kind: type[Choice], listed_as: str = "") -> tuple[Any, ...]:
    """Return the annotations of a request field: any case is accepted, errors name the nearest word, and the JSON schema lists all.

    The field `listed_as` of the options in the validation context names further words.
    """

    def read(value: Any, info: ValidationInfo) -> Choice:
        if isinstance(value, kind):
            return value
        options = (info.context or {}).get("options")
        return kind.read(value, tuple(getattr(options, listed_as, ())))

    return BeforeValidator(read), *_schema(kind)


def _accepts_all(kind: type[Choice]) -> tuple[Any, ...]:
    """Return the annotations of an answer field: any word is accepted."""
    return BeforeValidator(kind.from_server), *_schema(kind)


GenreField = Annotated[Genre, *_reads(Genre, "genres")]
EmotionField = Annotated[Emotion, *_reads(Emotion, "emotions")]
TempoField = Annotated[Tempo, *_reads(Tempo, "tempos")]
FormatField = Annotated[AudioFormat, *_reads(AudioFormat)]
ServerGenre = Annotated[Genre, *_accepts_all(Genre)]
ServerEmotion = Annotated[Emotion, *_accepts_all(Emotion)]
ServerTempo = Annotated[Tempo, *_accepts_all(Tempo)]
