"""Derive the verdicts of an analysis from its findings, with pure functions. The rounded numbers, which the answer shows, are compared.

| key | verdict |
|---|---|
| integrated_loudness_lufs, peak_loudness_dbfs | BS.1770-5 integrated loudness of the file; true peak, the largest of four meters |
| bit_depth, sample_rate | of the file; 32 for float, 0 for a lossy one |
| clipping | flat tops of 3 samples or more, separately in each channel and above and below zero (limits of the method: `measure.clipping`): none; below 10 a minute and below 0.01 % of the samples MINOR; otherwise MAJOR |
| if_mix_loudness | LESS above -15 LUFS or -1 dBTP, MORE below -24 LUFS |
| if_master_loudness | LESS above -13 LUFS, LESS_APPLE above -15, MORE below -17.5 |
| if_mix_drc, if_master_drc | peak to loudness ratio below the range of the style LESS, above it MORE; less than 1 LU inside the range, a loudness range below 2 LU gives LESS and one above 14 LU gives MORE, for tracks of 30 s and more |
| stereo_field | MONO: correlation above 0.9999, or a side 60 dB below the middle; STEREO_UPMIX: a filter can derive more than 75 % of the side from the middle (so can a Haas delay of up to 13 ms); NARROW: side below -20 dB; WIDE: side above -5 dB or correlation below 0.25 (200 Hz to 12 kHz, while the track plays) |
| phase_issues | correlation below 0 in more than 10 % of the 400 ms frames of any band from 250 Hz, or below 0.5 under 120 Hz; bands 40 dB below the whole do not count |
| mono_compatible | the mono sum is at most 2.5 LU quieter, and loses at most 6 dB in any octave from 250 Hz to 8 kHz |
| tonal_profile | power of 20-200, 200-2k, 2k-8k, 8k-20k Hz in the whole, more than 3 dB (the last: 4 dB) from that of the style; frequencies above half the sample rate count in neither, and a range that lies entirely above it is MEDIUM |

Sources: sound.md, section 4; the enumerated values are those published by integrators of the service.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.models.analysis import TONAL_HZ, TonalBand, TonalProfile, Verdicts
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, MusicalStyle, StereoField, TonalLevel
from tonnbook.studio.analysis.findings import FIELD_EDGES_HZ, Bands, Findings
from tonnbook.studio.measure.reference_tone import musical_style, reference_profile_db

MIX_LUFS = (-24.0, -15.0)
MIX_PEAK_DBTP = -1.0
MASTER_LUFS = (-17.5, -15.0, -13.0)
MINOR_RUNS_PER_MINUTE = 10.0
MINOR_SHARE = 1e-4
MONO_CORRELATION, MONO_WIDTH_DB = 0.9999, -60.0
UPMIX = 0.75
NARROW_DB, WIDE_DB, WIDE_CORRELATION = -20.0, -5.0, 0.25
OUT_OF_PHASE_SHARE, LOW_CORRELATION = 0.1, 0.5
MONO_CHANGE_LU, MONO_LOSS_DB = -2.5, 6.0
TONAL_TOLERANCE_DB = (3.0, 3.0, 3.0, 4.0)
RANGE_LU = (2.0, 14.0)
NEAR_THE_EDGE_LU = 1.0
MIX_PLR_LU = (12.0, 21.0)
_MASTER_PLR_LU, _DENSE_PLR_LU, _OPEN_PLR_LU = (7.0, 13.0), (6.0, 12.0), (10.0, 20.0)
_DENSE_STYLES = frozenset({MusicalStyle.ELECTRONIC, MusicalStyle.METAL, MusicalStyle.HIPHOP_GRIME})
_OPEN_STYLES = frozenset({MusicalStyle.ACOUSTIC, MusicalStyle.ORCHESTRAL})
_OPEN_ANALYSIS_STYLES = frozenset({AnalysisStyle.AMBIENT})  # open, although it belongs to a dense musical style
_RANGE_FROM_S = 30.0
_FAINT_DB = -40.0
_PHASE_BANDS = slice(FIELD_EDGES_HZ.index(250.0), None)


def judge(findings: Findings, style: AnalysisStyle, *, is_master: bool) -> Verdicts:
    """Return all verdicts of an analysis, without the sentences."""
    loudness, peak = round(findings.loudness_lufs, 2), round(findings.true_peak_dbtp, 2)
    return Verdicts(
        loudness_lufs=loudness,
        true_peak_dbtp=peak,
        bit_depth=findings.info.bit_depth or 0,
        sample_rate=findings.info.rate,
        clipping=clipping(findings),
        mix_loudness=mix_loudness(loudness, peak),
        mix_drc=compression(findings, plr_range_lu(style, is_master=False)),
        master_loudness=master_loudness(loudness),
        master_drc=compression(findings, plr_range_lu(style, is_master=True)),
        stereo_field=stereo_field(findings),
        mono_compatible=mono_compatible(findings),
        phase_issues=phase_issues(findings),
        tonal_profile=tonal_profile(tonal_bands(findings, style, is_master=is_master)),
        mix_style="MASTER" if is_master else "MIX",
        musical_style=style.value,
    )


def clipping(findings: Findings) -> ClippingVerdict:
    """Return the verdict on clipping."""
    runs, share = findings.clipping.runs, clipped_share(findings)
    if not runs:
        return ClippingVerdict.NONE
    minor = runs_per_minute(findings) < MINOR_RUNS_PER_MINUTE and share < MINOR_SHARE
    return ClippingVerdict.MINOR if minor else ClippingVerdict.MAJOR


def runs_per_minute(findings: Findings) -> float:
    """Return the number of flat tops per minute."""
    return findings.clipping.runs / max(findings.info.seconds / 60.0, 1e-6)


def clipped_share(findings: Findings) -> float:
    """Return the share of clipped samples in all samples of all channels, 0 to 1."""
    return findings.clipping.seconds / (findings.info.seconds * findings.info.channels)


def mix_loudness(loudness_lufs: float, peak_dbtp: float) -> Advice:
    """Return the advice on the level of a mix before mastering: LESS for peaks without headroom, even if the mix is quiet."""
    low, high = MIX_LUFS
    if loudness_lufs > high or peak_dbtp > MIX_PEAK_DBTP:
        return Advice.LESS
    return Advice.MORE if loudness_lufs < low else Advice.OPTIMAL


def master_loudness(loudness_lufs: float) -> Advice:
    """Return the advice on the level of a master: streaming services play at -14 LUFS, Apple Music at -16."""
    low, apple, high = MASTER_LUFS
    if loudness_lufs > high:
        return Advice.LESS
    if loudness_lufs > apple:
        return Advice.LESS_APPLE
    return Advice.MORE if loudness_lufs < low else Advice.OPTIMAL


def plr_range_lu(style: AnalysisStyle, *, is_master: bool) -> tuple[float, float]:
    """Return the usual range of the peak to loudness ratio of a style, lowest and highest, in LU."""
    if not is_master:
        return MIX_PLR_LU
    if style in _OPEN_ANALYSIS_STYLES or musical_style(style) in _OPEN_STYLES:
        return _OPEN_PLR_LU
    return _DENSE_PLR_LU if musical_style(style) in _DENSE_STYLES else _MASTER_PLR_LU


def compression(findings: Findings, plr_range: tuple[float, float]) -> Advice:
    """Return the advice on compression: LESS, MORE or OPTIMAL."""
    low, high = plr_range
    plr, loudness_range = round(findings.plr_lu, 2), round(findings.loudness_range_lu, 2)
    if plr < low:
        return Advice.LESS
    if plr > high:
        return Advice.MORE
    if findings.info.seconds >= _RANGE_FROM_S:
        if plr < low + NEAR_THE_EDGE_LU and loudness_range < RANGE_LU[0]:
            return Advice.LESS
        if plr > high - NEAR_THE_EDGE_LU and loudness_range > RANGE_LU[1]:
            return Advice.MORE
    return Advice.OPTIMAL


def stereo_field(findings: Findings) -> StereoField:
    """Return the verdict on the stereo field."""
    width, correlation = float(findings.width.width_db[0]), float(findings.width.correlation[0])
    if correlation > MONO_CORRELATION or width < MONO_WIDTH_DB:
        return StereoField.MONO
    if findings.upmix > UPMIX:
        return StereoField.STEREO_UPMIX
    if width < NARROW_DB:
        return StereoField.NARROW
    return StereoField.WIDE if width > WIDE_DB or correlation < WIDE_CORRELATION else StereoField.BALANCED


def phase_issues(findings: Findings) -> bool:
    """Return whether a band cancels when left and right are summed, or the bass is not mono enough."""
    bands, counts = findings.bands, _counts(findings.bands)
    if counts[0] and low_correlation(findings) < LOW_CORRELATION:
        return True
    return bool((out_of_phase(bands)[_PHASE_BANDS][counts[_PHASE_BANDS]] > OUT_OF_PHASE_SHARE).any())


def out_of_phase(bands: Bands) -> Array:
    """Return the share of the 400 ms frames with a correlation below 0 in each band, 0 to 1."""
    if not bands.moments.shape[1]:
        return np.zeros(len(bands.power))
    return np.asarray((bands.moments < 0.0).mean(axis=1))


def low_correlation(findings: Findings) -> float:
    """Return the correlation of left and right below 120 Hz, -1 to 1."""
    return float(findings.bands.correlation[0])


def mono_compatible(findings: Findings) -> bool:
    """Return whether the mono sum keeps loudness and spectrum."""
    losses = findings.octaves.mono_loss_db[_counts(findings.octaves)]
    return findings.mono_change_lu >= MONO_CHANGE_LU and bool((losses <= MONO_LOSS_DB).all())


def tonal_bands(findings: Findings, style: AnalysisStyle, *, is_master: bool) -> tuple[TonalBand, ...]:
    """Return the four ranges of the tonal profile with their levels and targets, both up to half the sample rate of the file."""
    ends_hz, power = findings.info.rate / 2.0, np.maximum(findings.tonal, 1e-30)
    levels = (10.0 * np.log10(power / power.sum())).round(2).tolist()
    targets = reference_profile_db(style, is_master=is_master, up_to_hz=ends_hz).round(2).tolist()
    return tuple(
        TonalBand(name=name, level_db=level if low < ends_hz else None, target_db=target, tolerance_db=tolerance)
        for (name, (low, _)), level, target, tolerance in zip(
            TONAL_HZ.items(), levels, targets, TONAL_TOLERANCE_DB, strict=True
        )
    )


def tonal_profile(bands: tuple[TonalBand, ...]) -> TonalProfile:
    """Return the verdict on each of the four ranges."""
    return TonalProfile.model_validate({band.name: _tonal_level(band) for band in bands})


def _tonal_level(band: TonalBand) -> TonalLevel:
    away = 0.0 if band.level_db is None else round(band.level_db - band.target_db, 2)
    if abs(away) <= band.tolerance_db:
        return TonalLevel.MEDIUM
    return TonalLevel.HIGH if away > 0 else TonalLevel.LOW


def _counts(bands: Bands) -> npt.NDArray[np.bool_]:
    """Return whether each band is loud enough to count."""
    return np.asarray(bands.power > bands.power.sum() * 10.0 ** (_FAINT_DB / 10.0))
