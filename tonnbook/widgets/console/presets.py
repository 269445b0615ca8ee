"""EQ and compressor settings by name, as starting points for one track."""

from __future__ import annotations

from collections.abc import Mapping

from tonnbook.models.effects import Compression, EqBand


def _bands(*bands: tuple[float, float, float]) -> tuple[EqBand, ...]:
    return tuple(EqBand(centre_hz=hz, gain_db=db, q=q) for hz, db, q in bands)


def _compression(threshold_db: float, ratio: float, attack_ms: float, release_ms: float) -> Compression:
    return Compression(threshold_db=threshold_db, ratio=ratio, attack_ms=attack_ms, release_ms=release_ms)


EQ_PRESETS: Mapping[str, tuple[EqBand, ...]] = {
    "flat": (),
    "bass boost": _bands((70, 3.5, 0.9), (140, 2, 0.8), (380, -1.5, 1)),
    "vocal clarity": _bands((220, -2.5, 0.8), (2800, 2.5, 1), (5500, 1.5, 1), (11000, 1.5, 0.7)),
    "kick punch": _bands((55, 4, 1.1), (300, -3.5, 0.9), (3500, 3, 1.4)),
    "snare crack": _bands((190, 2, 1.1), (550, -2, 1), (4500, 3.5, 1.1), (9000, 1.5, 0.8)),
    "less rumble": _bands((30, -12, 0.6), (70, -5, 0.8)),
    "brightness": _bands((6500, 2.5, 0.8), (12500, 3.5, 0.7)),
    "less mud": _bands((280, -3.5, 1), (450, -1.5, 1)),
}
"""Bands by name."""

COMPRESSION_PRESETS: Mapping[str, Compression] = {
    "off": Compression(ratio=1),
    "vocal": _compression(-20, 3.5, 6, 60),
    "drum bus": _compression(-16, 2.5, 12, 110),
    "bass": _compression(-20, 4, 18, 90),
    "gentle": _compression(-24, 2, 25, 180),
    "aggressive": _compression(-14, 8, 1.5, 40),
}
"""Compressors by name. The threshold is the peak level of the recording after its EQ: adjust it to the track."""
