"""Resolve a composition request: its own fields first, then its prompt, then the document's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tonnbook.models.base import without_nulls
from tonnbook.models.composition import (
    DEFAULT_MS,
    MAX_MS,
    MIN_MS,
    OPTIONS,
    CompositionOptions,
    CompositionRequest,
    Emotion,
    Genre,
    Section,
    Tempo,
    consecutive_sections,
    stretched,
)
from tonnbook.models.problems import Problem
from tonnbook.models.prompt.emotions import nearest_tempo
from tonnbook.models.prompt.reader import PromptReading, read_prompt


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request with every open point decided."""

    genre: Genre
    tempo: Tempo
    sections: tuple[Section, ...]
    bpm: float | None = None
    """The exact tempo, if the prompt names one."""
    reading: PromptReading | None = None
    """How the prompt was understood, with the request's own fields applied; None without a prompt."""

    @property
    def duration_ms(self) -> int:
        """Length of the track."""
        return self.sections[-1].end_ms


def resolve(request: CompositionRequest, options: CompositionOptions = OPTIONS) -> Resolved:
    """Return a request with every open point decided.

    A tempo from a prompt that `options` block is moved to an allowed one; an explicit tempo is kept, blocked or not.
    """
    if not request.prompt:
        length = request.duration_ms or DEFAULT_MS
        sections = request.sections or consecutive_sections([Emotion.MOTIVATIONAL], [length])
        return Resolved(request.genre or Genre.AMBIENT, request.tempo or Tempo.MEDIUM, sections)
    reading = read_prompt(request.prompt, options, request.genre)
    sections = request.sections or _stretch(reading.sections, request.duration_ms)
    tempo, bpm = (request.tempo, None) if request.tempo else (reading.tempo, reading.bpm)
    moved: list[str] = []
    allowed = options.allowed_tempos(reading.genre, [section.emotion for section in sections])
    if not request.tempo and allowed and tempo not in allowed:
        blocked, tempo, bpm = tempo, nearest_tempo(tempo, allowed), None
        moved = [f"tempo: {tempo}, because {reading.genre} is not offered {blocked} with this emotion"]
    final = {"tempo": tempo, "bpm": bpm, "sections": sections, "duration_ms": sections[-1].end_ms}
    assumed = (*reading.assumed, *_overrides(request), *moved)
    return Resolved(reading.genre, tempo, sections, bpm, reading.model_copy(update={**final, "assumed": assumed}))


def blocked_combinations(request: CompositionRequest, options: CompositionOptions = OPTIONS) -> list[Problem]:
    """Return the combinations that are blocked in a resolved request, each with the alternatives; empty if there are none."""
    found = resolve(request, options)
    blocked = options.blocked_emotions(found.genre, found.tempo, [section.emotion for section in found.sections])
    if request.sections:
        return [Problem(("sections", n, "emotion"), message) for n, message in blocked]
    hint = "" if found.reading else " (without sections a track is motivational; give sections for another emotion)"
    return [Problem(("tempo",), message + hint) for message in dict.fromkeys(message for _, message in blocked)]


def with_changes(
    own: CompositionRequest, changes: Mapping[str, Any], options: CompositionOptions = OPTIONS
) -> CompositionRequest:
    """Return a request with some fields changed, which are given as JSON. A new prompt replaces all but title and seed.

    New sections replace the length too; a new length alone stretches the sections. Raises pydantic.ValidationError.
    """
    changes = without_nulls(changes)
    kept = own.to_wire()
    if "prompt" in changes:
        kept = {name: kept[name] for name in ("title", "seed") if name in kept}
    if "sections" in changes:
        kept.pop("duration_ms", None)
    elif own.sections and str(changes.get("duration_ms")).isdecimal() and "sections" in kept:
        length = int(changes["duration_ms"])
        if MIN_MS <= length <= MAX_MS:
            kept["sections"] = [section.to_wire() for section in _stretch(own.sections, length)]
    context = {"options": options}
    return CompositionRequest.model_validate({**kept, **changes}, extra="ignore", context=context)


def _stretch(sections: tuple[Section, ...], duration_ms: int | None) -> tuple[Section, ...]:
    """Return sections stretched to a length, without the last ones if not all would reach the shortest allowed length."""
    if duration_ms in (None, sections[-1].end_ms):
        return sections
    kept = sections[: max(1, duration_ms // MIN_MS)]
    return consecutive_sections([s.emotion for s in kept], stretched([s.length_ms for s in kept], duration_ms))


def _overrides(request: CompositionRequest) -> list[str]:
    """Return the fields of a request that override its prompt."""
    named: dict[str, object] = {"genre": request.genre, "tempo": request.tempo}
    if request.sections:
        named["sections"] = f"{len(request.sections)}"
    elif request.duration_ms:
        named["duration"] = f"{request.duration_ms / 1000:g} s"
    return [f"{name}: {value}, which overrides the prompt" for name, value in named.items() if value]
