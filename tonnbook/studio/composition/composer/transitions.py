"""What happens where sections meet and where a song ends: a reversed cymbal, a soft roll, a ritardando."""

from __future__ import annotations

from collections.abc import Iterator

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.comping import loudness
from tonnbook.studio.composition.composer.moods import Mood
from tonnbook.studio.composition.composer.patterns import Groove
from tonnbook.studio.composition.composer.score import Note, Stage

RISER_S = 2.05
"""How long the reversed cymbal of the bank takes to its peak, in seconds."""


SLOWING = 0.04
"""How much slower the last downbeat is than the song: together with the bend of the section it stays under 5 % (3.1)."""
_ROOM_BEATS = 24
"""A section of less would have to hurry before it, to end on its millisecond."""


def ritardando(genre: Genre, mood: Mood, beats: float) -> float:
    """Return how much a song slows down at the end of its last section, as a share; 0 for genres of a machine's pulse.

    Calm endings settle and bright ones broaden; restless and frightened ones stop dead.
    """
    free = genre in (Genre.AMBIENT, Genre.CINEMATIC) or (genre is Genre.INDIAN and mood.arousal < 0.5)
    settles = mood.arousal < 0.5 or (mood.valence > 0 and mood.arousal <= 0.9)
    return SLOWING if free and settles and beats >= _ROOM_BEATS else 0.0


def transition(stage: Stage, groove: Groove) -> Iterator[tuple[str, str, list[Note]]]:
    """Yield what leads out of a section; nothing where the next one is much like it, or where there is none."""
    last = stage.bars[-1]
    if stage.step_up > 0.15 and stage.end - stage.start > RISER_S + 1:
        yield "percussion", "riser", [Note(stage.end - RISER_S, RISER_S, 60, 70 + round(30 * stage.step_up))]
    elif stage.step_up < -0.15 and groove.kit != "808-kit":
        beats = min(2.0, last.beats)
        first = last.start + last.beats - beats
        swell = [(n, loudness(last, 1 + 4 * n / 8)) for n in range(int(beats * 4))]
        yield "percussion", "taiko", [Note(stage.at(first + n / 4), 0.3, 41, v) for n, v in swell]
