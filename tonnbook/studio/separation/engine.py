"""Takes a mix apart into files that add up to it.

If demucs and its weights are on this machine they do it (`separation_network`); else it is classical separation, a rough guide and not
isolation (`dsp.separation`). Which of the two it was is part of what is handed back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tonnbook import audio_files
from tonnbook.dsp.levels import Array
from tonnbook.dsp.separation import STEMS, Separator
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.separation.network import find_network, in_stereo, network_stems

HOW = "classical"
"""What the answers call the separation that is always there."""

RATE = 44100
"""Stems are stereo WAV, at this rate unless another one is asked for."""

# Float: stems of a hot mix pass full scale, and cut off there they would no longer add up to it.
_DEPTH: Literal[32] = 32


@dataclass(frozen=True)
class Apart:
    """The stems of a mix on disk."""

    stems: Mapping[str, Path]
    """They add up to the mix."""
    how: str
    """What took it apart: "classical", or the name of a network."""


def separate(
    source: Path,
    folder: Path,
    *,
    rate: int = RATE,
    two_stems: bool = False,
    progress: Progress = no_progress,
) -> Apart:
    """Write the stems of a mix into `folder`, as float files: the four of `STEMS`, or vocals and instrumental. AudioError where it cannot be read."""
    names = ("vocals", "instrumental") if two_stems else STEMS
    info, network = audio_files.info(source), find_network()
    made = {name: folder / f"{name}.wav" for name in names}
    blocks = network_stems(network, source, rate, folder, progress) if network else _classical(source, rate)
    frames = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(audio_files.Writer(path, rate, 2, _DEPTH)) for path in made.values()]
        for stems in blocks:
            parts = (stems[0], stems[1:].sum(axis=0)) if two_stems else stems
            for writer, part in zip(writers, parts, strict=True):
                writer.write(part)
            frames += stems.shape[2]
            progress(min(1.0, frames / (info.seconds * rate)), "taking the mix apart")
    return Apart(made, network.name if network else HOW)


def _classical(source: Path, rate: int) -> Iterator[Array]:
    separator = Separator(rate, 2)
    for block in in_stereo(source, rate):
        yield separator.process(block)
    yield separator.flush()
