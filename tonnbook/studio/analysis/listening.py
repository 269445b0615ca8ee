"""Measure a recording for its analysis, in one pass over the file with several meters side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import LoudnessMeter, k_weighting
from tonnbook.dsp.stereo_field import StereoFieldMeter
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.studio.analysis.findings import BANDS_HZ, STEP_S, Findings
from tonnbook.studio.measure.clipping import ClippingDetector
from tonnbook.studio.measure.meters import Cells, peaks_per_step, run_meters
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.track_checks import check_loudness

_THREADS = 2
_PIECE = 32768  # frames that stay in the cache from the filter to the two meters


def measure_findings(path: Path, progress: Progress = no_progress) -> Findings:
    """Return the findings of a recording; raises AudioError where it is too short or too quiet for a loudness."""
    info = audio_files.info(path)
    loudness, steps = _LoudnessMeters(info.rate, info.channels), _StepMeter(info.rate)
    true_peak, clipping = TruePeakMeter(info.rate, info.channels), ClippingDetector(info.rate)
    field = StereoFieldMeter(info.rate, BANDS_HZ)

    def measure_levels(block: Array) -> None:
        loudness.process(block)
        clipping.process(block)
        steps.process(block)

    with ThreadPoolExecutor(_THREADS) as executor:
        meters = (true_peak.process, field.process, measure_levels)
        run_meters(path, meters, progress, "measuring the track", executor=executor)
    powers, peaks = steps.result()
    energies, mono_energies = loudness.energies
    found = Findings(
        info=info,
        energies=energies,
        mono_energies=mono_energies,
        true_peak_dbtp=true_peak.dbtp,
        powers=powers,
        peaks=peaks,
        clipping=clipping.clipping(),
        field=field.reading(),
    )
    check_loudness(found.loudness_lufs, path.name)
    return found


class _LoudnessMeters:
    """Measure the loudness of the channels and of their mono sum; both share one K filter."""

    def __init__(self, rate: int, channels: int) -> None:
        self._weighting = Filter(k_weighting(rate), channels)
        self._channels = LoudnessMeter(rate, channels)
        self._mono = LoudnessMeter(rate, 1, (2.0,)) if channels == 2 else None

    def process(self, block: Array) -> None:
        """Take the next (channels, frames)."""
        for start in range(0, block.shape[1], _PIECE):
            weighted = self._weighting.process(block[:, start : start + _PIECE])
            self._channels.add(weighted)
            if self._mono:  # the filter is linear, so the mean of the filtered channels is the filtered mean
                self._mono.add(weighted.mean(axis=0, keepdims=True))

    @property
    def energies(self) -> tuple[Array, Array]:
        """K-weighted mean squares per 10 ms of the channels and of the mono sum, which for a mono file are the same."""
        energies = self._channels.energies
        return energies, self._mono.energies if self._mono else energies


class _StepMeter:
    """Measure the power and the peak of every step of `STEP_S`."""

    def __init__(self, rate: int) -> None:
        self._cells = Cells(max(1, round(STEP_S * rate)))
        self._powers: list[Array] = []
        self._peaks: list[Array] = []

    def process(self, block: Array) -> None:
        """Take the next (channels, frames)."""
        self._measure(self._cells.add_joined(block))

    def result(self) -> tuple[Array, Array]:
        """Return mean squares, (channels, steps), and peaks, (steps,); a recording shorter than one step is padded to it."""
        if not self._powers and self._cells.rest is not None:
            self._measure(np.pad(self._cells.rest, ((0, 0), (0, self._cells.frames - self._cells.rest.shape[1]))))
        return np.concatenate(self._powers, axis=1), np.concatenate(self._peaks)

    def _measure(self, audio: Array) -> None:
        if not audio.shape[1]:
            return
        steps = audio.reshape(len(audio), -1, self._cells.frames)
        self._powers.append(np.einsum("csn,csn->cs", steps, steps) / self._cells.frames)
        self._peaks.append(peaks_per_step(audio, self._cells.frames))
