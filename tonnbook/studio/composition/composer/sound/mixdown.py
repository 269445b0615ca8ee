"""Mix raw stems to WAV files: one gain for the loudness, one limiter curve, one fade, the same for every stem.

The limiter curve is computed from the sum and applied to each stem. Stems are rounded to 16 bits, and the mix is the sum of the rounded
stems, so that they add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from math import exp, inf, isfinite, log
from pathlib import Path

import numpy as np

from tonnbook.audio_files import Writer
from tonnbook.dsp.cell_peaks import CELL, CellPeaks
from tonnbook.dsp.levels import Array
from tonnbook.dsp.limiter import main_curve
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.true_peak import LONG_TAPS, SHORT_TAPS, TruePeakMeter
from tonnbook.models.mastering import CEILING_DBTP
from tonnbook.studio.composition.composer.sound.render import BLOCK, RawStem
from tonnbook.studio.composition.composer.sound.soundfont import RATE

TARGET_LUFS = -16.0
_AIM_DBTP = -1.3
FADE_IN_S, FADE_OUT_S, SILENT_S = 0.001, 2.0, 0.02
"""The fade-out lasts while the last chord rings; SILENT_S is the silence at its end."""
_FADED_DB = 66.0
"""Attenuation at the end of the fade-out, which falls with the square of the time: by at most 19 dB in 0.3 s."""
_CUT_S = 0.03
"""Last part of the fade-out, which ends in silence."""
_CHUNK_CELLS = 2048
_STEP = 2.0**-15


@dataclass(frozen=True)
class Mixdown:
    """The files of a song and their measurements."""

    mix: Path
    stems: Mapping[str, Path]
    frames: int
    loudness_lufs: float
    true_peak_dbtp: float
    reduction_db: float
    """Largest gain reduction of the limiter."""


def mix_down(raw: Sequence[RawStem], to: Path, looping: bool) -> Mixdown:
    """Write `mix.wav` and one WAV per stem into the folder `to`, at -16 LUFS and under -1 dBTP."""
    gain = _loudness_gain(raw, looping)
    curve = _limiter_curve(raw, gain, _AIM_DBTP, looping)
    for _ in range(4):  # the limiter reduces the loudness a little: raise the gain and limit again
        missing = TARGET_LUFS - _meter(raw, gain, curve, looping).integrated
        if not isfinite(missing) or abs(missing) < 0.1:
            break
        gain *= 10 ** (1.3 * missing / 20)  # 30 % more, because the limiter reduces this as well
        curve = _limiter_curve(raw, gain, _AIM_DBTP, looping)
    done = _write(raw, gain, curve, to, looping)
    if done.true_peak_dbtp > CEILING_DBTP:
        aim = _AIM_DBTP - (done.true_peak_dbtp - CEILING_DBTP) - 0.1
        done = _write(raw, gain, _limiter_curve(raw, gain, aim, looping), to, looping)
    return done


def _sums(raw: Sequence[RawStem]) -> Iterator[Array]:
    for blocks in zip(*(stem.blocks() for stem in raw), strict=True):
        yield np.sum(blocks, axis=0)


def _loudness_gain(raw: Sequence[RawStem], looping: bool) -> float:
    loudness = _meter(raw, 1.0, None, looping).integrated
    return float(10 ** ((TARGET_LUFS - loudness) / 20)) if isfinite(loudness) else 1.0


def _meter(raw: Sequence[RawStem], gain: float, curve: Array | None, looping: bool) -> LoudnessMeter:
    meter = LoudnessMeter(RATE, 2)
    for n, block in enumerate(_sums(raw)):
        start, frames = n * BLOCK, block.shape[1]
        faded = block * gain * (1.0 if looping else _fades(start, frames, raw[0].frames))
        meter.process(faded * (1.0 if curve is None else _per_frame(curve, start, frames)))
    return meter


def _limiter_curve(raw: Sequence[RawStem], gain: float, ceiling_dbtp: float, looping: bool) -> Array:
    """Return the gain of the limiter (a factor) for every cell of 8 frames of the song.

    A loop is limited twice in a row: its end as the end of the first time, before the start of the second, and its start as that of the
    second time, after the end of the first. So the gain is the same on both sides of the seam.
    """
    ceiling = exp(ceiling_dbtp * log(10) / 20)
    peaks, smoothing = CellPeaks(2, [SHORT_TAPS, LONG_TAPS], ceiling), main_curve(RATE)
    delay = peaks.delay + smoothing.delay
    cells = -(-raw[0].frames // CELL)
    found: list[Array] = []
    for chunk in _chunks(raw, delay, times=2 if looping else 1):
        over = np.maximum(peaks.push(gain * chunk).astype(np.float64) / ceiling, 1.0)
        found.append(smoothing.push(20 * np.log10(over)))
    reduction = np.concatenate(found)[delay:]
    if looping:
        reduction = np.concatenate([reduction[cells : cells + cells // 2], reduction[cells // 2 :]])
    return np.asarray(10 ** (-reduction[:cells] / 20), np.float64)


def _chunks(raw: Sequence[RawStem], delay: int, times: int) -> Iterator[Array]:
    """Yield the sum in whole chunks of cells, as many times as requested, then silence for `delay` cells."""
    size = _CHUNK_CELLS * CELL
    for block in chain.from_iterable(_sums(raw) for _ in range(times)):
        for start in range(0, block.shape[1], size):
            piece = block[:, start : start + size]
            yield np.pad(piece, ((0, 0), (0, -piece.shape[1] % CELL)))
    for _ in range(delay // _CHUNK_CELLS + 1):
        yield np.zeros((2, size))


def _per_frame(curve: Array, start: int, frames: int) -> Array:
    """Return the gain of each frame, interpolated linearly between the centres of the cells."""
    positions = (np.arange(start, start + frames) - (CELL - 1) / 2) / CELL
    return np.asarray(np.interp(positions, np.arange(len(curve)), curve))


def _fades(start: int, frames: int, total: int) -> Array:
    """Return the gain of the fade-in, against clicks, and of the fade-out; a song shorter than two fade-outs has a shorter one."""
    t = np.arange(start, start + frames)
    rise = np.clip(t / (FADE_IN_S * RATE), 0, 1)
    left = (total - 1 - t) / RATE - SILENT_S
    fade = min(FADE_OUT_S, total / RATE / 2) - SILENT_S
    fall = 10 ** (-_FADED_DB / 20 * np.clip(1 - left / fade, 0, 1) ** 2)
    return np.asarray(rise * fall * np.clip(left / _CUT_S, 0, 1))


def _write(raw: Sequence[RawStem], gain: float, curve: Array, to: Path, looping: bool) -> Mixdown:
    """Write the stems and the mix, which is the sum of the rounded stems."""
    loudness, peak = LoudnessMeter(RATE, 2), TruePeakMeter(RATE, 2)
    stems = {stem.role: to / f"{stem.role}.wav" for stem in raw}
    start, total = 0, raw[0].frames
    with ExitStack() as files:
        mix = files.enter_context(Writer(to / "mix.wav", RATE, 2, 16))
        writers = [files.enter_context(Writer(path, RATE, 2, 16)) for path in stems.values()]
        for blocks in zip(*(stem.blocks() for stem in raw), strict=True):
            frames = blocks[0].shape[1]
            gains = gain * _per_frame(curve, start, frames) * (1.0 if looping else _fades(start, frames, total))
            whole = [np.rint(block * gains / _STEP) * _STEP for block in blocks]
            for writer, stem in zip(writers, whole, strict=True):
                writer.write(stem)
            summed = np.sum(whole, axis=0)
            mix.write(summed)
            loudness.process(summed)
            peak.process(summed)
            start += frames
    reduction = -20 * float(np.log10(curve.min(initial=1.0)))
    measured = loudness.integrated
    return Mixdown(to / "mix.wav", stems, total, measured if isfinite(measured) else -inf, peak.dbtp, reduction)
