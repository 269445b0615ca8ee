"""One track on its way through the decision: what is known of it, and how it sounds behind its EQ and its compressor.

No audio is touched here: an EQ is its response in third octaves, a compressor is run on the 3.3 ms peaks. That is exact for the
first and within a few tenths of a decibel for the second (measured on the shipped stems, see tests/studio/test_mix_prediction.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import gated_loudness, lufs
from tonnbook.models.effects import CompressionReading
from tonnbook.models.mixing import MixTrack
from tonnbook.studio.mix_bands import k_power, third_octave_power
from tonnbook.studio.mix_features import PEAK_RATE, PEAKS, STEPS, TrackFeatures

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Move:
    """One EQ band, and why it is there."""

    centre_hz: float
    gain_db: float
    q: float
    why: str = ""
    cleaning: bool = False
    """Wanted for the recording's own sake, whoever else plays."""

    @property
    def sentence(self) -> str:
        """What is done and why."""
        return f"{'lifted' if self.gain_db > 0 else 'cut'} {abs(self.gain_db):.1f} dB at {self.centre_hz:.0f} Hz: {self.why}"


@dataclass(frozen=True, eq=False)
class Strip:
    """A track with the settings it has so far."""

    name: str
    brief: MixTrack
    features: TrackFeatures
    eq: tuple[Move, ...] = ()
    compression: CompressionReading | None = None
    gives_way_lu: float = 0.0
    """What cuts made for the sake of others took of its loudness, 0 or less: the balance does not give it back."""
    gain_db: float = 0.0
    pan_deg: float = 0.0

    def having(self, **settings: object) -> Self:
        """Return the same track with other settings."""
        return replace(self, **settings)  # type: ignore[arg-type]  # dataclasses.replace takes the fields by name

    @property
    def title(self) -> str:
        """What the track is called in a sentence: its file name without the ending."""
        return Path(self.name).stem

    @cached_property
    def eq_power(self) -> Array:
        """Power gain of the EQ per third octave, (28,)."""
        return third_octave_power(self.eq)

    @cached_property
    def _eq_effect(self) -> tuple[Array, Array]:
        """Power gain of the EQ on each frame of 100 ms: as loudness, and as plain power."""
        spectra = self.features.spectra
        shaped = self.eq_power[:, None]
        weight = k_power()[:, None]
        loudness = _ratio(np.sum(spectra * (weight * shaped), axis=0), np.sum(spectra * weight, axis=0))
        beyond = self.features.beyond
        return beyond + (1.0 - beyond) * loudness, _ratio(np.sum(spectra * shaped, axis=0), np.sum(spectra, axis=0))

    @cached_property
    def peaks(self) -> Array:
        """Peaks per 3.3 ms behind the EQ, as the compressor meets them, (3 · steps,)."""
        peaks = self.features.peaks.astype(np.float64)
        return peaks * np.repeat(np.sqrt(self._eq_effect[1]), STEPS * PEAKS) if self.eq else peaks

    @cached_property
    def reduction_db(self) -> Array:
        """Gain reduction of the compressor per 10 ms, (steps,)."""
        if self.compression is None:
            return np.zeros(len(self.features.energies))
        return reduction(self.peaks, self.compression)

    @cached_property
    def _shaped(self) -> Array:
        """K-weighted energy per 10 ms behind the EQ, (steps,)."""
        return np.asarray(
            self.features.energies * np.repeat(self._eq_effect[0], STEPS) if self.eq else self.features.energies
        )

    @cached_property
    def playing(self) -> npt.NDArray[np.bool_]:
        """In which frames of 100 ms the track plays, before the compressor evens it out, (frames,)."""
        return _loud_frames(self._shaped, gated_loudness(self._shaped))

    @cached_property
    def energies(self) -> Array:
        """K-weighted energy per 10 ms behind EQ and compressor, before the gain, (steps,)."""
        return np.asarray(self._shaped * 10.0 ** (-self.reduction_db / 10.0))

    @cached_property
    def loudness_lufs(self) -> float:
        """Loudness behind EQ and compressor, before the gain."""
        return gated_loudness(self.energies)

    @property
    def level_lufs(self) -> float:
        """Loudness in the mix, before the mix bus."""
        return self.loudness_lufs + self.gain_db

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """In which frames of 100 ms the track can be heard behind EQ and compressor, (frames,)."""
        return _loud_frames(self.energies, self.loudness_lufs)

    @cached_property
    def spectra(self) -> npt.NDArray[np.float32]:
        """Third-octave power per 100 ms behind EQ and compressor, before the gain, (28, frames)."""
        squeezed = 10.0 ** (-self.reduction_db.reshape(-1, STEPS).mean(axis=1) / 10.0)
        return np.asarray(self.features.spectra * (self.eq_power[:, None] * squeezed), np.float32)

    @cached_property
    def spectrum(self) -> Array:
        """Mean third-octave power while the track plays, behind the EQ, before the gain, (28,)."""
        return np.asarray(self.features.spectrum * self.eq_power)

    @property
    def power(self) -> float:
        """The gain as a factor on power."""
        return float(10.0 ** (self.gain_db / 10.0))


def reduction(peaks: Array, settings: CompressionReading) -> Array:
    """Return the gain reduction in dB per 10 ms: the compressor of the render, run on 3.3 ms peaks instead of samples."""
    compressor = Compressor(settings.threshold_db, settings.ratio, settings.attack_ms, settings.release_ms, PEAK_RATE)
    after = compressor.reduction(peaks[None])
    during = 0.5 * (after + np.concatenate([[0.0], after[:-1]]))
    return np.asarray(during.reshape(-1, PEAKS).mean(axis=1))


def together(rows: list[npt.NDArray[T]]) -> npt.NDArray[T]:
    """Return rows of different length as one array, the shorter ones filled up with silence."""
    longest = max(row.shape[-1] for row in rows)
    padded = [np.pad(row, [(0, 0)] * (row.ndim - 1) + [(0, longest - row.shape[-1])]) for row in rows]
    return np.stack(padded)


def _loud_frames(energies: Array, loudness_lufs: float) -> npt.NDArray[np.bool_]:
    """Return which frames of 100 ms are within 20 LU of the loudness."""
    return np.asarray(lufs(energies.reshape(-1, STEPS).mean(axis=1)) > loudness_lufs - 20.0)


def _ratio(over: Array, under: Array) -> Array:
    return np.divide(over, under, out=np.ones(len(over)), where=under > 0.0)
