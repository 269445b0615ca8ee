"""Solutions of lesson 01, mixing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tonnbook as tb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tonnbook.clients.tonn import TonnClient
    from tonnbook.models.mixing import FinalMix, MixPreview, MixRequest
    from tonnbook.widgets.player.player import Player


def wishes(stems: Mapping[str, Path]) -> MixRequest:
    """A wish is one field of one track. `panPreference` turns from `NO_PREFERENCE` to `LEFT` and `RIGHT` in two places, and no
    other word changes. In the mix these two tracks move, and every other stays where it was.
    """
    wider = tb.MixBuilder(stems, style="POP").set("guitar", pan="LEFT").set("synth", pan="RIGHT")
    return wider.request


def deepest_cut(preview: MixPreview) -> Axes:
    """Every EQ band of every track stands in `preview.settings`; the deepest cut is the smallest gain.
    Why it is there, `tb.reasons(preview, name)` tells.
    """
    bands = [(band.gain_db, band.centre_hz, name) for name, track in preview.settings.items() for band in track.eq]
    _, _, name = min(bands)
    return tb.plots.plot_eq(preview, track=name)


async def own_taste(tonn: TonnClient, preview: MixPreview, final: FinalMix) -> Player:
    """`gain_db` is added to what the preview had; `eq=()` takes the EQ out; what is not named stays. -60 dB, the lowest there
    is, all but mutes a track.
    """
    changes = {
        "bass": tb.TrackEffects(gain_db=2),
        "pad": tb.TrackEffects(eq=()),
        "guitar": tb.TrackEffects(gain_db=-60),
    }
    mine = await tonn.final_mix(preview, changes)
    return tb.compare(final, mine, names=("theirs", "mine"))


def without_the_singer(final: FinalMix) -> Player:
    """The stems sum to the mix, so everything but the vocal is the mix without the singer, reverb and all. (A mapping of
    sounds, played, is their sum.)
    """
    band = {name: stem for name, stem in final.stems.items() if name != "vocal.flac"}
    return tb.play(band)


SOLUTIONS: tuple[Callable[..., Any], ...] = (wishes, deepest_cut, own_taste, without_the_singer)
"""In the order of the exercises: 01-1, 01-2, ..."""
