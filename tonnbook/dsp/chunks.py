"""Streams that are worked on in chunks of one size, whatever the blocks they come in: every cut then computes the same bits."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from tonnbook.dsp.levels import Array, Audio


class Chunked(ABC):
    """Feed blocks with `process`, which returns what is ready; end with `flush`, which returns the rest.

    Together that is as long as what went in, and in time with it. Time runs along the last axis of what comes out.
    """

    def __init__(self, channels: int, chunk: int, delay: int) -> None:
        self._chunk = chunk
        self._taken = 0
        self._given = -delay  # what `_work` brings out first belongs to the time before the start
        self._queue = np.zeros((channels, 0))

    @abstractmethod
    def _work(self, chunk: Array) -> Array:
        """Return as many frames as come in, always one chunk, `delay` frames late."""

    def process(self, block: Audio) -> Array:
        """Take in (channels, frames); return the frames that are ready, perhaps none."""
        self._taken += block.shape[1]
        waiting = self._queue.shape[1] > 0
        self._queue = np.concatenate([self._queue, block], axis=1) if waiting else np.asarray(block, dtype=np.float64)
        return self._ready(self._queue.shape[1] // self._chunk)

    def flush(self) -> Array:
        """Return the rest and end the stream."""
        left = max(0, self._taken - self._given)
        missing = -(-left // self._chunk) * self._chunk - self._queue.shape[1]
        self._queue = np.concatenate([self._queue, self._beyond(max(0, missing))], axis=1)
        rest = self._ready(-(-left // self._chunk))
        over = max(0, self._given - self._taken)
        return rest[..., : rest.shape[-1] - over]

    def _beyond(self, frames: int) -> Array:
        """Return what stands for the time after the end; silence, unless somebody knows better."""
        return np.zeros((len(self._queue), frames))

    def _ready(self, chunks: int) -> Array:
        parts = []
        for n in range(chunks):
            done = self._work(self._queue[:, n * self._chunk : (n + 1) * self._chunk])
            parts.append(done[..., min(max(0, -self._given), self._chunk) :])
            self._given += self._chunk
        self._queue = self._queue[:, chunks * self._chunk :].copy()
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=-1) if parts else self._nothing()

    def _nothing(self) -> Array:
        return np.empty((len(self._queue), 0))
