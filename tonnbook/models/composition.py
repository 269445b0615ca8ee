"""Composition requests: genre, emotions, tempo and sections, or a prompt (Beatoven API v2, "Creating a new track").

Values that the document does not give are our choice, which the field says. The document's example of two moods (0 to 30 s, 30 s to
90 s) is a track of 90 s: it is refused only with another `duration_ms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    ServerEmotion,
    ServerGenre,
    ServerTempo,
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
    "consecutive_sections",
    "coverage_fault",
    "stretched",
]

MIN_MS, MAX_MS = 1_000, 900_000
"""Shortest and longest track, and the shortest section. Our choice: the document gives no limits."""
DEFAULT_MS = 60_000
MAX_SEED = 2**53 - 1
"""The largest integer that every JSON reader represents exactly."""


Milliseconds = Annotated[int, Field(ge=MIN_MS, le=MAX_MS, json_schema_extra=unit("ms"))]


class Section(Request):
    """A section of the track with one emotion. Numbers may be strings of digits."""

    emotion: EmotionField = Field(title="Emotion")
    start_ms: int = Field(alias="start", ge=0, le=MAX_MS, title="Start", json_schema_extra=unit("ms"))
    length_ms: Milliseconds = Field(alias="length", title="Length")

    @property
    def end_ms(self) -> int:
        """End in milliseconds, where the next section has to start."""
        return self.start_ms + self.length_ms


def consecutive_sections(emotions: Iterable[EmotionField], lengths_ms: Iterable[int]) -> tuple[Section, ...]:
    """Return sections that follow each other without a gap, with these emotions and lengths in milliseconds."""
    sections: list[Section] = []
    for emotion, length in zip(emotions, lengths_ms, strict=True):
        start = sections[-1].end_ms if sections else 0
        sections.append(Section(emotion=emotion, start_ms=start, length_ms=length))
    return tuple(sections)


def stretched(lengths_ms: Sequence[int], total_ms: int) -> list[int]:
    """Return lengths in the same proportions whose sum is `total_ms`, each at least MIN_MS; lengths that are all 0 become equal.

    `total_ms` is at least MIN_MS times the number of lengths.
    """
    weights = list(lengths_ms) if sum(lengths_ms) > 0 else [1] * len(lengths_ms)
    found, reached, done = [], 0, 0
    for n, weight in enumerate(weights):
        reached += weight
        latest = total_ms - MIN_MS * (len(weights) - n - 1)
        end = min(latest, max(done + MIN_MS, total_ms * reached // sum(weights)))
        found.append(end - done)
        done = end
    return found


class CompositionRequest(Request):
    """A request for a track: from a prompt, from parameters, or from a prompt with parameters, which override it.

    Defaults without a prompt: one minute, ambient, medium, one motivational section, as in the document's example answer.
    """

    prompt: str | None = Field(None, min_length=1, max_length=1000, title="Prompt")
    duration_ms: Milliseconds | None = Field(None, title="Duration")
    genre: GenreField | None = Field(None, title="Genre")
    tempo: TempoField | None = Field(None, title="Tempo")
    title: str | None = Field(None, max_length=200, title="Title")
    sections: tuple[Section, ...] | None = Field(None, max_length=30, title="Sections")
    """In order and without gaps, from 0 to the end of the track."""
    seed: int | None = Field(None, ge=0, le=MAX_SEED, title="Seed")
    """Each seed gives another song of the same kind. Only the local studio has this field; clients do not send it to the live service."""

    @field_validator("prompt", mode="before")
    @classmethod
    def _check_prompt(cls, value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else value
        if text == "":
            raise ValueError("is empty; give a prompt, or leave it out")
        return text

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if not self.prompt and not self.model_fields_set - {"title", "prompt", "seed"}:
            raise ValueError(
                'give a prompt, or at least one of genre, tempo, duration_ms and sections, e.g. {"genre": "pop"}'
            )
        return self

    @model_validator(mode="after")
    def _check_sections(self) -> Self:
        if self.sections is not None:
            fault = coverage_fault(self.sections, self.duration_ms)
            if fault:
                raise ValueError(fault)
        return self


def coverage_fault(sections: Iterable[Section], duration_ms: int | None) -> str | None:
    """Return the fault in the order, the boundaries or the sum of the sections; None if they fill the track exactly."""
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
        lengths = " + ".join(str(section.length_ms) for section in sections)
        change = "lengthen" if at < duration_ms else "shorten"
        return (
            f"the sections end at {at} ms (lengths {lengths}), but duration_ms is {duration_ms}: {change} them by "
            f"{abs(duration_ms - at)} ms, or set duration_ms to {at}"
        )
    return None


class Blocked(Answer):
    """A genre and tempo with the emotions that the service does not offer for them."""

    genre: ServerGenre
    tempo: ServerTempo
    emotions: tuple[ServerEmotion, ...] = Field(
        alias="moods", validation_alias=AliasChoices("moods", "mood", "emotions")
    )
    """The document spells it `moods`, and once `mood`; both are read."""


class BlockedMood(Blocked):
    """The row whose list of emotions the document spells `mood`: indie at medium tempo."""

    emotions: tuple[ServerEmotion, ...] = Field(
        alias="mood", validation_alias=AliasChoices("moods", "mood", "emotions")
    )


class CompositionOptions(Answer):
    """The answer of composition_params: what can be requested, and which combinations are blocked."""

    genres: tuple[str, ...] = Field(alias="genre")
    emotions: tuple[str, ...] = Field(alias="emotion")
    tempos: tuple[str, ...] = Field(alias="tempo")
    blocked: tuple[Blocked | BlockedMood, ...] = Field((), alias="blockedParams")
    extras: tuple[str, ...] | None = Field(None, alias="tonnbook")
    """Request fields that this server accepts beyond the document: the studio's `seed`."""

    def request(self, **fields: Any) -> CompositionRequest:
        """Return a request that may use every word of these options, including those that are not in the document.

        Raises pydantic.ValidationError.
        """
        return CompositionRequest.model_validate(fields, context={"options": self})

    def is_blocked(self, genre: Genre, emotion: Emotion, tempo: Tempo) -> bool:
        """Return True if the service does not offer this combination."""
        return any(b.genre == genre and b.tempo == tempo and emotion in b.emotions for b in self.blocked)

    def allowed_tempos(self, genre: Genre, emotions: Iterable[Emotion]) -> list[Tempo]:
        """Return the tempos at which a genre is offered with all of these emotions."""
        wanted = list(emotions)
        return [t for t in Tempo if t in self.tempos and not any(self.is_blocked(genre, e, t) for e in wanted)]

    def problems(self, request: CompositionRequest) -> list[Problem]:
        """Return the blocked combinations in the explicit parameters of a request; the server checks what comes from a prompt."""
        sections = request.sections or ()
        if request.genre is None or (request.prompt and request.tempo is None):
            return []
        emotions = [section.emotion for section in sections]
        found = self.blocked_emotions(request.genre, request.tempo or Tempo.MEDIUM, emotions)
        return [Problem(("sections", n, "emotion"), message) for n, message in found]

    def blocked_emotions(self, genre: Genre, tempo: Tempo, emotions: Iterable[Emotion]) -> list[tuple[int, str]]:
        """Return the index of each emotion that is blocked for a genre and tempo, with a message that names the alternatives."""
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
        (BlockedMood if (g, t) == (Genre.INDIE, Tempo.MEDIUM) else Blocked)(
            genre=g, tempo=t, emotions=tuple(Emotion(e) for e in row.split())
        )
        for (g, t), row in _rows().items()
    ),
)
"""The options of the studio: the document's list, which the forms also offer until a server has answered."""

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
"""Range of slow, medium and fast in BPM by genre, in the studio; the live service does not publish its own."""
