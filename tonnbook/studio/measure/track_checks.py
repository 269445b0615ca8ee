"""Check that a file is a recording the studio can work on, before any work is done on it."""

from __future__ import annotations

from math import inf, isfinite
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.errors import AudioError

RATES = range(8_000, 192_001)
"""Sample rates in Hz that the studio reads."""

SILENCE = 1e-6
"""A recording whose samples all stay at or below this amplitude (-120 dBFS) counts as silent."""


def check_track(path: Path, name: str, max_seconds: float) -> None:
    """Raise AudioError, naming the track, if it has the wrong format, is longer than `max_seconds`, is silent or cannot be decoded.

    The file bears the track's name, so that the errors of `audio_files` name the track too.
    """
    check_format(audio_files.info(path), name, max_seconds)
    for block in audio_files.blocks(path):  # up to the first sound, which is in the first block of most files
        if np.abs(block).max(initial=0.0) > SILENCE:
            return
    raise silence(name)


def check_format(found: audio_files.AudioInfo, name: str, max_seconds: float = inf) -> None:
    """Raise AudioError, naming the track, if its header gives a wrong number of channels, sample rate or length."""
    check_channels(found, name)
    if found.rate not in RATES:
        raise AudioError(f"{name} has a sample rate of {found.rate} Hz; {RATES[0]} to {RATES[-1]} Hz are read")
    if found.seconds > max_seconds:
        raise AudioError(f"{name} lasts {_duration(found.seconds)}; at most {_duration(max_seconds)} are allowed")


def check_channels(found: audio_files.AudioInfo, name: str) -> None:
    """Raise AudioError, naming the track, if it is neither mono nor stereo."""
    if found.channels > 2:
        raise AudioError(f"{name} has {found.channels} channels; mono and stereo are read")


def check_loudness(loudness_lufs: float, name: str) -> None:
    """Raise AudioError, naming the track, if its loudness could not be measured."""
    if not isfinite(loudness_lufs):
        raise AudioError(f"{name} is too short or too quiet to be measured: loudness needs 0.4 s above -70 LUFS.")


def silence(name: str) -> AudioError:
    """Return the error for a track that is silent."""
    return AudioError(f"{name} is silent from beginning to end; leave it out or export it again")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.1f} s" if minutes else f"{rest:.1f} s"
