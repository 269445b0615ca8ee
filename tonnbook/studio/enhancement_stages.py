"""The repairs of an enhancement, one function each: a file and what was measured on it in, a float file out, with a note.

A repair that has nothing to do writes nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp import linear_phase
from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.declip import Declipper
from tonnbook.dsp.levels import Array, to_gain
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.mastering import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, StereoField, TonalLevel
from tonnbook.studio import diagnosis_verdicts as rules
from tonnbook.studio.diagnosis_listening import FIELD_EDGES_HZ, Findings
from tonnbook.studio.diagnosis_styles import tone_target_db
from tonnbook.studio.mastering_tone import away_db

_TONE_STRENGTH, _TONE_DB, _MASTERED_TONE_DB = 0.6, 4.0, 1.5
_NARROW_TO_DB, _WIDE_TO_DB, _WIDEN_DB = -16.0, -7.0, 12.0
_TURNED = -0.3  # a correlation under this is a reversed side, no wide mix
_SIDE_SHARE, _BASS_SHARE, _MONO_SHARE = 0.7, 0.25, 0.6
"""The most power of the side against the middle that is left: correlations of 0.18 and 0.6, and 2 LU lost in mono."""
_DEEPEST_DB = -40.0


def clipping(source: Path, found: Findings, out: Path) -> StageNotes:
    """Round flat tops off again."""
    clips = found.clipping
    if not clips.runs:
        return StageNotes(stage="clipping", done=False, text="Nothing is clipped.")
    info = found.info
    declipper = Declipper(info.rate, info.channels, float(to_gain(clips.ceiling_dbfs)))
    _write(_through(source, declipper), out, info)
    text = f"{clips.runs} flat tops at {clips.ceiling_dbfs:.1f} dBFS, {declipper.runs} of them rounded again by cubic curves."
    numbers = {"runs": float(clips.runs), "rounded": float(declipper.runs)}
    return StageNotes(stage="clipping", done=True, text=text, numbers=numbers)


def tone(source: Path, found: Findings, out: Path, style: AnalysisStyle, *, is_master: bool) -> StageNotes:
    """Move the broad shape of the spectrum toward the style, by a linear-phase curve."""
    profile = rules.tonal_profile(rules.tonal_bands(found, style, is_master=is_master))
    odd = [name for name, level in profile if level is not TonalLevel.MEDIUM]
    if not odd:
        return StageNotes(stage="tone", done=False, text="Every range lies within the style's tolerance: left alone.")
    level = 10.0 * np.log10(np.maximum(found.tone, 1e-30))
    most = _MASTERED_TONE_DB if is_master else _TONE_DB
    away = away_db(level - level.max(), tone_target_db(style, is_master=is_master))
    curve = np.clip(_TONE_STRENGTH * away, -most, most)
    impulse = linear_phase.impulse(linear_phase.gains_between(THIRD_OCTAVES, curve.tolist(), found.info.rate))
    bank = linear_phase.FilterBank(np.tile(impulse, (1, found.info.channels, 1)))
    _write((filtered[0] for filtered in _through(source, bank)), out, found.info)
    text = f"{', '.join(odd).replace('_', ' ')} beside the style: a linear-phase curve of {curve.min():+.1f} to {curve.max():+.1f} dB."
    numbers = {"lowest_gain_db": round(float(curve.min()), 2), "highest_gain_db": round(float(curve.max()), 2)}
    return StageNotes(stage="tone", done=True, text=text, numbers=numbers)


def stereo(source: Path, found: Findings, out: Path) -> StageNotes:
    """Turn a reversed side back; or bring width and phase where they belong, by the level of the side in each band."""
    if found.info.channels == 1:
        return StageNotes(stage="stereo", done=False, text="The track is mono.")
    if float(found.width.correlation[0]) < _TURNED and rules.low_correlation(found) < 0.0:
        turned = (block * np.array([[1.0], [-1.0]]) for block in audio_files.blocks(source))
        _write(turned, out, found.info)
        return StageNotes(stage="stereo", done=True, text="The right side was reversed in polarity: turned back.")
    gains = side_gains_db(found)
    if not np.any(np.abs(gains) > 0.05):
        return StageNotes(stage="stereo", done=False, text="Width and phase are in order.")
    rate, centres = found.info.rate, np.sqrt(np.array(FIELD_EDGES_HZ[:-1]) * np.array(FIELD_EDGES_HZ[1:]))
    side = linear_phase.impulse(linear_phase.gains_between(centres.tolist(), gains.tolist(), rate))
    middle = linear_phase.impulse(np.ones(len(linear_phase.grid(rate))))
    bank = linear_phase.FilterBank(np.stack([middle, side])[None])
    both = (
        np.stack([0.5 * (block[0] + block[1]), 0.5 * (block[0] - block[1])]) for block in audio_files.blocks(source)
    )
    _write((np.stack([m + s, m - s]) for m, s in (part[0] for part in _fed(both, bank))), out, found.info)
    text = f"The side was moved by {gains.min():+.1f} to {gains.max():+.1f} dB, band by band."
    numbers = {"lowest_gain_db": round(float(gains.min()), 2), "highest_gain_db": round(float(gains.max()), 2)}
    return StageNotes(stage="stereo", done=True, text=text, numbers=numbers)


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


def _through(source: Path, stage: Chunked) -> Iterable[Array]:
    return _fed(audio_files.blocks(source), stage)


def _fed(blocks: Iterable[Array], stage: Chunked) -> Iterable[Array]:
    for block in blocks:
        yield stage.process(block)
    yield stage.flush()


def _write(blocks: Iterable[Array], out: Path, info: audio_files.AudioInfo) -> None:
    with audio_files.Writer(out, info.rate, info.channels, 32) as writer:
        for block in blocks:
            writer.write(block)
