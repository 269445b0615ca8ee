"""Delivery: the level of the finished mix, and its files in the form that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from math import inf, isfinite, log10
from pathlib import Path, PurePosixPath

from tonnbook import audio_files
from tonnbook.audio_files import BitDepth, Writer
from tonnbook.dsp.levels import to_gain
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.mixing.decide.gain import MIX_LUFS
from tonnbook.studio.mixing.render.bus import Measured, Rendered

MIX_CEILING_DBTP = -3.0
"""True peak of a mix: room for the mastering."""

_MARGIN_DB = 0.02  # for the dither and the rounding of a 16-bit file
_STEM_CEILING = 0.999
_UNMIXED_CEILING_DBTP = -1.0


@dataclass(frozen=True)
class Level:
    """The gain that finishes the mix, the same for every stem, and what comes of it."""

    trim_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    reason: str
    info: tuple[str, ...] = ()
    """What the listener should know of it beside the reason."""


@dataclass(frozen=True)
class Order:
    """One file to be delivered: what from, where to."""

    source: Path
    target: Path
    gain_db: float
    bit_depth: BitDepth = 24
    dither_seed: int | None = None


def level(rendered: Rendered) -> Level:
    """Return the trim to -18 LUFS or -3 dBTP, whichever comes first; no stem may clip at it either.

    A changed mix keeps the trim that it had without the changes, or a change on one track would move all others. Only where the
    changes drive the peaks over the ceiling, everything comes down together.
    """
    before = rendered.unchanged or rendered.measured
    wanted = min(_to_loudness(before), _to_peak(before))
    highest = rendered.highest_stem_peak
    to_stems = 20.0 * log10(_STEM_CEILING / highest) if highest else inf
    trim = min(wanted, _to_peak(rendered.measured), to_stems)
    loudness, true_peak = rendered.measured.loudness_lufs + trim, rendered.measured.true_peak_dbtp + trim
    moved = f"the whole mix {'raised' if trim >= 0 else 'turned down'} {abs(trim):.1f} dB"
    if trim == _to_loudness(before):
        return Level(
            trim,
            loudness,
            true_peak,
            f"{moved} to {MIX_LUFS:.0f} LUFS; with peaks at {true_peak:.1f} dBTP it leaves the mastering room",
        )
    peaks = f"so that the peaks stay under {MIX_CEILING_DBTP:.0f} dBTP; it plays at {loudness:.1f} LUFS"
    info = []
    if rendered.unchanged is not None and trim < wanted:
        info.append(f"your changes raised the peaks: the mix and all stems were turned down {wanted - trim:.1f} dB")
    if trim == to_stems:
        info.append(
            "one stem alone is louder than the mix: mix and stems were turned down together so that it does not clip"
        )
    return Level(trim, loudness, true_peak, f"{moved} {peaks}", tuple(info))


def level_of_unmixed(plain: Rendered, mix: Level) -> Level:
    """Return the trim that makes the plain sum as loud as the mix, so that the two compare; it must not clip."""
    wanted = mix.loudness_lufs - plain.measured.loudness_lufs if isfinite(plain.measured.loudness_lufs) else 0.0
    trim = min(wanted, _UNMIXED_CEILING_DBTP - plain.measured.true_peak_dbtp)
    short = wanted - trim
    info = (
        (f"the unmixed track is {short:.1f} dB quieter than the mix, or its peaks would clip",) if short > 0.05 else ()
    )
    return Level(
        trim, plain.measured.loudness_lufs + trim, plain.measured.true_peak_dbtp + trim, "as loud as the mix", info
    )


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


def _to_loudness(measured: Measured) -> float:
    return MIX_LUFS - measured.loudness_lufs if isfinite(measured.loudness_lufs) else inf


def _to_peak(measured: Measured) -> float:
    return MIX_CEILING_DBTP - _MARGIN_DB - measured.true_peak_dbtp if isfinite(measured.true_peak_dbtp) else 0.0


def _write(order: Order, rate: int) -> None:
    gain = to_gain(order.gain_db)
    with Writer(order.target, rate, 2, bit_depth=order.bit_depth, dither_seed=order.dither_seed) as file:
        for block in audio_files.blocks(order.source):
            file.write(block * gain)
    order.source.unlink()
