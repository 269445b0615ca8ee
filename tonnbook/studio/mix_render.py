"""The render: one pass through all channels and the mix bus, in blocks, to files of floating-point numbers.

The level of a mix is known only when all of it has been heard. So this pass writes the mix and, if asked for, the stems in 32-bit
float and measures them; `mix_delivery` then scales the files. Each channel is computed once.

Nothing depends on timing: each channel runs on its own, and the sum is made in the order of the names, in 64-bit float.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np

from tonnbook.audio_files import Writer
from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.levels import Array, peak, to_gain
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.reverb import impulse_response
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.studio.mix_bus import MOST_REDUCTION_DB, BusDecision
from tonnbook.studio.mix_channel import BLOCK, Channel
from tonnbook.studio.mix_decision import MixDecision
from tonnbook.studio.mix_listening import Progress, TrackFile

PREROLL_S = 2.0
"""Played before an excerpt and thrown away: filters, compressors and reverb are in their state when it begins."""
_FADE_IN_S, _FADE_OUT_S = 0.02, 0.2


@dataclass(frozen=True)
class Excerpt:
    """A part of the song."""

    start_s: float
    length_s: float


@dataclass(frozen=True)
class Rendered:
    """Float files before the level is set, and what was measured on them."""

    mix: Path
    stems: Mapping[str, Path]
    loudness_lufs: float
    true_peak_dbtp: float
    highest_stem_peak: float
    """Largest sample of any stem, 0.0 without stems."""


class _Bus:
    """The mix bus: one gain for every frame, the same for the mix and for each stem."""

    def __init__(self, decision: BusDecision, rate: int) -> None:
        drc = decision.compression
        self._compressor = (
            Compressor(drc.threshold_db, drc.ratio, drc.attack_ms, drc.release_ms, rate) if drc is not None else None
        )

    def gain(self, mix: Array) -> Array | float:
        """Return the gain for each frame of the sum of all channels."""
        if self._compressor is None:
            return 1.0
        return np.asarray(to_gain(-np.minimum(self._compressor.reduction(mix), MOST_REDUCTION_DB)))


def render(
    tracks: Sequence[TrackFile],
    decision: MixDecision,
    rate: int,
    folder: Path,
    pool: Executor,
    progress: Progress,
    *,
    stems: bool = False,
    excerpt: Excerpt | None = None,
    block: int = BLOCK,
) -> Rendered:
    """Render the decided mix, or an excerpt of it, into float WAV files in `folder`."""
    tracks = sorted(tracks, key=lambda track: track.name)
    channels = _channels(tracks, decision, rate, excerpt, block)
    window = _Window(rate, excerpt)
    bus = _Bus(decision.bus, rate)
    loudness, true_peak, highest = LoudnessMeter(rate, 2), TruePeakMeter(rate, 2), 0.0
    paths = {track.name: folder / f"stem {n}.wav" for n, track in enumerate(tracks)} if stems else {}
    length_s = excerpt.length_s if excerpt else decision.seconds
    with ExitStack() as files:
        mix_file = files.enter_context(Writer(folder / "mix.wav", rate, 2, bit_depth=32))
        stem_files = [files.enter_context(Writer(path, rate, 2, bit_depth=32)) for path in paths.values()]
        for played, mix in _played(channels, pool):
            kept, gain = window.cut(mix.shape[1], bus.gain(mix))
            if kept.start == kept.stop:
                continue
            total = mix[:, kept] * gain
            mix_file.write(total)
            loudness.process(total)
            true_peak.process(total)
            peaks = pool.map(
                _write_stem,
                stem_files,
                [sound[:, kept] for sound in played[: len(stem_files)]],
                [gain] * len(stem_files),
            )
            highest = max([highest, *peaks])
            progress(min(window.frames / (length_s * rate), 1.0), "mixing")
    return Rendered(folder / "mix.wav", paths, loudness.integrated, true_peak.dbtp, highest)


def _channels(
    tracks: Sequence[TrackFile], decision: MixDecision, rate: int, excerpt: Excerpt | None, block: int
) -> list[Channel]:
    start_s = max(excerpt.start_s - PREROLL_S, 0.0) if excerpt else 0.0
    stop_s = excerpt.start_s + excerpt.length_s if excerpt else None
    room = impulse_response(decision.style.value, rate)
    return [Channel(track.path, decision.tracks[track.name], rate, room, block, start_s, stop_s) for track in tracks]


def _played(channels: Sequence[Channel], pool: Executor) -> Iterator[tuple[list[Array], Array]]:
    """Yield the blocks of all channels with their sum, to the end of the longest recording."""
    while True:
        blocks = list(pool.map(Channel.next, channels))
        frames = max(left for left, _ in blocks)
        if not frames:
            return
        sounds = [sound[:, :frames] for _, sound in blocks]
        mix = sounds[0].copy()
        for sound in sounds[1:]:
            mix += sound
        yield sounds, mix


def _write_stem(file: Writer, sound: Array, gain: Array) -> float:
    stem = sound * gain
    file.write(stem)
    return peak(stem)


class _Window:
    """What of the rendered frames is kept: all, or an excerpt with short fades."""

    def __init__(self, rate: int, excerpt: Excerpt | None) -> None:
        preroll_s = min(excerpt.start_s, PREROLL_S) if excerpt else 0.0
        self._skip = round(preroll_s * rate)
        self._length = round(excerpt.length_s * rate) if excerpt else inf
        self._fade_in = round(_FADE_IN_S * rate) if excerpt and excerpt.start_s > 0 else 0
        self._fade_out = round(_FADE_OUT_S * rate) if excerpt else 0
        self.frames = 0
        """Frames kept so far."""

    def cut(self, frames: int, gain: Array | float) -> tuple[slice, Array]:
        """Return which part of the next frames is kept, and the gain there, with the fades in it."""
        skipped = min(self._skip, frames)
        self._skip -= skipped
        count = int(min(frames - skipped, self._length - self.frames))
        kept = slice(skipped, skipped + count)
        part = np.full(count, gain) if isinstance(gain, float) else gain[kept]
        at = np.arange(self.frames, self.frames + count, dtype=np.float64)
        self.frames += count
        return kept, part * self._fades(at) if self._length < inf else part

    def _fades(self, at: Array) -> Array:
        rising = (at + 0.5) / self._fade_in if self._fade_in else np.ones(len(at))
        falling = (self._length - at - 0.5) / self._fade_out
        return np.clip(np.minimum(rising, falling), 0.0, 1.0)
