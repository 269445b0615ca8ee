"""From a request to a plan: explicit parameters first, then what the prompt says, then the document's defaults."""

from __future__ import annotations

from tonnbook.models.composition import (
    DEFAULT_MS,
    MIN_MS,
    OPTIONS,
    CompositionRequest,
    Emotion,
    Genre,
    Section,
    Tempo,
)
from tonnbook.models.prompt import PromptReading, read_prompt
from tonnbook.studio.composer.score import Plan, PlanSection


def plan_of(request: CompositionRequest, version: int = 1, looping: bool = False) -> tuple[Plan, PromptReading | None]:
    """Return the plan of a request, and the reading of its prompt where it has one.

    A tempo that comes from a prompt is moved where the genre does not offer it; an explicit one is the caller's to refuse.
    """
    reading = read_prompt(request.prompt) if request.prompt else None
    genre = request.genre or (reading.genre if reading else Genre.AMBIENT)
    sections = _sections(request, reading)
    tempo = request.tempo or (reading.tempo if reading else Tempo.MEDIUM)
    bpm = reading.bpm if reading and not request.tempo and genre == reading.genre else None
    allowed = OPTIONS.allowed_tempos(genre, [s.emotion for s in sections])
    if reading and not request.tempo and allowed and tempo not in allowed:
        tempo, bpm = min(allowed, key=lambda t: abs(list(Tempo).index(t) - list(Tempo).index(tempo))), None
    plan = Plan(
        genre=genre,
        tempo=tempo,
        sections=tuple(PlanSection(s.emotion, s.start_ms, s.length_ms) for s in sections),
        bpm=bpm,
        tonic=reading.tonic if reading else None,
        major=reading.major if reading else None,
        lead=reading.instrument if reading else None,
        silent=frozenset(reading.silent) if reading else frozenset(),
        looping=looping,
        version=version,
        words=" ".join(request.prompt.lower().split()) if request.prompt else "",
    )
    return plan, reading


def _sections(request: CompositionRequest, reading: PromptReading | None) -> tuple[Section, ...]:
    """Return the sections to compose; those of a prompt are stretched to an explicit duration."""
    if request.sections:
        return request.sections
    if reading is None:
        length = request.duration_ms or DEFAULT_MS
        return (Section(emotion=Emotion.MOTIVATIONAL, start_ms=0, length_ms=length),)
    if request.duration_ms in (None, reading.duration_ms):
        return reading.sections
    return _stretched(reading.sections, request.duration_ms or reading.duration_ms)


def _stretched(sections: tuple[Section, ...], duration_ms: int) -> tuple[Section, ...]:
    kept = sections[: max(1, duration_ms // MIN_MS)]
    total = kept[-1].end_ms
    spare = duration_ms - MIN_MS * len(kept)
    ends = [MIN_MS * n + spare * s.end_ms // total for n, s in enumerate(kept, start=1)]
    starts = [0, *ends[:-1]]
    return tuple(
        Section(emotion=s.emotion, start_ms=a, length_ms=b - a) for s, a, b in zip(kept, starts, ends, strict=True)
    )
