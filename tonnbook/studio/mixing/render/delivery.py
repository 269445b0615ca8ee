"""Deliver a mix: decide the level of the finished mix, and write the rendered files at that level in the requested formats."""

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
from tonnbook.studio.mixing.render.bus import Measured, RenderedFiles

MIX_CEILING_DBTP = -3.0
"""Largest true peak of a mix: the rest is headroom for mastering."""

_MARGIN_DB = 0.02  # for the dither and the rounding of a 16-bit file
_STEM_CEILING = 0.999
_UNMIXED_CEILING_DBTP = -1.0


@dataclass(frozen=True)
class Level:
    """The gain of the finished mix, the same for every stem, and the resulting level."""

    trim_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    reason: str
    info: tuple[str, ...] = ()
    """Messages for the user, in addition to the reason."""


@dataclass(frozen=True)
class OutputFile:
    """A file to write: its source, target, gain and format."""

    source: Path
    target: Path
    gain_db: float
    bit_depth: BitDepth = 24
    dither_seed: int | None = None
    comment: str | None = None


def mix_level(rendered: RenderedFiles) -> Level:
    """Return the trim to -18 LUFS or -3 dBTP, whichever is lower; no stem may clip with it either.

    A changed mix keeps the trim that it had without the changes, or a change of one track would move all others. Only if the
    changes raise the peaks above the ceiling, all tracks are turned down together.
    """
    before = rendered.unchanged or rendered.measured
    wanted = min(_to_loudness(before), _to_ceiling(before))
    highest = rendered.highest_stem_peak
    to_stem_ceiling = 20.0 * log10(_STEM_CEILING / highest) if highest else inf
    trim = min(wanted, _to_ceiling(rendered.measured), to_stem_ceiling)
    loudness, true_peak = rendered.measured.loudness_lufs + trim, rendered.measured.true_peak_dbtp + trim
    moved = f"the whole mix {'raised' if trim >= 0 else 'turned down'} {abs(trim):.1f} dB"
    if trim == _to_loudness(before):
        reason = f"{moved} to {MIX_LUFS:.0f} LUFS; peaks at {true_peak:.1f} dBTP leave headroom for mastering"
        return Level(trim, loudness, true_peak, reason)
    reason = f"{moved} to keep the peaks below {MIX_CEILING_DBTP:.0f} dBTP; its loudness is {loudness:.1f} LUFS"
    info = []
    if rendered.unchanged is not None and trim < wanted:
        info.append(f"your changes raised the peaks: the mix and all stems were turned down {wanted - trim:.1f} dB")
    if trim == to_stem_ceiling:
        info.append("one stem is louder than the mix: mix and stems were turned down together so that it does not clip")
    return Level(trim, loudness, true_peak, reason, tuple(info))


def unmixed_level(unmixed: RenderedFiles, mix: Level) -> Level:
    """Return the trim that makes the unmixed sum as loud as the mix, for comparison; it must not clip."""
    loudness, true_peak = unmixed.measured.loudness_lufs, unmixed.measured.true_peak_dbtp
    wanted = mix.loudness_lufs - loudness if isfinite(loudness) else 0.0
    trim = min(wanted, _UNMIXED_CEILING_DBTP - true_peak)
    quieter = f"the unmixed track is {wanted - trim:.1f} dB quieter than the mix because its peaks would clip otherwise"
    info = (quieter,) if wanted - trim > 0.05 else ()
    return Level(trim, loudness + trim, true_peak + trim, "as loud as the mix", info)


def write_files(files: Sequence[OutputFile], rate: int, pool: Executor, progress: Progress) -> None:
    """Write every file at its level; each float file is deleted once its output is written."""
    for done, _ in enumerate(pool.map(lambda file: _write(file, rate), files), 1):
        progress(done / len(files), "writing files")


def stem_names(tracks: Sequence[str], ending: str) -> Mapping[str, str]:
    """Return a file name for the stem of each track: "vocal.flac" becomes "vocal.wav"; equal names are numbered."""
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


def _to_ceiling(measured: Measured) -> float:
    return MIX_CEILING_DBTP - _MARGIN_DB - measured.true_peak_dbtp if isfinite(measured.true_peak_dbtp) else 0.0


def _write(file: OutputFile, rate: int) -> None:
    gain = to_gain(file.gain_db)
    with Writer(
        file.target, rate, 2, bit_depth=file.bit_depth, dither_seed=file.dither_seed, comment=file.comment
    ) as writer:
        for block in audio_files.blocks(file.source):
            writer.write(block * gain)
    file.source.unlink()
