"""How a recording will sound behind an EQ and a compressor, foretold from what was measured on it.

No audio is touched here: an EQ is its response in third octaves, a compressor is run on the 3.3 ms peaks. That is exact for the
first and within a few tenths of a decibel for the second (measured on the shipped stems, see tests/studio/test_mix_prediction.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Band
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import gated_loudness, lufs
from tonnbook.dsp.third_octaves import eq_power, k_power
from tonnbook.models.effects import CompressionReading
from tonnbook.studio.mixing.features import PEAK_RATE, PEAKS, STEPS, TrackFeatures

Spectra = npt.NDArray[np.float32]
"""Third-octave power per frame of 100 ms, (28, frames)."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording behind its EQ and its compressor, before the gain. Everything is worked out once and kept."""

    features: TrackFeatures
    eq: Sequence[Band] = ()
    compression: CompressionReading | None = None

    @cached_property
    def eq_power(self) -> Array:
        """Power gain of the EQ per third octave, (28,)."""
        return eq_power(self.eq)

    @cached_property
    def _eq_effect(self) -> tuple[Array, Array]:
        """Power gain of the EQ on each frame of 100 ms: as loudness, and as plain power."""
        spectra, weight, beyond = self.features.spectra, k_power(), self.features.beyond
        loudness = _ratio(_weighted(weight * self.eq_power, spectra), _weighted(weight, spectra))
        power = _ratio(_weighted(self.eq_power, spectra), _weighted(np.ones_like(weight), spectra))
        return beyond + (1.0 - beyond) * loudness, power

    @cached_property
    def peaks(self) -> npt.NDArray[np.float32]:
        """Peaks per 3.3 ms behind the EQ, as the compressor meets them, (3 · steps,)."""
        if not self.eq:
            return self.features.peaks
        return self.features.peaks * np.repeat(np.sqrt(self._eq_effect[1]).astype(np.float32), STEPS * PEAKS)

    @cached_property
    def reduction_db(self) -> Array:
        """Gain reduction of the compressor per 10 ms, (steps,)."""
        if self.compression is None:
            return np.zeros(len(self.features.energies))
        return reduction(self.peaks, self.compression)

    @cached_property
    def _shaped(self) -> Array:
        """K-weighted energy per 10 ms behind the EQ, (steps,)."""
        energies = self.features.energies
        return energies * np.repeat(self._eq_effect[0], STEPS) if self.eq else energies

    @cached_property
    def playing(self) -> npt.NDArray[np.bool_]:
        """In which frames of 100 ms the track plays, before the compressor evens it out, (frames,)."""
        return _loud_frames(self._shaped, gated_loudness(self._shaped))

    @cached_property
    def energies(self) -> Array:
        """K-weighted energy per 10 ms, (steps,)."""
        return np.asarray(self._shaped * 10.0 ** (-self.reduction_db / 10.0))

    @cached_property
    def loudness_lufs(self) -> float:
        """Gated loudness."""
        return gated_loudness(self.energies)

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """In which frames of 100 ms the track can be heard, (frames,)."""
        return _loud_frames(self.energies, self.loudness_lufs)

    @cached_property
    def spectrum(self) -> Array:
        """Mean third-octave power while the track plays, behind the EQ alone, (28,)."""
        return np.asarray(self.features.spectrum * self.eq_power)

    def spectra(self, frames: npt.NDArray[np.intp]) -> Spectra:
        """Return the third-octave power in some frames, given by number; past the end of the recording it is 0."""
        inside = frames < self.features.spectra.shape[1]
        there = frames[inside]
        squeezed = 10.0 ** (-self.reduction_db.reshape(-1, STEPS)[there].mean(axis=1) / 10.0)
        picked = np.zeros((len(self.eq_power), len(frames)), np.float32)
        picked[:, inside] = self.features.spectra[:, there] * (self.eq_power[:, None] * squeezed)
        return picked

    def active_in(self, frames: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return in which of some frames, given by number, the track can be heard."""
        inside = frames < len(self.active)
        picked = np.zeros(len(frames), bool)
        picked[inside] = self.active[frames[inside]]
        return picked


def reduction(peaks: Audio, settings: CompressionReading) -> Array:
    """Return the gain reduction in dB per 10 ms: the compressor of the render, run on 3.3 ms peaks instead of samples."""
    compressor = Compressor(settings.threshold_db, settings.ratio, settings.attack_ms, settings.release_ms, PEAK_RATE)
    after = compressor.reduction(peaks[None])
    during = 0.5 * (after + np.concatenate([[0.0], after[:-1]]))
    return np.asarray(during.reshape(-1, PEAKS).mean(axis=1))


def _weighted(weight: Array, spectra: Spectra) -> Array:
    return np.asarray(np.einsum("b,bt->t", weight, spectra))


def _loud_frames(energies: Array, loudness_lufs: float) -> npt.NDArray[np.bool_]:
    """Return which frames of 100 ms are within 20 LU of the loudness."""
    return np.asarray(lufs(energies.reshape(-1, STEPS).mean(axis=1)) > loudness_lufs - 20.0)


def _ratio(over: Array, under: Array) -> Array:
    return np.divide(over, under, out=np.ones(len(over)), where=under > 0.0)
