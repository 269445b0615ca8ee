"""Delivery: the level of the finished mix, and its files in the form that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from math import inf, log10
from pathlib import Path, PurePosixPath

from tonnbook import audio_files
from tonnbook.audio_files import BitDepth, Writer
from tonnbook.dsp.levels import to_gain
from tonnbook.studio.mix_gain import MIX_LUFS
from tonnbook.studio.mix_listening import Progress
from tonnbook.studio.mix_render import Rendered

CEILING_DBTP = -3.0
"""True peak of a mix: room for the mastering."""

_MARGIN_DB = 0.02  # for the dither and the rounding of a 16-bit file
_STEM_CEILING = 0.999


@dataclass(frozen=True)
class Level:
    """The gain that finishes the mix, the same for every stem, and what comes of it."""

    trim_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    reason: str


@dataclass(frozen=True)
class Order:
    """One file to be delivered: what from, where to."""

    source: Path
    target: Path
    gain_db: float
    bit_depth: BitDepth = 24
    dither_seed: int | None = None


def level(rendered: Rendered) -> Level:
    """Return the trim to -18 LUFS or -3 dBTP, whichever comes first; no stem may clip at it either."""
    to_loudness = MIX_LUFS - rendered.loudness_lufs if rendered.loudness_lufs > -inf else inf
    to_peak = CEILING_DBTP - _MARGIN_DB - rendered.true_peak_dbtp if rendered.true_peak_dbtp > -inf else 0.0
    to_stems = 20.0 * log10(_STEM_CEILING / rendered.highest_stem_peak) if rendered.highest_stem_peak else inf
    trim = min(to_loudness, to_peak, to_stems)
    loudness, true_peak = rendered.loudness_lufs + trim, rendered.true_peak_dbtp + trim
    moved = f"{'raised' if trim >= 0 else 'turned down'} {abs(trim):.1f} dB"
    limits = {
        to_loudness: f"to {MIX_LUFS:.0f} LUFS, which leaves the mastering its room (peak {true_peak:.1f} dBTP)",
        to_stems: "so that no stem clips",
        to_peak: f"so that the peaks stay under {CEILING_DBTP:.0f} dBTP; it plays at {loudness:.1f} LUFS",
    }
    return Level(trim, loudness, true_peak, f"the whole mix {moved} {limits[trim]}")


def deliver(orders: Sequence[Order], rate: int, pool: Executor, progress: Progress) -> None:
    """Write every file at its level; the float files they come from are deleted as they are done."""
    for done, _ in enumerate(pool.map(lambda order: _write(order, rate), orders), 1):
        progress(done / len(orders), "writing files")


def stem_names(tracks: Sequence[str], ending: str) -> Mapping[str, str]:
    """Return a file name for the stem of each track: "vocal.flac" gives "vocal.wav"; two alike are numbered."""
    names: dict[str, str] = {}
    for track in tracks:
        plain = PurePosixPath(track).stem
        name, n = f"{plain}{ending}", 1
        while name in names.values():
            n += 1
            name = f"{plain} ({n}){ending}"
        names[track] = name
    return names


def _write(order: Order, rate: int) -> None:
    gain = to_gain(order.gain_db)
    with Writer(order.target, rate, 2, bit_depth=order.bit_depth, dither_seed=order.dither_seed) as file:
        for block in audio_files.blocks(order.source):
            file.write(block * gain)
    order.source.unlink()
