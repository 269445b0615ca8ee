"""Solutions of lesson 02, batch mastering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tonnbook as tb

if TYPE_CHECKING:
    from tonnbook.clients.tonn import TonnClient
    from tonnbook.widgets.player import Player


def most_limited(masters: Any) -> tuple[str, float]:
    """The limiter's work over time stands in `notes.gain_reduction`. The song with the highest peaks over its own loudness
    (its PLR before) has to give most.
    """
    worst = max(masters, key=lambda song: max(song.notes.gain_reduction.values))
    return worst.name, worst.notes.before.plr_lu


async def one_decibel_apart(tonn: TonnClient, songs: dict[str, Path], folder: Path) -> Any:
    """`forced_loudness_lufs` takes the place of the preset, in whole LUFS. Each song is a request of its own, so each can have
    its own number.
    """
    builder = tb.MasteringBuilder(songs, forced_loudness=True, forced_loudness_lufs=-14)
    builder.set("04_open_sky", forced_loudness_lufs=-15)
    return await tonn.master_all(builder.requests, folder / "forced")


async def louder(tonn: TonnClient, songs: dict[str, Path], quiet: Any) -> Player:
    """At equal loudness the louder master has nothing left but what it cost: the hits are flatter. Its PLR says by how much."""
    loud = await tonn.master(songs[quiet.name], "POP", "HIGH")
    return tb.compare(quiet.master, loud.playable["master"], names=("-14 LUFS", "-8 LUFS"))


SOLUTIONS: tuple[Callable[..., Any], ...] = (most_limited, one_decibel_apart, louder)
"""In the order of the exercises: 02-1, 02-2, ..."""
