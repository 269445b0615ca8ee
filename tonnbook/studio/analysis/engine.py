"""Analyse a recording: measure it, derive the verdicts, and report them in numbers and sentences.

`analyse` takes a path and plain values and returns the models of the answer; `report` does the same for findings that were measured before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tonnbook.dsp.levels import Array
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
from tonnbook.studio.measure.series import loudness_curves

_NO_SIDE_DB = -120.0
_REFERENCE = THIRD_OCTAVES.index(1000)
_TILT_HZ = (100.0, 10_000.0)


@dataclass(frozen=True)
class Report:
    """The result of an analysis."""

    verdicts: Verdicts
    notes: Diagnosis


def analyse(
    path: Path,
    style: AnalysisStyle,
    *,
    is_master: bool,
    progress: Progress = no_progress,
) -> Report:
    """Analyse a file as a mix or as a master of a style; raises AudioError where it cannot be measured."""
    return report(measure_findings(path, progress), style, is_master=is_master)


def report(findings: Findings, style: AnalysisStyle, *, is_master: bool) -> Report:
    """Return the verdicts, sentences and figures for the findings."""
    verdicts = rules.judge(findings, style, is_master=is_master)
    notes = _notes(findings, style, is_master)
    summary = sentences(findings, verdicts, notes.tonal, notes.octaves, style, is_master=is_master)
    return Report(verdicts.model_copy(update={"summary": summary}), notes)


def _notes(findings: Findings, style: AnalysisStyle, is_master: bool) -> Diagnosis:
    tone = _relative_tone(findings.tone)
    width = float(findings.width.width_db[0])
    return Diagnosis(
        seconds=round(findings.info.seconds, 3),
        channels=findings.info.channels,
        loudness_range_lu=round(findings.loudness_range_lu, 2),
        plr_lu=round(findings.plr_lu, 2),
        plr_range_lu=plr_range_lu(style, is_master=is_master),
        psr_lu=None if findings.psr_lu is None else round(findings.psr_lu, 2),
        crest_db=round(findings.crest_db, 2),
        balance_db=round(findings.balance_db, 2),
        correlation=round(float(findings.width.correlation[0]), 4),
        width_db=None if width < _NO_SIDE_DB else round(width, 2),
        low_correlation=round(rules.low_correlation(findings), 4),
        upmix=round(findings.upmix, 3),
        mono_change_lu=round(findings.mono_change_lu, 2),
        bands=_field_bands(findings.bands, FIELD_EDGES_HZ[:-1], FIELD_EDGES_HZ[1:]),
        octaves=_field_bands(findings.octaves, *(tuple(hz * 2.0**shift for hz in OCTAVES_HZ) for shift in (-0.5, 0.5))),
        tonal=rules.tonal_bands(findings, style, is_master=is_master),
        tone_db=tuple(tone.round(2).tolist()),
        target_tone_db=tuple(reference_tone_db(style, is_master=is_master).round(2).tolist()),
        tilt_db=round(_tilt(tone), 2),
        clips=_clips(findings),
        **loudness_curves(findings.energies)._asdict(),
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
    """Return the slope of the spectrum in dB per octave, of the power per Hz, so that pink noise has -3 dB."""
    centres = np.array(THIRD_OCTAVES)
    inside = np.greater_equal(centres, _TILT_HZ[0]) & np.less_equal(centres, _TILT_HZ[1])
    return float(np.polyfit(np.log2(centres[inside]), tone_db[inside], 1)[0] - 10.0 * np.log10(2.0))


def _clips(findings: Findings) -> Clips:
    clipping = findings.clipping
    return Clips(
        runs=clipping.runs,
        per_minute=round(rules.runs_per_minute(findings), 2),
        share=round(rules.clipped_share(findings), 7),
        ceiling_dbfs=round(clipping.ceiling_dbfs, 2) if clipping.runs else None,
        places_s=tuple(round(start, 3) for start in clipping.starts_s),
    )
