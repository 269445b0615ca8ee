"""Plans of short songs, and their melodies, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tonnbook.models.composition import OPTIONS, Emotion, Genre, Tempo
from tonnbook.studio.composition.composer.writing.plan import Plan, PlanSection
from tonnbook.studio.composition.composer.writing.score import Note, Score, ScoreSection


def plan(genre: str, emotions: str, tempo: str = "medium", ms: int = 30_000, **more: Any) -> Plan:
    """Return a plan; emotions are separated by spaces and share the time, the last taking the rest."""
    names = emotions.split()
    share = ms // len(names)
    lengths = [*[share] * (len(names) - 1), ms - share * (len(names) - 1)]
    sections = tuple(PlanSection(Emotion(name), n * share, lengths[n]) for n, name in enumerate(names))
    return Plan(Genre(genre), Tempo(tempo), sections, **more)


def allowed() -> Iterator[tuple[Genre, Emotion, Tempo]]:
    """Yield every combination that is not blocked."""
    for genre in Genre:
        for emotion in Emotion:
            for tempo in OPTIONS.allowed_tempos(genre, [emotion]):
                yield genre, emotion, tempo


def tune(score: Score) -> list[Note]:
    """Return the melody as one line: the upper note where two begin together."""
    notes = sorted((n for part in score.of("melody") for n in part.notes), key=lambda n: (n.start, -n.key))
    line: list[Note] = []
    for note in notes:
        if not line or note.start - line[-1].start > 0.03:
            line.append(note)
    return line


def inside(notes: Sequence[Note], section: ScoreSection) -> list[Note]:
    """Return the notes that begin in a section; a player may be 30 ms early."""
    return [note for note in notes if section.start - 0.03 <= note.start < section.end - 0.03]


def rhythm(notes: Sequence[Note], section: ScoreSection) -> list[frozenset[int]]:
    """Return the sixteenths on which notes begin, for every full bar of a section."""
    rows = []
    for bar in section.bars:
        if bar.beats == section.meter:
            first, last = section.at(bar.start) - 0.03, section.at(bar.start + bar.beats) - 0.03
            steps = [(section.beat_at(n.start) - bar.start) * 4 for n in notes if first <= n.start < last]
            rows.append(frozenset(round(step) for step in steps))
    return rows
