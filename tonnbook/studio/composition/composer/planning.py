"""From a request to the plan of a song."""

from __future__ import annotations

import re

from tonnbook.models.composition import CompositionRequest
from tonnbook.models.composition_settled import settled
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.studio.composition.composer.score import Plan, PlanSection


def plan_of(request: CompositionRequest, version: int = 1, looping: bool = False) -> tuple[Plan, PromptReading | None]:
    """Return the plan of a request, and the reading of its prompt where it has one."""
    found = settled(request)
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
