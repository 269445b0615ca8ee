"""Mains hum: found by its harmonics, which go on whatever is played, and its pitch measured. `hum_removal` takes it out.

Every moment counts as much as any other, however loud it is: so hum is heard in the pauses between hits or words, where it is alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage
from scipy.signal import windows

from tonnbook.dsp.levels import Array, Audio

MAINS_HZ = (50.0, 60.0)
HARMONICS = 8
_RATE = 2000.0  # Hz that a spectrum of the lowest harmonics needs
_SEGMENT_S = 2.0
_MOMENT_S = 0.1  # whole periods of 50 and of 60 Hz, or the gain would swing with the hum and make harmonics of its own
_STANDS_OUT_DB = 8.0
_ALWAYS_PERCENT = 25.0  # hum is there in the quiet parts too, a played note is not
_NEEDED = 3
_STEP_S, _STEADY = 0.5, 0.4
_IN_PHASE, _IN_PHASE_S = 0.2, 16.0
_DETUNED_HZ = np.linspace(-0.15, 0.15, 301)

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Hum:
    """What was found."""

    mains_hz: float
    """Measured: 49.98, say."""
    harmonics: tuple[int, ...]
    """Which of them are heard all the time; 1 is the mains itself."""

    @property
    def partials_hz(self) -> tuple[float, ...]:
        """Where it may sound: at every harmonic, also where something louder covers it."""
        return tuple(self.mains_hz * n for n in range(1, HARMONICS + 1))


class HumFinder:
    """Takes a recording in, block by block, and says whether it hums."""

    def __init__(self, rate: int, channels: int) -> None:
        self._step = max(1, int(rate // _RATE))
        self._rate = rate / self._step
        self._rest = np.empty((channels, 0))
        self._parts = [self._rest]

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        audio = np.concatenate([self._rest, block], axis=1)
        whole = audio.shape[1] // self._step * self._step
        # A plain mean is a poor filter, but hum has next to nothing above where it folds.
        self._parts.append(audio[:, :whole].reshape(len(audio), -1, self._step).mean(axis=2))
        self._rest = audio[:, whole:]

    def hum(self) -> Hum | None:
        """Return what was found, None for a recording that does not hum."""
        slow = np.concatenate(self._parts, axis=1)
        size = int(_SEGMENT_S * self._rate)
        if slow.shape[1] < size or not slow.any():
            return None
        gain = _levelling(slow, round(_MOMENT_S * self._rate))
        padded = fft.next_fast_len(8 * size, real=True)
        segments = np.lib.stride_tricks.sliding_window_view(slow * gain, size, axis=1)[:, :: size // 2]
        window = windows.hann(size, sym=False)
        # Powers are added up, not waves: where a cable is turned over on one side, the waves would cancel.
        power = [_power(fft.rfft(part * window, padded)[:, : padded // 3]) for part in segments.swapaxes(0, 1)]
        level = 10.0 * np.log10(np.maximum(np.percentile(power, _ALWAYS_PERCENT, axis=0), 1e-24))
        standing = [_at(level, self._rate / padded, mains) for mains in MAINS_HZ]
        found = [self._steady(slow, np.square(gain), hum) for hum in standing if hum]
        return max((hum for hum in found if len(hum.harmonics) >= 2), key=lambda hum: len(hum.harmonics), default=None)

    def _steady(self, slow: Array, weight: Array, hum: Hum) -> Hum:
        """Return the hum with its exact pitch, and those of its harmonics that go on through every half second: a note stops now and then."""
        step = int(_STEP_S * self._rate)
        whole = slow.shape[1] // step * step
        slow, weight = slow[:, :whole], weight[:whole]
        weights = weight.reshape(-1, step).sum(axis=1)
        sums = [_shifted(slow * weight, hum.mains_hz * n / self._rate, np.ones(step)) for n in hum.harmonics]
        mains_hz = hum.mains_hz + _detuned_hz(hum.harmonics, np.array(sums), weights, step / self._rate)
        window = windows.hann(step, sym=False) / (0.5 * step)
        steady = []
        for n in hum.harmonics:
            lowest = np.percentile(_power(_shifted(slow, mains_hz * n / self._rate, window)), 10.0)
            total = _shifted(slow * weight, mains_hz * n / self._rate, np.ones(step))
            usual = np.median(_power(_over_two_seconds(total) / _over_two_seconds(weights[None])))
            # A note close by runs out of phase with it, and nearly cancels over two seconds.
            in_phase = usual > _IN_PHASE * np.median(_power(total / weights))
            if in_phase and lowest > _STEADY**2 * usual:
                steady.append(n)
        return Hum(float(mains_hz), tuple(steady))


def _levelling(slow: Array, frames: int) -> Array:
    """Return the gain that makes every moment as loud, the same on all channels."""
    power = ndimage.uniform_filter1d(np.square(slow).sum(axis=0), frames)
    return np.asarray(1.0 / np.sqrt(power + 1e-6 * power.mean()))


def _shifted(slow: Array, cycles: float, window: Array) -> Complex:
    """Return what lies at a frequency, in cycles per frame, in each step as long as the window: (channels, steps)."""
    turning = slow * np.exp(-2j * np.pi * cycles * np.arange(slow.shape[1]))
    return np.asarray(turning.reshape(len(slow), -1, len(window)) @ window)


def _power(partial: Complex) -> Array:
    return np.asarray(np.square(np.abs(partial)).sum(axis=0))


def _over_two_seconds(steps: npt.NDArray[np.generic]) -> Complex:
    return np.array([np.convolve(side, np.ones(4), "same") for side in steps], dtype=np.complex128)


def _detuned_hz(harmonics: tuple[int, ...], sums: Complex, weights: Array, step_s: float) -> float:
    """Return by how much the mains lies beside the frequency that the sums (harmonics, channels, steps) were shifted by.

    Most likely is where the harmonics together stay in phase best, each against what it has besides; within 16 s at a time, for it drifts.
    """
    steps = sums.shape[2]
    cuts = [*range(0, steps - 1, round(_IN_PHASE_S / step_s)), steps]
    likelihood = np.zeros(len(_DETUNED_HZ))
    for start, stop in pairwise(cuts):
        times = step_s * np.arange(stop - start)
        for n, partial in zip(harmonics, sums[:, :, start:stop], strict=True):
            turn = np.exp(-2j * np.pi * n * _DETUNED_HZ[:, None] * times)
            in_phase = np.square(np.abs(partial @ turn.T)).sum(axis=0) / weights[start:stop].sum()
            whole = (np.square(np.abs(partial)) / weights[start:stop]).sum()
            likelihood -= np.log(np.maximum(1.0 - in_phase / (whole + 1e-30), 1e-6))
    return float(_DETUNED_HZ[np.argmax(likelihood)])


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
