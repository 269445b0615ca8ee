"""A channel strip: one track with the settings decided so far, and the levels predicted for it with these settings.

The prediction uses only what was measured on the recording; no audio is processed. An EQ is applied as its response in third octaves,
a compressor runs on the peaks of every 3.3 ms. The first is exact, the second accurate to a few tenths of a decibel (measured on the
shipped stems, see tests/studio/mixing/test_mix_prediction.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Band
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import gated_loudness, lufs
from tonnbook.dsp.third_octaves import eq_power, k_power
from tonnbook.models.effects import CompressionReading
from tonnbook.models.mixing import MixTrack
from tonnbook.studio.mixing.features import PEAK_RATE, PEAKS, STEPS, TrackFeatures

Spectra = npt.NDArray[np.float32]
"""Third-octave power per frame of 100 ms, (28, frames)."""


@dataclass(frozen=True)
class EqBandDecision:
    """One EQ band and the reason for it."""

    centre_hz: float
    gain_db: float
    q: float
    cause: str = ""
    """Why the band is needed, as the second half of `reason`."""
    cleaning: bool = False
    """True for a band that the recording itself needs, whatever the other tracks are."""

    @property
    def reason(self) -> str:
        """The gain, the frequency and the cause in one sentence."""
        verb = "boosted" if self.gain_db > 0 else "cut"
        return f"{verb} {abs(self.gain_db):.1f} dB at {self.centre_hz:.0f} Hz: {self.cause}"


@dataclass(frozen=True, eq=False)
class PredictedSound:
    """Predict the levels of a recording behind its EQ and compressor, before the gain; each figure is computed once."""

    features: TrackFeatures
    eq: Sequence[Band] = ()
    compression: CompressionReading | None = None

    @cached_property
    def eq_power(self) -> Array:
        """Power gain of the EQ per third octave, (28,)."""
        return eq_power(self.eq)

    @cached_property
    def _eq_effect(self) -> tuple[Array, Array]:
        """Power gain of the EQ on each frame of 100 ms: K-weighted, and unweighted."""
        spectra, weight, beyond = self.features.spectra, k_power(), self.features.beyond
        loudness = _ratio(_weighted(weight * self.eq_power, spectra), _weighted(weight, spectra))
        power = _ratio(_weighted(self.eq_power, spectra), _weighted(np.ones_like(weight), spectra))
        return beyond + (1.0 - beyond) * loudness, power

    @cached_property
    def peaks(self) -> npt.NDArray[np.float32]:
        """Peaks per 3.3 ms behind the EQ, which is the input of the compressor, (3 · steps,)."""
        if not self.eq:
            return self.features.peaks
        return self.features.peaks * np.repeat(np.sqrt(self._eq_effect[1]).astype(np.float32), STEPS * PEAKS)

    @cached_property
    def reduction_db(self) -> Array:
        """Gain reduction of the compressor per 10 ms, (steps,)."""
        if self.compression is None:
            return np.zeros(len(self.features.energies))
        return predict_reduction_db(self.peaks, self.compression)

    @cached_property
    def _energies_after_eq(self) -> Array:
        """K-weighted energy per 10 ms behind the EQ, (steps,)."""
        energies = self.features.energies
        return energies * np.repeat(self._eq_effect[0], STEPS) if self.eq else energies

    @cached_property
    def playing(self) -> npt.NDArray[np.bool_]:
        """The frames of 100 ms within 20 LU of the loudness before the compressor, (frames,)."""
        return _frames_within_20_lu(self._energies_after_eq, gated_loudness(self._energies_after_eq))

    @cached_property
    def energies(self) -> Array:
        """K-weighted energy per 10 ms behind EQ and compressor, (steps,)."""
        return np.asarray(self._energies_after_eq * 10.0 ** (-self.reduction_db / 10.0))

    @cached_property
    def loudness_lufs(self) -> float:
        """Gated loudness behind EQ and compressor."""
        return gated_loudness(self.energies)

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """The frames of 100 ms within 20 LU of the loudness behind the compressor, (frames,)."""
        return _frames_within_20_lu(self.energies, self.loudness_lufs)

    @cached_property
    def spectrum(self) -> Array:
        """Mean third-octave power while the track plays, behind the EQ only, (28,)."""
        return np.asarray(self.features.spectrum * self.eq_power)

    def spectra(self, frames: npt.NDArray[np.intp]) -> Spectra:
        """Return the third-octave power in the frames with these numbers, (28, frames); 0 after the end of the recording."""
        inside = frames < self.features.spectra.shape[1]
        numbers = frames[inside]
        compression = 10.0 ** (-self.reduction_db.reshape(-1, STEPS)[numbers].mean(axis=1) / 10.0)
        selected = np.zeros((len(self.eq_power), len(frames)), np.float32)
        selected[:, inside] = self.features.spectra[:, numbers] * (self.eq_power[:, None] * compression)
        return selected

    def active_in(self, frames: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return in which of the frames with these numbers the track is active, (frames,)."""
        inside = frames < len(self.active)
        selected = np.zeros(len(frames), bool)
        selected[inside] = self.active[frames[inside]]
        return selected


