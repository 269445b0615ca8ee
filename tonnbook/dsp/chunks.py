"""Process a stream in chunks of one fixed size, so that the output is the same bit for bit however the input is cut into blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from tonnbook.dsp.levels import Array, Audio


class Chunked(ABC):
    """Base class of processors that are fed block by block: `process` returns the frames that are ready, `flush` the rest.

    The output is as long as the input and aligned with it. Time is the last axis of the output.

    Parameters
    ----------
    chunk
        Frames that `_work` gets at a time.
    delay
        Frames by which the output of `_work` lags behind its input; they are removed from the output.
    """

    def __init__(self, channels: int, chunk: int, delay: int) -> None:
        self._chunk = chunk
        self._received = 0
        self._returned = -delay  # the first frames that `_work` returns lie before the start of the stream
        self._queue = np.zeros((channels, 0))

    @abstractmethod
    def _work(self, chunk: Array) -> Array:
        """Return one processed chunk: as many frames as `chunk` has, `delay` frames late."""

    def process(self, block: Audio) -> Array:
        """Process the next (channels, frames); return the frames that are ready, possibly none."""
        self._received += block.shape[1]
        waiting = self._queue.shape[1] > 0
        self._queue = np.concatenate([self._queue, block], axis=1) if waiting else np.asarray(block, dtype=np.float64)
        return self._ready(self._queue.shape[1] // self._chunk)

    def flush(self) -> Array:
        """Return the rest and end the stream."""
        left = max(0, self._received - self._returned)
        missing = -(-left // self._chunk) * self._chunk - self._queue.shape[1]
        self._queue = np.concatenate([self._queue, self._after_end(max(0, missing))], axis=1)
        rest = self._ready(-(-left // self._chunk))
        over = max(0, self._returned - self._received)
        return rest[..., : rest.shape[-1] - over]

    def _after_end(self, frames: int) -> Array:
        """Return `frames` frames to stand for the time after the end of the stream; silence unless a subclass overrides it."""
        return np.zeros((len(self._queue), frames))

    def _ready(self, chunks: int) -> Array:
        parts = []
        for n in range(chunks):
            done = self._work(self._queue[:, n * self._chunk : (n + 1) * self._chunk])
            parts.append(done[..., min(max(0, -self._returned), self._chunk) :])
            self._returned += self._chunk
        self._queue = self._queue[:, chunks * self._chunk :].copy()
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=-1) if parts else self._no_frames()

    def _no_frames(self) -> Array:
        return np.empty((len(self._queue), 0))
