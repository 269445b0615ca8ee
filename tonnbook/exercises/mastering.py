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
    """`notes.gain_reduction` is the gain reduction of the limiter over time, `notes.before` contains the PLR. The first song is the answer.

    A high PLR suggests much gain reduction, but does not determine it: it depends on the single highest peak. The tonal match before
    the limiter raises or lowers the frequencies that the peaks consist of, and a clipper before it reduces hits that stand far out.
    """
    found = {s.name: (max(s.notes.gain_reduction.values), s.notes.before.plr_lu) for s in masters}
    return dict(sorted(found.items(), key=lambda song: song[1], reverse=True))


async def one_decibel_apart(tonn: TonnClient, songs: dict[str, Path], folder: Path) -> Any:
    """`forced_loudness_lufs` replaces the preset, in whole LUFS. Each song is a separate request, so each can have its own value."""
    builder = tb.AlbumBuilder(songs, forced_loudness=True, forced_loudness_lufs=-14)
    builder.set("04_open_sky", forced_loudness_lufs=-15)
    return await tonn.master_all(builder.requests, folder / "forced")


async def louder(tonn: TonnClient, songs: dict[str, Path], quiet: Any) -> Player:
    """At equal loudness the louder master has no advantage left, only the cost: flatter hits. Its PLR shows by how much."""
    loud = await tonn.master(songs[quiet.name], "POP", "HIGH")
    return tb.compare(quiet.master, loud.playable["master"], names=("-14 LUFS", "-8 LUFS"))


SOLUTIONS: tuple[Callable[..., Any], ...] = (most_limited, one_decibel_apart, louder)
"""In the order of the exercises: 02-1, 02-2, ..."""
