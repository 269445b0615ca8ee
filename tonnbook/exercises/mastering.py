"""Solutions of lesson 02, batch mastering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tonnbook as tb

if TYPE_CHECKING:
    from tonnbook.clients.tonn import TonnClient
    from tonnbook.widgets.player.player import Player


def most_limited(masters: Any) -> dict[str, tuple[float, float]]:
    """The limiter's work over time stands in `notes.gain_reduction`, the PLR in `notes.before`. The first song here is the answer.

    A high PLR lets one expect much work, and does not settle it: it tells of the one highest peak. Before the limiter comes the tonal
    match, which lifts or lowers what the peaks are made of, and where the hits stand far out the clip, which has taken its part by then.
    """
    found = {s.name: (max(s.notes.gain_reduction.values), s.notes.before.plr_lu) for s in masters}
    return dict(sorted(found.items(), key=lambda song: song[1], reverse=True))


async def one_decibel_apart(tonn: TonnClient, songs: dict[str, Path], folder: Path) -> Any:
    """`forced_loudness_lufs` takes the place of the preset, in whole LUFS. Each song is a request of its own, so each can have
    its own number.
    """
    builder = tb.AlbumBuilder(songs, forced_loudness=True, forced_loudness_lufs=-14)
    builder.set("04_open_sky", forced_loudness_lufs=-15)
    return await tonn.master_all(builder.requests, folder / "forced")


async def louder(tonn: TonnClient, songs: dict[str, Path], quiet: Any) -> Player:
    """At equal loudness the louder master has nothing left but what it cost: the hits are flatter. Its PLR says by how much."""
    loud = await tonn.master(songs[quiet.name], "POP", "HIGH")
    return tb.compare(quiet.master, loud.playable["master"], names=("-14 LUFS", "-8 LUFS"))


SOLUTIONS: tuple[Callable[..., Any], ...] = (most_limited, one_decibel_apart, louder)
"""In the order of the exercises: 02-1, 02-2, ..."""
