"""The repairs of an enhancement, one function each: a file and what was measured on it in, a note and a way to do it out.

A repair that has nothing to do says so. But for the first, all of them are linear once they are decided: filters, and gains over time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp import linear_phase
from tonnbook.dsp.clip import Declipper
from tonnbook.dsp.levels import Array
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.dsp.stereo import side_impulse
from tonnbook.models.analysis import TONAL_HZ
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import away_db
from tonnbook.models.vocabulary import AnalysisStyle, StereoField, TonalLevel
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import FIELD_EDGES_HZ, Findings
from tonnbook.studio.enhancement.judging import Repair, Treatment
from tonnbook.studio.measure.reference_tone import reference_profile_db, reference_tone_db, share_inside
from tonnbook.studio.measure.streams import through, write

_TONE_STEPS = ((0.6, 4.0), (0.8, 6.0), (1.0, 9.0))
"""How much of the way a tone curve goes, and how many dB at the most: the gentlest that puts every range within its tolerance."""
_MASTERED_TONE_STEPS = ((0.6, 1.5),)
_TONE_MARGIN_DB = 0.5
_NARROW_TO_DB, _WIDE_TO_DB, _WIDEN_DB = -16.0, -7.0, 24.0
_MADE_SIDE_DB = -14.0
_TURNED = -0.3  # a correlation under this is a reversed side, no wide mix
_SIDE_SHARE, _BASS_SHARE, _MONO_SHARE = 0.7, 0.25, 0.6
"""The most power of the side against the middle that is left: correlations of 0.18 and 0.6, and 2 LU lost in mono."""
_DEEPEST_DB = -40.0
_SETTLED_BY_THE_LEVEL = frozenset({"compression"})
"""Tips that are whole again stand higher over the loudness than flat ones did; how high they may is up to the limiter in the end."""


def clipping(source: Path, found: Findings) -> Repair:
    """Round flat tops off again."""
    clips = found.clipping
    if not clips.runs:
        return Repair(StageNotes(stage="clipping", done=False, text="Nothing is clipped."))

    def round_off(track: Path, out: Path) -> None:
        write(through(audio_files.blocks(track), _declipper(found)), out, found.info)

    declipper = _declipper(found)
    for _ in through(audio_files.blocks(source), declipper):
        pass
    text = f"{clips.runs} flat tops at {clips.ceiling_dbfs:.1f} dBFS, {declipper.runs} of them rounded again by cubic curves."
    numbers = {"runs": float(clips.runs), "rounded": float(declipper.runs)}
    note = StageNotes(stage="clipping", done=True, text=text, numbers=numbers)
    return Repair(note, round_off, _SETTLED_BY_THE_LEVEL)


def tone(found: Findings, style: AnalysisStyle, *, is_master: bool, to_be_mastered: bool = False) -> Repair:
    """Move the broad shape of the spectrum toward the style, by a linear-phase curve; of what is to be mastered, toward a master's."""
    profile = rules.tonal_profile(rules.tonal_bands(found, style, is_master=is_master))
    odd = [name for name, level in profile if level is not TonalLevel.MEDIUM]
    if not odd:
        text = "Every range lies within the style's tolerance: left alone."
        return Repair(StageNotes(stage="tone", done=False, text=text))
    curve = tone_curve_db(found, style, is_master=is_master, to_be_mastered=to_be_mastered)
    impulse = linear_phase.impulse(linear_phase.gains_between(THIRD_OCTAVES, curve.tolist(), found.info.rate))

    def shape(track: Path, out: Path) -> None:
        info = audio_files.info(track)
        bank = linear_phase.FilterBank(np.tile(impulse, (1, info.channels, 1)))
        write((filtered[0] for filtered in through(audio_files.blocks(track), bank)), out, info)

    text = f"{', '.join(odd).replace('_', ' ')} beside the style: a linear-phase curve of {curve.min():+.1f} to {curve.max():+.1f} dB."
    numbers = {"lowest_gain_db": round(float(curve.min()), 2), "highest_gain_db": round(float(curve.max()), 2)}
    return Repair(StageNotes(stage="tone", done=True, text=text, numbers=numbers), shape)


def tone_curve_db(found: Findings, style: AnalysisStyle, *, is_master: bool, to_be_mastered: bool = False) -> Array:
    """Return the gain of each third octave: of the curves that may be, the gentlest that is foreseen to leave least beside the style."""
    as_master = is_master or to_be_mastered
    level = 10.0 * np.log10(np.maximum(found.tone, 1e-30))
    away = np.array(away_db(level.tolist(), reference_tone_db(style, is_master=as_master).tolist()))
    steps = _MASTERED_TONE_STEPS if is_master else _TONE_STEPS
    curves = [np.clip(strength * away, -most, most) for strength, most in steps]
    return min(curves, key=lambda curve: _beside_db(found, curve, style, is_master=as_master))


def _beside_db(found: Findings, curve_db: Array, style: AnalysisStyle, *, is_master: bool) -> float:
    """Return by how many dB, all ranges together, the tonal profile would miss its tolerances after a curve."""
    gains = 10.0 ** (curve_db / 10.0)
    inside = np.array([share_inside(*edges) for edges in TONAL_HZ.values()])
    power = found.tonal * (inside @ (found.tone * gains)) / np.maximum(inside @ found.tone, 1e-30)
    share = 10.0 * np.log10(np.maximum(power / power.sum(), 1e-30))
    there = np.array([low for low, _ in TONAL_HZ.values()]) < found.info.rate / 2.0
    target = reference_profile_db(style, is_master=is_master, up_to_hz=found.info.rate / 2.0)
    missed = np.abs(share - target) - np.array(rules.TONAL_TOLERANCE_DB)
    return float(np.maximum(missed + _TONE_MARGIN_DB, 0.0)[there].sum())


