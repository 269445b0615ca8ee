"""Run whole files through the stages of `dsp`, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array


def through(blocks: Iterable[Array], stage: Chunked) -> Iterator[Array]:
    """Yield the blocks after a stage, and at the end the frames that the stage still holds."""
    for block in blocks:
        yield stage.process(block)
    yield stage.flush()


def write(blocks: Iterable[Array], out: Path, info: audio_files.AudioInfo, channels: int | None = None) -> Path:
    """Write blocks into a float file with the sample rate, and unless given otherwise the channels, of `info`; return its path."""
    with audio_files.Writer(out, info.rate, channels or info.channels, 32) as writer:
        for block in blocks:
            writer.write(block)
    return out


def summed(parts: Sequence[Path], out: Path) -> Path:
    """Write the sum of files of equal length, sample rate and number of channels into a float file; return its path."""
    blocks = zip(*map(audio_files.blocks, parts), strict=True)
    return write((np.sum(each, axis=0) for each in blocks), out, audio_files.info(parts[0]))
