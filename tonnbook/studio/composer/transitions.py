"""What happens where sections meet: a reversed cymbal into a fuller one, a soft roll out of a livelier one."""

from __future__ import annotations

from collections.abc import Iterator

from tonnbook.studio.composer.comping import loudness
from tonnbook.studio.composer.patterns import Groove
from tonnbook.studio.composer.score import Note, Stage

RISER_S = 2.05
"""How long the reversed cymbal of the bank takes to its peak, in seconds."""


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
