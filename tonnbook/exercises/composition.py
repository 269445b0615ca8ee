"""Solutions of lesson 03, composition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tonnbook as tb

if TYPE_CHECKING:
    from tonnbook.clients.beatoven.client import BeatovenClient
    from tonnbook.models.composition import CompositionOptions, CompositionRequest
    from tonnbook.models.song import Song
    from tonnbook.widgets.player.player import Player


async def sadder(beatoven: BeatovenClient, request: CompositionRequest) -> Any:
    """Only the second section's emotion changes. The first section keeps its notes, because every section has dice of its own;
    the second stays in minor, sinks, and thins out.
    """
    first, second = request.sections or ()
    darker = request.model_copy(
        update={"sections": (first, second.model_copy(update={"emotion": tb.vocabulary.Emotion.DEPRESSING}))}
    )
    sad_end = await beatoven.compose(darker)
    return tb.plot_score(sad_end)


def blocked(options: CompositionOptions) -> list[str]:
    """`blockedParams` lists them: a genre and a tempo with the emotions that are refused there. In the form they are greyed;
    `allowed_tempos` tells the way out.
    """
    free = options.allowed_tempos(tb.vocabulary.Genre.INDIE, [tb.vocabulary.Emotion.ENERGETIC])
    return [f"{row.genre} {row.tempo}: not {', '.join(row.emotions)}" for row in options.blocked] + [
        f"indie energetic: {free}"
    ]


def versions(song: Song, again: Song) -> Player:
    """Key, chords and instruments stand in the notes of each; what was asked is the same, and so is the length."""
    for each in (song, again):
        section = each.notes.sections[0] if each.notes else None
        print(each.version, section and (section.scale, [chord.name for chord in section.chords[:4]]))  # noqa: T201
    return tb.compare(song.mix, again.mix, names=("version 1", "version 2"))


SOLUTIONS: tuple[Callable[..., Any], ...] = (sadder, blocked, versions)
"""In the order of the exercises: 03-1, 03-2, 03-3."""
