"""Compression: how much a track needs follows from how it was played.

The form is that of Z. Ma, B. De Man, P. Pestana, D. Black, J. Reiss, "Intelligent multitrack dynamic range compression", JAES 63(6), 2015:
the more percussive a track is against the others, the higher its ratio. Its regression is not used, only bounded ranges per
instrument (`mix_styles.COMPRESSION`). Times follow the crest factor: D. Giannoulis, M. Massberg, J. Reiss, "Parameter
automation in a dynamic range compressor", JAES 61(10), 2013. The threshold is found by trying it on the measured peaks.

There is no make-up gain: the level balance counts with the compressed loudness, so the track's gain has it in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tonnbook.dsp.levels import db
from tonnbook.models.effects import CompressionReading
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.measure.reference_levels import DRUM_KIT
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.sound import reduction
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import STEPS

_EVEN_CREST_DB, _EVEN_RANGE_LU = 8.0, 4.0  # a track below both is even already
_MOST_DB = 8.0  # gain reduction that is not exceeded in 95 % of the time it plays
# A voice of wide loudness range, which an engineer would ride by hand, gets up to 1.6 times both. sound.md stops at 8 dB, but the
# quiet words of the shipped vocal (16 LU) stay hidden then.
_WIDE_LU, _WIDEST = 8.0, 1.6
_THRESHOLD_DB = (-60.0, 0.0)
_WORTH_DB = 0.5
_ROUNDS = 10  # halvings of 60 dB: to 0.06 dB


def compressed(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with a compressor on each that gains by one."""
    mean_crest = float(np.mean([strip.features.crest_db for strip in strips]))
    return [strip.with_compression(_compression(strip, mean_crest, style)) for strip in strips]


def compression_reason(strip: Strip) -> str:
    """Return why a track is compressed as it is, or not, in a sentence."""
    settings = strip.sound.compression
    if settings is None:
        return _why_not(strip)
    mean, most = _reduction_figures(strip, settings)
    return (
        f"{settings.ratio:.1f}:1 above {settings.threshold_db:.1f} dBFS takes {mean:.1f} dB off while it plays and {most:.1f} dB off "
        f"the loudest moments: {_aim(strip)}; the gain makes up for it"
    )


def _compression(strip: Strip, mean_crest: float, style: MusicalStyle) -> CompressionReading | None:
    limits = styles.COMPRESSION.get(strip.request.instrument)
    if limits is None or _is_even(strip):
        return None
    amplitude = 10.0 ** (strip.features.crest_db / 20.0)
    attack_ms = 160.0 / amplitude**2
    release_ms = 2000.0 / amplitude**2 - attack_ms
    percussive = float(np.clip(0.5 + (strip.features.crest_db - mean_crest) / 12.0, 0.0, 1.0))
    ratio = limits.ratio[0] + percussive * (limits.ratio[1] - limits.ratio[0])
    settings = CompressionReading(
        threshold_db=_THRESHOLD_DB[1],
        ratio=round(min(ratio, styles.HIGHEST_RATIO.get(style, ratio)), 1),
        attack_ms=round(float(np.clip(attack_ms, *limits.attack_ms)), 1),
        release_ms=float(round(float(np.clip(release_ms, *limits.release_ms)))),
    )
    wide = _wideness(strip)
    wanted = limits.reduction_db * styles.COMPRESSION_OF_STYLE.get(style, 1.0) * wide
    settings = _threshold_found(strip, settings, wanted, _MOST_DB * wide)
    return settings if _reduction_figures(strip, settings)[0] >= _WORTH_DB else None


def _threshold_found(
    strip: Strip, settings: CompressionReading, wanted_db: float, most_db: float
) -> CompressionReading:
    """Return the settings with the highest threshold that reaches one of the reductions; bisection on the measured peaks."""
    low, high = _THRESHOLD_DB[0], float(db(strip.sound.peaks.max()))
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        mean, most = _reduction_figures(strip, settings.model_copy(update={"threshold_db": middle}))
        if mean < wanted_db and most < most_db:
            high = middle
        else:
            low = middle
    return settings.model_copy(update={"threshold_db": round(float(np.clip(high, *_THRESHOLD_DB)), 1)})


def _reduction_figures(strip: Strip, settings: CompressionReading) -> tuple[float, float]:
    """Return the mean reduction and the one that is not exceeded in 95 % of the time, while the track plays, in dB."""
    taken = reduction(strip.sound.peaks, settings)[np.repeat(strip.sound.playing, STEPS)]
    return (float(taken.mean()), float(np.quantile(taken, 0.95))) if len(taken) else (0.0, 0.0)


def _wideness(strip: Strip) -> float:
    """Return how much more than usual a track is to be evened out, 1 to 1.6: only voices that vary much."""
    if strip.request.instrument not in (Group.VOCAL, Group.BACKING_VOX):
        return 1.0
    return float(np.clip(strip.features.range_lu / _WIDE_LU, 1.0, _WIDEST))


def _is_even(strip: Strip) -> bool:
    return strip.features.crest_db < _EVEN_CREST_DB and strip.features.range_lu < _EVEN_RANGE_LU


def _why_not(strip: Strip) -> str:
    if strip.request.instrument not in styles.COMPRESSION:
        return f"left alone: {strip.request.instrument.label.lower()} comes in finished"
    if _is_even(strip):
        return (
            f"left alone: with {strip.features.crest_db:.0f} dB between peak and average and a loudness range of "
            f"{strip.features.range_lu:.0f} LU the track is even already"
        )
    return "left alone: so little would be taken off that nobody could hear it"


def _aim(strip: Strip) -> str:
    if strip.request.instrument in DRUM_KIT:
        return (
            f"the {strip.sound.compression.attack_ms:.0f} ms attack lets the stick through and evens out the hits"
            if strip.sound.compression
            else ""
        )
    if strip.features.range_lu > _WIDE_LU:
        return f"its loudness varies by {strip.features.range_lu:.0f} LU, and the quiet notes would be lost behind the others"
    return "the notes come out more even, so none is lost and none jumps out"
