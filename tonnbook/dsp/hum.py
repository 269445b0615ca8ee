"""Detect mains hum and remove it.

`HumFinder` detects hum by its harmonics, which sound whatever is played, and measures their pitch. Every moment counts the same, however loud
it is, so that hum is detected in the pauses between hits or words, where it sounds alone.

`HumRemover` estimates each partial and subtracts it. A notch filter would ring where the hum begins and ends, and change the phase of
everything near it. Shifting a partial to 0 Hz, averaging, shifting it back and subtracting it is equally narrow at every harmonic, and
changes nothing else. The constant part is averaged over sixteen seconds, in which passing notes hardly count, and notes close by are
predicted and excluded. What changes is averaged over two seconds, but only at harmonics that sound all the time: at the others it might be a
note.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft, linalg, ndimage, signal
from scipy.signal import windows

from tonnbook.dsp.levels import Array, Audio

MAINS_HZ = (50.0, 60.0)
HARMONICS = 8
_RATE = 2000.0  # Hz, enough for the spectrum of the lowest harmonics
_SEGMENT_S = 2.0
_MOMENT_S = 0.1  # whole periods of 50 and of 60 Hz, or the gain would follow the hum and create harmonics itself
_STANDS_OUT_DB = 8.0
_ALWAYS_PERCENT = 25.0  # hum sounds in the quiet parts too, a played note does not
_HARMONICS_NEEDED = 3
_STEP_S, _STEADY = 0.5, 0.4
_IN_PHASE, _IN_PHASE_S = 0.2, 16.0
_DETUNED_HZ = np.linspace(-0.15, 0.15, 301)

_CONSTANT_S, _CHANGING_S = 16.0, 2.0
_NEAR = windows.hann(7)
_ITERATIONS = 6
_ORDER = 8  # enough for four notes near the partial
_BATCH = 15  # steps after which the deviations from the average are uncorrelated
_CONFIDENCE = 4.0  # a partial whose power is less than this multiple of its variance is not subtracted

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Hum:
    """Mains hum in a recording."""

    mains_hz: float
    """Measured frequency of the mains, for example 49.98."""
    harmonics: tuple[int, ...]
    """Numbers of the harmonics that sound all the time, from 1 (the mains itself) to `HARMONICS`."""

    @property
    def partials_hz(self) -> tuple[float, ...]:
        """Frequencies of all `HARMONICS` harmonics, also of those that something louder covers."""
        return tuple(self.mains_hz * n for n in range(1, HARMONICS + 1))


class HumFinder:
    """Detect mains hum in a recording that is fed block by block."""

    def __init__(self, rate: int, channels: int) -> None:
        self._step = max(1, int(rate // _RATE))
        self._rate = rate / self._step
        self._rest = np.empty((channels, 0))
        self._parts = [self._rest]

    def measure(self, block: Audio) -> None:
        """Measure the next (channels, frames)."""
        audio = np.concatenate([self._rest, block], axis=1)
        whole = audio.shape[1] // self._step * self._step
        # A plain mean is a poor low-pass, but hum has next to nothing at the frequencies that alias.
        self._parts.append(audio[:, :whole].reshape(len(audio), -1, self._step).mean(axis=2))
        self._rest = audio[:, whole:]

    def hum(self) -> Hum | None:
        """Return the hum of the recording so far, None if there is none."""
        slow = np.concatenate(self._parts, axis=1)
        size = int(_SEGMENT_S * self._rate)
        if slow.shape[1] < size or not slow.any():
            return None
        gain = _levelling_gain(slow, round(_MOMENT_S * self._rate))
        padded = fft.next_fast_len(8 * size, real=True)
        segments = np.lib.stride_tricks.sliding_window_view(slow * gain, size, axis=1)[:, :: size // 2]
        window = windows.hann(size, sym=False)
        # Sum powers over the channels, not samples: with one channel inverted, the samples would cancel.
        power = [_power(fft.rfft(part * window, padded)[:, : padded // 3]) for part in segments.swapaxes(0, 1)]
        level = 10.0 * np.log10(np.maximum(np.percentile(power, _ALWAYS_PERCENT, axis=0), 1e-24))
        prominent = [_hum_near(level, self._rate / padded, mains) for mains in MAINS_HZ]
        found = [self._steady(slow, np.square(gain), hum) for hum in prominent if hum]
        return max((hum for hum in found if len(hum.harmonics) >= 2), key=lambda hum: len(hum.harmonics), default=None)

    def _steady(self, slow: Array, weight: Array, hum: Hum) -> Hum:
        """Return the hum with its exact pitch and only the harmonics that sound in every half second, for a note pauses now and then."""
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
            typical = np.median(_power(_over_two_seconds(total) / _over_two_seconds(weights[None])))
            # A note close by drifts in phase against the hum, and nearly cancels over two seconds.
            in_phase = typical > _IN_PHASE * np.median(_power(total / weights))
            if in_phase and lowest > _STEADY**2 * typical:
                steady.append(n)
        return Hum(float(mains_hz), tuple(steady))


class HumRemover:
    """Remove hum in two passes over a recording: `measure` all blocks, then `process` the same blocks.

    Parameters
    ----------
    hum
        As `HumFinder` returns it. All its partials are estimated, whether or not they were detected.
    """

    def __init__(self, rate: int, channels: int, hum: Hum) -> None:
        # A whole period of the mains: then no partial leaks into another.
        self._step = max(1, round(rate / hum.mains_hz))
        self._rotations = -2j * np.pi * np.array(hum.partials_hz) / rate
        self._always = [n in hum.harmonics for n in range(1, len(self._rotations) + 1)]
        self._rate = rate
        self._channels = channels
        self._sums: list[Complex] = []
        self._rest = np.empty((channels, 0))
        self._measured = 0
        self._processed = 0
        self._envelope: Complex | None = None

    def measure(self, block: Audio) -> None:
        """Measure the next (channels, frames)."""
        audio = np.concatenate([self._rest, block], axis=1)
        whole = audio.shape[1] // self._step * self._step
        self._add(audio[:, :whole])
        self._rest = audio[:, whole:]

    def process(self, block: Audio) -> Array:
        """Return the next (channels, frames) without the hum."""
        if self._envelope is None:
            self._envelope = self._smoothed()
        times = np.arange(self._processed, self._processed + block.shape[1])
        self._processed += block.shape[1]
        middles = (times - 0.5 * (self._step - 1)) / self._step
        low = np.clip(np.floor(middles).astype(np.intp), 0, self._envelope.shape[2] - 2)
        share = np.clip(middles - low, 0.0, 1.0)
        out = np.array(block, dtype=np.float64)
        for partial, rotation in zip(self._envelope.swapaxes(0, 1), self._rotations, strict=True):
            moving = partial[:, low] * (1.0 - share) + partial[:, low + 1] * share
            out -= 2.0 * (moving * np.exp(-rotation * times)).real
        return out

    def _add(self, audio: Array) -> None:
        if not audio.shape[1]:
            return
        times = np.arange(self._measured, self._measured + audio.shape[1])
        self._measured += audio.shape[1]
        shifted = audio[:, None] * np.exp(self._rotations[:, None] * times)
        self._sums.append(shifted.reshape(*shifted.shape[:2], -1, self._step).mean(axis=3))

    def _smoothed(self) -> Complex:
        """Return the averaged partials, shifted to 0 Hz, (channels, partials, steps); near the ends over fewer steps."""
        sums = (
            np.concatenate(self._sums, axis=2)
            if self._sums
            else np.zeros((self._channels, len(self._rotations), 1), complex)
        )
        if sums.shape[2] < 2:
            return np.zeros((*sums.shape[:2], 2), dtype=np.complex128)
        steps_per_s = self._rate / self._step
        return np.array(
            [[_estimate(*each, steps_per_s) for each in zip(channel, self._always, strict=True)] for channel in sums]
        )


def _levelling_gain(slow: Array, frames: int) -> Array:
    """Return the gain that makes every moment equally loud, the same on all channels."""
    power = ndimage.uniform_filter1d(np.square(slow).sum(axis=0), frames)
    return np.asarray(1.0 / np.sqrt(power + 1e-6 * power.mean()))


def _shifted(slow: Array, cycles: float, window: Array) -> Complex:
    """Return the component at a frequency, in cycles per frame, for each step of the length of the window: (channels, steps)."""
    shifted = slow * np.exp(-2j * np.pi * cycles * np.arange(slow.shape[1]))
    return np.asarray(shifted.reshape(len(slow), -1, len(window)) @ window)


def _power(partial: Complex) -> Array:
    return np.asarray(np.square(np.abs(partial)).sum(axis=0))


def _over_two_seconds(steps: npt.NDArray[np.generic]) -> Complex:
    return np.array([np.convolve(side, np.ones(4), "same") for side in steps], dtype=np.complex128)


def _detuned_hz(harmonics: tuple[int, ...], sums: Complex, weights: Array, step_s: float) -> float:
    """Return the deviation of the mains, in Hz, from the frequency that the sums (harmonics, channels, steps) were shifted by.

    Takes the most likely one: where the harmonics together stay in phase best, relative to the rest of the signal there. Phases are
    compared within 16 s at a time, for the mains frequency drifts.
    """
    steps = sums.shape[2]
    cuts = [*range(0, steps - 1, round(_IN_PHASE_S / step_s)), steps]
    likelihood = np.zeros(len(_DETUNED_HZ))
    for start, stop in pairwise(cuts):
        times = step_s * np.arange(stop - start)
        for n, partial in zip(harmonics, sums[:, :, start:stop], strict=True):
            rotation = np.exp(-2j * np.pi * n * _DETUNED_HZ[:, None] * times)
            in_phase = np.square(np.abs(partial @ rotation.T)).sum(axis=0) / weights[start:stop].sum()
            whole = (np.square(np.abs(partial)) / weights[start:stop]).sum()
            likelihood -= np.log(np.maximum(1.0 - in_phase / (whole + 1e-30), 1e-6))
    return float(_DETUNED_HZ[np.argmax(likelihood)])


def _hum_near(level: Array, bin_hz: float, mains_hz: float) -> Hum | None:
    """Return the hum near one mains frequency: its pitch from the strongest harmonic, and the harmonics that stand out; None if too few do."""
    heights, peaks_hz = zip(
        *(_peak(level, bin_hz, mains_hz * n, 0.3 + 0.1 * n) for n in range(1, HARMONICS + 1)), strict=True
    )
    prominent = [n for n, height in enumerate(heights, 1) if height > _STANDS_OUT_DB]
    if len(prominent) < _HARMONICS_NEEDED or not {1, 2} & set(prominent):
        return None
    strongest = max(prominent, key=lambda n: heights[n - 1])
    exact = peaks_hz[strongest - 1] / strongest
    own = [n for n in prominent if abs(peaks_hz[n - 1] - n * exact) < 0.25 + 0.03 * n]
    return Hum(float(exact), tuple(own)) if len(own) >= _HARMONICS_NEEDED else None


def _peak(level: Array, bin_hz: float, centre_hz: float, reach_hz: float) -> tuple[float, float]:
    """Return by how many dB the highest bin near a frequency exceeds its surroundings, and its frequency in Hz."""
    middle = round(centre_hz / bin_hz)
    reach, near, far = (max(1, round(hz / bin_hz)) for hz in (reach_hz, 3.0, 15.0))
    if middle + far >= len(level):
        return 0.0, centre_hz
    top = middle - reach + int(np.argmax(level[middle - reach : middle + reach + 1]))
    around = np.concatenate([level[max(0, top - far) : top - near], level[top + near : top + far]])
    left, own, right = level[top - 1 : top + 2]
    bend = left - 2.0 * own + right
    position = top + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)
    return float(own - np.percentile(around, 90.0)), float(position * bin_hz)


def _estimate(partial: Complex, always: bool, steps_per_s: float) -> Complex:
    """Return the partial at 0 Hz over time: its constant part, and what changes if the harmonic `always` sounds."""
    constant, changing = (windows.hann(round(seconds * steps_per_s) | 1) for seconds in (_CONSTANT_S, _CHANGING_S))
    # The prediction helps where notes sound near the partial, and does harm elsewhere: weight both by their variances.
    plain, whitened = _robust_average(partial, constant, 0), _robust_average(partial, constant, _ORDER)
    share = 1.0 / (1.0 + np.square(plain[1] / (whitened[1] + 1e-30)))
    steady = _shrunk(plain[0] * share + whitened[0] * (1.0 - share), plain[1] * share + whitened[1] * (1.0 - share))
    return np.asarray(steady + _shrunk(*_robust_average(partial - steady, changing, 0))) if always else steady


def _shrunk(average: Complex, variance: Array) -> Complex:
    """Return the average, reduced where it is uncertain; 0 where its power is less than `_CONFIDENCE` times its variance."""
    return np.asarray(average * np.maximum(0.0, 1.0 - _CONFIDENCE * variance / (np.square(np.abs(average)) + 1e-30)))


def _robust_average(partial: Complex, window: Array, order: int) -> tuple[Complex, Array]:
    """Return a robust average of a partial at 0 Hz under the window, and its variance; passing notes hardly count.

    Iteratively reweighted least squares: each step is weighted down by how far it and its neighbours deviate from the average, so that in
    the end the pauses of a note next to the hum decide. With an `order` above 0, the deviation is predicted from the steps before and only
    the prediction error counts (generalised least squares), which excludes a held note.
    """
    average = _convolved(partial, window) / _convolved(np.ones(len(partial)), window)
    weight = np.ones(len(partial))
    innovation = partial
    for _ in range(_ITERATIONS):
        if 0 < order < len(partial) // 4:
            error = _prediction_error(partial - average, weight, order)
            innovation = np.asarray(signal.lfilter(error, [1.0], partial)) / error.sum()
            innovation[:order] = partial[:order]
        deviation = _convolved(np.square(np.abs(innovation - average)), _NEAR).real / _NEAR.sum()
        weight = 1.0 / (deviation + 1e-3 * deviation.mean() + 1e-30)
        total = _convolved(weight, window).real
        average = _convolved(weight * innovation, window) / total
    batches = np.square(np.abs(_convolved(weight * (innovation - average), np.ones(_BATCH)))) / _BATCH
    return np.asarray(average), np.asarray(_convolved(batches, np.square(window)).real / np.square(total))


def _prediction_error(deviation: Complex, weight: Array, order: int) -> Complex:
    """Return the prediction error filter 1, a1 .. of a series, weighted (covariance method)."""
    past = np.lib.stride_tricks.sliding_window_view(deviation, order)[:-1, ::-1]
    weighted = (past.conj() * weight[order:, None]).T
    normal = weighted @ past
    normal += np.eye(order) * (1e-6 * np.trace(normal).real / order + 1e-30)
    return np.concatenate([[1.0], -linalg.solve(normal, weighted @ deviation[order:], assume_a="her")])


def _convolved(values: npt.NDArray[np.inexact], window: Array) -> Complex:
    """Convolve with a window; the result has the length of `values` even where the window is longer."""
    half = len(window) // 2
    return np.asarray(signal.oaconvolve(values, window)[half : half + len(values)], dtype=np.complex128)
