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


def pan_preferences(stems: Mapping[str, Path]) -> MixRequest:
    """A preference is one field of one track. `panPreference` changes from `NO_PREFERENCE` to `LEFT` and `RIGHT` in two tracks, and
    nothing else changes in the request. In the mix these two tracks move, and all others stay at their positions.
    """
    wider = tb.MixBuilder(stems, style="POP").set("guitar", pan="LEFT").set("synth", pan="RIGHT")
    return wider.request


def deepest_cut(preview: MixPreview) -> Axes:
    """Every EQ band of every track is in `preview.settings`; the deepest cut has the smallest gain.
    `tb.reasons(preview, name)` gives the reason for it.
    """
    bands = [(band.gain_db, band.centre_hz, name) for name, track in preview.settings.items() for band in track.eq]
    _, _, name = min(bands)
    return tb.plots.plot_eq(preview, track=name)


async def own_changes(tonn: TonnClient, preview: MixPreview, final: FinalMix) -> Player:
    """`gain_db` is added to the gain of the preview; `eq=()` removes the EQ; everything else stays. -60 dB, the minimum, nearly mutes
    a track.
    """
    changes = {
        "bass": tb.TrackEffects(gain_db=2),
        "pad": tb.TrackEffects(eq=()),
        "guitar": tb.TrackEffects(gain_db=-60),
    }
    mine = await tonn.final_mix(preview, changes)
    return tb.compare(final, mine, names=("automatic", "mine"))


def without_the_singer(final: FinalMix) -> Player:
    """The stems add up to the mix, so all stems except the vocal are the mix without the singer and without the reverb of the voice.
    (`play` plays the sum of a mapping of sounds.)
    """
    band = {name: stem for name, stem in final.stems.items() if name != "vocal.flac"}
    return tb.play(band)


SOLUTIONS: tuple[Callable[..., Any], ...] = (pan_preferences, deepest_cut, own_changes, without_the_singer)
"""In the order of the exercises: 01-1, 01-2, ..."""
