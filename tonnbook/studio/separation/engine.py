"""Separate a mix into stems that add up to it.

Uses demucs if the package and its weights are on this machine (`separation.network`), and otherwise classical separation, which is a rough
estimate and not isolation (`dsp.separation`). The result names the method.
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

CLASSICAL = "classical"
"""Name in the answers of the method that is always available."""

RATE = 44100
"""Default rate of the stems in Hz; they are stereo WAV files."""

# Float: stems of a loud mix exceed full scale, and if they were clipped they would no longer add up to it.
_DEPTH: Literal[32] = 32


@dataclass(frozen=True)
class SeparationOutcome:
    """The stems of a mix on disk."""

    stems: Mapping[str, Path]
    """Files by the name of the stem; they add up to the mix."""
    method: str
    """ "classical", or the name of a network, for example "demucs htdemucs"."""


def separate(
    source: Path,
    folder: Path,
    *,
    rate: int = RATE,
    two_stems: bool = False,
    progress: Progress = no_progress,
) -> SeparationOutcome:
    """Write the stems of a mix into `folder`, as float files: the four of `STEMS`, or vocals and instrumental.

    Raises AudioError if the mix cannot be read, or the weights of a network cannot be used.
    """
    names = ("vocals", "instrumental") if two_stems else STEMS
    info, network = audio_files.info(source), find_network()
    paths = {name: folder / f"{name}.wav" for name in names}
    blocks = network_stems(network, source, rate, folder, progress) if network else _classical(source, rate)
    frames = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(audio_files.Writer(path, rate, 2, _DEPTH)) for path in paths.values()]
        for stems in blocks:
            parts = (stems[0], stems[1:].sum(axis=0)) if two_stems else stems
            for writer, part in zip(writers, parts, strict=True):
                writer.write(part)
            frames += stems.shape[2]
            progress(min(1.0, frames / (info.seconds * rate)), "separating the mix")
    return SeparationOutcome(paths, network.name if network else CLASSICAL)


def _classical(source: Path, rate: int) -> Iterator[Array]:
    separator = Separator(rate, 2)
    for block in in_stereo(source, rate):
        yield separator.process(block)
    yield separator.flush()
