"""The preview of a master: thirty seconds of the finished file, as an MP3 that plays at the master's own loudness.

An MP3 overshoots the peaks of what went in, at -8 LUFS by more than 1 dB (measured). So the excerpt is limited once more, to -2.5 dBTP and at
the loudness it has in the master, before it is encoded.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.levels import Array, db, to_gain
from tonnbook.dsp.limiter import Limiter
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.studio.mastering_features import SongFeatures
from tonnbook.studio.mastering_search import GainSearch

PREVIEW_S = 30.0
CEILING_DBTP = -2.5
_HOP = 10  # steps of 10 ms between two places that are tried
_FADE_IN_S, _FADE_OUT_S = 0.02, 0.2
_NEAR_ENOUGH_LU = 0.04
_TRIES = 8


def preview_start(features: SongFeatures, wished_s: float | None) -> float:
    """Return where the preview starts: at `wished_s`, clamped, or at the 30 s with the highest RMS, the first of equals."""
    latest = max(0.0, features.seconds - PREVIEW_S)
    if wished_s is not None:
        return min(wished_s, latest)
    window = round(PREVIEW_S * 100)
    sums = np.concatenate([[0.0], np.cumsum(features.powers)])
    starts = np.arange(0, len(features.powers) - window + 1, _HOP)
    if not len(starts):
        return 0.0
    powers = sums[starts + window] - sums[starts]
    first = int(np.argmax(powers >= powers.max() * (1.0 - 1e-9)))
    return min(float(starts[first]) / 100.0, latest)


def write_preview(master: Path, start_s: float, out: Path) -> Path:
    """Cut the preview out of a finished master and encode it."""
    found = audio_files.info(master)
    stop_s = min(start_s + PREVIEW_S, found.seconds)
    audio = np.concatenate(list(audio_files.blocks(master, start_s=start_s, stop_s=stop_s)), axis=1)
    _fade(audio, found.rate, at_the_start=start_s > 0.0, at_the_end=stop_s < found.seconds)
    return audio_files.write(out, _with_headroom(audio, found.rate), found.rate)


def _fade(audio: Array, rate: int, *, at_the_start: bool, at_the_end: bool) -> None:
    if at_the_start:
        length = min(round(_FADE_IN_S * rate), audio.shape[1])
        audio[:, :length] *= np.linspace(0.0, 1.0, length)
    if at_the_end:
        length = min(round(_FADE_OUT_S * rate), audio.shape[1])
        audio[:, audio.shape[1] - length :] *= np.linspace(1.0, 0.0, length)


def _with_headroom(audio: Array, rate: int) -> Array:
    """Return the audio below the ceiling and as loud as before, as far as that goes."""
    loudness = integrated_loudness(audio, rate)
    if true_peak_db(audio, rate) <= CEILING_DBTP or not isfinite(loudness):
        return audio * to_gain(min(0.0, CEILING_DBTP - db(float(np.abs(audio).max(initial=0.0)))))
    search = GainSearch(loudness, 0.0)
    while True:
        limiter = Limiter(rate, 2, CEILING_DBTP)
        limited = np.concatenate([limiter.process(audio * to_gain(search.gain_db)), limiter.flush()], axis=1)
        if search.heard(integrated_loudness(limited, rate)) <= _NEAR_ENOUGH_LU or search.tries >= _TRIES:
            return limited
