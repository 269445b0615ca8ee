"""The sections of the composition form: held by their lengths alone, so they can neither gap nor overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tonnbook.models.composition import (
    DEFAULT_MS,
    MIN_MS,
    CompositionOptions,
    Emotion,
    Genre,
    Section,
    Tempo,
    stretched,
)


def choices(options: CompositionOptions) -> dict[str, list[dict[str, str]]]:
    """Return the words that a server takes, with what a person reads."""
    listed = ((Genre, options.genres), (Emotion, options.emotions), (Tempo, options.tempos))
    return {
        kind.__name__.lower(): [{"value": str(word), "label": kind.from_server(word).label} for word in words]
        for kind, words in listed
    }


def row_of(section: Any) -> dict[str, Any]:
    """Return a section as the form holds it, from one of ours, a JSON object, or (emotion, seconds)."""
    if isinstance(section, Section):
        return {"emotion": section.emotion.value, "length_ms": section.length_ms}
    if isinstance(section, Mapping):
        length = section.get("length_ms", section.get("length", DEFAULT_MS))
        return {"emotion": str(section.get("emotion", "")).lower(), "length_ms": int(length)}
    emotion, seconds = section
    return {"emotion": str(emotion).lower(), "length_ms": round(1000 * seconds)}


def of_length(rows: Sequence[Mapping[str, Any]], total: int) -> list[dict[str, Any]]:
    """Return the sections in the same proportions with a sum of `total` milliseconds, as far as each can be as short."""
    lengths = stretched([row["length_ms"] for row in rows], max(total, MIN_MS * len(rows)))
    return [{**row, "length_ms": length} for row, length in zip(rows, lengths, strict=True)]


def laid_out(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sections as they travel, one after the other."""
    found, at = [], 0
    for row in rows:
        found.append({"emotion": row["emotion"], "start": at, "length": row["length_ms"]})
        at += row["length_ms"]
    return found


def tiled(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    return [
        Section.model_construct(emotion=r["emotion"], start_ms=r["start"], length_ms=r["length"])
        for r in laid_out(rows)
    ]
