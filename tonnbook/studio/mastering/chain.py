"""Render a planned song up to its level: the stages of the plan, and the glue compression that is decided afterwards.

Order: declip, DC offset, resampling, then tone, stereo and band split in one linear-phase filter bank, band compressors. The rendered
song is written to a file; on the way the K-weighted energy of every 32 frames and the true peak of every 8 frames are measured, from
which the loudness search estimates its level. How much glue a song needs is known only then, so glue has a pass of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tonnbook import audio_files
from tonnbook.dsp import linear_phase
from tonnbook.dsp.cell_peaks import CELL, CellPeaks
from tonnbook.dsp.clip import Declipper
from tonnbook.dsp.dynamics import BusCompressor
from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array, to_gain
from tonnbook.dsp.loudness import k_weighting
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.dsp.true_peak import SHORT_TAPS
from tonnbook.studio.mastering.plan import BandCompression, MasterPlan
from tonnbook.studio.measure.meters import Cells
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.song_features import CROSSOVERS_HZ
from tonnbook.studio.measure.streams import through, write

ENERGY_FRAMES = 4 * CELL
_MONO_BELOW_HZ = 100.0
_FRAMES_AT_ONCE = 16384


@dataclass(frozen=True, eq=False)
class PreparedSong:
    """A song rendered up to its level, at its final sample rate and in stereo; its samples are in a raw float32 file."""

    path: Path
    rate: int
    frames: int
    energies: Array
    """K-weighted sum of squares of every 32 frames, both channels together."""
    peaks: npt.NDArray[np.float32]
    """True peak of every 8 frames, the larger of both channels."""

    def blocks(self) -> Iterator[Array]:
        """Yield the samples, (2, n) at a time."""
        with self.path.open("rb") as file:
            while len(part := np.fromfile(file, np.float32, 2 * audio_files.BLOCK)):
                yield np.ascontiguousarray(part.reshape(-1, 2).T, dtype=np.float64)


def prepare(source: Path, plan: MasterPlan, seconds: float, folder: Path, progress: Progress) -> PreparedSong:
    """Render the stages of a plan, without glue, into a file in `folder`; `seconds` is the length of the song."""
    rate = int(plan.target.rate)
    if plan.declip_at is not None:
        found = audio_files.info(source)
        declipper = Declipper(found.rate, found.channels, plan.declip_at)
        source = write(through(audio_files.blocks(source), declipper), folder / "declipped.wav", found)
    blocks = _stereo_blocks(audio_files.blocks(source, rate), plan.offsets)
    if plan.tone_db is not None or plan.low_mono or plan.side_db or any(plan.bands):
        blocks = through(blocks, _PlanFilter(plan))
    return _write_prepared(blocks, rate, seconds * rate, folder / "prepared.f32", progress)


def compress(song: PreparedSong, glue: BandCompression, progress: Progress) -> PreparedSong:
    """Render the glue compression of a prepared song into a new file in its folder."""
    compressor = _compressor(glue, song.rate)

    def compressed() -> Iterator[Array]:
        for block in song.blocks():
            frames = block.shape[1]
            yield compressor.process(np.pad(block, ((0, 0), (0, -frames % CELL))))[:, :frames]

    return _write_prepared(compressed(), song.rate, song.frames, song.path.with_name("glued.f32"), progress)


def _write_prepared(blocks: Iterable[Array], rate: int, frames: float, path: Path, progress: Progress) -> PreparedSong:
    """Write the blocks to a file, and measure what the loudness search needs."""
    meter = _CellMeter(rate)
    with path.open("wb") as file:
        for block in blocks:
            meter.process(block)
            np.ascontiguousarray(block.T, dtype=np.float32).tofile(file)
            progress(min(1.0, meter.frames / frames), "shaping the tone and the dynamics")
    energies, peaks = meter.result()
    return PreparedSong(path, rate, meter.frames, energies, peaks)


def _stereo_blocks(blocks: Iterable[Array], offsets: tuple[float, ...] | None) -> Iterator[Array]:
    for block in blocks:
        centred = block if offsets is None else block - np.array(offsets)[: len(block), None]
        yield centred if len(block) == 2 else np.repeat(centred, 2, axis=0)


class _PlanFilter(linear_phase.FilterBank):
    """Tone curve, stereo and band compressors of a plan: left and right in, left and right out."""

    def __init__(self, plan: MasterPlan) -> None:
        super().__init__(_impulses(plan).astype(np.float32))
        bands = plan.bands if any(plan.bands) else (None,)
        self._compressors = [_compressor(band, int(plan.target.rate)) if band else None for band in bands]

    def _work(self, chunk: Array) -> Array:
        left, right = 0.5 * chunk.astype(np.float32)
        total = np.zeros(chunk.shape, np.float32)
        for (middle, side), compressor in zip(
            self._filtered(np.stack([left + right, left - right])), self._compressors, strict=True
        ):
            stereo = np.stack([middle + side, middle - side])
            total += compressor.process(stereo) if compressor else stereo
        return total.astype(np.float64)

    def _no_frames(self) -> Array:
        return np.empty((2, 0))


def _impulses(plan: MasterPlan) -> Array:
    """Return the impulse responses of the plan, (bands, 2, taps): for the middle and for the side of every band."""
    rate = int(plan.target.rate)
    tone = np.ones(len(linear_phase.grid(rate)))
    if plan.tone_db is not None:
        tone = linear_phase.gains_between(THIRD_OCTAVES, plan.tone_db, rate)
    side = tone * to_gain(plan.side_db)
    if plan.low_mono:
        side = side * (1.0 - linear_phase.below(_MONO_BELOW_HZ, rate))
    if any(plan.bands):
        low, not_high = (linear_phase.below(corner, rate) for corner in CROSSOVERS_HZ)
        shares = [low, not_high - low, 1.0 - not_high]
    else:
        shares = [np.ones(len(tone))]
    return np.array([[linear_phase.impulse(curve * share) for curve in (tone, side)] for share in shares])


def _compressor(settings: BandCompression, rate: int) -> BusCompressor:
    times = settings.attack_ms, settings.release_ms
    return BusCompressor(settings.threshold_db, settings.ratio, *times, rate, settings.knee_db, settings.makeup_db)


class _CellMeter:
    """Measure the K-weighted energy of every 32 frames and the true peak of every 8 frames of a stereo song."""

    def __init__(self, rate: int) -> None:
        self.frames = 0
        self._weighting = Filter(k_weighting(rate), 2)
        self._finder = CellPeaks(2, [SHORT_TAPS])
        self._cells = Cells(_FRAMES_AT_ONCE)
        self._energies: list[Array] = []
        self._peaks: list[npt.NDArray[np.float32]] = []

    def process(self, block: Array) -> None:
        """Take the next (2, frames)."""
        self.frames += block.shape[1]
        for cell in self._cells.add(block):
            self._measure(cell)

    def result(self) -> tuple[Array, npt.NDArray[np.float32]]:
        """Return energies, (frames / 32,), and peaks, (frames / 8,), both rounded up, and end the stream."""
        rest = np.empty((2, 0)) if self._cells.rest is None else self._cells.rest
        self._measure(np.pad(rest, ((0, 0), (0, 2 * _FRAMES_AT_ONCE - rest.shape[1]))))
        cells, delay = -(-self.frames // CELL), self._finder.delay
        energies = np.concatenate(self._energies)[: -(-self.frames // ENERGY_FRAMES)]
        return energies, np.concatenate(self._peaks)[delay : delay + cells]

    def _measure(self, part: Array) -> None:
        squares = np.square(self._weighting.process(part)).sum(axis=0)
        self._energies.append(squares.reshape(-1, ENERGY_FRAMES).sum(axis=1))
        self._peaks.append(self._finder.push(part).astype(np.float32))
