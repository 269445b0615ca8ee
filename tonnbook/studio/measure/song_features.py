"""Measure a song in one pass over its file: the same measures of the song as it comes and of its finished master.

Loudness, power and peaks are measured every 10 ms, spectra every 93 ms. A mono song is measured as it will be played, on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tonnbook import audio_files
from tonnbook.dsp.cell_peaks import StrictPeak
from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import LoudnessMeter, gated_loudness, loudness_range
from tonnbook.dsp.spectrum import THIRD_OCTAVES, third_octave_energies
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.models.notes import Sound
from tonnbook.studio.measure.clipping import Clipping, ClippingDetector
from tonnbook.studio.measure.meters import Cells, ChannelPowers, run_meters
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.series import finite, loudness_curves
from tonnbook.studio.measure.track_checks import check_channels, check_loudness, silence

CROSSOVERS_HZ = (120.0, 2500.0)
"""Crossover frequencies of the three bands of the multiband compressor."""

OWN_MIX = "mixed by tonnbook: the loudness follows from the peaks"
"""Comment in the files of the studio's mixes: it tells an album that no person chose their loudness."""

_SILENT_DBTP = -80.0
_ACTIVE_DB = -20.0  # a frame this far below the mean power is a pause
_REFERENCE = THIRD_OCTAVES.index(1000)
_WIDTH_BANDS = slice(THIRD_OCTAVES.index(200), THIRD_OCTAVES.index(12500) + 1)
_CELL_S = 3
_NO_SIDE = 1e-6


