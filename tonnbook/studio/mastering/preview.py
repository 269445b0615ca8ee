"""Write the preview of a master: thirty seconds of the finished file, as an MP3 as loud as the master itself.

An MP3 has higher peaks than the audio it was encoded from, at -8 LUFS by more than 1 dB (measured). So the excerpt is limited to -2.5
dBTP at its own loudness before it is encoded. Where that would need more than a little drive, the ceiling is raised as far as this
encoding allows; where the peaks are still too high, the preview is turned down.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.clip import SoftClipper
from tonnbook.dsp.levels import Array, db, to_gain
from tonnbook.dsp.limiter import Limiter
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.studio.mastering.loudness_search import GainSearch
from tonnbook.studio.measure.song_features import SongFeatures

PREVIEW_S = 30.0
PREVIEW_CEILING_DBTP = -2.5
"""Ceiling of the limiter before the encoder, where the loudness of the excerpt permits it."""
PEAK_DBTP = -1.0
"""Highest true peak of a decoded preview."""
NEAR_LU = 0.1
"""Within this of the loudness of the master, the notes call a preview as loud."""

_HOP = 10  # steps of 10 ms between two starts that are compared
_FADE_IN_S, _FADE_OUT_S = 0.02, 0.2
_MAX_TRIES, _MAX_ENCODINGS = 6, 3
_CLOSE_LU, _NEAR_ENOUGH_LU = 0.04, 0.08
_DRIVE_DB, _MOST_DRIVE_DB = 0.5, 3.0
_CLIP_OVER_DB = 0.5
_MARGIN_DB = 0.05
_WORTH_IT_DB = 0.1


def preview_start(features: SongFeatures, requested_s: float | None) -> float:
    """Return where the preview starts, in s: at `requested_s`, clamped, or where the 30 s with the highest RMS start, the first of equals."""
    latest = max(0.0, features.seconds - PREVIEW_S)
    if requested_s is not None:
        return min(requested_s, latest)
    window = round(PREVIEW_S * 100)
    sums = np.concatenate([[0.0], np.cumsum(features.powers)])
    starts = np.arange(0, len(features.powers) - window + 1, _HOP)
    if not len(starts):
        return 0.0
    powers = sums[starts + window] - sums[starts]
    first = int(np.argmax(powers >= powers.max() * (1.0 - 1e-9)))
    return min(float(starts[first]) / 100.0, latest)


@dataclass(frozen=True)
class Preview:
    """A preview on disk."""

    path: Path
    quieter_lu: float
    """By how much it is quieter than that part of the master."""
    true_peak_dbtp: float
    """True peak of the decoded file."""


def write_preview(master: Path, start_s: float, out: Path) -> Preview:
    """Cut 30 s from a finished master at `start_s` and encode them so that the decoded peaks stay below `PEAK_DBTP`."""
    found = audio_files.info(master)
    stop_s = min(start_s + PREVIEW_S, found.seconds)
    audio = np.concatenate(list(audio_files.blocks(master, start_s=start_s, stop_s=stop_s)), axis=1)
    _fade(audio, found.rate, at_the_start=start_s > 0.0, at_the_end=stop_s < found.seconds)
    loudness = integrated_loudness(audio, found.rate)
    aim_lufs, ceiling_db = loudness, PREVIEW_CEILING_DBTP
    for _ in range(_MAX_ENCODINGS):
        limited, full = _limited(audio, found.rate, ceiling_db, aim_lufs)
        peak, reached = _encoded(out, limited, found.rate)
        fitting = ceiling_db + PEAK_DBTP - peak - _MARGIN_DB  # the ceiling that would use up the peak
        short = loudness - reached if isfinite(loudness) else 0.0
        if peak <= PEAK_DBTP and (abs(short) <= _NEAR_ENOUGH_LU or (not full and fitting < ceiling_db + _WORTH_IT_DB)):
            break
        if full:
            aim_lufs += short  # the encoder drops what is above 16 kHz
        if peak > PEAK_DBTP or not full:
            ceiling_db = fitting
    while peak > PEAK_DBTP:
        limited = limited * to_gain(PEAK_DBTP - peak - _MARGIN_DB)
        peak, reached = _encoded(out, limited, found.rate)
    return Preview(out, loudness - reached if isfinite(loudness) else 0.0, peak)


def _encoded(out: Path, audio: Array, rate: int) -> tuple[float, float]:
    """Encode the audio into a file; return the true peak and the loudness of the decoded file."""
    audio_files.write(out, audio, rate)
    decoded, _ = audio_files.read(out)
    return true_peak_db(decoded, rate), integrated_loudness(decoded, rate)


def _fade(audio: Array, rate: int, *, at_the_start: bool, at_the_end: bool) -> None:
    if at_the_start:
        length = min(round(_FADE_IN_S * rate), audio.shape[1])
        audio[:, :length] *= np.linspace(0.0, 1.0, length)
    if at_the_end:
        length = min(round(_FADE_OUT_S * rate), audio.shape[1])
        audio[:, audio.shape[1] - length :] *= np.linspace(1.0, 0.0, length)


def _limited(audio: Array, rate: int, ceiling_db: float, loudness_lufs: float) -> tuple[Array, bool]:
    """Return the audio limited to the ceiling, and whether it has the loudness: with the most drive it may stay quieter."""
    if true_peak_db(audio, rate) <= ceiling_db or not isfinite(loudness_lufs):
        return audio * to_gain(min(0.0, ceiling_db - db(float(np.abs(audio).max(initial=0.0))))), True
    search = GainSearch(loudness_lufs, _DRIVE_DB)
    while True:
        gain_db = search.gain_db = min(search.gain_db, _MOST_DRIVE_DB)
        limiter = Limiter(rate, 2, ceiling_db)
        clipper = SoftClipper(2, ceiling_db + _CLIP_OVER_DB)
        louder = audio * to_gain(gain_db)
        rounded = np.concatenate([clipper.process(louder), clipper.flush()], axis=1)
        limited = np.concatenate([limiter.process(rounded), limiter.flush()], axis=1)
        now = integrated_loudness(limited, rate)
        if search.add(now) <= _CLOSE_LU:
            return limited, True
        if search.tries >= _MAX_TRIES or (gain_db >= _MOST_DRIVE_DB and now < loudness_lufs):
            return limited, now > loudness_lufs - _NEAR_ENOUGH_LU
