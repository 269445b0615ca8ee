"""What a composition is asked with: genre, emotions, tempo, sections, or a prompt (Beatoven API v2, "Creating a new track").

Where the document is silent we chose, and say so on the field. The document's own two-mood example overlaps; we refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from tonnbook.models.base import Answer, Request, unit
from tonnbook.models.composition_words import (
    AudioFormat,
    Emotion,
    EmotionField,
    Genre,
    GenreField,
    HeardEmotion,
    HeardGenre,
    HeardTempo,
    Tempo,
    TempoField,
)
from tonnbook.models.problems import Problem

__all__ = [
    "DEFAULT_MS",
    "MAX_MS",
    "MAX_SEED",
    "MIN_MS",
    "OPTIONS",
    "TEMPO_BPM",
    "AudioFormat",
    "Blocked",
    "CompositionOptions",
    "CompositionRequest",
    "Emotion",
    "EmotionField",
    "Genre",
    "GenreField",
    "Section",
    "Tempo",
    "TempoField",
    "coverage_fault",
]

MIN_MS, MAX_MS = 1_000, 900_000
"""Shortest and longest track; a section is no shorter than a track. Our choice: the document gives no limits."""
DEFAULT_MS = 60_000
MAX_SEED = 2**53 - 1
"""The largest whole number that every JSON reader keeps as it is."""


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
    seed: int | None = Field(None, ge=0, le=MAX_SEED, title="Seed")
    """Another number, another song of the same kind. The local studio's own field: the live service has none, and clients do not send
    it there."""

    @field_validator("prompt", mode="before")
    @classmethod
    def _has_words(cls, value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else value
        if text == "":
            raise ValueError("is empty; give a prompt, or leave it out")
        return text

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not self.prompt and not self.model_fields_set - {"title", "prompt", "seed"}:
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
    for n, (before, after) in enumerate(pairwise(sections), start=1):
        if after.start_ms < before.start_ms:
            return (
                f"the sections are not in order: section {n} starts at {before.start_ms} ms, section {n + 1} at "
                f"{after.start_ms} ms; put them in the order of their starts"
            )
    at = 0
    for n, section in enumerate(sections, start=1):
        if section.start_ms != at:
            end = f"section {n - 1} ends" if n > 1 else "the track begins"
            kind = "a gap" if section.start_ms > at else "an overlap"
            return (
                f"section {n} starts at {section.start_ms} ms, but {end} at {at} ms: {kind} of "
                f"{abs(section.start_ms - at)} ms; set its start to {at}"
            )
        at = section.end_ms
    if duration_ms is not None and at != duration_ms:
        side = "before" if at < duration_ms else "after"
        return f"the sections end at {at} ms, {abs(duration_ms - at)} ms {side} the track's end at {duration_ms} ms"
    return None


class Blocked(Answer):
    """A genre and tempo with the emotions that the composing system refuses there."""

    genre: HeardGenre
    tempo: HeardTempo
    emotions: tuple[HeardEmotion, ...] = Field(
        alias="moods", validation_alias=AliasChoices("moods", "mood", "emotions")
    )
    """The document spells it `moods`, once `mood`; we read both."""


class CompositionOptions(Answer):
    """The answer of composition_params: what can be asked, and what not together."""

    genres: tuple[str, ...] = Field(alias="genre")
    emotions: tuple[str, ...] = Field(alias="emotion")
    tempos: tuple[str, ...] = Field(alias="tempo")
    blocked: tuple[Blocked, ...] = Field((), alias="blockedParams")
    extras: tuple[str, ...] | None = Field(None, alias="tonnbook")
    """Fields of a request that this server takes beyond the document: the studio's `seed`."""

    def request(self, **fields: Any) -> CompositionRequest:
        """Return a request that may use every word of these options, also those that the document does not have.

        Raises pydantic.ValidationError.
        """
        return CompositionRequest.model_validate(fields, context={"options": self})

    def is_blocked(self, genre: Genre, emotion: Emotion, tempo: Tempo) -> bool:
        """Whether the service refuses this combination."""
        return any(b.genre == genre and b.tempo == tempo and emotion in b.emotions for b in self.blocked)

    def allowed_tempos(self, genre: Genre, emotions: Iterable[Emotion]) -> list[Tempo]:
        """Return the tempos at which a genre takes all of these emotions."""
        wanted = list(emotions)
        return [t for t in Tempo if t in self.tempos and not any(self.is_blocked(genre, e, t) for e in wanted)]

    def problems(self, request: CompositionRequest) -> list[Problem]:
        """Return what is blocked in the explicit parameters of a request; what a prompt asks for is the server's to judge."""
        sections = request.sections or ()
        if request.genre is None or (request.prompt and request.tempo is None):
            return []
        emotions = [section.emotion for section in sections]
        found = self.refused(request.genre, request.tempo or Tempo.MEDIUM, emotions)
        return [Problem(("sections", n, "emotion"), words) for n, words in found]

    def refused(self, genre: Genre, tempo: Tempo, emotions: Iterable[Emotion]) -> list[tuple[int, str]]:
        """Return the places of the emotions that a genre is not offered with at a tempo, each with a sentence that names the way out."""
        wanted = list(emotions)
        free = self.allowed_tempos(genre, wanted)
        advice = f"choose {' or '.join(free)}" if free else "choose another genre"
        return [
            (n, f"{emotion} {genre} cannot be composed at {tempo} tempo: {advice}")
            for n, emotion in enumerate(wanted)
            if self.is_blocked(genre, emotion, tempo)
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
