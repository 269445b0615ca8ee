"""Songs that several test modules use, composed once."""

from __future__ import annotations

import pytest
from song_plans import allowed, plan

from tonnbook.models.composition import Emotion, Genre, Tempo
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.score import Score


@pytest.fixture(scope="session")
def songs() -> dict[tuple[Genre, Emotion], Score]:
    """A minute of every genre and emotion, each at one of its tempi."""
    tempi: dict[tuple[Genre, Emotion], list[Tempo]] = {}
    for genre, emotion, tempo in allowed():
        tempi.setdefault((genre, emotion), []).append(tempo)
    return {
        (genre, emotion): compose_score(plan(genre, emotion, offered[n % len(offered)], 60_000))
        for n, ((genre, emotion), offered) in enumerate(tempi.items())
    }
