"""Decide the repairs of a whole track, one function per stage: clipping, compression, tone and stereo.

Each takes what was measured on the track and returns a note with the processing, or the note alone if there is nothing to do. All but
declipping are linear once they are decided: filters, and gains over time.

What a compressor removed from a hit is lost, but the times of the hits are known. A gain that rises for some milliseconds at each of them raises
the peaks above the loudness again. Its size is searched for until the peak to loudness ratio suits the style, up to 9 dB.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from tonnbook import audio_files
from tonnbook.dsp import linear_phase
from tonnbook.dsp.clip import Declipper
from tonnbook.dsp.gate import GainOverTime
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.dsp.stereo import side_impulse
from tonnbook.dsp.transients import Powers, attack_gain, attacks_db
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.models.analysis import TONAL_HZ
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import difference_db
from tonnbook.models.vocabulary import Advice, AnalysisStyle, StereoField, TonalLevel
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import FIELD_EDGES_HZ, Findings
from tonnbook.studio.analysis.verdicts import plr_range_lu
from tonnbook.studio.enhancement.session import Processing, Repair
from tonnbook.studio.measure.reference_tone import reference_profile_db, reference_tone_db, share_inside
from tonnbook.studio.measure.streams import through, write

_INSIDE_LU = rules.NEAR_THE_EDGE_LU + 0.3
_MOST_HITS_DB, _LEAST_HITS_DB = 9.0, -12.0
_WORTHWHILE_LU = 0.3
_SEARCH_ACCURACY_DB = 0.1

_TONE_STEPS = ((0.6, 4.0), (0.8, 6.0), (1.0, 9.0))
"""Share of the difference that a tone curve corrects, and its limit in dB; the first that brings every range within its tolerance is used."""
_MASTERED_TONE_STEPS = ((0.6, 1.5),)
_TONE_MARGIN_DB = 0.5

_NARROW_TO_DB, _WIDE_TO_DB, _WIDEN_DB = -16.0, -7.0, 24.0
_DERIVED_SIDE_DB = -14.0
_INVERTED = -0.3  # a correlation below this means an inverted channel, not a wide mix
_SIDE_SHARE, _BASS_SHARE, _MONO_SHARE = 0.7, 0.25, 0.6
"""Largest power of the side over that of the middle: correlations of 0.18 and 0.6, and a loss of 2 LU in mono."""
_DEEPEST_DB = -40.0

_DECIDED_BY_THE_LIMITER = frozenset({"compression"})
"""Restored peaks are higher above the loudness than flat tops; how high they may be is decided by the limiter in the end."""


def clipping(source: Path, findings: Findings) -> Repair:
    """Replace flat tops by curves."""
    clips = findings.clipping
    if not clips.runs:
        return Repair(StageNotes(stage="clipping", done=False, text="No clipping."))

    def declip(track: Path, out: Path) -> None:
        write(through(audio_files.blocks(track), _declipper(findings)), out, findings.info)

    declipper = _declipper(findings)
    for _ in through(audio_files.blocks(source), declipper):
        pass
    text = (
        f"{clips.runs} flat tops at {clips.ceiling_dbfs:.1f} dBFS; {declipper.runs} of them replaced by cubic curves."
    )
    numbers = {"runs": float(clips.runs), "rounded": float(declipper.runs)}
    note = StageNotes(stage="clipping", done=True, text=text, numbers=numbers)
    return Repair(note, declip, _DECIDED_BY_THE_LIMITER)


def compression(
    source: Path, findings: Findings, style: AnalysisStyle, headroom_lu: float, *, is_master: bool
) -> Repair:
    """Bring the peak to loudness ratio into the range of the style, by emphasising or softening the hits.

    Parameters
    ----------
    headroom_lu
        From the requested loudness to the highest true peak allowed: the limiter would reduce a ratio above it.
    """
    low, high = plr_range_lu(style, is_master=is_master)
    advice, plr = rules.compression(findings, (low, high)), findings.plr_lu
    if advice is Advice.OPTIMAL:
        text = f"Peaks are {plr:.1f} LU above the loudness, which is usual for the style: left unchanged."
        return _no_compression(text)
    if advice is Advice.MORE and headroom_lu < low:
        text = (
            f"Peaks are {plr:.1f} LU above the loudness, but at the requested loudness there are {headroom_lu:.1f} LU of headroom: "
            f"left to the limiter."
        )
        return _no_compression(text)
    aim = min(low + _INSIDE_LU, headroom_lu) if advice is Advice.LESS else high - _INSIDE_LU
    if advice is Advice.LESS and aim < plr + _WORTHWHILE_LU:
        text = (
            f"Peaks are {plr:.1f} LU above the loudness, {low:g} would be usual; but at the requested loudness there are "
            f"{headroom_lu:.1f} LU of headroom: left unchanged. Choose a quieter loudness."
        )
        return _no_compression(text)
    attacks = _attacks(source, findings.info)
    most_db = _gain_for_plr(source, attacks, findings, aim)
    reached = plr + _plr_gain(source, attacks, findings, most_db)
    if abs(reached - plr) < _WORTHWHILE_LU:
        text = (
            f"Peaks are {plr:.1f} LU above the loudness, but no hits stand out that could be changed: left unchanged."
        )
        return _no_compression(text)
    how = "overcompressed: hits emphasised" if most_db > 0.0 else "hardly compressed: hits softened"
    text = f"Peaks were {plr:.1f} LU above the loudness, {how} by up to {abs(most_db):.1f} dB. Now they are {reached:.1f} LU above."
    numbers = {"most_db": round(most_db, 2), "plr_before_lu": round(plr, 2), "plr_lu": round(reached, 2)}
    note = StageNotes(stage="compression", done=True, text=text, numbers=numbers)
    return Repair(note, scale_attacks(attacks, most_db))


def scale_attacks(attacks: Array, most_db: float) -> Processing:
    """Return the processing that raises each hit by up to `most_db`, or lowers it if that is negative.

    `attacks` are from `dsp.transients.attacks_db`.
    """

    def process(track: Path, out: Path) -> None:
        info = audio_files.info(track)
        gain = GainOverTime(info.rate, attack_gain(attacks, most_db))
        write(map(gain.process, audio_files.blocks(track)), out, info)

    return process


def tone(findings: Findings, style: AnalysisStyle, *, is_master: bool, to_be_mastered: bool = False) -> Repair:
    """Move the broad shape of the spectrum toward the style by a linear-phase curve.

    A mix that is `to_be_mastered` is moved toward the spectrum of a master.
    """
    profile = rules.tonal_profile(rules.tonal_bands(findings, style, is_master=is_master))
    odd = [name for name, level in profile if level is not TonalLevel.MEDIUM]
    if not odd:
        text = "Every range is within the tolerance of the style: left unchanged."
        return Repair(StageNotes(stage="tone", done=False, text=text))
    curve = tone_curve_db(findings, style, is_master=is_master, to_be_mastered=to_be_mastered)
    impulse = linear_phase.impulse(linear_phase.gains_between(THIRD_OCTAVES, curve.tolist(), findings.info.rate))

    def equalise(track: Path, out: Path) -> None:
        info = audio_files.info(track)
        bank = linear_phase.FilterBank(np.tile(impulse, (1, info.channels, 1)))
        write((filtered[0] for filtered in through(audio_files.blocks(track), bank)), out, info)

    ranges = ", ".join(odd).replace("_", " ")
    text = f"Outside the tolerance of the style: {ranges}. A linear-phase curve of {curve.min():+.1f} to {curve.max():+.1f} dB."
    numbers = {"lowest_gain_db": round(float(curve.min()), 2), "highest_gain_db": round(float(curve.max()), 2)}
    return Repair(StageNotes(stage="tone", done=True, text=text, numbers=numbers), equalise)


def tone_curve_db(findings: Findings, style: AnalysisStyle, *, is_master: bool, to_be_mastered: bool = False) -> Array:
    """Return the gain of each third octave in dB, (28,): the gentlest curve of those predicted to leave the least deviation from the style."""
    as_master = is_master or to_be_mastered
    level = 10.0 * np.log10(np.maximum(findings.tone, 1e-30))
    away = np.array(difference_db(level.tolist(), reference_tone_db(style, is_master=as_master).tolist()))
    steps = _MASTERED_TONE_STEPS if is_master else _TONE_STEPS
    curves = [np.clip(strength * away, -most, most) for strength, most in steps]
    return min(curves, key=lambda curve: _deviation_db(findings, curve, style, is_master=as_master))


def stereo(findings: Findings) -> Repair:
    """Undo an inverted channel, derive a side for a mono track, or correct width and phase band by band."""
    if rules.stereo_field(findings) is StereoField.MONO and rules.mono_compatible(findings):
        text = f"Mono track: a side signal of {_DERIVED_SIDE_DB:g} dB was derived from the middle in twelve bands (an upmix; it cancels in mono)."
        numbers = {"side_db": _DERIVED_SIDE_DB}
        return Repair(StageNotes(stage="stereo", done=True, text=text, numbers=numbers), _derive_side(findings))
    if float(findings.width.correlation[0]) < _INVERTED and rules.low_correlation(findings) < 0.0:
        text = "The right channel was inverted in polarity: inverted back."
        return Repair(StageNotes(stage="stereo", done=True, text=text), _invert_right)
    gains = side_gains_db(findings)
    if not np.any(np.abs(gains) > 0.05):
        return Repair(StageNotes(stage="stereo", done=False, text="Width and phase are in order."))
    text = f"The level of the side was changed by {gains.min():+.1f} to {gains.max():+.1f} dB, band by band."
    numbers = {"lowest_gain_db": round(float(gains.min()), 2), "highest_gain_db": round(float(gains.max()), 2)}
    return Repair(StageNotes(stage="stereo", done=True, text=text, numbers=numbers), _scale_side(findings, gains))


def side_gains_db(findings: Findings) -> Array:
    """Return the gain of the side in each band of `FIELD_EDGES_HZ`, in dB."""
    bands, width = findings.bands, float(findings.width.width_db[0])
    gains = np.zeros(len(bands.power))
    field = rules.stereo_field(findings)
    if field is StereoField.NARROW:
        gains[1:] = min(_NARROW_TO_DB - width, _WIDEN_DB)  # the bass stays in the middle
    if field is StereoField.WIDE:
        gains += min(0.0, _WIDE_TO_DB - width)
    share = np.maximum(bands.side, 1e-30) / np.maximum(bands.middle, 1e-30)
    limit = np.full(len(gains), np.inf)
    if rules.phase_issues(findings):
        shares = (1.0 - bands.moments) / np.maximum(1.0 + bands.moments, 1e-3)
        high = np.percentile(shares, 95.0, axis=1) if shares.shape[1] else share
        limit = np.where(rules.out_of_phase(bands) > 0.5 * rules.OUT_OF_PHASE_SHARE, _SIDE_SHARE / high, limit)
        limit[0] = _BASS_SHARE / share[0] if rules.low_correlation(findings) < rules.LOW_CORRELATION else limit[0]
    if not rules.mono_compatible(findings):
        limit = np.minimum(limit, _MONO_SHARE / share)
    return np.asarray(np.maximum(np.minimum(gains, 10.0 * np.log10(np.maximum(limit, 1e-6))), _DEEPEST_DB))


def _declipper(findings: Findings) -> Declipper:
    return Declipper(findings.info.rate, findings.info.channels, findings.clipping.ceilings)


def _no_compression(text: str) -> Repair:
    return Repair(StageNotes(stage="compression", done=False, text=text))


def _attacks(source: Path, info: audio_files.AudioInfo) -> Array:
    powers = Powers(info.rate)
    for block in audio_files.blocks(source):
        powers.measure(block)
    return attacks_db(powers.powers)


def _gain_for_plr(source: Path, attacks: Array, findings: Findings, aim_lu: float) -> float:
    """Return the gain of the hits in dB that gives a peak to loudness ratio, or the limit of the gain if that is not enough."""
    limit_db = _MOST_HITS_DB if aim_lu > findings.plr_lu else _LEAST_HITS_DB
    required = aim_lu - findings.plr_lu
    known = {0.0: 0.0}

    def error(most_db: float) -> float:
        if most_db not in known:
            known[most_db] = _plr_gain(source, attacks, findings, most_db)
        return known[most_db] - required

    if error(limit_db) * limit_db < 0.0:  # not even the limit reaches it
        return limit_db
    return float(brentq(error, 0.0, limit_db, xtol=_SEARCH_ACCURACY_DB))


def _plr_gain(source: Path, attacks: Array, findings: Findings, most_db: float) -> float:
    """Return by how many LU a gain of the hits raises the peak to loudness ratio."""
    info = findings.info
    gain = GainOverTime(info.rate, attack_gain(attacks, most_db))
    loudness, peak = LoudnessMeter(info.rate, info.channels), TruePeakMeter(info.rate, info.channels)
    for block in audio_files.blocks(source):
        changed = gain.process(block)
        loudness.process(changed)
        peak.process(changed)
    return peak.dbtp - loudness.integrated - findings.plr_lu


def _deviation_db(findings: Findings, curve_db: Array, style: AnalysisStyle, *, is_master: bool) -> float:
    """Predict by how many dB in total the ranges of the tonal profile would miss their tolerances after a curve."""
    gains = 10.0 ** (curve_db / 10.0)
    inside = np.array([share_inside(*edges) for edges in TONAL_HZ.values()])
    power = findings.tonal * (inside @ (findings.tone * gains)) / np.maximum(inside @ findings.tone, 1e-30)
    share = 10.0 * np.log10(np.maximum(power / power.sum(), 1e-30))
    present = np.array([low for low, _ in TONAL_HZ.values()]) < findings.info.rate / 2.0
    target = reference_profile_db(style, is_master=is_master, up_to_hz=findings.info.rate / 2.0)
    missed = np.abs(share - target) - np.array(rules.TONAL_TOLERANCE_DB)
    return float(np.maximum(missed + _TONE_MARGIN_DB, 0.0)[present].sum())


def _invert_right(track: Path, out: Path) -> None:
    blocks = (block * np.array([[1.0], [-1.0]]) for block in audio_files.blocks(track))
    write(blocks, out, audio_files.info(track))


def _scale_side(findings: Findings, gains_db: Array) -> Processing:
    rate, centres = findings.info.rate, np.sqrt(np.array(FIELD_EDGES_HZ[:-1]) * np.array(FIELD_EDGES_HZ[1:]))
    side = linear_phase.impulse(linear_phase.gains_between(centres.tolist(), gains_db.tolist(), rate))
    return _filter_middle_and_side(np.stack([_identity(rate), side])[None])


def _derive_side(findings: Findings) -> Processing:
    rate = findings.info.rate
    derived, identity = side_impulse(_DERIVED_SIDE_DB, rate), _identity(rate)
    impulses = [np.stack([identity, identity]), np.stack([derived, np.zeros_like(derived)])]
    return _filter_middle_and_side(np.stack(impulses))


def _identity(rate: int) -> Array:
    return linear_phase.impulse(np.ones(len(linear_phase.grid(rate))))


def _filter_middle_and_side(impulses: Array) -> Processing:
    """Return the processing that filters middle and side.

    `impulses` is (1 or 2, 2, taps), for middle and side. With two rows, the middle filtered by the second is added to the side.
    """

    def process(track: Path, out: Path) -> None:
        filtered = through(_middle_and_side(track), linear_phase.FilterBank(impulses))
        write((np.stack([m + s, m - s]) for m, s in map(_mixed, filtered)), out, audio_files.info(track), 2)

    return process


def _middle_and_side(track: Path) -> Iterator[Array]:
    for block in audio_files.blocks(track):
        yield np.stack([0.5 * (block[0] + block[-1]), 0.5 * (block[0] - block[-1])])


def _mixed(filtered: Array) -> Array:
    """Return middle and side, (2, frames), from the output of the filter bank, (filters, 2, frames)."""
    return filtered[0] if len(filtered) == 1 else np.stack([filtered[0][0], filtered[0][1] + filtered[1][0]])
