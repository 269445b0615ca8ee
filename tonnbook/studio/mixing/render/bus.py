"""Render a mix: one pass through all channels and the mix bus, in blocks, into files of floating-point numbers.

The level of a mix is known only after the whole of it was measured. So this pass writes the mix and, if requested, the stems in
32-bit float and measures them; `delivery` then scales the files. Each channel is computed once.

The result does not depend on timing: each channel runs on its own, and the sum is made in the order of the names, in 64-bit float.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.audio_files import Writer
from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.levels import Array, peak, to_gain
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.reverb import impulse_response, tail_frames
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.mixing.decide.bus import LARGEST_REDUCTION_DB, BusDecision
from tonnbook.studio.mixing.decide.decision import MixDecision, TrackDecision
from tonnbook.studio.mixing.render.channel import BLOCK, Channel
from tonnbook.studio.mixing.tracks import TrackFile

PREROLL_S = 2.0
"""Rendered before an excerpt and discarded, so that filters, compressors and reverb have settled when it begins."""
_FADE_IN_S, _FADE_OUT_S = 0.02, 0.2


@dataclass(frozen=True)
class Excerpt:
    """A part of the song."""

    start_s: float
    length_s: float


@dataclass(frozen=True)
class Measured:
    """Loudness and true peak of a sum before its level was set; minus infinity for silence."""

    loudness_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class RenderedFiles:
    """Float files before the level is set, and what was measured on them."""

    mix: Path
    measured: Measured
    stems: Mapping[str, Path] = field(default_factory=dict)
    highest_stem_peak: float = 0.0
    """Largest sample of any stem, 0.0 without stems."""
    unchanged: Measured | None = None
    """Measurement of the mix without the user's changes; None if there are none."""


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
    unchanged: MixDecision | None = None,
    block: int = BLOCK,
) -> RenderedFiles:
    """Render the decided mix, or an excerpt of it, into float WAV files in `folder`.

    The whole song ends with the tail of its reverb, to -60 dB; an excerpt keeps its length. With `unchanged`, the decision before the
    user's changes, that mix is measured too: the changed tracks are computed twice.
    """
    tracks = sorted(tracks, key=lambda track: track.name)
    channels = _Channels(tracks, decision, unchanged, rate, excerpt, block)
    window, bus, meter = _Window(rate, excerpt), _Bus(decision.bus, rate), _Meter(rate)
    unchanged_bus, unchanged_meter = _Bus(decision.bus, rate), _Meter(rate)
    paths = {track.name: folder / f"stem {n}.wav" for n, track in enumerate(tracks)} if stems else {}
    length_s, highest = (excerpt.length_s if excerpt else decision.seconds), 0.0
    with ExitStack() as files:
        mix_file = files.enter_context(Writer(folder / "mix.wav", rate, 2, bit_depth=32))
        stem_files = [files.enter_context(Writer(path, rate, 2, bit_depth=32)) for path in paths.values()]
        for sounds, mix, unchanged_mix in channels.blocks(pool):
            kept, fades = window.cut(mix.shape[1])
            if unchanged_mix is not None:
                unchanged_meter.process((unchanged_mix * unchanged_bus.gain(unchanged_mix))[:, kept])
            gain = bus.gain(mix)[kept] * fades
            total = mix[:, kept] * gain
            mix_file.write(total)
            meter.process(total)
            parts = [sound[:, kept] for sound in sounds[: len(stem_files)]]
            highest = max([highest, *pool.map(_write_stem, stem_files, parts, [gain] * len(parts))])
            progress(min(window.frames / (length_s * rate), 1.0), "mixing")
    without_changes = unchanged_meter.measured if channels.any_changed else None
    return RenderedFiles(folder / "mix.wav", meter.measured, paths, highest, without_changes)


def render_unmixed(
    tracks: Sequence[TrackFile], rate: int, folder: Path, pool: Executor, excerpt: Excerpt | None
) -> RenderedFiles:
    """Sum the recordings without any processing, mono in the middle, into a float WAV file: for comparison with the mix."""
    start_s, stop_s = (excerpt.start_s, excerpt.start_s + excerpt.length_s) if excerpt else (0.0, None)
    ordered = sorted(tracks, key=lambda track: track.name)
    readers = [audio_files.blocks(track.path, rate, BLOCK, start_s, stop_s) for track in ordered]
    meter, path = _Meter(rate), folder / "unmixed.wav"
    with Writer(path, rate, 2, bit_depth=32) as file:
        while True:
            blocks = [block for block in pool.map(_next_block, readers) if block is not None]
            if not blocks:
                break
            total = np.zeros((2, max(block.shape[1] for block in blocks)))
            for block in blocks:
                total[:, : block.shape[1]] += block
            file.write(total)
            meter.process(total)
    return RenderedFiles(path, meter.measured)


