"""Prepare one sound for the browser: measure it, compute its waveform, and encode it. The level is never changed."""

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
_MAX_UNCHANGED_BYTES = 3_000_000
"""Files up to this size are sent unchanged if browsers can read them; about 30 s of stereo FLAC."""

_MAX_LOSSLESS_S = 45.0
EXCERPTS_S = 11.0
"""Length of all excerpts of one player together: 48 kbit/s mono, so about 66 kB, or 88 kB as base64."""

SHORTEST_EXCERPT_S = 4.0
"""Shortest excerpt of one sound in a comparison: long enough for a bar and its repetition."""

_EXCERPT_RATE = 22050


@dataclass(frozen=True)
class Encoded:
    """An encoded sound, which the browser decodes and offers for download."""

    format: Format
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Track:
    """Measurements of one sound. `peak_db` is the sample peak in dBFS, `lufs` the integrated loudness (BS.1770)."""

    name: str
    seconds: float
    rate: int
    channels: int
    lufs: float
    peak_db: float
    peaks: str
    """The waveform: two bytes per column, the square roots of peak and RMS in 1/255, as base64."""

    @property
    def level(self) -> str:
        """Loudness and peak as text."""
        over = "+" if self.peak_db >= 0.05 else ""
        return f"{format_level(self.lufs)} LUFS, peak {over}{format_level(self.peak_db)} dBFS"


def measure_track(name: str, audio: Audio, rate: int) -> Track:
    """Return the loudness, the peak and the waveform of `audio`."""
    from tonnbook.dsp.loudness import integrated_loudness

    peak = float(np.abs(audio).max())
    return Track(
        name=name,
        seconds=audio.shape[1] / rate,
        rate=rate,
        channels=audio.shape[0],
        lufs=integrated_loudness(audio, rate),
        peak_db=20 * log10(peak) if peak else -np.inf,
        peaks=waveform(audio),
    )


def waveform(audio: Audio, columns: int = COLUMNS) -> str:
    """Return the waveform for `Track.peaks`. Square roots keep a quiet voice visible beside a loud drum."""
    edges = np.linspace(0, audio.shape[1], min(columns, audio.shape[1]) + 1).astype(int)[:-1]
    peak = np.maximum.reduceat(np.abs(audio).max(axis=0), edges)
    power = np.add.reduceat((audio * audio).mean(axis=0), edges) / np.diff(edges, append=audio.shape[1])
    heights = np.sqrt(np.clip(np.stack([peak, np.sqrt(power)], axis=1), 0.0, 1.0))
    return base64.b64encode(np.rint(heights * 255).astype(np.uint8).tobytes()).decode("ascii")


# ---- encoding for the player


def encode(source: Source, audio: Audio, rate: int, unchanged: bool) -> Encoded:
    """Return what is sent to the browser: the file itself if `unchanged`, else Vorbis."""
    from tonnbook import audio_files

    if unchanged and source.path is not None:
        kind: Format = audio_files.info(source.path).format  # type: ignore[assignment]  # one of those in `can_send_unchanged`
        return Encoded(kind, source.path.read_bytes())
    return Encoded("ogg", audio_files.encode(audio, rate, "ogg"))


def encode_for_comparison(audio: Audio, rate: int) -> Encoded:
    """Return one side of a comparison: FLAC up to 45 s, so that no lossy codec affects the comparison; else Vorbis.

    Vorbis also for samples over full scale, which FLAC cannot hold.
    """
    from tonnbook import audio_files

    lossless = audio.shape[1] <= _MAX_LOSSLESS_S * rate and np.abs(audio).max() <= 1.0
    kind: Format = "flac" if lossless else "ogg"
    return Encoded(kind, audio_files.encode(audio, rate, kind))


def encode_as_mp3(source: Source) -> Encoded:
    """Return the sound as MP3, for a browser without Vorbis."""
    from tonnbook import audio_files

    audio, rate = source.read()
    if rate > 48000:
        audio, rate = source.read(48000)
    return Encoded("mp3", audio_files.encode(audio, rate, "mp3"))


def can_send_unchanged(sources: Sequence[Source]) -> list[bool]:
    """Return for each source whether its file can be sent to the browser unchanged.

    MP3 encoders delay the sound by some milliseconds, so MP3 files are sent only if all are MP3: mixed with other formats they
    would be out of sync.
    """
    kinds = [_format_if_small(source) for source in sources]
    all_mp3 = all(kind == "mp3" for kind in kinds)
    return [kind == "mp3" if all_mp3 else kind in ("flac", "ogg") for kind in kinds]


def _format_if_small(source: Source) -> str:
    from tonnbook import audio_files

    if source.path is None or source.path.stat().st_size > _MAX_UNCHANGED_BYTES:
        return ""
    return audio_files.info(source.path).format


# ---- excerpts for the static HTML


def loudest_start(audio: Audio, rate: int, seconds: float) -> int:
    """Return the first frame of the loudest `seconds` of a sound."""
    step = rate // 10
    power = np.add.reduceat((audio * audio).sum(axis=0), np.arange(0, audio.shape[1], step))
    length = max(1, round(seconds * rate / step))
    if len(power) <= length:
        return 0
    sums = np.convolve(power, np.ones(length), "valid")
    return int(np.argmax(sums > sums.max() * (1 - 1e-9))) * step


def excerpt(audio: Audio, rate: int, start: int, seconds: float, gain: float = 1.0, kbps: int = 96) -> bytes:
    """Return a part of a sound as a small mono MP3, faded in and out over 20 ms and never clipped.

    `kbps` is the bit rate for stereo; mono gets half of it.
    """
    from tonnbook import audio_files

    mono = audio[:, start : start + round(seconds * rate)].mean(axis=0) * gain
    small = _resample_excerpt(mono, rate)
    fade = np.minimum(1.0, np.arange(len(small)) / (0.02 * _EXCERPT_RATE))
    faded = small * fade * fade[::-1]
    peak = float(np.abs(faded).max(initial=0.0))
    return audio_files.encode(faded[np.newaxis] / max(1.0, peak), _EXCERPT_RATE, "mp3", kbps=kbps)


def _resample_excerpt(mono: Audio, rate: int) -> Audio:
    """Resample by cutting the spectrum, which is exact for a whole excerpt."""
    frames = max(1, round(len(mono) * _EXCERPT_RATE / rate))
    spectrum = np.fft.rfft(mono)
    return np.fft.irfft(spectrum[: frames // 2 + 1], frames) * (frames / len(mono))


def format_level(level: float) -> str:
    """Return a level in dB, LU or LUFS with one digit and a true minus sign."""
    if not isfinite(level):
        return "\N{MINUS SIGN}\N{INFINITY}"
    rounded = round(level, 1) + 0.0
    return f"\N{MINUS SIGN}{-rounded:.1f}" if rounded < 0 else f"{rounded:.1f}"
