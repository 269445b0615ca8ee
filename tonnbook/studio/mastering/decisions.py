"""The mastering engineer's decisions: from what was measured to a plan, each stage with its reason. A pure function.

The chain and its figures are sound.md 3.3. How hard the song is driven after that shows only when it has been shaped: see `mastering_glue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from tonnbook.dsp.dynamics import gain_reduction_db
from tonnbook.dsp.levels import Array, db
from tonnbook.dsp.loudness import lufs
from tonnbook.models.notes import StageNotes
from tonnbook.studio.mastering.plan import BandCompression, MasterPlan, MasterTarget
from tonnbook.studio.mastering.tone import CLOSE_ENOUGH_DB, louder_by, match
from tonnbook.studio.measure.song_features import CROSSOVERS_HZ, SongFeatures

TURNED_DB = 3.0
"""A side so much louder than the middle is no wide song but one whose channels stand against each other."""

_NEARLY_ALL_DB = 30.0
_OFFSET = 1e-3  # -60 dBFS
_CLIPPED_RUNS_PER_MINUTE = 10.0
_CLIPPED_SHARE = 1e-4
_NARROWEST_DB, _WIDEST_DB, _USUAL_WIDTH_DB = -20.0, -5.0, -12.0
_WIDTH_STEP_DB = 1.5
_LOW_SIDE_DB, _MOST_LOW_SIDE_DB = -40.0, -3.0
_BAND_EDGES_HZ = ((0.0, CROSSOVERS_HZ[0]), CROSSOVERS_HZ, (CROSSOVERS_HZ[1], inf))
_BAND_NAMES = ("low", "middle", "high")
_BAND_TIMES_MS = ((30.0, 200.0), (15.0, 120.0), (5.0, 80.0))
_EVEN_DB = 6.0
_MOST_BAND_REDUCTION_DB = 3.0
_INAUDIBLE_DB = -70.0


def is_master_already(features: SongFeatures, target: MasterTarget) -> bool:
    """Say whether the song stands at its target, below the ceiling: whatever is done to it then only does harm."""
    return (
        abs(features.loudness_lufs - target.target_lufs) <= 0.06
        and features.true_peak_dbtp <= target.ceiling_dbtp + 0.01
    )


def decide(features: SongFeatures, target: MasterTarget) -> MasterPlan:
    """Return the plan for a song that is not silent."""
    if is_master_already(features, target):
        return _leave_alone(features, target)
    declip_at, declip = _declip(features)
    offsets, offset = _offset(features)
    tone_db, tone = _tone(features, target)
    low_mono, side_db, stereo = _stereo(features)
    raised = [louder_by(features, tone_db, *edges) if tone_db else 0.0 for edges in _BAND_EDGES_HZ]
    bands, multiband = _multiband(features, raised)
    stages = (declip, offset, _resample(features, target), tone, stereo, multiband)
    return MasterPlan(target, declip_at, offsets, tone_db, low_mono, side_db, bands, None, stages)


def _leave_alone(features: SongFeatures, target: MasterTarget) -> MasterPlan:
    text = (
        f"The song stands at {features.loudness_lufs:.2f} LUFS with {features.true_peak_dbtp:.2f} dBTP: it is a master for this target "
        "already, so only its level is kept."
    )
    stages = (_resample(features, target), StageNotes(stage="tone", done=False, text=text))
    return MasterPlan(target, None, None, None, False, 0.0, (None, None, None), None, stages)


def _declip(features: SongFeatures) -> tuple[float | None, StageNotes]:
    found = features.clipping
    per_minute = found.runs / max(features.seconds / 60.0, 1e-3)
    share = found.seconds / max(features.seconds, 1e-3)
    numbers = {
        "runs": float(found.runs),
        "runs_per_minute": round(per_minute, 2),
        "ceiling_dbfs": round(found.ceiling_dbfs, 2),
    }
    if per_minute < _CLIPPED_RUNS_PER_MINUTE and share < _CLIPPED_SHARE:
        text = (
            f"{found.runs} flat tops: not worth a repair." if found.runs else "No flat tops: the song was not clipped."
        )
        return None, StageNotes(stage="declip", done=False, text=text, numbers=numbers)
    text = f"{found.runs} flat tops at {found.ceiling_dbfs:.1f} dBFS ({per_minute:.0f} a minute): rounded again by cubic curves."
    return 10.0 ** (found.ceiling_dbfs / 20.0), StageNotes(stage="declip", done=True, text=text, numbers=numbers)


def _offset(features: SongFeatures) -> tuple[tuple[float, ...] | None, StageNotes]:
    largest = max(abs(offset) for offset in features.offsets)
    numbers = {"offset_dbfs": round(db(largest), 1)}
    if largest < _OFFSET:
        text = f"The wave stands on the zero line (offset {db(largest):.0f} dBFS)."
        return None, StageNotes(stage="dc", done=False, text=text, numbers=numbers)
    text = f"The wave stands {db(largest):.0f} dBFS beside the zero line, which costs headroom: moved back."
    return features.offsets, StageNotes(stage="dc", done=True, text=text, numbers=numbers)


def _resample(features: SongFeatures, target: MasterTarget) -> StageNotes:
    numbers = {"from_hz": float(features.rate), "to_hz": float(target.rate)}
    if features.rate == target.rate:
        return StageNotes(stage="resample", done=False, text=f"It has {target.rate:d} Hz already.", numbers=numbers)
    text = f"From {features.rate} Hz to {target.rate:d} Hz, with soxr at its highest quality."
    return StageNotes(stage="resample", done=True, text=text, numbers=numbers)


def _tone(features: SongFeatures, target: MasterTarget) -> tuple[tuple[float, ...] | None, StageNotes]:
    found = match(features, target.tone_db, target.tone_share)
    before, after = found.distance_before_db, found.distance_after_db
    numbers = {"distance_before_db": round(before, 2), "foreseen_distance_db": round(after, 2)}
    if before <= CLOSE_ENOUGH_DB:
        text = f"The tone lies {before:.1f} dB from {target.tone_name}: near enough to be left alone."
        return None, StageNotes(stage="tone", done=False, text=text, numbers=numbers)
    numbers |= {"held_back": float(found.held_back)}
    text = f"The tone lies {before:.1f} dB from {target.tone_name}; a linear-phase curve is to bring it to about {after:.1f} dB."
    return tuple(found.gain_db.tolist()), StageNotes(stage="tone", done=True, text=text, numbers=numbers)


def _stereo(features: SongFeatures) -> tuple[bool, float, StageNotes]:
    width, low = features.width_db, features.low_width_db
    if width is None:
        return False, 0.0, StageNotes(stage="stereo", done=False, text="The song is mono: both sides get the same.")
    low_mono, lows = _bass(low)
    numbers = {"width_db": round(width, 2), "side_gain_db": 0.0}
    if low is not None:
        numbers |= {"low_width_db": round(low, 2)}
    if width > TURNED_DB:
        text = f"{lows} The side is {width:.0f} dB louder than the middle, as where one channel is turned round: that is for the mix to set right."
        return low_mono, 0.0, StageNotes(stage="stereo", done=low_mono, text=text, numbers=numbers)
    outside = width < _NARROWEST_DB or width > _WIDEST_DB
    side_db = float(np.copysign(_WIDTH_STEP_DB, _USUAL_WIDTH_DB - width)) if outside else 0.0
    field_ = f"The side lies at {width:+.1f} dB against the middle: " + (
        f"{'narrow' if side_db > 0 else 'wide'}, so it moves by {side_db:+.1f} dB."
        if outside
        else "a usual width, kept."
    )
    numbers |= {"side_gain_db": side_db}
    text = f"{lows} {field_}"
    return low_mono, side_db, StageNotes(stage="stereo", done=low_mono or outside, text=text, numbers=numbers)


def _bass(low_width_db: float | None) -> tuple[bool, str]:
    """Say whether the bass is to be made mono, and why: never where most of it stands in the side, and would be gone."""
    if low_width_db is None or low_width_db <= _LOW_SIDE_DB:
        return False, "Below 100 Hz it is mono already."
    if low_width_db > _MOST_LOW_SIDE_DB:
        lost = in_words(lost_in_mono_db(low_width_db))
        return False, f"Made mono below 100 Hz, it would lose {lost} of its bass, so that stays as it is."
    return True, "Below 100 Hz it is made mono, for even bass."


def lost_in_mono_db(width_db: float) -> float:
    """Return by how much the sum of both channels is quieter than the song, for a side of so many dB against the middle."""
    return float(10.0 * np.log10(1.0 + 10.0 ** (width_db / 10.0)))


def in_words(lost_db: float) -> str:
    """Return a loss as a person says it."""
    return f"{lost_db:.1f} dB" if lost_db < _NEARLY_ALL_DB else "nearly all"


def _multiband(
    features: SongFeatures, raised: Sequence[float]
) -> tuple[tuple[BandCompression | None, ...], StageNotes]:
    playing = lufs(features.energies) > features.loudness_lufs - 15.0
    peaks = features.band_peaks[:, : len(playing)][:, playing[: features.band_peaks.shape[1]]]
    bands: list[BandCompression | None] = []
    words: list[str] = []
    numbers: dict[str, float] = {}
    for name, times, gain, levels in zip(_BAND_NAMES, _BAND_TIMES_MS, raised, db(peaks), strict=True):
        loud = float(np.quantile(levels, 0.95)) if levels.size else -200.0
        spread = loud - float(np.median(levels)) if levels.size else 0.0
        numbers[f"{name}_spread_db"] = round(spread, 2)
        uneven = spread > _EVEN_DB and loud > _INAUDIBLE_DB
        bands.append(_band(levels + gain, loud + gain, spread, times) if uneven else None)
        words += [f"{name} {band.ratio:g}:1 from {band.threshold_db:.0f} dBFS" for band in bands[-1:] if band]
    corners = f"split at {CROSSOVERS_HZ[0]:g} and {CROSSOVERS_HZ[1]:g} Hz"
    if not words:
        text = f"All three bands ({corners}) are even: left alone."
        return (None, None, None), StageNotes(stage="multiband", done=False, text=text, numbers=numbers)
    text = f"The hits of some bands ({corners}) stand out by more than {_EVEN_DB:g} dB: {', '.join(words)}."
    return tuple(bands), StageNotes(stage="multiband", done=True, text=text, numbers=numbers)


def _band(levels: Array, loud: float, spread: float, times_ms: tuple[float, float]) -> BandCompression:
    """Return the compression that takes a quarter of what the hits stand out, 3 dB at most, off the loudest of them."""
    ratio = 1.5 if spread < 10.0 else 2.0
    reduction = min(_MOST_BAND_REDUCTION_DB, 0.25 * (spread - _EVEN_DB) + 1.0)
    threshold = loud - reduction / (1.0 - 1.0 / ratio)
    power = np.power(10.0, levels / 10.0)
    left = power * np.power(10.0, -gain_reduction_db(levels, threshold, ratio) / 10.0)
    makeup = 10.0 * float(np.log10(power.sum() / left.sum()))
    return BandCompression(round(threshold, 2), ratio, *times_ms, makeup_db=round(makeup, 2))
