"""The diagnosis: listens to a track, judges it, and says so in words and numbers.

`analyse` is all that a route or another engine needs: a path and plain values in, the answer's models out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import MOMENTARY, SHORT_TERM, lufs, windowed
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.analysis import Clips, Diagnosis, FieldBand, Verdicts
from tonnbook.models.vocabulary import AnalysisStyle
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import FIELD_EDGES_HZ, OCTAVES_HZ, Bands, Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.analysis.summary import sentences
from tonnbook.studio.analysis.verdicts import plr_range_lu
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.reference_tone import reference_tone_db
from tonnbook.studio.measure.series import finite, series

_NO_SIDE_DB = -120.0
_REFERENCE = THIRD_OCTAVES.index(1000)
_TILT_HZ = (100.0, 10_000.0)


@dataclass(frozen=True)
class Report:
    """What was found out about one track."""

    verdicts: Verdicts
    notes: Diagnosis


def analyse(
    path: Path,
    style: AnalysisStyle,
    *,
    is_master: bool,
    progress: Progress = no_progress,
) -> Report:
    """Return the analysis of a file; AudioError where it cannot be measured."""
    return report(measure_findings(path, progress), style, is_master=is_master)


def report(found: Findings, style: AnalysisStyle, *, is_master: bool) -> Report:
    """Return what is said of the findings."""
    verdicts = rules.judge(found, style, is_master=is_master)
    notes = _notes(found, style, is_master)
    summary = sentences(found, verdicts, notes.tonal, notes.octaves, style, is_master=is_master)
    return Report(verdicts.model_copy(update={"summary": summary}), notes)


def _notes(found: Findings, style: AnalysisStyle, is_master: bool) -> Diagnosis:
    momentary, short_term = (lufs(windowed(found.energies, length)) for length in (MOMENTARY, SHORT_TERM))
    tone = _relative_tone(found.tone)
    width = float(found.width.width_db[0])
    return Diagnosis(
        seconds=round(found.info.seconds, 3),
        channels=found.info.channels,
        loudness_range_lu=round(found.loudness_range_lu, 2),
        momentary_max_lufs=finite(float(np.max(momentary, initial=-np.inf))),
        short_term_max_lufs=finite(float(np.max(short_term, initial=-np.inf))),
        plr_lu=round(found.plr_lu, 2),
        plr_range_lu=plr_range_lu(style, is_master=is_master),
        psr_lu=None if found.psr_lu is None else round(found.psr_lu, 2),
        crest_db=round(found.crest_db, 2),
        balance_db=round(found.balance_db, 2),
        correlation=round(float(found.width.correlation[0]), 4),
        width_db=None if width < _NO_SIDE_DB else round(width, 2),
        low_correlation=round(rules.low_correlation(found), 4),
        upmix=round(found.upmix, 3),
        mono_change_lu=round(found.mono_change_lu, 2),
        bands=_field_bands(found.bands, FIELD_EDGES_HZ[:-1], FIELD_EDGES_HZ[1:]),
        octaves=_field_bands(found.octaves, *(tuple(hz * 2.0**shift for hz in OCTAVES_HZ) for shift in (-0.5, 0.5))),
        tonal=rules.tonal_bands(found, style, is_master=is_master),
        tone_db=tuple(tone.round(2).tolist()),
        target_tone_db=tuple(reference_tone_db(style, is_master=is_master).round(2).tolist()),
        tilt_db=round(_tilt(tone), 2),
        clips=_clips(found),
        momentary=series(momentary, 0.01),
        short_term=series(short_term, 0.01),
    )


def _field_bands(bands: Bands, low_hz: tuple[float, ...], high_hz: tuple[float, ...]) -> tuple[FieldBand, ...]:
    power = np.maximum(bands.power, 1e-30)
    level, shares = 10.0 * np.log10(power / power.sum()), rules.out_of_phase(bands)
    rows = zip(low_hz, high_hz, level, bands.correlation, bands.width_db, bands.mono_loss_db, shares, strict=True)
    return tuple(
        FieldBand(
            low_hz=round(low, 1),
            high_hz=round(high, 1),
            level_db=round(float(level), 2),
            correlation=round(float(correlation), 4),
            width_db=None if width < _NO_SIDE_DB else round(float(width), 2),
            mono_loss_db=round(float(loss), 2),
            out_of_phase=round(float(share), 4),
        )
        for low, high, level, correlation, width, loss, share in rows
    )


def _relative_tone(power: Array) -> Array:
    level = 10.0 * np.log10(np.maximum(power, 1e-30))
    return np.asarray(np.maximum(level, level.max() - 80.0) - level[_REFERENCE])


def _tilt(tone_db: Array) -> float:
    """Return the slope of the spectrum, per octave: of the power in equal widths, so that pink noise has -3 dB."""
    centres = np.array(THIRD_OCTAVES)
    inside = np.greater_equal(centres, _TILT_HZ[0]) & np.less_equal(centres, _TILT_HZ[1])
    return float(np.polyfit(np.log2(centres[inside]), tone_db[inside], 1)[0] - 10.0 * np.log10(2.0))


def _clips(found: Findings) -> Clips:
    clipping = found.clipping
    return Clips(
        runs=clipping.runs,
        per_minute=round(rules.runs_per_minute(found), 2),
        share=round(rules.clipped_share(found), 7),
        ceiling_dbfs=round(clipping.ceiling_dbfs, 2) if clipping.runs else None,
        places_s=tuple(round(place, 3) for place in clipping.starts_s),
    )
