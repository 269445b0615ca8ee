"""What a request comes to: its own fields first, then what its prompt says, then the document's defaults."""

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
)
from tonnbook.models.problems import Problem
from tonnbook.models.prompt.defaults import nearest_tempo
from tonnbook.models.prompt.reader import PromptReading, read_prompt, tiled
from tonnbook.models.prompt.times import stretched


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything that a request leaves to be decided, decided."""

    genre: Genre
    tempo: Tempo
    sections: tuple[Section, ...]
    bpm: float | None = None
    """An exact tempo, where the prompt asks for one."""
    reading: PromptReading | None = None
    """What the prompt was read as, with what the request's own fields made of it; None without a prompt."""

    @property
    def duration_ms(self) -> int:
        """Length of the track."""
        return self.sections[-1].end_ms


def settled(request: CompositionRequest, options: CompositionOptions = OPTIONS) -> Settled:
    """Return what a request comes to.

    A tempo that comes from a prompt is moved where `options` block it; an explicit one is the caller's to refuse.
    """
    if not request.prompt:
        length = request.duration_ms or DEFAULT_MS
        sections = request.sections or tiled([Emotion.MOTIVATIONAL], [length])
        return Settled(request.genre or Genre.AMBIENT, request.tempo or Tempo.MEDIUM, sections)
    reading = read_prompt(request.prompt, options, request.genre)
    sections = request.sections or _of_length(reading.sections, request.duration_ms)
    tempo, bpm = (request.tempo, None) if request.tempo else (reading.tempo, reading.bpm)
    moved: list[str] = []
    allowed = options.allowed_tempos(reading.genre, [section.emotion for section in sections])
    if not request.tempo and allowed and tempo not in allowed:
        wished, tempo, bpm = tempo, nearest_tempo(tempo, allowed), None
        moved = [f"tempo: {tempo}, because {reading.genre} is not offered {wished} with this emotion"]
    final = {"tempo": tempo, "bpm": bpm, "sections": sections, "duration_ms": sections[-1].end_ms}
    assumed = (*reading.assumed, *_overruled(request), *moved)
    return Settled(reading.genre, tempo, sections, bpm, reading.model_copy(update={**final, "assumed": assumed}))


def refusals(request: CompositionRequest, options: CompositionOptions = OPTIONS) -> list[Problem]:
    """Return what is blocked in all that a request comes to, with the way out."""
    found = settled(request, options)
    refused = options.refused(found.genre, found.tempo, [section.emotion for section in found.sections])
    if request.sections:
        return [Problem(("sections", n, "emotion"), words) for n, words in refused]
    unsaid = "" if found.reading else " (without sections a track is motivational; name them for another emotion)"
    return [Problem(("tempo",), words + unsaid) for words in dict.fromkeys(words for _, words in refused)]


def laid_over(
    own: CompositionRequest, changes: Mapping[str, Any], options: CompositionOptions = OPTIONS
) -> CompositionRequest:
    """Return a request with some fields changed, as they travel. A new prompt puts all but title and seed aside.

    New sections bring their length along; a new length alone stretches the sections. Raises pydantic.ValidationError.
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
            kept["sections"] = [section.to_wire() for section in _of_length(own.sections, length)]
    context = {"options": options}
    return CompositionRequest.model_validate({**kept, **changes}, extra="ignore", context=context)


def _of_length(sections: tuple[Section, ...], duration_ms: int | None) -> tuple[Section, ...]:
    """Return sections stretched to a length; the last ones go where not all would last as long as a section must."""
    if duration_ms in (None, sections[-1].end_ms):
        return sections
    kept = sections[: max(1, duration_ms // MIN_MS)]
    return tiled([s.emotion for s in kept], stretched([s.length_ms for s in kept], duration_ms))


def _overruled(request: CompositionRequest) -> list[str]:
    """Return which points were not left to the prompt."""
    named: dict[str, object] = {"genre": request.genre, "tempo": request.tempo}
    if request.sections:
        named["sections"] = f"{len(request.sections)}"
    elif request.duration_ms:
        named["duration"] = f"{request.duration_ms / 1000:g} s"
    return [f"{name}: {value}, set beside the prompt" for name, value in named.items() if value]
