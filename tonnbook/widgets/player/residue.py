"""What a cleanup took away, to be heard alone."""

from __future__ import annotations

import numpy as np

from tonnbook import audio_files
from tonnbook.models.cleanup import Cleanup
from tonnbook.widgets.player.compare import original_of
from tonnbook.widgets.player.play import play
from tonnbook.widgets.player.player import Player
from tonnbook.widgets.player.tracks import signed


def taken_away(cleaned: Cleanup, *, gain_db: float = 0.0) -> Player:
    """Return a player of what a cleanup took away: the recording as it came, less the cleaned one, sample by sample.

    It is often faint; `gain_db` turns it up, and the title says so. Raises TypeError where the recording is not on this machine.
    """
    if not isinstance(cleaned, Cleanup):
        raise TypeError(f"taken_away takes what tonn.clean_up returns, not {type(cleaned).__name__}")
    (original,) = original_of(cleaned).values()
    after, rate = audio_files.read(cleaned.cleaned.path)
    before, _ = audio_files.read(original, rate)
    frames = min(before.shape[1], after.shape[1])
    gone = np.asarray(before[:, :frames] - after[:, :frames]) * 10.0 ** (gain_db / 20.0)
    louder = f", turned up by {signed(gain_db)} dB" if gain_db else ""
    return play(gone, rate=rate, title=f"What was taken away{louder}")
