"""What the mastering engineer knows of a song: one pass over it, in blocks. The same ears listen to the song and to its master.

Levels over time stand on a grid of 10 ms, spectra on one of 93 ms. A mono song is measured as it will sound, from both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.cell_peaks import StrictPeak
from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import MOMENTARY, SHORT_TERM, LoudnessMeter, gated_loudness, loudness_range, lufs, windowed
from tonnbook.dsp.spectrum import THIRD_OCTAVES, third_octave_energies
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.models.notes import Series, Sound
from tonnbook.studio.measure.clipping import Clipping

CROSSOVERS_HZ = (120.0, 2500.0)
"""Where the three bands of the multiband compressor meet."""

POINTS = 1200
"""Most points of a curve over time that an answer carries."""

_ACTIVE_DB = -20.0  # a frame this far below the mean is a pause
_REFERENCE = THIRD_OCTAVES.index(1000)
_WIDTH_BANDS = slice(THIRD_OCTAVES.index(200), THIRD_OCTAVES.index(12500) + 1)
_CELL_S = 3
_NO_SIDE = 1e-6


@dataclass(frozen=True, eq=False)
class SongFeatures:
    """What was measured on one song."""

    rate: int
    channels: int
    """Of the file: 1 or 2."""
    seconds: float
    energies: Array
    """K-weighted mean square per 10 ms, (steps,)."""
    powers: Array
    """Mean square per 10 ms, both channels together, (steps,)."""
    true_peak_dbtp: float
    offsets: tuple[float, ...]
    """Mean of each channel: what stands beside the zero line."""
    correlation: float
    middle: Array
    """Third-octave mean squares of (left + right) / 2 while the song plays, (28,)."""
    side: Array
    """The same of (left - right) / 2, (28,)."""
    band_peaks: Array
    """Largest sample of the middle per 10 ms in the low, middle and high band, (3, steps); empty where it was not asked for."""
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
        """Long-term spectrum in third-octaves, dB re 1 kHz, never below -80."""
        power = self.middle + self.side
        level = 10.0 * np.log10(np.maximum(power, 1e-20))
        return np.maximum(level - level[_REFERENCE], -80.0) if power.any() else np.zeros(len(level))

    @property
    def width_db(self) -> float | None:
        """Level of the side relative to the middle from 200 Hz to 12.5 kHz; None for mono."""
        return _relative(self.side[_WIDTH_BANDS], self.middle[_WIDTH_BANDS])

    @property
    def low_width_db(self) -> float | None:
        """The same below 100 Hz."""
        low = np.array(THIRD_OCTAVES) < 100.0
        return _relative(self.side[low], self.middle[low])

    def sound(self) -> Sound:
        """Return what an answer says of it."""
        momentary, short_term = lufs(windowed(self.energies, MOMENTARY)), lufs(windowed(self.energies, SHORT_TERM))
        loudness = finite(self.loudness_lufs)
        return Sound(
            loudness_lufs=loudness,
            loudness_range_lu=round(loudness_range(self.energies), 2),
            true_peak_dbtp=finite(self.true_peak_dbtp),
            momentary_max_lufs=finite(float(np.max(momentary, initial=-inf))),
            short_term_max_lufs=finite(float(np.max(short_term, initial=-inf))),
            plr_lu=None if loudness is None else finite(self.plr_lu),
            width_db=None if self.width_db is None else round(self.width_db, 2),
            correlation=round(self.correlation, 4),
            tone_db=tuple(np.round(self.tone_db, 2).tolist()),
            momentary=series(momentary, 0.01),
            short_term=series(short_term, 0.01),
        )


class SongListener:
    """Takes a song in, piece by piece, and says what it heard."""

    def __init__(
        self, rate: int, channels: int, *, bands: bool = False, true_peak: TruePeakMeter | StrictPeak | None = None
    ) -> None:
        self.rate = rate
        self.frames = 0
        self._channels = channels
        self._meter = LoudnessMeter(rate, 2)
        self._true_peak = true_peak or TruePeakMeter(rate, channels)
        self._splitters = [Filter(sos, 1) for sos in _splitters(rate)] if bands else []
        self._sums = np.zeros(2)
        self._products = np.zeros(3)
        self._middle: list[npt.NDArray[np.float32]] = []
        self._side: list[npt.NDArray[np.float32]] = []
        self._steps = _Steps(rate)
        self._cell = _CELL_S * rate
        self._pending = np.empty((2, 0))

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        self._true_peak.process(block)
        self.frames += block.shape[1]
        both = np.concatenate([self._pending, np.broadcast_to(block, (2, block.shape[1]))], axis=1)
        while both.shape[1] >= self._cell:
            self._take(both[:, : self._cell])
            both = both[:, self._cell :]
        self._pending = both

    def features(self, clipping: Clipping | None = None) -> SongFeatures:
        """Return what was heard up to here; nothing can be taken in afterwards."""
        if self._pending.shape[1]:
            self._take(self._pending)
        powers, peaks, *bands = self._steps.all()
        middle, side = np.concatenate(self._middle, axis=1), np.concatenate(self._side, axis=1)
        power = (middle + side).sum(axis=0, dtype=np.float64)
        active = power > power.mean() * 10 ** (_ACTIVE_DB / 10)
        active = active if active.any() else np.ones(len(power), bool)
        left, right, both = self._products
        correlation = 1.0 if left == right == both else both / np.sqrt(left * right) if left * right else 0.0
        return SongFeatures(
            rate=self.rate,
            channels=self._channels,
            seconds=self.frames / self.rate,
            energies=self._meter.energies,
            powers=powers,
            true_peak_dbtp=self._true_peak.dbtp,
            offsets=tuple((self._sums / max(self.frames, 1)).tolist()),
            correlation=float(np.clip(correlation, -1.0, 1.0)),
            middle=middle[:, active].mean(axis=1, dtype=np.float64),
            side=side[:, active].mean(axis=1, dtype=np.float64),
            band_peaks=np.array(bands).reshape(len(bands), len(peaks)),
            peaks=peaks,
            clipping=clipping or Clipping(),
        )

    def _take(self, cell: Array) -> None:
        left, right = cell.astype(np.float32)
        for part, kept in ((0.5 * (left + right), self._middle), (0.5 * (left - right), self._side)):
            kept.append(third_octave_energies(part[None], self.rate).astype(np.float32))
        for start in range(0, cell.shape[1], self.rate):  # one second fits the cache
            self._note(cell[:, start : start + self.rate])

    def _note(self, part: Array) -> None:
        self._meter.process(part)
        left, right = part
        self._sums += part.sum(axis=1)
        pairs = ((left, left), (right, right), (left, right))
        self._products += [
            np.einsum("i,i", one, two) for one, two in pairs
        ]  # not BLAS: its threads would wait for each other
        middle = (0.5 * (left + right))[None]
        bands = [np.abs(split.process(middle)[0]) for split in self._splitters]
        self._steps.add(0.5 * (np.square(left) + np.square(right)), np.maximum(np.abs(left), np.abs(right)), *bands)


class _Steps:
    """Sums up signals in steps of 10 ms: the mean of the first, the largest value of the others."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frames = 0
        self._parts: list[Array] = []

    def add(self, power: Array, *peaks: Array) -> None:
        """Take in the next frames, a multiple of 10 ms but for the last."""
        edges = np.arange(0, len(power), self._rate / 100).round().astype(np.intp)
        lengths = np.diff(edges, append=len(power))
        means = np.add.reduceat(power, edges) / lengths
        self._parts.append(np.stack([means, *(np.maximum.reduceat(peak, edges) for peak in peaks)]))

    def all(self) -> Array:
        """Return (signals, steps)."""
        return np.concatenate(self._parts, axis=1)


