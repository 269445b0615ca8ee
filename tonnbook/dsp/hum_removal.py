"""Taking out mains hum by following each partial and subtracting it.

A notch rings where the hum begins and ends, and bends the phase of everything beside it. Following a partial - shift it to 0 Hz, average,
shift it back, subtract - is as narrow at every harmonic, and touches nothing else. What lasts is averaged over sixteen seconds, in which
notes that pass by hardly count, and notes close by are predicted and so left out of it. What changes meanwhile is followed over two, at the
harmonics that are heard all the time; at the others that might be a note.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg, signal
from scipy.signal import windows

from tonnbook.dsp.hum import Complex, Hum
from tonnbook.dsp.levels import Array, Audio

_LASTING_S, _CHANGING_S = 16.0, 2.0
_NEAR = windows.hann(7)
_ROUNDS = 6
_ORDER = 8  # four notes beside the partial
_BATCH = 15  # steps after which what is beside the average has forgotten itself
_SURE = 4.0  # so many times its own doubt a partial must be, or nothing is taken


class HumRemover:
    """Takes hum out of a recording that it has heard once already: `hear` all of it, then `process` the same blocks.

    Parameters
    ----------
    hum
        What `HumFinder` has found. All its partials are followed, whether they were heard or not.
    """

    def __init__(self, rate: int, channels: int, hum: Hum) -> None:
        # A whole period of the mains: then no partial is seen in the place of another.
        self._step = max(1, round(rate / hum.mains_hz))
        self._turn = -2j * np.pi * np.array(hum.partials_hz) / rate
        self._heard_always = [n in hum.harmonics for n in range(1, len(self._turn) + 1)]
        self._rate = rate
        self._channels = channels
        self._sums: list[Complex] = []
        self._rest = np.empty((channels, 0))
        self._heard = 0
        self._given = 0
        self._envelope: Complex | None = None

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

    def _smoothed(self) -> Complex:
        """Return the partials at 0 Hz, averaged, (channels, partials, steps); at the ends over what there is."""
        sums = (
            np.concatenate(self._sums, axis=2)
            if self._sums
            else np.zeros((self._channels, len(self._turn), 1), complex)
        )
        if sums.shape[2] < 2:
            return np.zeros((*sums.shape[:2], 2), dtype=np.complex128)
        steps_per_s = self._rate / self._step
        return np.array(
            [
                [_followed(*each, steps_per_s) for each in zip(channel, self._heard_always, strict=True)]
                for channel in sums
            ]
        )


def _followed(partial: Complex, heard_always: bool, steps_per_s: float) -> Complex:
    lasting, changing = (windows.hann(round(seconds * steps_per_s) | 1) for seconds in (_LASTING_S, _CHANGING_S))
    # Where notes sound beside it the prediction helps, else it does harm: the surer of the two counts.
    plain, whitened = _steady_part(partial, lasting, 0), _steady_part(partial, lasting, _ORDER)
    share = 1.0 / (1.0 + np.square(plain[1] / (whitened[1] + 1e-30)))
    lasts = _sure(plain[0] * share + whitened[0] * (1.0 - share), plain[1] * share + whitened[1] * (1.0 - share))
    return np.asarray(lasts + _sure(*_steady_part(partial - lasts, changing, 0))) if heard_always else lasts


def _sure(average: Complex, doubt: Array) -> Complex:
    return np.asarray(average * np.maximum(0.0, 1.0 - _SURE * doubt / (np.square(np.abs(average)) + 1e-30)))


def _steady_part(partial: Complex, window: Array, order: int) -> tuple[Complex, Array]:
    """Return what goes on at 0 Hz, averaged under the window, and its variance; what comes and goes, a note that passes by, hardly counts.

    Again and again each step is weighted down by how far it and its neighbours lie beside the average (iteratively reweighted least
    squares), so that in the end the pauses of a note next to the hum decide. With an order, what lies beside the average is predicted
    from what came before, and only what is new of it counts (generalised least squares): a note that holds is none.
    """
    average = _same(partial, window) / _same(np.ones(len(partial)), window)
    weight = np.ones(len(partial))
    new = partial
    for _ in range(_ROUNDS):
        if 0 < order < len(partial) // 4:
            error = _prediction_error(partial - average, weight, order)
            new = np.asarray(signal.lfilter(error, [1.0], partial)) / error.sum()
            new[:order] = partial[:order]
        beside = _same(np.square(np.abs(new - average)), _NEAR).real / _NEAR.sum()
        weight = 1.0 / (beside + 1e-3 * beside.mean() + 1e-30)
        total = _same(weight, window).real
        average = _same(weight * new, window) / total
    batches = np.square(np.abs(_same(weight * (new - average), np.ones(_BATCH)))) / _BATCH
    return np.asarray(average), np.asarray(_same(batches, np.square(window)).real / np.square(total))


def _prediction_error(beside: Complex, weight: Array, order: int) -> Complex:
    """Return the filter 1, a1 .. that leaves least of it, weighted (covariance method)."""
    past = np.lib.stride_tricks.sliding_window_view(beside, order)[:-1, ::-1]
    weighted = (past.conj() * weight[order:, None]).T
    normal = weighted @ past
    normal += np.eye(order) * (1e-6 * np.trace(normal).real / order + 1e-30)
    return np.concatenate([[1.0], -linalg.solve(normal, weighted @ beside[order:], assume_a="her")])


def _same(values: npt.NDArray[np.inexact], window: Array) -> Complex:
    """Convolve, and keep the length of `values` even where the window is longer."""
    half = len(window) // 2
    return np.asarray(signal.oaconvolve(values, window)[half : half + len(values)], dtype=np.complex128)
