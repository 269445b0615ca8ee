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
    """Only the emotion of the second section changes. The first section keeps its notes, because each section has its own random
    numbers. The second stays in minor, gets lower, and has fewer notes.
    """
    first, second = request.sections or ()
    darker = request.model_copy(
        update={"sections": (first, second.model_copy(update={"emotion": tb.vocabulary.Emotion.DEPRESSING}))}
    )
    sad_end = await beatoven.compose(darker)
    return tb.plot_score(sad_end)


def blocked(options: CompositionOptions) -> list[str]:
    """`blockedParams` lists them: a genre and a tempo with the emotions that are blocked there. The form disables them;
    `allowed_tempos` returns the tempos that work.
    """
    tempos = options.allowed_tempos(tb.vocabulary.Genre.INDIE, [tb.vocabulary.Emotion.ENERGETIC])
    return [f"{row.genre} {row.tempo}: not {', '.join(row.emotions)}" for row in options.blocked] + [
        f"indie energetic: {tempos}"
    ]


def versions(song: Song, again: Song) -> Player:
    """The notes of each version contain its key, chords and instruments, which differ. The request and the length are the same."""
    for each in (song, again):
        section = each.notes.sections[0] if each.notes else None
        print(each.version, section and (section.scale, [chord.name for chord in section.chords[:4]]))  # noqa: T201
    return tb.compare(song.mix, again.mix, names=("version 1", "version 2"))


SOLUTIONS: tuple[Callable[..., Any], ...] = (sadder, blocked, versions)
"""In the order of the exercises: 03-1, 03-2, 03-3."""
