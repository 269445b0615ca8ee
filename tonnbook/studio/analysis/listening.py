"""Listening to a track for the diagnosis: one pass over the file, with several ears at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import isfinite
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import LoudnessMeter, k_weighting
from tonnbook.dsp.stereo_field import StereoFieldMeter
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.errors import AudioError
from tonnbook.studio.analysis.findings import BANDS_HZ, STEP_S, Findings
from tonnbook.studio.measure.clipping import ClippingDetector
from tonnbook.studio.measure.progress import Progress, no_progress

_THREADS = 2
_PIECE = 32768  # what stays in the cache between one ear and the next


def listen(path: Path, progress: Progress = no_progress) -> Findings:
    """Return what one pass over the file tells; AudioError where it is too short or too quiet to be judged."""
    info = audio_files.info(path)
    ears = _Ears(info.rate, info.channels)
    with ThreadPoolExecutor(_THREADS) as pool:
        heard = 0
        busy: list[Future[None]] = []
        for block in audio_files.blocks(path):  # the next block is decoded while the ears are busy with this one
            _wait(busy)
            busy = [pool.submit(hear, block) for hear in ears.all]
            heard += block.shape[1]
            progress(min(1.0, heard / info.frames), "listening to the track")
        _wait(busy)
    found = ears.findings(info)
    if not isfinite(found.loudness_lufs):
        raise AudioError(f"{path.name} is too short or too quiet to be judged: loudness needs 0.4 s above -70 LUFS.")
    return found


def _wait(busy: Sequence[Future[None]]) -> None:
    for each in busy:
        each.result()


class _Ears:
    """All meters of one pass. Each hears every block in order; they know nothing of each other, so they may run side by side."""

    def __init__(self, rate: int, channels: int) -> None:
        self._weighting = Filter(k_weighting(rate), channels)
        self._stereo = LoudnessMeter(rate, channels)
        self._mono = LoudnessMeter(rate, 1, (float(channels),))
        self._true_peak = TruePeakMeter(rate, channels)
        self._clipping = ClippingDetector(rate)
        self._field = StereoFieldMeter(rate, BANDS_HZ)
        self._steps = _Steps(rate, channels)
        self.all: Sequence[Callable[[Array], None]] = (self._hear_peaks, self._hear_field, self._hear_loudness)

    def _hear_peaks(self, block: Array) -> None:
        self._true_peak.process(block)

    def _hear_field(self, block: Array) -> None:
        self._field.process(block)

    def _hear_loudness(self, block: Array) -> None:
        for start in range(0, block.shape[1], _PIECE):
            weighted = self._weighting.process(block[:, start : start + _PIECE])
            self._stereo.add(weighted)
            if (
                len(block) == 2
            ):  # the filter is linear: of the mean of both sides it makes the mean of what it makes of them
                self._mono.add(weighted.mean(axis=0, keepdims=True))
        self._clipping.hear(block)
        self._steps.hear(block)

    def findings(self, info: audio_files.AudioInfo) -> Findings:
        energies = self._stereo.energies
        powers, peaks = self._steps.close()
        return Findings(
            info=info,
            energies=energies,
            mono_energies=self._mono.energies if info.channels == 2 else energies,
            true_peak_dbtp=self._true_peak.dbtp,
            powers=powers,
            peaks=peaks,
            clipping=self._clipping.clipping(),
            field=self._field.reading(),
        )


class _Steps:
    """Power and peak of every 100 ms, whatever the blocks."""

    def __init__(self, rate: int, channels: int) -> None:
        self._step = max(1, round(STEP_S * rate))
        self._queue = np.empty((channels, 0))
        self._powers: list[Array] = []
        self._peaks: list[Array] = []

    def hear(self, block: Array) -> None:
        self._queue = np.concatenate([self._queue, block], axis=1)
        whole = self._queue.shape[1] // self._step * self._step
        self._take(self._queue[:, :whole])
        self._queue = self._queue[:, whole:]

    def close(self) -> tuple[Array, Array]:
        if not self._powers:
            self._take(np.pad(self._queue, ((0, 0), (0, self._step - self._queue.shape[1]))))
        return np.concatenate(self._powers, axis=1), np.concatenate(self._peaks)

    def _take(self, audio: Array) -> None:
        if not audio.shape[1]:
            return
        steps = audio.reshape(len(audio), -1, self._step)
        self._powers.append(np.einsum("csn,csn->cs", steps, steps) / self._step)
        self._peaks.append(np.maximum(steps.max(axis=(0, 2)), -steps.min(axis=(0, 2))))