def series(values: Array, hop_s: float) -> Series:
    """Return a curve of at most `POINTS` points, as an answer carries it: each the largest of those it stands for."""
    step = max(1, -(-len(values) // POINTS))
    padded = np.pad(values, (0, -len(values) % step), constant_values=-inf)
    largest = padded.reshape(-1, step).max(axis=1)
    return Series(hop_s=hop_s * step, values=tuple(round(v, 2) if isfinite(v) else None for v in largest.tolist()))


def finite(value: float) -> float | None:
    """Return a level as JSON can hold it: two decimals, None for minus infinity."""
    return round(value, 2) if isfinite(value) else None


def _splitters(rate: int) -> Sequence[Array]:
    low, high = CROSSOVERS_HZ
    return low_pass(low, rate, 4), np.vstack([high_pass(low, rate), low_pass(high, rate)]), high_pass(high, rate, 4)


def _relative(side: Array, middle: Array) -> float | None:
    """Return the level of the side against the middle, 60 dB at the most; None where it is less than -60 dB, or there is nothing."""
    side_power, middle_power = float(side.sum()), float(middle.sum())
    if side_power <= _NO_SIDE * middle_power:
        return None
    return float(10.0 * np.log10(side_power / max(middle_power, _NO_SIDE * side_power)))
