"""Plan a master: from the measures of a song and a target to the settings of every stage before the level, each with its reason.

Everything here is a pure function of plain values, so a plan can be shown, tested and rendered again. The stages and their figures are
those of sound.md 3.3. How much glue compression a song needs is known only after these stages have been rendered: see `glue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from tonnbook.dsp.dynamics import gain_reduction_db
from tonnbook.dsp.levels import Array, db
from tonnbook.dsp.loudness import lufs
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.mastering import CEILING_DBTP, MasteringRequest
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import difference_db, distance_db, filled
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.measure.reference_tone import master_tone_db
from tonnbook.studio.measure.song_features import CROSSOVERS_HZ, SongFeatures

LARGEST_TONE_GAIN_DB = 4.0
LARGEST_TREBLE_LIFT_DB = 1.5
INVERTED_WIDTH_DB = 3.0
"""A side that is more than this above the middle means opposite polarity of the channels, not a wide song."""

_TONE_TOLERANCE_DB = 1.5  # root mean square over the bands: a song this close to its target is not changed
_TREBLE = np.array([centre >= 8000 for centre in THIRD_OCTAVES])
_CURVE_LEVELS_DB = np.arange(-2.0, 2.01, 0.25)
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
_DENSITY: dict[MusicalStyle, float] = {
    MusicalStyle.METAL: 1.5,
    MusicalStyle.ELECTRONIC: 1.4,
    MusicalStyle.HIPHOP_GRIME: 1.2,
    MusicalStyle.ROCK_INDIE: 1.1,
    MusicalStyle.POP: 1.0,
    MusicalStyle.REGGAE_DUB: 0.9,
    MusicalStyle.OTHER: 0.8,
    MusicalStyle.ACOUSTIC: 0.6,
    MusicalStyle.ORCHESTRAL: 0.0,
}
"""Factor of a style on the reduction of the multiband compressor, in the order of the dynamics that the analysis allows the styles (sound.md 4:
peak to loudness ratio of masters of metal, hip-hop and electronic music 6 to 12 LU, of acoustic and orchestral music 10 to 20, of others 7 to
13). The factors themselves are the studio's choice. OTHER is between the two groups. An orchestra is not compressed."""
_EVEN_DB = 6.0
_MOST_BAND_REDUCTION_DB = 3.0
_INAUDIBLE_DB = -70.0


@dataclass(frozen=True)
class BandCompression:
    """Settings of one band of the multiband compressor, or of the glue compressor."""

    threshold_db: float
    """Sample peak in dBFS, at the level of the song as it comes, after the tone curve."""
    ratio: float
    attack_ms: float
    release_ms: float
    knee_db: float = 6.0
    makeup_db: float = 0.0
    """Gain after the compressor that restores the loudness of the band."""


@dataclass(frozen=True)
class MasterTarget:
    """What a master should be like: loudness, ceiling, sample rate and tone."""

    target_lufs: float
    rate: SampleRate
    tone_db: tuple[float, ...]
    """Reference spectrum in third octaves, in dB relative to 1 kHz."""
    tone_name: str
    """Name of that spectrum for the reasons."""
    ceiling_dbtp: float
    tone_share: float = 0.8
    """Share of the distance to the reference spectrum that is corrected, within the limits."""
    density: float = 1.0
    """Factor on the reduction of the multiband compressor; 0 switches it off."""


@dataclass(frozen=True)
class MasterPlan:
    """Settings of all stages of the chain; None or False switches a stage off."""

    target: MasterTarget
    declip_at: float | None
    """Amplitude of the flat tops."""
    offsets: tuple[float, ...] | None
    """DC offset of each channel."""
    tone_db: tuple[float, ...] | None
    """Gain of the tone curve in third octaves."""
    low_mono: bool
    """Whether the song is made mono below 100 Hz."""
    side_db: float
    """Gain of the side above that."""
    bands: tuple[BandCompression | None, ...]
    """Low, middle and high band."""
    glue: BandCompression | None
    """Decided after the other stages have been rendered."""
    stages: tuple[StageNotes, ...]
    """The reason of each stage."""


def requested_target(request: MasteringRequest) -> MasterTarget:
    """Return the target of a request."""
    album = request.album.tone_db if request.album else None
    return target_for(request.style, request.target_lufs, request.sample_rate, album)


def target_for(
    style: MusicalStyle, target_lufs: float, rate: SampleRate, album_tone_db: tuple[float, ...] | None = None
) -> MasterTarget:
    """Return the target for a style and a loudness; with an album, its average spectrum replaces that of the style."""
    if album_tone_db is not None:
        name = "the album's average"
        return MasterTarget(target_lufs, rate, album_tone_db, name, CEILING_DBTP, 1.0, _DENSITY[style])
    tone_db = tuple(master_tone_db(style).tolist())
    return MasterTarget(target_lufs, rate, tone_db, f"the style {style.label}", CEILING_DBTP, density=_DENSITY[style])


