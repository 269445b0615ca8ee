"""Compression: the compressor settings of each track, from how evenly it was played.

The rule is that of Z. Ma, B. De Man, P. Pestana, D. Black, J. Reiss, "Intelligent multitrack dynamic range compression", JAES 63(6), 2015:
the more percussive a track is relative to the others, the higher its ratio. Of its regression only bounded ranges per instrument are
used (`styles.COMPRESSION`). Times follow the crest factor: D. Giannoulis, M. Massberg, J. Reiss, "Parameter automation in a dynamic
range compressor", JAES 61(10), 2013. The threshold is found by trying it on the measured peaks.

There is no make-up gain: the level balance uses the compressed loudness, so the track's gain includes it.
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
from tonnbook.studio.mixing.decide.strip import Strip, predict_reduction_db
from tonnbook.studio.mixing.features import STEPS

_EVEN_CREST_DB, _EVEN_RANGE_LU = 8.0, 4.0  # a track below both is already even
_LARGEST_DB = 8.0  # gain reduction not exceeded in 95 % of the time in which the track plays
# A voice of wide loudness range, whose level would otherwise be automated by hand, gets up to 1.6 times both reductions. sound.md
# limits them to 8 dB, but then the quiet words of the shipped vocal (16 LU) stay masked.
_WIDE_LU, _WIDEST_FACTOR = 8.0, 1.6
_THRESHOLD_DB = (-60.0, 0.0)
_LEAST_DB = 0.5
_ROUNDS = 10  # halvings of 60 dB: to 0.06 dB


def decide_compression(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with a compressor on each that benefits from one."""
    mean_crest = float(np.mean([strip.features.crest_db for strip in strips]))
    return [strip.with_compression(_compression(strip, mean_crest, style)) for strip in strips]


def compression_reason(strip: Strip) -> str:
    """Return the reason for a track's compression, or for none, in a sentence."""
    settings = strip.sound.compression
    if settings is None:
        return _no_compression_reason(strip)
    mean, largest = _reduction_figures(strip, settings)
    return (
        f"{settings.ratio:.1f}:1 above {settings.threshold_db:.1f} dBFS reduces the track by {mean:.1f} dB while it plays and by "
        f"{largest:.1f} dB in the loudest moments: {_purpose(strip, settings)}; the gain compensates for it"
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
    factor = _wide_range_factor(strip)
    target_db = limits.reduction_db * styles.COMPRESSION_OF_STYLE.get(style, 1.0) * factor
    settings = _with_threshold(strip, settings, target_db, _LARGEST_DB * factor)
    return settings if _reduction_figures(strip, settings)[0] >= _LEAST_DB else None


def _with_threshold(
    strip: Strip, settings: CompressionReading, mean_db: float, largest_db: float
) -> CompressionReading:
    """Return the settings with the highest threshold that reaches the mean or the largest reduction, found by bisection."""
    low, high = _THRESHOLD_DB[0], float(db(strip.sound.peaks.max()))
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        mean, largest = _reduction_figures(strip, settings.model_copy(update={"threshold_db": middle}))
        if mean < mean_db and largest < largest_db:
            high = middle
        else:
            low = middle
    return settings.model_copy(update={"threshold_db": round(float(np.clip(high, *_THRESHOLD_DB)), 1)})


def _reduction_figures(strip: Strip, settings: CompressionReading) -> tuple[float, float]:
    """Return the mean reduction in dB while the track plays, and the one not exceeded in 95 % of that time."""
    reduction = predict_reduction_db(strip.sound.peaks, settings)[np.repeat(strip.sound.playing, STEPS)]
    return (float(reduction.mean()), float(np.quantile(reduction, 0.95))) if len(reduction) else (0.0, 0.0)


def _wide_range_factor(strip: Strip) -> float:
    """Return the factor on the reductions, 1 to 1.6: above 1 only for voices of wide loudness range."""
    if strip.request.instrument not in (Group.VOCAL, Group.BACKING_VOX):
        return 1.0
    return float(np.clip(strip.features.range_lu / _WIDE_LU, 1.0, _WIDEST_FACTOR))


def _is_even(strip: Strip) -> bool:
    return strip.features.crest_db < _EVEN_CREST_DB and strip.features.range_lu < _EVEN_RANGE_LU


def _no_compression_reason(strip: Strip) -> str:
    if strip.request.instrument not in styles.COMPRESSION:
        return f"not compressed: {strip.request.instrument.label.lower()} is already processed"
    if _is_even(strip):
        return (
            f"not compressed: with {strip.features.crest_db:.0f} dB between peak and average and a loudness range of "
            f"{strip.features.range_lu:.0f} LU the track is already even"
        )
    return "not compressed: the reduction would be too small to be audible"


def _purpose(strip: Strip, settings: CompressionReading) -> str:
    if strip.request.instrument in DRUM_KIT:
        return f"the {settings.attack_ms:.0f} ms attack keeps the start of each hit and evens out the hits"
    if strip.features.range_lu > _WIDE_LU:
        return (
            f"its loudness varies by {strip.features.range_lu:.0f} LU, and the other tracks would mask the quiet notes"
        )
    return "all notes become about equally loud, so none is masked and none sticks out"