@dataclass(frozen=True, eq=False)
class SongFeatures:
    """The measures of one song."""

    rate: int
    channels: int
    """Of the file: 1 or 2."""
    seconds: float
    energies: Array
    """K-weighted mean square per 10 ms, (steps,)."""
    powers: Array
    """Mean square per 10 ms, averaged over both channels, (steps,)."""
    true_peak_dbtp: float
    offsets: tuple[float, ...]
    """DC offset: the mean of each channel."""
    correlation: float
    """Correlation of left and right, -1 to 1."""
    middle: Array
    """Third-octave mean squares of (left + right) / 2 while the song plays, (28,)."""
    side: Array
    """Third-octave mean squares of (left - right) / 2 while the song plays, (28,)."""
    band_peaks: Array
    """Largest sample of the middle per 10 ms in the low, middle and high band, (3, steps); empty unless requested."""
    peaks: Array
    """Largest sample per 10 ms, (steps,)."""
    clipping: Clipping = field(default_factory=Clipping)

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness; minus infinity for silence."""
        return gated_loudness(self.energies)

    @property
    def plr_lu(self) -> float:
        """Peak to loudness ratio."""
        return self.true_peak_dbtp - self.loudness_lufs

    @property
    def tone_db(self) -> Array:
        """Long-term spectrum in third octaves, in dB relative to 1 kHz, at least -80, (28,)."""
        power = self.middle + self.side
        level = 10.0 * np.log10(np.maximum(power, 1e-20))
        return np.maximum(level - level[_REFERENCE], -80.0) if power.any() else np.zeros(len(level))

    @property
    def width_db(self) -> float | None:
        """Level of the side relative to the middle from 200 Hz to 12.5 kHz; None for mono."""
        return _side_level_db(self.side[_WIDTH_BANDS], self.middle[_WIDTH_BANDS])

    @property
    def low_width_db(self) -> float | None:
        """Level of the side relative to the middle below 100 Hz; None for mono."""
        low = np.array(THIRD_OCTAVES) < 100.0
        return _side_level_db(self.side[low], self.middle[low])

    def sound(self) -> Sound:
        """Return the measures in the form an answer carries them."""
        curves = loudness_curves(self.energies)
        loudness = finite(self.loudness_lufs)
        return Sound(
            loudness_lufs=loudness,
            loudness_range_lu=round(loudness_range(self.energies), 2),
            true_peak_dbtp=finite(self.true_peak_dbtp),
            plr_lu=None if loudness is None else finite(self.plr_lu),
            width_db=None if self.width_db is None else round(self.width_db, 2),
            correlation=round(self.correlation, 4),
            tone_db=tuple(np.round(self.tone_db, 2).tolist()),
            **curves._asdict(),
        )


def sound_of_file(path: Path) -> Sound:
    """Return the measures of a song for an album, which asks too whether the file is a mix of the studio; errors as `measure_song`."""
    sound = measure_song(path).sound()
    return sound.model_copy(update={"own_mix": audio_files.comment(path) == OWN_MIX})


def measure_song(path: Path, progress: Progress = no_progress) -> SongFeatures:
    """Measure a song that is to be mastered, with the peaks of its three bands and its clipping.

    Raises AudioError if the song has more than two channels, is silent, or is too short or too quiet for a loudness.
    """
    found = audio_files.info(path)
    check_channels(found, path.name)
    meter, detector = SongMeter(found.rate, found.channels, bands=True), ClippingDetector(found.rate)
    run_meters(path, [meter.process, detector.process], progress, "measuring the song")
    features = meter.features(detector.clipping())
    if features.true_peak_dbtp < _SILENT_DBTP:
        raise silence(path.name)
    check_loudness(features.loudness_lufs, path.name)
    return features


def measure_master(path: Path) -> SongFeatures:
    """Measure a finished stereo master; its true peak is the highest that any meter or converter would find."""
    meter = SongMeter(audio_files.info(path).rate, 2, true_peak=StrictPeak(2))
    run_meters(path, [meter.process])
    return meter.features()


class SongMeter:
    """Measure a song that comes in blocks, mono or stereo.

    Parameters
    ----------
    bands
        Whether to measure the peaks of the three bands of the multiband compressor.
    true_peak
        The true-peak meter to use; the usual one if None.
    """

    def __init__(
        self, rate: int, channels: int, *, bands: bool = False, true_peak: TruePeakMeter | StrictPeak | None = None
    ) -> None:
        self.rate = rate
        self.frames = 0
        self._channels = channels
        self._meter = LoudnessMeter(rate, 2)
        self._true_peak = true_peak or TruePeakMeter(rate, channels)
        self._band_filters = _band_filters(rate) if bands else []
        self._sums = np.zeros(2)
        self._powers = ChannelPowers()
        self._middle: list[npt.NDArray[np.float32]] = []
        self._side: list[npt.NDArray[np.float32]] = []
        self._steps: list[Array] = []
        self._cells = Cells(_CELL_S * rate)

    def process(self, block: Audio) -> None:
        """Take the next (channels, frames)."""
        self._true_peak.process(block)
        self.frames += block.shape[1]
        for cell in self._cells.add(np.broadcast_to(block, (2, block.shape[1]))):
            self._measure(cell)

    def features(self, clipping: Clipping | None = None) -> SongFeatures:
        """Return the measures so far and end the stream."""
        rest = self._cells.rest
        if rest is not None and rest.shape[1]:
            self._measure(rest)
        powers, peaks, *bands = np.concatenate(self._steps, axis=1)
        middle, side = np.concatenate(self._middle, axis=1), np.concatenate(self._side, axis=1)
        power = (middle + side).sum(axis=0, dtype=np.float64)
        active = power > power.mean() * 10 ** (_ACTIVE_DB / 10)
        active = active if active.any() else np.ones(len(power), bool)
        return SongFeatures(
            rate=self.rate,
            channels=self._channels,
            seconds=self.frames / self.rate,
            energies=self._meter.energies,
            powers=powers,
            true_peak_dbtp=self._true_peak.dbtp,
            offsets=tuple((self._sums / max(self.frames, 1)).tolist()),
            correlation=float(np.clip(self._powers.correlation, -1.0, 1.0)),
            middle=middle[:, active].mean(axis=1, dtype=np.float64),
            side=side[:, active].mean(axis=1, dtype=np.float64),
            band_peaks=np.array(bands).reshape(len(bands), len(peaks)),
            peaks=peaks,
            clipping=clipping or Clipping(),
        )

    def _measure(self, cell: Array) -> None:
        left, right = cell.astype(np.float32)
        for part, spectra in ((0.5 * (left + right), self._middle), (0.5 * (left - right), self._side)):
            spectra.append(third_octave_energies(part[None], self.rate).astype(np.float32))
        for start in range(0, cell.shape[1], self.rate):  # one second fits the cache
            self._measure_steps(cell[:, start : start + self.rate])

    def _measure_steps(self, part: Array) -> None:
        self._meter.process(part)
        left, right = part
        self._sums += part.sum(axis=1)
        self._powers.add(left, right)
        middle = (0.5 * (left + right))[None]
        peaks = [np.maximum(np.abs(left), np.abs(right))]
        peaks += [np.abs(band.process(middle)[0]) for band in self._band_filters]
        edges = np.arange(0, part.shape[1], self.rate / 100).round().astype(np.intp)
        power = 0.5 * (np.square(left) + np.square(right))
        means = np.add.reduceat(power, edges) / np.diff(edges, append=len(power))
        self._steps.append(np.stack([means, *(np.maximum.reduceat(each, edges) for each in peaks)]))


def _band_filters(rate: int) -> list[Filter]:
    low, high = CROSSOVERS_HZ
    sections = low_pass(low, rate, 4), np.vstack([high_pass(low, rate), low_pass(high, rate)]), high_pass(high, rate, 4)
    return [Filter(each, 1) for each in sections]


def _side_level_db(side: Array, middle: Array) -> float | None:
    """Return the level of the side relative to the middle, at most 60 dB; None below -60 dB, or where both are silent."""
    side_power, middle_power = float(side.sum()), float(middle.sum())
    if side_power <= _NO_SIDE * middle_power:
        return None
    return float(10.0 * np.log10(side_power / max(middle_power, _NO_SIDE * side_power)))
