"""The plan of a song: everything that decides the music, read from a request."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass

from tonnbook.models.composition import CompositionRequest, Emotion, Genre, Tempo
from tonnbook.models.composition_resolved import resolve
from tonnbook.models.prompt.reader import PromptReading

ROLES = ("bass", "chords", "melody", "percussion")
"""The four stems, in the order in which the studio writes them."""


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A section with one emotion, in whole milliseconds."""

    emotion: Emotion
    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that determines the music. Equal plans give equal songs."""

    genre: Genre
    tempo: Tempo
    sections: tuple[PlanSection, ...]
    bpm: float | None = None
    """The exact tempo, if one was requested."""
    tonic: int | None = None
    """Pitch class of the key, if one was requested."""
    major: bool | None = None
    lead: str | None = None
    """Name of the melody's voice, if one was requested."""
    silent: frozenset[str] = frozenset()
    """Excluded stems, which stay silent."""
    without: frozenset[str] = frozenset()
    """Excluded voices; other voices play their parts."""
    looping: bool = False
    version: int = 1
    words: str = ""
    """The normalised words of the prompt (see `canonical`). They are a part of the seed."""
    seed: int | None = None
    """The caller's seed: each number gives another song."""

    @property
    def duration_ms(self) -> int:
        """Length of the song."""
        return self.sections[-1].start_ms + self.sections[-1].length_ms

    @property
    def duration_s(self) -> float:
        """Length of the song in seconds."""
        return self.duration_ms / 1000

    @property
    def only_emotion(self) -> Emotion | None:
        """The emotion of a song with one section. None for several sections: none of them decides what all share."""
        return self.sections[0].emotion if len(self.sections) == 1 else None

    def rng(self, *names: object) -> random.Random:
        """Return a random generator for one aspect of the song, named by part and section.

        The seed depends on the plan and the names only. It contains no emotion if there are several sections, so that a new emotion in
        one section does not change the others.
        """
        identity = [self.genre, self.tempo, self.words, self.duration_ms, self.only_emotion or "", self.version, *names]
        if self.seed is not None:
            identity.append(f"seed {self.seed}")
        text = "|".join(str(part) for part in identity)
        return random.Random(hashlib.sha256(text.encode()).digest())


def plan_of(request: CompositionRequest, version: int = 1, looping: bool = False) -> tuple[Plan, PromptReading | None]:
    """Return the plan of a request, and how its prompt was understood (None without a prompt)."""
    found = resolve(request)
    reading = found.reading
    plan = Plan(
        genre=found.genre,
        tempo=found.tempo,
        sections=tuple(PlanSection(s.emotion, s.start_ms, s.length_ms) for s in found.sections),
        bpm=found.bpm,
        tonic=reading.tonic if reading else None,
        major=reading.major if reading else None,
        lead=reading.instrument if reading else None,
        silent=frozenset(reading.silent) if reading else frozenset(),
        without=frozenset(reading.without) if reading else frozenset(),
        looping=looping,
        version=version,
        words=canonical(request.prompt or ""),
        seed=request.seed,
    )
    return plan, reading


def canonical(prompt: str) -> str:
    """Return the words of a prompt without case, punctuation and extra spaces, none of which change the song."""
    return " ".join(re.findall(r"[^\W_]+", prompt.lower()))
