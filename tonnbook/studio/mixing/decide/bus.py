"""The mix bus: a gentle compressor on everything, and where the song is loudest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.levels import Array, db
from tonnbook.dsp.loudness import windowed
from tonnbook.models.effects import CompressionReading
from tonnbook.models.mixing import Reason
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide.gain import mix_energies
from tonnbook.studio.mixing.decide.sound import reduction
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import LOW_CUT_HZ, PEAKS, STEPS

PREVIEW_S = 30.0
MOST_REDUCTION_DB = 2.0
"""What the bus compressor takes off at most, whatever comes."""

_RATIO, _ATTACK_MS, _RELEASE_MS = 1.5, 30.0, 200.0
_BELOW_LOUD_DB = 2.0
_NO_GLUE = frozenset({MusicalStyle.ACOUSTIC, MusicalStyle.ORCHESTRAL})
_PER_SECOND = 100


@dataclass(frozen=True)
class BusDecision:
    """What is done to the sum of all tracks."""

    compression: CompressionReading | None
    reasons: tuple[Reason, ...]


def bus_decided(strips: Sequence[Strip], style: MusicalStyle) -> BusDecision:
    """Return the low cut and the bus compressor with their reasons."""
    low_cut = Reason(
        setting="low cut",
        text=f"below {LOW_CUT_HZ:.0f} Hz nothing is kept on any track: no speaker plays it, and it takes headroom",
    )
    if style in _NO_GLUE:
        left = f"left alone: {style.label.lower()} music keeps its full dynamics"
        return BusDecision(None, (low_cut, Reason(setting="compression", text=left)))
    peaks = mix_peaks(strips)
    loud = float(np.quantile(peaks[peaks > 0.0], 0.95)) if np.any(peaks > 0.0) else 1.0
    settings = CompressionReading(
        threshold_db=round(min(db(loud) - _BELOW_LOUD_DB, 0.0), 1),
        ratio=_RATIO,
        attack_ms=_ATTACK_MS,
        release_ms=_RELEASE_MS,
    )
    taken = np.minimum(reduction(peaks, settings), MOST_REDUCTION_DB)
    text = (
        f"{_RATIO}:1 above {settings.threshold_db:.1f} dBFS, about {float(np.quantile(taken, 0.95)):.1f} dB in the loud moments and never "
        f"more than {MOST_REDUCTION_DB:.0f}: all tracks move together, which glues them"
    )
    return BusDecision(settings, (low_cut, Reason(setting="compression", text=text)))


def mix_peaks(strips: Sequence[Strip]) -> Array:
    """Return the predicted peaks of the mix per 3.3 ms: unrelated sounds add up as powers."""
    total = np.zeros(max(len(strip.sound.peaks) for strip in strips))
    for strip in strips:
        total[: len(strip.sound.peaks)] += (
            np.square(strip.sound.peaks) * np.repeat(10.0 ** (-strip.sound.reduction_db / 10.0), PEAKS) * strip.power
        )
    return np.sqrt(total)


def loudest_start_s(strips: Sequence[Strip], length_s: float = PREVIEW_S) -> float:
    """Return where the loudest stretch of that length begins, on a grid of 0.1 s, the earliest of equals; 0 for a shorter song."""
    energy = mix_energies(strips)
    means = windowed(energy, round(length_s * _PER_SECOND), STEPS)
    return float(np.argmax(means)) / (_PER_SECOND / STEPS) if len(means) else 0.0
