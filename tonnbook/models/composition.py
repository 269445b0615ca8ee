"""What a composition is asked with: genre, emotions, tempo, sections, or a prompt (Beatoven API v2, "Creating a new track").

Where the document is silent we chose, and say so on the field. The document's own two-mood example overlaps; we refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AliasChoices, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from tonnbook.models.base import Answer, Request, unit
from tonnbook.models.problems import Problem

MIN_MS, MAX_MS = 1_000, 900_000
"""Shortest and longest track; a section is no shorter than a track. Our choice: the document gives no limits."""
DEFAULT_MS = 60_000


class _Choice(StrEnum):
    """A word of the service, matched without case: the create answer writes "Ambient", requests are lower case."""

    @property
    def label(self) -> str:
        """What a person reads: "R&B", "Hip-hop", "Calm"."""
        return {"rnb": "R&B", "hiphop": "Hip-hop"}.get(self.value, self.value.capitalize())

    @classmethod
    def read(cls, value: Any) -> Self:
        """Return the choice that `value` names. Raises ValueError with the list and the nearest match."""
        text = value.strip().lower() if isinstance(value, str) else ""
        known = {word.value: word for word in cls}
        if text in known:
            return known[text]
        near = get_close_matches(text, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        shown = repr(value[:40]) if isinstance(value, str) else type(value).__name__
        raise ValueError(f"{shown} is not a known {cls.__name__.lower()}; {hint}Known: {', '.join(known)}")


class Genre(_Choice):
    """Genres of composition_params."""

    INDIAN = "indian"
    POP = "pop"
    AMBIENT = "ambient"
    INDIE = "indie"
    RNB = "rnb"
    CINEMATIC = "cinematic"
    HIPHOP = "hiphop"
    ELECTRONIC = "electronic"


class Emotion(_Choice):
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


class Tempo(_Choice):
    """Tempo classes of composition_params; what they mean in BPM depends on the genre."""

    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"


class AudioFormat(_Choice):
    """Formats that the newer v1 names. The studio refuses AAC: no permissive encoder comes as a wheel."""

    WAV = "wav"
    MP3 = "mp3"
    AAC = "aac"


def _reads(kind: type[_Choice]) -> tuple[Any, ...]:
    """Return what makes a field of `kind` lenient in case and clear in its complaint, and keeps its JSON schema."""
    schema = WithJsonSchema({"type": "string", "enum": [str(word) for word in kind], "title": kind.__name__})
    return BeforeValidator(kind.read), PlainSerializer(str, return_type=str), schema


GenreField = Annotated[Genre, *_reads(Genre)]
EmotionField = Annotated[Emotion, *_reads(Emotion)]
TempoField = Annotated[Tempo, *_reads(Tempo)]
Milliseconds = Annotated[int, Field(ge=MIN_MS, le=MAX_MS, json_schema_extra=unit("ms"))]


class Section(Request):
    """A stretch of the track with one emotion. Numbers may come as strings of digits."""

    emotion: EmotionField = Field(title="Emotion")
    start_ms: int = Field(alias="start", ge=0, le=MAX_MS, title="Start", json_schema_extra=unit("ms"))
    length_ms: Milliseconds = Field(alias="length", title="Length")

    @property
    def end_ms(self) -> int:
        """Where the next section has to start."""
        return self.start_ms + self.length_ms


class CompositionRequest(Request):
    """A track to be composed: from a prompt, from parameters, or from a prompt in which parameters overrule single points.

    Left out without a prompt: one minute, ambient, medium, one motivational section, as in the document's example answer.
    """

    prompt: str | None = Field(None, min_length=1, max_length=1000, title="Prompt")
    duration_ms: Milliseconds | None = Field(None, title="Duration")
    genre: GenreField | None = Field(None, title="Genre")
    tempo: TempoField | None = Field(None, title="Tempo")
    title: str | None = Field(None, max_length=200, title="Title")
    sections: tuple[Section, ...] | None = Field(None, max_length=30, title="Sections")
    """Gapless, in order, from 0 to the end of the track."""

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not (self.prompt and self.prompt.strip()) and not self.model_fields_set - {"title", "prompt"}:
            raise ValueError(
                'give a prompt, or at least one of genre, tempo, duration_ms and sections, e.g. {"genre": "pop"}'
            )
        return self

    @model_validator(mode="after")
    def _sections_cover_the_track(self) -> Self:
        if self.sections is not None:
            complaint = coverage_fault(self.sections, self.duration_ms)
            if complaint:
                raise ValueError(complaint)
        return self


def coverage_fault(sections: Iterable[Section], duration_ms: int | None) -> str | None:
    """Return what is wrong with the order, the seams or the sum of the sections; None if they tile the track."""
    sections = list(sections)
    if not sections:
        return "the list of sections is empty; leave it out for a track of one section"
    at = 0
    for n, section in enumerate(sections, start=1):
        if section.start_ms != at:
            before = f"section {n - 1} ends" if n > 1 else "the track begins"
            kind = "a gap" if section.start_ms > at else "an overlap"
            return (
                f"section {n} starts at {section.start_ms} ms, but {before} at {at} ms: {kind} of "
                f"{abs(section.start_ms - at)} ms; set its start to {at}"
            )
        at = section.end_ms
    if duration_ms is not None and at != duration_ms:
        side = "before" if at < duration_ms else "after"
        return f"the sections end at {at} ms, {abs(duration_ms - at)} ms {side} the track's end at {duration_ms} ms"
    return None


class Blocked(Answer):
    """A genre and tempo with the emotions that the composing system refuses there."""

    genre: GenreField
    tempo: TempoField
    emotions: tuple[EmotionField, ...] = Field(
        alias="moods", validation_alias=AliasChoices("moods", "mood", "emotions")
    )
    """The document spells it `moods`, once `mood`; we read both."""


class CompositionOptions(Answer):
    """The answer of composition_params: what can be asked, and what not together."""

    genres: tuple[str, ...] = Field(alias="genre")
    emotions: tuple[str, ...] = Field(alias="emotion")
    tempos: tuple[str, ...] = Field(alias="tempo")
    blocked: tuple[Blocked, ...] = Field((), alias="blockedParams")

    def is_blocked(self, genre: Genre, emotion: Emotion, tempo: Tempo) -> bool:
        """Whether the service refuses this combination."""
        return any(b.genre == genre and b.tempo == tempo and emotion in b.emotions for b in self.blocked)

    def allowed_tempos(self, genre: Genre, emotions: Iterable[Emotion]) -> list[Tempo]:
        """Return the tempos at which a genre takes all of these emotions."""
        wanted = list(emotions)
        return [t for t in Tempo if t in self.tempos and not any(self.is_blocked(genre, e, t) for e in wanted)]

    def problems(self, request: CompositionRequest) -> list[Problem]:
        """Return what the service would refuse in explicit parameters; a prompt's tempo is moved instead, and reported."""
        genre, tempo, sections = request.genre, request.tempo or Tempo.MEDIUM, request.sections or ()
        if genre is None or (request.prompt and request.tempo is None):
            return []
        free = self.allowed_tempos(genre, [s.emotion for s in sections])
        advice = f"choose {' or '.join(free)}" if free else "choose another genre"
        return [
            Problem(("sections", n, "emotion"), f"{s.emotion} {genre} cannot be composed at {tempo} tempo: {advice}")
            for n, s in enumerate(sections)
            if self.is_blocked(genre, s.emotion, tempo)
        ]


