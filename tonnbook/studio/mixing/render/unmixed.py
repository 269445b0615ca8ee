"""The plain sum of the raw recordings: what the song was before anything was mixed, to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.audio_files import Writer
from tonnbook.dsp.levels import Array
from tonnbook.studio.mixing.render.bus import Excerpt, Meter, Rendered
from tonnbook.studio.mixing.render.channel import BLOCK
from tonnbook.studio.mixing.tracks import TrackFile


def render_unmixed(
    tracks: Sequence[TrackFile], rate: int, folder: Path, pool: Executor, excerpt: Excerpt | None
) -> Rendered:
    """Sum the recordings as they are, mono in the middle, into a float file."""
    start_s, stop_s = (excerpt.start_s, excerpt.start_s + excerpt.length_s) if excerpt else (0.0, None)
    ordered = sorted(tracks, key=lambda track: track.name)
    readers = [audio_files.blocks(track.path, rate, BLOCK, start_s, stop_s) for track in ordered]
    meter, path = Meter(rate), folder / "unmixed.wav"
    with Writer(path, rate, 2, bit_depth=32) as file:
        while True:
            blocks = [block for block in pool.map(_next, readers) if block is not None]
            if not blocks:
                break
            total = np.zeros((2, max(block.shape[1] for block in blocks)))
            for block in blocks:
                total[:, : block.shape[1]] += block
            file.write(total)
            meter.process(total)
    return Rendered(path, meter.measured)


def _next(reader: Iterator[Array]) -> Array | None:
    return next(reader, None)
