"""The mix bus: a gentle compressor on the sum of all tracks. Also finds the loudest part of the song, for the preview."""

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
from tonnbook.studio.mixing.decide.strip import Strip, predict_reduction_db
from tonnbook.studio.mixing.features import LOW_CUT_HZ, PEAKS, STEPS

PREVIEW_S = 30.0
LARGEST_REDUCTION_DB = 2.0
"""Upper limit of the bus compressor's gain reduction."""

_RATIO, _ATTACK_MS, _RELEASE_MS = 1.5, 30.0, 200.0
_BELOW_LOUD_DB = 2.0
_UNCOMPRESSED = {
    MusicalStyle.ACOUSTIC: "acoustic music keeps its full dynamics",
    MusicalStyle.ORCHESTRAL: "orchestral music keeps its full dynamics",
    MusicalStyle.OTHER: "no style is given that would ask for it",
}
_STEPS_PER_S = 100


@dataclass(frozen=True)
class BusDecision:
    """The settings of the mix bus and their reasons."""

    compression: CompressionReading | None
    reasons: tuple[Reason, ...]


def decide_bus(strips: Sequence[Strip], style: MusicalStyle) -> BusDecision:
    """Return the bus compressor of the style, or none, with the reasons; the reason for the low cut of every track is included."""
    low_cut = Reason(
        setting="low cut",
        text=f"removes everything below {LOW_CUT_HZ:.0f} Hz from every track: no speaker plays it, and it costs headroom",
    )
    if style in _UNCOMPRESSED:
        text = f"not compressed: {_UNCOMPRESSED[style]}"
        return BusDecision(None, (low_cut, Reason(setting="compression", text=text)))
    peaks = mix_peaks(strips)
    loud = float(np.quantile(peaks[peaks > 0.0], 0.95)) if np.any(peaks > 0.0) else 1.0
    settings = CompressionReading(
        threshold_db=round(min(db(loud) - _BELOW_LOUD_DB, 0.0), 1),
        ratio=_RATIO,
        attack_ms=_ATTACK_MS,
        release_ms=_RELEASE_MS,
    )
    reduction = np.minimum(predict_reduction_db(peaks, settings), LARGEST_REDUCTION_DB)
    text = (
        f"{_RATIO}:1 above {settings.threshold_db:.1f} dBFS reduces the loud moments by about {float(np.quantile(reduction, 0.95)):.1f} dB, "
        f"never by more than {LARGEST_REDUCTION_DB:.0f} dB: all tracks move together, which makes the mix cohesive"
    )
    return BusDecision(settings, (low_cut, Reason(setting="compression", text=text)))


def mix_peaks(strips: Sequence[Strip]) -> Array:
    """Return the predicted peaks of the mix per 3.3 ms, (3 · steps,): the powers of unrelated sounds add up."""
    total = np.zeros(max(len(strip.sound.peaks) for strip in strips))
    for strip in strips:
        total[: len(strip.sound.peaks)] += (
            np.square(strip.sound.peaks) * np.repeat(10.0 ** (-strip.sound.reduction_db / 10.0), PEAKS) * strip.power
        )
    return np.sqrt(total)


def loudest_start_s(strips: Sequence[Strip], length_s: float = PREVIEW_S) -> float:
    """Return the start of the loudest part of that length, to 0.1 s, the earliest of equals; 0.0 if the song is shorter."""
    energy = mix_energies(strips)
    means = windowed(energy, round(length_s * _STEPS_PER_S), STEPS)
    return float(np.argmax(means)) / (_STEPS_PER_S / STEPS) if len(means) else 0.0
