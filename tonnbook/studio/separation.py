"""Takes a mix apart into files that add up to it: classical separation, a rough guide and not isolation (see `dsp.separation`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.levels import Array
from tonnbook.dsp.separation import STEMS, Separator

HOW = "classical"
"""What the answers call it."""

RATE = 44100
"""Stems are stereo WAV at this rate, 24 bit."""

Progress = Callable[[float, str], None]


def separate(
    source: Path,
    folder: Path,
    *,
    rate: int = RATE,
    two_stems: bool = False,
    progress: Progress = lambda _, __: None,
) -> Mapping[str, Path]:
    """Write the stems of a mix into `folder` and return them by name: the four of `STEMS`, or vocals and instrumental."""
    names = ("vocals", "instrumental") if two_stems else STEMS
    info = audio_files.info(source)
    made = {name: folder / f"{name}.wav" for name in names}
    frames = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(audio_files.Writer(path, rate, 2, 24)) for path in made.values()]
        for stems in _separated(source, rate):
            parts = (stems[0], stems[1:].sum(axis=0)) if two_stems else stems
            for writer, part in zip(writers, parts, strict=True):
                writer.write(part)
            frames += stems.shape[2]
            progress(min(1.0, frames / (info.seconds * rate)), "taking the mix apart")
    return made


def summed(stems: Sequence[Path], out: Path) -> Path:
    """Write the sum of stems of one length and rate into a float file."""
    with audio_files.Writer(out, audio_files.info(stems[0]).rate, 2, 32) as writer:
        for parts in zip(*map(audio_files.blocks, stems), strict=True):
            writer.write(np.sum(parts, axis=0))
    return out


def _separated(source: Path, rate: int) -> Iterator[Array]:
    separator = Separator(rate, 2)
    for block in audio_files.blocks(source, rate):
        yield separator.process(block if len(block) == 2 else block.repeat(2, axis=0))
    yield separator.flush()