def decide(features: SongFeatures, target: MasterTarget) -> MasterPlan:
    """Return the plan for a song that is not silent."""
    if _is_at_target(features, target):
        return _unchanged(features, target)
    declip_at, declip = _declip(features)
    offsets, offset = _offset(features)
    tone_db, tone = _tone(features, target)
    low_mono, side_db, stereo = _stereo(features)
    raised = [_power_gain_db(features, tone_db, *edges) if tone_db else 0.0 for edges in _BAND_EDGES_HZ]
    bands, multiband = _multiband(features, raised, target.density)
    stages = (declip, offset, _resample(features, target), tone, stereo, multiband)
    return MasterPlan(target, declip_at, offsets, tone_db, low_mono, side_db, bands, None, stages)


def _is_at_target(features: SongFeatures, target: MasterTarget) -> bool:
    """Return whether the song has its target loudness below the ceiling already: any processing would only do harm."""
    at_loudness = abs(features.loudness_lufs - target.target_lufs) <= 0.06
    return at_loudness and features.true_peak_dbtp <= target.ceiling_dbtp + 0.01


def _unchanged(features: SongFeatures, target: MasterTarget) -> MasterPlan:
    text = (
        f"The song has {features.loudness_lufs:.2f} LUFS and {features.true_peak_dbtp:.2f} dBTP: it is already a master for this target, "
        "so nothing but its level is checked."
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
        text = f"{found.runs} flat tops: too few to repair." if found.runs else "No flat tops: the song is not clipped."
        return None, StageNotes(stage="declip", done=False, text=text, numbers=numbers)
    text = f"{found.runs} flat tops at {found.ceiling_dbfs:.1f} dBFS ({per_minute:.0f} a minute): replaced by cubic curves."
    return 10.0 ** (found.ceiling_dbfs / 20.0), StageNotes(stage="declip", done=True, text=text, numbers=numbers)


def _offset(features: SongFeatures) -> tuple[tuple[float, ...] | None, StageNotes]:
    largest = max(abs(offset) for offset in features.offsets)
    numbers = {"offset_dbfs": round(db(largest), 1)}
    if largest < _OFFSET:
        text = f"The DC offset is negligible ({db(largest):.0f} dBFS)."
        return None, StageNotes(stage="dc", done=False, text=text, numbers=numbers)
    text = f"A DC offset of {db(largest):.0f} dBFS takes headroom: removed."
    return features.offsets, StageNotes(stage="dc", done=True, text=text, numbers=numbers)


def _resample(features: SongFeatures, target: MasterTarget) -> StageNotes:
    numbers = {"from_hz": float(features.rate), "to_hz": float(target.rate)}
    if features.rate == target.rate:
        text = f"The song already has {target.rate:d} Hz."
        return StageNotes(stage="resample", done=False, text=text, numbers=numbers)
    text = f"From {features.rate} Hz to {target.rate:d} Hz, with soxr at its highest quality."
    return StageNotes(stage="resample", done=True, text=text, numbers=numbers)


def _tone(features: SongFeatures, target: MasterTarget) -> tuple[tuple[float, ...] | None, StageNotes]:
    tone_db, reference_db = features.tone_db.tolist(), target.tone_db
    before = distance_db(tone_db, reference_db)
    curve, after, held_back = _tone_curve(features.tone_db, reference_db, target.tone_share)
    numbers = {"distance_before_db": round(before, 2), "foreseen_distance_db": round(after, 2)}
    if before <= _TONE_TOLERANCE_DB:
        text = f"The tone is {before:.1f} dB from {target.tone_name}: close enough to leave it unchanged."
        return None, StageNotes(stage="tone", done=False, text=text, numbers=numbers)
    numbers |= {"held_back": float(held_back)}
    text = f"The tone is {before:.1f} dB from {target.tone_name}; a linear-phase curve should bring it to about {after:.1f} dB."
    return tuple(curve.tolist()), StageNotes(stage="tone", done=True, text=text, numbers=numbers)


def _tone_curve(tone_db: Array, reference_db: Sequence[float], share: float) -> tuple[Array, float, int]:
    """Return the gain in third octaves that corrects `share` of the distance to the reference, within the limits.

    Also returns the distance in dB that is left (before the dynamics, which move the tone a little, too), and the number of bands whose
    correction the limits cut. The shape is broad, and bands in which the song is empty are not raised: see `models.tone`. As the level
    is set later, the curve as a whole may be raised or lowered to where the limits cut least.
    """
    used = np.array(filled(tone_db.tolist(), reference_db))
    wanted = share * np.array(difference_db(tone_db.tolist(), reference_db))
    highest = np.where(_TREBLE, LARGEST_TREBLE_LIFT_DB, LARGEST_TONE_GAIN_DB)
    curves = [np.clip(wanted + level, -LARGEST_TONE_GAIN_DB, highest) for level in _CURVE_LEVELS_DB]
    curves = [np.where(used, curve, np.minimum(curve, 0.0)) for curve in curves]
    left = [distance_db((tone_db + curve).tolist(), reference_db) for curve in curves]
    best = int(np.lexsort((np.abs(_CURVE_LEVELS_DB), np.round(left, 3)))[0])
    cut = np.abs(curves[best] - wanted - _CURVE_LEVELS_DB[best])[used] > 1e-9
    return curves[best], left[best], int(np.count_nonzero(cut))


def _power_gain_db(features: SongFeatures, gain_db: Sequence[float], low_hz: float, high_hz: float) -> float:
    """Return by how many dB a curve raises the power of the song between two frequencies."""
    power = features.middle + features.side
    power = np.where([low_hz <= centre < high_hz for centre in THIRD_OCTAVES], power, 0.0)
    if not power.any():
        return 0.0
    return float(10.0 * np.log10(np.average(10.0 ** (np.asarray(gain_db) / 10.0), weights=power)))


def _stereo(features: SongFeatures) -> tuple[bool, float, StageNotes]:
    width, low = features.width_db, features.low_width_db
    if width is None:
        text = "The song is mono: both channels get the same."
        return False, 0.0, StageNotes(stage="stereo", done=False, text=text)
    low_mono, bass_text = _bass(low)
    numbers = {"width_db": round(width, 2), "side_gain_db": 0.0}
    if low is not None:
        numbers |= {"low_width_db": round(low, 2)}
    if width > INVERTED_WIDTH_DB:
        text = (
            f"{bass_text} The side is {width:.0f} dB louder than the middle, which happens when the polarity of one channel is inverted: "
            "correct that in the mix."
        )
        return low_mono, 0.0, StageNotes(stage="stereo", done=low_mono, text=text, numbers=numbers)
    outside = width < _NARROWEST_DB or width > _WIDEST_DB
    side_db = float(np.copysign(_WIDTH_STEP_DB, _USUAL_WIDTH_DB - width)) if outside else 0.0
    change = f"{'narrow' if side_db > 0 else 'wide'}, so it is changed by {side_db:+.1f} dB"
    text = f"{bass_text} The side is at {width:+.1f} dB relative to the middle: {change if outside else 'a usual width, kept'}."
    numbers |= {"side_gain_db": side_db}
    return low_mono, side_db, StageNotes(stage="stereo", done=low_mono or outside, text=text, numbers=numbers)


def _bass(low_width_db: float | None) -> tuple[bool, str]:
    """Return whether to make the bass mono, and the reason. Not where most of the bass is in the side, and would be lost."""
    if low_width_db is None or low_width_db <= _LOW_SIDE_DB:
        return False, "Below 100 Hz the song is mono already."
    if low_width_db > _MOST_LOW_SIDE_DB:
        loss = mono_loss_text(low_width_db)
        return False, f"Below 100 Hz it stays stereo: made mono, it would lose {loss} of its bass."
    return True, "Below 100 Hz it is made mono, for an even bass."


def mono_loss_text(width_db: float) -> str:
    """Return by how much the mono sum is quieter than the song, in words, for a side at this level relative to the middle."""
    loss_db = float(10.0 * np.log10(1.0 + 10.0 ** (width_db / 10.0)))
    return f"{loss_db:.1f} dB" if loss_db < _NEARLY_ALL_DB else "nearly all"


def _multiband(
    features: SongFeatures, raised: Sequence[float], density: float
) -> tuple[tuple[BandCompression | None, ...], StageNotes]:
    """Return the settings of the three bands; `raised` is the gain of the tone curve in each, in dB."""
    if not density:
        text = "Not compressed: this style keeps the dynamics of the performance."
        return (None, None, None), StageNotes(stage="multiband", done=False, text=text)
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
        bands.append(_band(levels + gain, loud + gain, spread, times, density) if uneven else None)
        words += [f"{name} {band.ratio:g}:1 from {band.threshold_db:.0f} dBFS" for band in bands[-1:] if band]
    corners = f"split at {CROSSOVERS_HZ[0]:g} and {CROSSOVERS_HZ[1]:g} Hz"
    if not words:
        text = f"All three bands ({corners}) are even: not compressed."
        return (None, None, None), StageNotes(stage="multiband", done=False, text=text, numbers=numbers)
    text = f"The hits of some bands ({corners}) stand out by more than {_EVEN_DB:g} dB: {', '.join(words)}."
    return tuple(bands), StageNotes(stage="multiband", done=True, text=text, numbers=numbers)


def _band(levels: Array, loud: float, spread: float, times_ms: tuple[float, float], density: float) -> BandCompression:
    """Return the compression that reduces the loudest hits by a quarter of what they stand out, times the density, and at most by 3 dB."""
    ratio = 1.5 if spread < 10.0 else 2.0
    reduction = min(_MOST_BAND_REDUCTION_DB, density * (0.25 * (spread - _EVEN_DB) + 1.0))
    threshold = loud - reduction / (1.0 - 1.0 / ratio)
    power = np.power(10.0, levels / 10.0)
    left = power * np.power(10.0, -gain_reduction_db(levels, threshold, ratio) / 10.0)
    makeup = 10.0 * float(np.log10(power.sum() / left.sum()))
    return BandCompression(round(threshold, 2), ratio, *times_ms, makeup_db=round(makeup, 2))