@dataclass(frozen=True, eq=False)
class Strip:
    """A track with its settings. Gain and pan can change without a new prediction of the sound."""

    name: str
    request: MixTrack
    sound: PredictedSound
    eq: tuple[EqBandDecision, ...] = ()
    """The bands of `sound`, low to high, with their reasons."""
    unmasking_lu: float = 0.0
    """Loudness lost, 0 or less, by the cuts that uncover other tracks: the level balance does not compensate for it."""
    gain_db: float = 0.0
    pan_deg: float = 0.0

    def with_eq(self, bands: Sequence[EqBandDecision]) -> Self:
        """Return the track with another EQ; its bands are sorted from low to high."""
        ordered = tuple(sorted(bands, key=lambda band: band.centre_hz))
        return replace(self, eq=ordered, sound=replace(self.sound, eq=ordered))

    def with_compression(self, settings: CompressionReading | None) -> Self:
        """Return the track with another compressor, or with None."""
        return replace(self, sound=replace(self.sound, compression=settings))

    @property
    def title(self) -> str:
        """The name of the track in a sentence: its file name without the ending."""
        return Path(self.name).stem

    @property
    def features(self) -> TrackFeatures:
        """What was measured on the recording."""
        return self.sound.features

    @property
    def level_lufs(self) -> float:
        """Loudness in the mix, before the mix bus."""
        return self.sound.loudness_lufs + self.gain_db

    @property
    def power(self) -> float:
        """The gain as a factor on power."""
        return float(10.0 ** (self.gain_db / 10.0))


def predict_reduction_db(peaks: Audio, settings: CompressionReading) -> Array:
    """Return the gain reduction in dB per 10 ms: the compressor of the render, run on peaks per 3.3 ms instead of samples."""
    compressor = Compressor(settings.threshold_db, settings.ratio, settings.attack_ms, settings.release_ms, PEAK_RATE)
    after = compressor.reduction(peaks[None])
    during = 0.5 * (after + np.concatenate([[0.0], after[:-1]]))
    return np.asarray(during.reshape(-1, PEAKS).mean(axis=1))


def _weighted(weight: Array, spectra: Spectra) -> Array:
    return np.asarray(np.einsum("b,bt->t", weight, spectra))


def _frames_within_20_lu(energies: Array, loudness_lufs: float) -> npt.NDArray[np.bool_]:
    return np.asarray(lufs(energies.reshape(-1, STEPS).mean(axis=1)) > loudness_lufs - 20.0)


def _ratio(over: Array, under: Array) -> Array:
    return np.divide(over, under, out=np.ones(len(over)), where=under > 0.0)
