"""From a song and its plan to the prepared song: everything but its final level. Streams; what is heavy lies on disk.

Order: declip, offset, resample, tone and stereo and band split in one linear-phase filter bank, band compressors, glue. While the
prepared song goes to a file, what the loudness loop needs to know of it is noted: the K-weighted energy of every 32 frames and the true
peak of every 8. How much glue a song needs shows only then, so glue has a pass of its own.
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
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.song_features import CROSSOVERS_HZ

ENERGY_FRAMES = 4 * CELL
_MONO_BELOW_HZ = 100.0
_AT_ONCE = 16384


@dataclass(frozen=True, eq=False)
class PreparedSong:
    """A song at its final rate, in stereo, shaped but not yet levelled; its samples lie in a raw float32 file."""

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
    """Render everything before the level into a file in `folder`."""
    rate = int(plan.target.rate)
    if plan.declip_at is not None:
        source = _declipped(source, plan.declip_at, folder / "declipped.wav")
    shaped = _shaped(_in_stereo(audio_files.blocks(source, rate), plan.offsets), plan)
    return _kept(shaped, rate, seconds * rate, folder / "prepared.f32", progress)


def glued(song: PreparedSong, glue: BandCompression, progress: Progress) -> PreparedSong:
    """Compress a prepared song as a whole, into a file beside its own."""
    compressor = _compressor(glue, song.rate)

    def compressed() -> Iterator[Array]:
        for block in song.blocks():
            frames = block.shape[1]
            yield compressor.process(np.pad(block, ((0, 0), (0, -frames % CELL))))[:, :frames]

    return _kept(compressed(), song.rate, song.frames, song.path.with_name("glued.f32"), progress)


def _kept(blocks: Iterable[Array], rate: int, frames: float, path: Path, progress: Progress) -> PreparedSong:
    """Write the blocks to a file, and note what the loudness loop needs to know."""
    notebook = _Notebook(rate)
    with path.open("wb") as file:
        for block in blocks:
            notebook.note(block)
            np.ascontiguousarray(block.T, dtype=np.float32).tofile(file)
            progress(min(1.0, notebook.frames / frames), "shaping the tone and the dynamics")
    energies, peaks = notebook.close()
    return PreparedSong(path, rate, notebook.frames, energies, peaks)


def side_and_middle(plan: MasterPlan) -> Array:
    """Return the impulse responses of the plan, (bands, 2, taps): for the middle and for the side of every band."""
    rate = int(plan.target.rate)
    tone = np.ones(len(linear_phase.grid(rate)))
    if plan.tone_db is not None:
        tone = linear_phase.gains_between(THIRD_OCTAVES, plan.tone_db, rate)
    side = tone * to_gain(plan.side_db)
    if plan.low_mono:
        side = side * (1.0 - linear_phase.below(_MONO_BELOW_HZ, rate))
    return np.array([[linear_phase.impulse(curve * share) for curve in (tone, side)] for share in _shares(plan, rate)])


def _shares(plan: MasterPlan, rate: int) -> list[Array]:
    if not plan.multiband:
        return [np.ones(len(linear_phase.grid(rate)))]
    low, not_high = (linear_phase.below(corner, rate) for corner in CROSSOVERS_HZ)
    return [low, not_high - low, 1.0 - not_high]


def _declipped(source: Path, ceiling: float, out: Path) -> Path:
    found = audio_files.info(source)
    declipper = Declipper(found.rate, found.channels, ceiling)
    with audio_files.Writer(out, found.rate, found.channels, 32) as writer:
        for block in audio_files.blocks(source):
            writer.write(declipper.process(block))
        writer.write(declipper.flush())
    return out


def _in_stereo(blocks: Iterable[Array], offsets: tuple[float, ...] | None) -> Iterator[Array]:
    for block in blocks:
        centred = block if offsets is None else block - np.array(offsets)[: len(block), None]
        yield centred if len(block) == 2 else np.repeat(centred, 2, axis=0)


def _shaped(blocks: Iterable[Array], plan: MasterPlan) -> Iterator[Array]:
    if not plan.shapes:
        yield from blocks
        return
    shaper = _Shaper(plan)
    for block in blocks:
        yield shaper.process(block)
    yield shaper.flush()


class _Shaper(linear_phase.FilterBank):
    """Tone, stereo and band compressors, left and right in, left and right out."""

    def __init__(self, plan: MasterPlan) -> None:
        super().__init__(side_and_middle(plan).astype(np.float32))
        bands = plan.bands if plan.multiband else (None,)
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


def _compressor(settings: BandCompression, rate: int) -> BusCompressor:
    times = settings.attack_ms, settings.release_ms
    return BusCompressor(settings.threshold_db, settings.ratio, *times, rate, settings.knee_db, settings.makeup_db)


class _Notebook:
    """Notes energies and peaks of what passes by, whatever the blocks."""

    def __init__(self, rate: int) -> None:
        self.frames = 0
        self._weighting = Filter(k_weighting(rate), 2)
        self._finder = CellPeaks(2, [SHORT_TAPS])
        self._queue = np.empty((2, 0))
        self._energies: list[Array] = []
        self._peaks: list[npt.NDArray[np.float32]] = []

    def note(self, block: Array) -> None:
        self.frames += block.shape[1]
        self._queue = np.concatenate([self._queue, block], axis=1)
        while self._queue.shape[1] >= _AT_ONCE:
            self._take(self._queue[:, :_AT_ONCE])
            self._queue = self._queue[:, _AT_ONCE:]

    def close(self) -> tuple[Array, npt.NDArray[np.float32]]:
        rest = self._queue.shape[1]
        self._take(np.pad(self._queue, ((0, 0), (0, 2 * _AT_ONCE - rest))))
        cells, late = -(-self.frames // CELL), self._finder.delay
        return np.concatenate(self._energies)[: -(-self.frames // ENERGY_FRAMES)], np.concatenate(self._peaks)[
            late : late + cells
        ]

    def _take(self, part: Array) -> None:
        self._energies.append(
            np.square(self._weighting.process(part)).sum(axis=0).reshape(-1, ENERGY_FRAMES).sum(axis=1)
        )
        self._peaks.append(self._finder.push(part).astype(np.float32))
