"""Measure a track of a mix in one pass over the recording, in blocks.

Loudness is measured every 10 ms, peaks every 3.3 ms, spectra every 100 ms; all of them after the 20 Hz low cut that every track gets in
the mix, and at the level at which the track is played: a mono recording is played by both loudspeakers, so its power counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import ceil

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.filters import Filter, high_pass
from tonnbook.dsp.levels import Array, Audio, db, peak
from tonnbook.dsp.loudness import LoudnessMeter, gated_loudness, loudness_range, lufs
from tonnbook.dsp.spectrum import third_octave_energies
from tonnbook.dsp.third_octaves import k_power
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.measure.meters import ChannelPowers, peaks_per_step

LOW_CUT_HZ = 20.0
HOP_S = 0.1
"""Time between two spectra: a whole number of the 10 ms steps of the loudness meter, so that the two grids coincide."""
STEPS = 10
"""Loudness steps of 10 ms per spectrum."""
PEAKS = 3
"""Peaks per loudness step: enough to predict a compressor with 5 ms attack."""
PEAK_RATE = 300
"""Peaks per second."""

_HOPS_PER_CELL = 64
_SHORTEST_HOPS = 4  # BS.1770 measures blocks of 400 ms: anything shorter is padded with silence
_ONE_SIDED_DB = 30.0
_DUAL_MONO_CORRELATION = 0.9999


class Fold(StrEnum):
    """How the mix uses the channels of a recording."""

    STEREO = "stereo"
    MONO = "mono"
    """One channel, or two identical ones."""
    LEFT = "left"
    """Stereo file with a silent right channel: the left channel is used as a mono recording."""
    RIGHT = "right"
    """Stereo file with a silent left channel: the right channel is used as a mono recording."""


@dataclass(frozen=True, eq=False)
class TrackFeatures:
    """The measures of one recording."""

    seconds: float
    channels: int
    fold: Fold
    loudness_lufs: float
    """Gated loudness of the file itself (BS.1770)."""
    peak_dbtp: float
    offset: float
    """DC offset relative to the peak, 0 to 1."""
    clipping: Clipping
    energies: Array
    """K-weighted mean square per 10 ms as played, (steps,)."""
    peaks: npt.NDArray[np.float32]
    """Largest absolute sample per 3.3 ms, (3 · steps,)."""
    spectra: npt.NDArray[np.float32]
    """Third-octave mean squares per 100 ms as played, (28, frames)."""
    sides: Array
    """Third-octave mean squares of left and right over the whole recording, (2, 28)."""
    correlation: float
    """Correlation of left and right, -1 to 1."""

    @cached_property
    def played_lufs(self) -> float:
        """Gated loudness when played by two loudspeakers at 0 dB."""
        return gated_loudness(self.energies)

    @cached_property
    def range_lu(self) -> float:
        """Loudness range (Tech 3342)."""
        return loudness_range(self.energies)

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """Whether the track plays in each frame of 100 ms: whether it is within 20 LU of its loudness, (frames,)."""
        hops = self.energies.reshape(-1, STEPS).mean(axis=1)
        return np.asarray(lufs(hops) > self.played_lufs - 20.0)

    @cached_property
    def crest_db(self) -> float:
        """Crest factor while the track plays: the peak that is not exceeded 99.9 % of the time, over RMS."""
        steps = np.repeat(self.active, STEPS * PEAKS)
        if not steps.any():
            return 0.0
        power = self.spectra[:, self.active].sum(axis=0, dtype=np.float64).mean() / 2.0
        return float(db(float(np.quantile(self.peaks[steps], 0.999))) - 10.0 * np.log10(max(power, 1e-20)))

    @cached_property
    def mono_loss_db(self) -> float:
        """Power that the sum of both channels loses, in dB: 0 for equal channels, 3 for unrelated ones, 40 at most."""
        left, right = self.sides.sum(axis=1)
        together = 2.0 * self.correlation * float(np.sqrt(left * right)) / max(float(left + right), 1e-20)
        return float(-10.0 * np.log10(max((1.0 + together) / 2.0, 1e-4)))

    @cached_property
    def beyond(self) -> float:
        """Share of the K-weighted energy above the highest third octave, 0 to 1, where no EQ band works."""
        inside = float(np.sum(self.spectra.mean(axis=1, dtype=np.float64) * k_power()))
        return max(0.0, 1.0 - inside / max(float(self.energies.mean()), 1e-20))

    @cached_property
    def spectrum(self) -> Array:
        """Mean third-octave power while the track plays, (28,)."""
        frames = self.spectra[:, self.active] if self.active.any() else self.spectra
        return np.asarray(frames.mean(axis=1, dtype=np.float64))


class TrackMeter:
    """Measure a track at the sample rate of the mix; it comes in cells of 6.4 s."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate, self.channels = rate, channels
        self._hop = round(HOP_S * rate)
        self.cell = _HOPS_PER_CELL * self._hop
        """Frames of a cell."""
        self._overlap = np.zeros((channels, self._hop), np.float32)
        self._low_cut = Filter(high_pass(LOW_CUT_HZ, rate), channels)
        self._meter = LoudnessMeter(rate, channels)
        self._true_peak = TruePeakMeter(rate, channels)
        self._peaks: list[npt.NDArray[np.float32]] = []
        self._spectra: list[list[Array]] = []
        self._powers = ChannelPowers()
        self._sum = np.zeros(channels)
        self.frames = 0
        self.peak = 0.0

    def process(self, cell: Audio) -> None:
        """Take the next cell, (channels, frames); only the last may be shorter, and is padded with silence to whole spectra."""
        frames = cell.shape[1]
        self.frames += frames
        hops = max(ceil(frames / self._hop), 0 if self._peaks else _SHORTEST_HOPS)
        padding = hops * self._hop - frames
        self._measure(np.pad(cell, ((0, 0), (0, padding))) if padding else cell)

    def features(self, clipping: Clipping) -> TrackFeatures:
        """Return the measures of all cells so far."""
        fold, correlation = self._fold()
        sides = [np.concatenate(cells, axis=1) for cells in zip(*self._spectra, strict=True)]
        gain = self._playback_power(fold)
        spectra = np.sum(sides, axis=0) * np.float32(gain)
        return TrackFeatures(
            seconds=self.frames / self.rate,
            channels=self.channels,
            fold=fold,
            loudness_lufs=self._meter.integrated,
            peak_dbtp=self._true_peak.dbtp,
            offset=float(np.abs(self._sum).max() / max(self.frames, 1) / max(self.peak, 1e-9)),
            clipping=clipping,
            energies=self._meter.energies * gain,
            peaks=np.concatenate(self._peaks),
            spectra=spectra,
            sides=_long_term(sides if fold is Fold.STEREO else [spectra / 2.0, spectra / 2.0]),
            correlation=correlation,
        )

    def _measure(self, cell: Audio) -> None:
        self.peak = max(self.peak, peak(cell))
        self._sum += cell.sum(axis=1)
        self._true_peak.process(cell)
        clean = self._low_cut.process(cell)
        self._meter.process(clean)
        rounded = clean.astype(np.float32)  # precise enough for spectra and peaks, and twice as fast
        self._peaks.append(peaks_per_step(rounded, self.rate // PEAK_RATE))
        self._powers.add(clean[0], clean[-1])
        self._spectra.append(self._third_octaves(rounded))

    def _third_octaves(self, cell: npt.NDArray[np.float32]) -> list[Array]:
        """Return the spectra of each channel; a frame reaches back into the cell before, which is kept as the overlap."""
        whole = np.concatenate([self._overlap, cell], axis=1)
        self._overlap = cell[:, -self._hop :]
        return [third_octave_energies(side[None], self.rate, HOP_S)[:, 1:].astype(np.float32) for side in whole]

    def _fold(self) -> tuple[Fold, float]:
        left, right = self._powers.left, self._powers.right
        if self.channels == 1 or left + right == 0.0:
            return Fold.MONO, 1.0
        if right < left * 10 ** (-_ONE_SIDED_DB / 10):
            return Fold.LEFT, 1.0
        if left < right * 10 ** (-_ONE_SIDED_DB / 10):
            return Fold.RIGHT, 1.0
        correlation = self._powers.correlation
        return (Fold.MONO if correlation > _DUAL_MONO_CORRELATION else Fold.STEREO), correlation

    def _playback_power(self, fold: Fold) -> float:
        """Return the power as played by two loudspeakers relative to the summed power of the channels of the file."""
        if self.channels == 1:
            return 2.0
        left, right = self._powers.left, self._powers.right
        folded_powers = {Fold.LEFT: left, Fold.RIGHT: right, Fold.MONO: (left + right + 2 * self._powers.product) / 4}
        return float(2 * folded_powers[fold] / (left + right)) if fold in folded_powers and left + right else 1.0


def _long_term(sides: list[Array]) -> Array:
    return np.stack([side.mean(axis=1, dtype=np.float64) for side in sides])


def folded(block: Audio, fold: Fold) -> Audio:
    """Return (channels, frames) as the mix uses it: reduced to one channel unless the recording is stereo."""
    if len(block) == 1 or fold is Fold.STEREO:
        return block
    if fold is Fold.MONO:
        return 0.5 * (block[:1] + block[1:])
    return block[:1] if fold is Fold.LEFT else block[1:]
