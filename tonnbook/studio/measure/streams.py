"""Whole files through the stages of `dsp`, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array


def through(blocks: Iterable[Array], stage: Chunked) -> Iterator[Array]:
    """Yield what a stage makes of blocks."""
    for block in blocks:
        yield stage.process(block)
    yield stage.flush()


def write(blocks: Iterable[Array], out: Path, info: audio_files.AudioInfo, channels: int | None = None) -> Path:
    """Write blocks into a float file of the rate, and unless told otherwise the channels, of another file."""
    with audio_files.Writer(out, info.rate, channels or info.channels, 32) as writer:
        for block in blocks:
            writer.write(block)
    return out


def summed(parts: Sequence[Path], out: Path) -> Path:
    """Write the sum of files of one length, rate and number of channels into a float file."""
    blocks = zip(*map(audio_files.blocks, parts), strict=True)
    return write((np.sum(each, axis=0) for each in blocks), out, audio_files.info(parts[0]))