def _rows() -> Mapping[tuple[Genre, Tempo], str]:
    return {
        (Genre.RNB, Tempo.SLOW): "tense angry scary fearful sad inspirational depressing motivational triumphant",
        (Genre.RNB, Tempo.FAST): "inspirational motivational triumphant",
        (Genre.INDIE, Tempo.SLOW): "energetic",
        (Genre.INDIE, Tempo.MEDIUM): "energetic",
        (Genre.CINEMATIC, Tempo.SLOW): "energetic",
        (Genre.HIPHOP, Tempo.SLOW): "energetic",
    }


OPTIONS = CompositionOptions(
    genres=tuple(Genre),
    emotions=tuple(Emotion),
    tempos=tuple(Tempo),
    blocked=tuple(
        Blocked(genre=g, tempo=t, emotions=tuple(Emotion(e) for e in row.split())) for (g, t), row in _rows().items()
    ),
)
"""What the studio takes: the document's list, which is also what the forms offer until a server has been asked."""

TEMPO_BPM: Mapping[Genre, Mapping[Tempo, tuple[float, float]]] = {
    genre: dict(zip(Tempo, ranges, strict=True))
    for genre, ranges in {
        Genre.INDIAN: ((60.0, 76.0), (84.0, 104.0), (116.0, 150.0)),
        Genre.POP: ((72.0, 88.0), (96.0, 112.0), (118.0, 132.0)),
        Genre.AMBIENT: ((50.0, 62.0), (66.0, 80.0), (84.0, 100.0)),
        Genre.INDIE: ((78.0, 92.0), (100.0, 118.0), (126.0, 148.0)),
        Genre.RNB: ((60.0, 72.0), (76.0, 90.0), (94.0, 108.0)),
        Genre.CINEMATIC: ((56.0, 70.0), (76.0, 96.0), (110.0, 140.0)),
        Genre.HIPHOP: ((68.0, 78.0), (82.0, 94.0), (98.0, 110.0)),
        Genre.ELECTRONIC: ((92.0, 106.0), (118.0, 126.0), (130.0, 142.0)),
    }.items()
}
"""What slow, medium and fast mean to the studio, in BPM by genre; the live service does not say what they mean to it."""