def stereo(found: Findings) -> Repair:
    """Turn a reversed side back; make a side where there is none; or bring width and phase where they belong, band by band."""
    if rules.stereo_field(found) is StereoField.MONO and rules.mono_compatible(found):
        text = f"It was mono. A side was made from the middle, {_MADE_SIDE_DB:g} dB, in twelve bands: an upmix, which is gone again in mono."
        numbers = {"side_db": _MADE_SIDE_DB}
        return Repair(StageNotes(stage="stereo", done=True, text=text, numbers=numbers), _with_a_side(found))
    if float(found.width.correlation[0]) < _TURNED and rules.low_correlation(found) < 0.0:
        text = "The right side was reversed in polarity: turned back."
        return Repair(StageNotes(stage="stereo", done=True, text=text), _turned)
    gains = side_gains_db(found)
    if not np.any(np.abs(gains) > 0.05):
        return Repair(StageNotes(stage="stereo", done=False, text="Width and phase are in order."))
    text = f"The side was moved by {gains.min():+.1f} to {gains.max():+.1f} dB, band by band."
    numbers = {"lowest_gain_db": round(float(gains.min()), 2), "highest_gain_db": round(float(gains.max()), 2)}
    return Repair(StageNotes(stage="stereo", done=True, text=text, numbers=numbers), _with_side_gains(found, gains))


def side_gains_db(found: Findings) -> Array:
    """Return the gain of the side in each band of `FIELD_EDGES_HZ`, in dB."""
    bands, width = found.bands, float(found.width.width_db[0])
    gains = np.zeros(len(bands.power))
    field = rules.stereo_field(found)
    if field is StereoField.NARROW:
        gains[1:] = min(_NARROW_TO_DB - width, _WIDEN_DB)  # the bass stays in the middle
    if field is StereoField.WIDE:
        gains += min(0.0, _WIDE_TO_DB - width)
    share = np.maximum(bands.side, 1e-30) / np.maximum(bands.middle, 1e-30)
    limit = np.full(len(gains), np.inf)
    if rules.phase_issues(found):
        usual = (1.0 - bands.moments) / np.maximum(1.0 + bands.moments, 1e-3)
        high = np.percentile(usual, 95.0, axis=1) if usual.shape[1] else share
        limit = np.where(rules.out_of_phase(bands) > 0.5 * rules.OUT_OF_PHASE_SHARE, _SIDE_SHARE / high, limit)
        limit[0] = _BASS_SHARE / share[0] if rules.low_correlation(found) < rules.LOW_CORRELATION else limit[0]
    if not rules.mono_compatible(found):
        limit = np.minimum(limit, _MONO_SHARE / share)
    return np.asarray(np.maximum(np.minimum(gains, 10.0 * np.log10(np.maximum(limit, 1e-6))), _DEEPEST_DB))


def _declipper(found: Findings) -> Declipper:
    return Declipper(found.info.rate, found.info.channels, found.clipping.ceilings)


def _turned(track: Path, out: Path) -> None:
    blocks = (block * np.array([[1.0], [-1.0]]) for block in audio_files.blocks(track))
    write(blocks, out, audio_files.info(track))


def _with_side_gains(found: Findings, gains_db: Array) -> Treatment:
    rate, centres = found.info.rate, np.sqrt(np.array(FIELD_EDGES_HZ[:-1]) * np.array(FIELD_EDGES_HZ[1:]))
    side = linear_phase.impulse(linear_phase.gains_between(centres.tolist(), gains_db.tolist(), rate))
    return _middle_and_side(np.stack([_as_it_is(rate), side])[None])


def _with_a_side(found: Findings) -> Treatment:
    rate = found.info.rate
    made = side_impulse(_MADE_SIDE_DB, rate)
    as_it_is = _as_it_is(rate)
    return _middle_and_side(np.stack([np.stack([as_it_is, as_it_is]), np.stack([made, np.zeros_like(made)])]))


def _as_it_is(rate: int) -> Array:
    return linear_phase.impulse(np.ones(len(linear_phase.grid(rate))))


def _middle_and_side(impulses: Array) -> Treatment:
    """Return what filters middle and side.

    `impulses`: (1 or 2, 2, taps), for the middle and for the side; of two rows the second makes, from the middle, what the side gains.
    """

    def treat(track: Path, out: Path) -> None:
        bank = linear_phase.FilterBank(impulses)
        parts = through(_split(track), bank)
        write((np.stack([m + s, m - s]) for m, s in map(_joined, parts)), out, audio_files.info(track), 2)

    return treat


def _split(track: Path) -> Iterator[Array]:
    for block in audio_files.blocks(track):
        yield np.stack([0.5 * (block[0] + block[-1]), 0.5 * (block[0] - block[-1])])


def _joined(filtered: Array) -> Array:
    """Return middle and side of what a bank brings out, (filters, 2, frames)."""
    return filtered[0] if len(filtered) == 1 else np.stack([filtered[0][0], filtered[0][1] + filtered[1][0]])
