"""Mains hum: found by its harmonics, and taken out by following each of them and subtracting it.

A notch rings where the hum begins and ends, and bends the phase of everything beside it. Following a partial - shift it to 0 Hz, average
over two seconds, shift it back, subtract - has a bandwidth of 1 Hz, the same at every harmonic, and touches nothing else. Averages lean on
the moments in which nothing else sounds there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import windows

from tonnbook.dsp.levels import Array, Audio

MAINS_HZ = (50.0, 60.0)
HARMONICS = 8
_RATE = 2000.0  # Hz that a spectrum of the lowest harmonics needs
_SEGMENT_S = 2.0
_STANDS_OUT_DB = 8.0
_ALWAYS_PERCENT = 25.0  # hum is there in the quiet parts too, a played note is not
_NEEDED = 3
_SLOWEST_HZ = 20.0
_AVERAGE_S = 2.0
_PAUSE_S, _STEADY = 0.5, 0.4
_NEAR = windows.hann(7)
_ROUNDS = 6
_CORRELATED_STEPS = 1.0


@dataclass(frozen=True)
class Hum:
    """What was found."""

    mains_hz: float
    """Measured: 49.98, say."""
    harmonics: tuple[int, ...]
    """Which of them stand out; 1 is the mains itself."""

    @property
    def partials_hz(self) -> tuple[float, ...]:
        """The frequencies to take out."""
        return tuple(self.mains_hz * n for n in self.harmonics)


class HumFinder:
    """Takes a recording in, block by block, and says whether it hums."""

    def __init__(self, rate: int) -> None:
        self._step = max(1, int(rate // _RATE))
        self._rate = rate / self._step
        self._rest = np.empty(0)
        self._parts: list[Array] = []

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        mono = np.concatenate([self._rest, block.mean(axis=0)])
        whole = len(mono) // self._step * self._step
        # A plain mean is a poor filter, but hum has next to nothing above where it folds.
        self._parts.append(mono[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = mono[whole:]

    def hum(self) -> Hum | None:
        """Return what was found, None for a recording that does not hum."""
        slow = np.concatenate([np.empty(0), *self._parts])
        size = int(_SEGMENT_S * self._rate)
        if len(slow) < size:
            return None
        segments = np.lib.stride_tricks.sliding_window_view(slow, size)[:: size // 2]
        padded = fft.next_fast_len(8 * size, real=True)
        spectra = np.abs(fft.rfft(segments * windows.hann(size, sym=False), padded))
        level = 20.0 * np.log10(np.maximum(np.percentile(spectra, _ALWAYS_PERCENT, axis=0), 1e-12))
        found = [_at(level, self._rate / padded, mains) for mains in MAINS_HZ]
        steady = [hum for hum in found if hum and self._is_steady(slow, hum)]
        return max(steady, key=lambda hum: len(hum.harmonics), default=None)

    def _is_steady(self, slow: Array, hum: Hum) -> bool:
        """Say whether at least two partials go on through every half second: a note at the mains frequency stops now and then."""
        step = int(_PAUSE_S * self._rate)
        times = np.arange(len(slow) // step * step)
        window = windows.hann(step, sym=False)
        steady = 0
        for hz in hum.partials_hz:
            turned = (slow[: len(times)] * np.exp(-2j * np.pi * hz / self._rate * times)).reshape(-1, step)
            level = np.abs(turned @ window)
            steady += bool(np.percentile(level, 10.0) > _STEADY * np.median(level))
        return steady >= 2


def _at(level: Array, bin_hz: float, mains_hz: float) -> Hum | None:
    """Return the hum at one mains frequency: its exact pitch from its strongest harmonic, and which harmonics stand out."""
    heights, places = zip(
        *(_peak(level, bin_hz, mains_hz * n, 0.3 + 0.1 * n) for n in range(1, HARMONICS + 1)), strict=True
    )
    standing = [n for n, height in enumerate(heights, 1) if height > _STANDS_OUT_DB]
    if len(standing) < _NEEDED or not {1, 2} & set(standing):
        return None
    strongest = max(standing, key=lambda n: heights[n - 1])
    exact = places[strongest - 1] / strongest
    own = [n for n in standing if abs(places[n - 1] - n * exact) < 0.25 + 0.03 * n]
    return Hum(float(exact), tuple(own)) if len(own) >= _NEEDED else None


def _peak(level: Array, bin_hz: float, centre_hz: float, reach_hz: float) -> tuple[float, float]:
    """Return by how much the highest bin near a frequency stands over its surroundings, in dB, and where it lies."""
    middle = round(centre_hz / bin_hz)
    reach, near, far = (max(1, round(hz / bin_hz)) for hz in (reach_hz, 3.0, 15.0))
    if middle + far >= len(level):
        return 0.0, centre_hz
    top = middle - reach + int(np.argmax(level[middle - reach : middle + reach + 1]))
    around = np.concatenate([level[max(0, top - far) : top - near], level[top + near : top + far]])
    left, own, right = level[top - 1 : top + 2]
    bend = left - 2.0 * own + right
    place = top + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)
    return float(own - np.percentile(around, 90.0)), float(place * bin_hz)


class HumRemover:
    """Takes hum out of a recording that it has heard once already: `hear` all of it, then `process` the same blocks.

    Parameters
    ----------
    frames
        Length of the whole recording.
    """

    def __init__(self, rate: int, channels: int, partials_hz: Sequence[float]) -> None:
        # A whole period of what lies between two partials: then none of them is seen in the place of another.
        places = np.sort(np.append(np.asarray(partials_hz, dtype=np.float64), 0.0))
        self._step = max(1, round(rate / max(float(np.diff(places).min()), _SLOWEST_HZ)))
        self._turn = -2j * np.pi * np.array(partials_hz) / rate
        self._rate = rate
        self._channels = channels
        self._sums: list[npt.NDArray[np.complex128]] = []
        self._rest = np.empty((channels, 0))
        self._heard = 0
        self._given = 0
        self._envelope: npt.NDArray[np.complex128] | None = None

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        audio = np.concatenate([self._rest, block], axis=1)
        whole = audio.shape[1] // self._step * self._step
        self._add(audio[:, :whole])
        self._rest = audio[:, whole:]

    def process(self, block: Audio) -> Array:
        """Return the next block without the hum."""
        if self._envelope is None:
            self._envelope = self._smoothed()
        times = np.arange(self._given, self._given + block.shape[1])
        self._given += block.shape[1]
        middles = (times - 0.5 * (self._step - 1)) / self._step
        low = np.clip(np.floor(middles).astype(np.intp), 0, self._envelope.shape[2] - 2)
        share = np.clip(middles - low, 0.0, 1.0)
        out = np.array(block, dtype=np.float64)
        for partial, turn in zip(self._envelope.swapaxes(0, 1), self._turn, strict=True):
            moving = partial[:, low] * (1.0 - share) + partial[:, low + 1] * share
            out -= 2.0 * (moving * np.exp(-turn * times)).real
        return out

    def _add(self, audio: Array) -> None:
        if not audio.shape[1]:
            return
        times = np.arange(self._heard, self._heard + audio.shape[1])
        self._heard += audio.shape[1]
        shifted = audio[:, None] * np.exp(self._turn[:, None] * times)
        self._sums.append(shifted.reshape(*shifted.shape[:2], -1, self._step).mean(axis=3))

    def _smoothed(self) -> npt.NDArray[np.complex128]:
        """Return the partials at 0 Hz, averaged over two seconds, (channels, partials, steps); at the ends over what there is."""
        sums = (
            np.concatenate(self._sums, axis=2)
            if self._sums
            else np.zeros((self._channels, len(self._turn), 1), complex)
        )
        if sums.shape[2] < 2:
            return np.zeros((*sums.shape[:2], 2), dtype=np.complex128)
        window = windows.hann(round(_AVERAGE_S * self._rate / self._step) | 1)
        return np.array([[_steady_part(partial, window) for partial in channel] for channel in sums])


def _steady_part(partial: npt.NDArray[np.complex128], window: Array) -> npt.NDArray[np.complex128]:
    """Return what goes on at 0 Hz, averaged under the window; what comes and goes, a note that passes by, hardly counts.

    Again and again each step is weighted down by how far it and its neighbours lie beside the average (iteratively reweighted least
    squares), so that in the end the pauses of a note next to the hum decide. What is left of doubt shrinks the result, as far as it goes.
    """
    average = _same(partial, window) / _same(np.ones(len(partial), complex), window).real
    for _ in range(_ROUNDS):
        beside = _same(np.square(np.abs(partial - average)).astype(complex), _NEAR).real / _NEAR.sum()
        weight = 1.0 / (beside + 1e-3 * beside.mean() + 1e-30)
        total = _same(weight.astype(complex), window).real
        average = _same(weight * partial, window) / total
    doubt = _same(np.square(weight) * beside, np.square(window)).real / np.square(total)
    power = np.square(np.abs(average))
    return np.asarray(average * power / (power + _CORRELATED_STEPS * doubt + 1e-30), dtype=np.complex128)


def _same(values: npt.NDArray[np.complex128], window: Array) -> npt.NDArray[np.complex128]:
    """Convolve, and keep the length of `values` even where the window is longer."""
    half = len(window) // 2
    return np.asarray(np.convolve(values, window)[half : half + len(values)], dtype=np.complex128)
