"""One channel of the mix: decode, fold, low cut, EQ, compressor, gain, pan, reverb; in blocks.

Every stage keeps its state from block to block and gives the same samples for blocks of any length, so a render does not depend on
the length of its blocks, and every channel can run in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Filter, eq, high_pass
from tonnbook.dsp.levels import Array, to_gain
from tonnbook.dsp.reverb import Convolver
from tonnbook.dsp.stereo import pan
from tonnbook.studio.mixing.decide.decision import TrackDecision
from tonnbook.studio.mixing.features import LOW_CUT_HZ, Fold, folded

BLOCK = 65_536
"""Frames per block, a whole number of the convolver's partitions: the reverb then has no latency."""


class Channel:
    """Process one track as decided, block by block.

    Parameters
    ----------
    room
        Impulse response of the reverb, (2, frames); used only if the decision gives the track reverb.
    block
        Frames per block, a multiple of `Convolver.PARTITION`; otherwise ValueError.
    start_s, stop_s
        The part of the recording to play; None: to its end.
    """

    def __init__(
        self,
        path: Path,
        decision: TrackDecision,
        rate: int,
        room: Array,
        block: int = BLOCK,
        start_s: float = 0.0,
        stop_s: float | None = None,
    ) -> None:
        if block % Convolver.PARTITION:
            raise ValueError(f"block must be a multiple of {Convolver.PARTITION}, not {block}")
        settings = decision.settings
        self._blocks: Iterator[Array] = audio_files.blocks(path, rate, block, start_s, stop_s)
        self._block = block
        self._fold = decision.fold
        self._channels = 2 if decision.fold is Fold.STEREO else 1
        self._filter = Filter(np.vstack([high_pass(LOW_CUT_HZ, rate), eq(settings.eq, rate)]), self._channels)
        drc = settings.compression
        self._compressor = (
            Compressor(drc.threshold_db, drc.ratio, drc.attack_ms, drc.release_ms, rate)
            if drc is not None and drc.ratio > 1.0
            else None
        )
        self._gain = to_gain(settings.gain_db)
        self._pan_deg = settings.pan_deg
        self._reverb = Convolver(room) if decision.wet_gain_db is not None else None
        self._wet_gain = to_gain(decision.wet_gain_db or 0.0)

    def next(self) -> tuple[int, Array]:
        """Return the number of frames of the recording in the next block, and the processed block, (2, block).

        After the end of the recording the number is 0 and the block holds the tail of the reverb.
        """
        raw = next(self._blocks, None)
        frames = 0 if raw is None else raw.shape[1]
        return frames, self._processed(self._source(raw))

    def _source(self, raw: Array | None) -> Array:
        """Return the folded recording padded with silence to a whole block, (channels, block)."""
        if raw is None:
            return np.zeros((self._channels, self._block))
        source = np.asarray(folded(raw, self._fold), np.float64)
        missing = self._block - source.shape[1]
        return np.pad(source, ((0, 0), (0, missing))) if missing else source

    def _processed(self, source: Array) -> Array:
        sound = self._filter.process(source)
        if self._compressor is not None:
            sound = self._compressor.process(sound)
        dry = pan(sound * self._gain, self._pan_deg)
        if self._reverb is None:
            return dry
        wet = self._reverb.process(dry)
        wet *= self._wet_gain
        wet += dry
        return wet
