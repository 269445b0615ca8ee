"""Is this file a track the mix can use? Asked of every track before any work is done for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.errors import AudioError

RATES = range(8_000, 192_001)
"""Sample rates in Hz that the studio reads."""

SILENCE = 1e-6
"""Amplitude (-120 dBFS) that a track has to pass somewhere."""


def check_track(path: Path, name: str, max_seconds: float) -> None:
    """Raise AudioError that names the track and says what is wrong with it, and what would do.

    The file bears the track's name, so that what `audio_files` says of it names the track too.
    """
    problem = _problem(audio_files.info(path), max_seconds) or _silence(path)
    if problem:
        raise AudioError(f"{name} {problem}")


def _problem(found: audio_files.AudioInfo, max_seconds: float) -> str | None:
    if found.channels > 2:
        return f"has {found.channels} channels; mono and stereo are read"
    if found.rate not in RATES:
        return f"has a sample rate of {found.rate} Hz; {RATES[0]} to {RATES[-1]} Hz are read"
    if found.seconds > max_seconds:
        return f"lasts {_clock(found.seconds)}; at most {_clock(max_seconds)} are allowed"
    return None


def _silence(path: Path) -> str | None:
    """Decode up to the first sound, which is the first block of most files."""
    for block in audio_files.blocks(path):
        if np.abs(block).max(initial=0.0) > SILENCE:
            return None
    return "is silent from beginning to end; leave it out or export it again"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.1f} s" if minutes else f"{rest:.1f} s"
