"""One sound made ready for the browser: measured as it is, drawn, and packed small. Its level is never changed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, log10
from typing import Literal, TypeAlias

import numpy as np

from tonnbook.widgets.player.sources import Audio, Source

Format: TypeAlias = Literal["ogg", "mp3", "flac", "wav"]

COLUMNS = 600
_SMALL = 3_000_000
"""Bytes up to which a file that browsers read goes out as it is; about what 30 s of stereo FLAC take."""

_SHORT_S = 45.0


@dataclass(frozen=True)
class Packed:
    """The bytes that the browser decodes and offers for download."""

    format: Format
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Track:
    """What a player knows about one sound. `peak_db` is the sample peak in dBFS, `lufs` the integrated loudness (BS.1770)."""

    name: str
    seconds: float
    rate: int
    channels: int
    lufs: float
    peak_db: float
    peaks: str
    """The drawing: two bytes per column, the square roots of peak and RMS in 1/255, as base64."""

    @property
    def level(self) -> str:
        """Loudness and peak in words."""
        over = "+" if self.peak_db >= 0.05 else ""
        return f"{signed(self.lufs)} LUFS, peak {over}{signed(self.peak_db)} dBFS"


def measured(name: str, audio: Audio, rate: int) -> Track:
    """Measure and draw `audio`."""
    from tonnbook.dsp.loudness import integrated_loudness

    peak = float(np.abs(audio).max())
    return Track(
        name=name,
        seconds=audio.shape[1] / rate,
        rate=rate,
        channels=audio.shape[0],
        lufs=integrated_loudness(audio, rate),
        peak_db=20 * log10(peak) if peak else -np.inf,
        peaks=drawn(audio),
    )


def drawn(audio: Audio, columns: int = COLUMNS) -> str:
    """Return the outline of a sound for `Track.peaks`. The root keeps a quiet voice visible beside a loud drum."""
    edges = np.linspace(0, audio.shape[1], min(columns, audio.shape[1]) + 1).astype(int)[:-1]
    peak = np.maximum.reduceat(np.abs(audio).max(axis=0), edges)
    power = np.add.reduceat((audio * audio).mean(axis=0), edges) / np.diff(edges, append=audio.shape[1])
    heights = np.sqrt(np.clip(np.stack([peak, np.sqrt(power)], axis=1), 0.0, 1.0))
    return base64.b64encode(np.rint(heights * 255).astype(np.uint8).tobytes()).decode("ascii")


def packed(source: Source, audio: Audio, rate: int, as_it_is: bool) -> Packed:
    """Return what is sent to the browser: the file itself where `as_it_is`, else Vorbis."""
    from tonnbook import audio_files

    if as_it_is and source.path is not None:
        kind: Format = audio_files.info(source.path).format  # type: ignore[assignment]  # one of those `passable` lets through
        return Packed(kind, source.path.read_bytes())
    return Packed("ogg", audio_files.encode(audio, rate, "ogg"))


def packed_to_compare(audio: Audio, rate: int) -> Packed:
    """Return what is sent of one side of a comparison: no coder between the ear and a short sound, Vorbis for the rest.

    Vorbis also for what lies over full scale, which FLAC cannot hold.
    """
    from tonnbook import audio_files

    lossless = audio.shape[1] <= _SHORT_S * rate and np.abs(audio).max() <= 1.0
    kind: Format = "flac" if lossless else "ogg"
    return Packed(kind, audio_files.encode(audio, rate, kind))


def packed_as_mp3(source: Source) -> Packed:
    """Return the sound as MP3, for a browser without Vorbis."""
    from tonnbook import audio_files

    audio, rate = source.read()
    if rate > 48000:
        audio, rate = source.read(48000)
    return Packed("mp3", audio_files.encode(audio, rate, "mp3"))


def passable(sources: Sequence[Source]) -> list[bool]:
    """Return for each source whether its file can go to the browser as it is.

    Coders of MP3 shift the sound by some milliseconds, so MP3 goes with MP3 or alone: the others would be out of step.
    """
    kinds = [_kind(source) for source in sources]
    all_mp3 = all(kind == "mp3" for kind in kinds)
    return [kind == "mp3" if all_mp3 else kind in ("flac", "ogg") for kind in kinds]


def _kind(source: Source) -> str:
    from tonnbook import audio_files

    if source.path is None or source.path.stat().st_size > _SMALL:
        return ""
    return audio_files.info(source.path).format


def signed(level: float) -> str:
    """Return a level in dB, LU or LUFS with one digit and a true minus sign."""
    if not isfinite(level):
        return "\N{MINUS SIGN}\N{INFINITY}"
    rounded = round(level, 1) + 0.0
    return f"\N{MINUS SIGN}{-rounded:.1f}" if rounded < 0 else f"{rounded:.1f}"
