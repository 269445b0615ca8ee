"""Sections of a composition form: rows that have only an emotion and a length, so that there can be no gaps and no overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tonnbook.models.composition import (
    DEFAULT_MS,
    MAX_MS,
    MIN_MS,
    CompositionOptions,
    Emotion,
    Genre,
    Section,
    Tempo,
    stretched,
)


def possible(rows: Sequence[Mapping[str, Any]], total_ms: int) -> bool:
    """Return whether the rows can be stretched to a sum of `total_ms`."""
    return MIN_MS * len(rows) <= total_ms <= MAX_MS


def lengths_allowed(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the total lengths that the rows can have, as text."""
    count = "1 section takes" if len(rows) == 1 else f"{len(rows)} sections take"
    return f"{count} {MIN_MS * len(rows) / 1000:g} to {MAX_MS / 1000:g} s"


def choices(options: CompositionOptions) -> dict[str, list[dict[str, str]]]:
    """Return the values that a server accepts, with their labels."""
    listed = ((Genre, options.genres), (Emotion, options.emotions), (Tempo, options.tempos))
    return {
        kind.__name__.lower(): [{"value": str(value), "label": kind.from_server(value).label} for value in values]
        for kind, values in listed
    }


def section_row(section: Any) -> dict[str, Any]:
    """Return the row for a `Section`, a JSON object, or (emotion, seconds)."""
    if isinstance(section, Section):
        return {"emotion": section.emotion.value, "length_ms": section.length_ms}
    if isinstance(section, Mapping):
        length = section.get("length_ms", section.get("length", DEFAULT_MS))
        return {"emotion": str(section.get("emotion", "")).lower(), "length_ms": int(length)}
    emotion, seconds = section
    return {"emotion": str(emotion).lower(), "length_ms": round(1000 * seconds)}


def with_duration(rows: Sequence[Mapping[str, Any]], total_ms: int) -> list[dict[str, Any]]:
    """Return the rows in the same proportions with a sum of `total_ms`, which is `possible`, each of at least MIN_MS."""
    lengths = stretched([row["length_ms"] for row in rows], total_ms)
    return [{**row, "length_ms": length} for row, length in zip(rows, lengths, strict=True)]


def wire_sections(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sections with start and length, as they are sent."""
    sections, start = [], 0
    for row in rows:
        sections.append({"emotion": row["emotion"], "start": start, "length": row["length_ms"]})
        start += row["length_ms"]
    return sections


def sections_of(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return the sections of the rows without checking them: errors are displayed at their rows."""
    return [
        Section.model_construct(emotion=r["emotion"], start_ms=r["start"], length_ms=r["length"])
        for r in wire_sections(rows)
    ]
