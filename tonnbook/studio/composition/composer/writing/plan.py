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
"""The four stems of the service, in the order in which the studio writes them."""


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A stretch of one emotion, on exact milliseconds."""

    emotion: Emotion
    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides the music. Equal plans make equal songs."""

    genre: Genre
    tempo: Tempo
    sections: tuple[PlanSection, ...]
    bpm: float | None = None
    """An exact tempo, when one was asked for."""
    tonic: int | None = None
    """Pitch class of the key, when one was asked for."""
    major: bool | None = None
    lead: str | None = None
    """Name of the melody's voice, when one was asked for."""
    silent: frozenset[str] = frozenset()
    """Stems that were asked away: they stay silent."""
    without: frozenset[str] = frozenset()
    """Voices that were asked away: others take their parts."""
    looping: bool = False
    version: int = 1
    words: str = ""
    """The words of the prompt, which seed another song than the same parameters without them; see `planning.canonical`."""
    seed: int | None = None
    """The caller's own number: another one, another song."""

    @property
    def duration_ms(self) -> int:
        """Length of the song."""
        return self.sections[-1].start_ms + self.sections[-1].length_ms

    @property
    def duration_s(self) -> float:
        """Length of the song in seconds."""
        return self.duration_ms / 1000

    @property
    def lone_emotion(self) -> Emotion | None:
        """The emotion of a song that has one section; None for several: no section rules what it shares with the others."""
        return self.sections[0].emotion if len(self.sections) == 1 else None

    def dice(self, *names: object) -> random.Random:
        """Return the random numbers of one corner of the song, named by section and part.

        Of several sections none goes into the seed, so another emotion in one leaves the others as they were.
        """
        identity = [self.genre, self.tempo, self.words, self.duration_ms, self.lone_emotion or "", self.version, *names]
        if self.seed is not None:
            identity.append(f"seed {self.seed}")
        text = "|".join(str(part) for part in identity)
        return random.Random(hashlib.sha256(text.encode()).digest())


def plan_of(request: CompositionRequest, version: int = 1, looping: bool = False) -> tuple[Plan, PromptReading | None]:
    """Return the plan of a request, and the reading of its prompt where it has one."""
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
    """Return the words of a prompt as they enter a song's identity: case, punctuation and spaces make no other song."""
    return " ".join(re.findall(r"[^\W_]+", prompt.lower()))
