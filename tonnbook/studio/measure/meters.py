"""Pass a recording once through several meters, in blocks; and the parts that these meters have in common.

`run_meters` decodes a file and feeds every block to each meter. The features of a mix track, the features of a song and the findings
of an analysis are three compositions of meters: the standard ones of `dsp` (loudness, true peak, third-octave spectrum, stereo field),
the clipping detector, and those built from the parts below. The results do not depend on the size of the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tonnbook import audio_files
from tonnbook.dsp.levels import Array, Audio
from tonnbook.studio.measure.progress import Progress, no_progress

F = TypeVar("F", np.float32, np.float64)

Meter = Callable[[Array], object]
"""Takes the next block, (channels, frames)."""


def run_meters(
    path: Path,
    meters: Sequence[Meter],
    progress: Progress = no_progress,
    message: str = "",
    *,
    rate: int | None = None,
    block: int = audio_files.BLOCK,
    executor: Executor | None = None,
) -> None:
    """Decode a file at `rate` (its own if None) and pass every block to each meter, in order.

    With an executor the meters of one block run side by side while the next block is decoded; each meter still gets its blocks in
    order. Raises AudioError where the file cannot be decoded, and whatever a meter raises.
    """
    found = audio_files.info(path)
    whole, done = found.frames * (rate or found.rate) / found.rate, 0
    running: list[Future[object]] = []
    for part in audio_files.blocks(path, rate, block):
        if executor is None:
            for meter in meters:
                meter(part)
        else:
            _wait(running)
            running = [executor.submit(meter, part) for meter in meters]
        done += part.shape[1]
        progress(min(1.0, done / whole), message)
    _wait(running)


def _wait(running: Sequence[Future[object]]) -> None:
    for future in running:
        future.result()


class Cells:
    """Regroup blocks of any length into cells of a fixed length, so that a meter computes the same bits whatever the blocks."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        """Length of a cell."""
        self.rest: Array | None = None
        """The frames after the last complete cell, (channels, n); None before the first block."""

    def add(self, block: Audio) -> list[Array]:
        """Take the next (channels, n); return the cells that are complete now, each (channels, frames)."""
        joined = self.add_joined(block)
        return [joined[:, start : start + self.frames] for start in range(0, joined.shape[1], self.frames)]

    def add_joined(self, block: Audio) -> Array:
        """Take the next (channels, n); return the complete cells as one array, (channels, a multiple of `frames`)."""
        audio = np.asarray(block, dtype=np.float64)
        if self.rest is not None and self.rest.size:
            audio = np.concatenate([self.rest, audio], axis=1)
        complete = audio.shape[1] // self.frames * self.frames
        self.rest = audio[:, complete:].copy()
        return audio[:, :complete]


def peaks_per_step(audio: npt.NDArray[F], frames: int) -> npt.NDArray[F]:
    """Return the largest absolute sample of every `frames` frames over all channels, (steps,); the length is a multiple of `frames`."""
    steps = audio.reshape(len(audio), -1, frames)
    highest: npt.NDArray[F] = np.maximum(steps.max(axis=(0, 2)), -steps.min(axis=(0, 2)))
    return highest


class ChannelPowers:
    """Sum the squares of left and right and their product, over a whole recording."""

    def __init__(self) -> None:
        self.left = self.right = self.product = 0.0

    def add(self, left: Array, right: Array) -> None:
        """Take the next samples of both channels, each (frames,)."""
        # Not with a BLAS routine: its threads would wait for those of other songs.
        self.left += float(np.sum(left * left))
        self.right += float(np.sum(right * right))
        self.product += float(np.sum(left * right))

    @property
    def correlation(self) -> float:
        """Correlation of left and right, -1 to 1 apart from rounding; 0 where one channel is silent, 1 where both are."""
        if not self.left * self.right:
            return 1.0 if self.left == self.right else 0.0
        return self.product / float(np.sqrt(self.left * self.right))