class _Channels:
    """The channels of all tracks, and for each changed track a second one with its settings before the changes."""

    def __init__(
        self,
        tracks: Sequence[TrackFile],
        decision: MixDecision,
        unchanged: MixDecision | None,
        rate: int,
        excerpt: Excerpt | None,
        block: int,
    ) -> None:
        start_s = max(excerpt.start_s - PREROLL_S, 0.0) if excerpt else 0.0
        stop_s = excerpt.start_s + excerpt.length_s if excerpt else None
        room = impulse_response(decision.style.value, rate)

        def channel(track: TrackFile, decided: TrackDecision) -> Channel:
            return Channel(track.path, decided, rate, room, block, start_s, stop_s)

        before = unchanged.tracks if unchanged else decision.tracks
        self._channels = [channel(track, decision.tracks[track.name]) for track in tracks]
        self._before_changes = {
            n: channel(track, before[track.name])
            for n, track in enumerate(tracks)
            if before[track.name].settings != decision.tracks[track.name].settings
        }
        self.any_changed = bool(self._before_changes)
        wet = any(decided.wet_gain_db is not None for decided in decision.tracks.values())
        self._tail = tail_frames(room) if wet and excerpt is None else 0
        self._block = block

    def blocks(self, pool: Executor) -> Iterator[tuple[list[Array], Array, Array | None]]:
        """Yield the blocks of all channels, their sum, and the sum without the changes: to the end of the longest recording and its reverb."""
        tail = self._tail
        while True:
            results = list(pool.map(Channel.next, [*self._channels, *self._before_changes.values()]))
            recorded = max(count for count, _ in results)
            # Only the last block of a recording is shorter than the others; the rest of it holds the start of the tail.
            frames = min(recorded + tail, self._block)
            tail -= frames - recorded
            if not frames:
                return
            sounds = [sound[:, :frames] for _, sound in results]
            changed = sounds[: len(self._channels)]
            unchanged = dict(enumerate(changed))
            unchanged |= zip(self._before_changes, sounds[len(self._channels) :], strict=True)
            yield changed, _sum(changed), _sum(list(unchanged.values())) if self._before_changes else None


class _Bus:
    """Compute the gain of the mix bus: one for every frame, the same for the mix and for each stem."""

    def __init__(self, decision: BusDecision, rate: int) -> None:
        drc = decision.compression
        self._compressor = (
            Compressor(drc.threshold_db, drc.ratio, drc.attack_ms, drc.release_ms, rate) if drc is not None else None
        )

    def gain(self, mix: Array) -> Array:
        """Return the gain for each frame of the sum of all channels, (frames,)."""
        if self._compressor is None:
            return np.ones(mix.shape[1])
        return np.asarray(to_gain(-np.minimum(self._compressor.reduction(mix), LARGEST_REDUCTION_DB)))


class _Meter:
    """Measure loudness and true peak of a stereo sum."""

    def __init__(self, rate: int) -> None:
        self._loudness, self._true_peak = LoudnessMeter(rate, 2), TruePeakMeter(rate, 2)

    def process(self, block: Array) -> None:
        """Add the next (2, frames)."""
        self._loudness.process(block)
        self._true_peak.process(block)

    @property
    def measured(self) -> Measured:
        """The result so far."""
        return Measured(self._loudness.integrated, self._true_peak.dbtp)


class _Window:
    """Select the rendered frames to keep: all of them, or an excerpt with short fades."""

    def __init__(self, rate: int, excerpt: Excerpt | None) -> None:
        preroll_s = min(excerpt.start_s, PREROLL_S) if excerpt else 0.0
        self._skip = round(preroll_s * rate)
        self._length = round(excerpt.length_s * rate) if excerpt else inf
        self._fade_in = round(_FADE_IN_S * rate) if excerpt and excerpt.start_s > 0 else 0
        self._fade_out = round(_FADE_OUT_S * rate) if excerpt else 0
        self.frames = 0
        """Frames kept so far."""

    def cut(self, frames: int) -> tuple[slice, Array]:
        """Return which of the next frames are kept, and the gain of the fades for them."""
        skipped = min(self._skip, frames)
        self._skip -= skipped
        count = int(min(frames - skipped, self._length - self.frames))
        at = np.arange(self.frames, self.frames + count, dtype=np.float64)
        self.frames += count
        return slice(skipped, skipped + count), self._fades(at)

    def _fades(self, at: Array) -> Array:
        gain = np.ones(len(at))
        if self._fade_in:
            gain = np.minimum(gain, (at + 0.5) / self._fade_in)
        if self._fade_out:
            gain = np.minimum(gain, (self._length - at - 0.5) / self._fade_out)
        return np.maximum(gain, 0.0)


def _sum(sounds: Sequence[Array]) -> Array:
    """Return the sum, always added in the same order, whatever order the threads finished in."""
    total = sounds[0].copy()
    for sound in sounds[1:]:
        total += sound
    return total


def _write_stem(file: Writer, sound: Array, gain: Array) -> float:
    """Write a block of a stem with the gain of the bus and return its peak."""
    stem = sound * gain
    file.write(stem)
    return peak(stem)


def _next_block(reader: Iterator[Array]) -> Array | None:
    return next(reader, None)
