"""Measure loudness by ITU-R BS.1770-5, EBU R 128, EBU Tech 3341 (momentary, short-term, integrated) and Tech 3342 (range).

All figures are computed from the K-weighted mean square of every 10 ms, weighted and summed over the channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, pi, tan
from typing import Self

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import Array, Audio

MOMENTARY = 40  # sub-blocks of 10 ms
SHORT_TERM = 300
_STEP = 10  # the 100 ms between two gating blocks
_WEIGHTS = {1: (1.0,), 2: (1.0, 1.0), 5: (1.0, 1.0, 1.0, 1.41, 1.41)}  # L R C Ls Rs: BS.1770-5, table 4
_CHUNK = 32768  # fits the cache between filter, square and sum


def k_weighting(rate: int) -> Array:
    """Return the two second-order sections of the K-weighting filter, (2, 6), at any rate.

    BS.1770-5 tabulates 48 kHz only; this uses the analogue prototypes behind the table (B. De Man, "Evaluation of implementations of
    the EBU R128 loudness measurement", AES 145, 2018), which reproduce the table to 1e-8 at 48 kHz.
    """
    k = tan(pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    ]
    k = tan(pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    a0 = 1.0 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


def lufs(energies: Array) -> Array:
    """Return the loudness of K-weighted mean squares (BS.1770-5, equation 2), minus infinity for silence."""
    with np.errstate(divide="ignore"):
        loudness: Array = -0.691 + 10.0 * np.log10(energies)
    return loudness


def windowed(energies: Array, length: int, hop: int = 1) -> Array:
    """Return the mean over each full window of `length` sub-blocks, one every `hop`; empty where none is full."""
    if len(energies) < length:
        return np.empty(0)
    # A running sum would be quicker, but leaves rounding errors where silence follows a loud part.
    means: Array = np.lib.stride_tricks.sliding_window_view(energies, length)[::hop].mean(axis=-1)
    return means


def gated_loudness(energies: Array) -> float:
    """Return the integrated loudness of 10 ms energies in LUFS (BS.1770-5, equations 3-7): 400 ms blocks, gates at -70 LUFS and -10 LU."""
    blocks = windowed(energies, MOMENTARY, _STEP)
    gated = _above(_above(blocks, -70.0), None, -10.0)
    return float(lufs(gated.mean())) if len(gated) else -inf


def loudness_range(energies: Array) -> float:
    """Return the loudness range of 10 ms energies in LU (Tech 3342): 3 s windows every 100 ms, gates at -70 LUFS and -20 LU, P95 - P10."""
    windows = windowed(energies, SHORT_TERM, _STEP)
    gated = np.sort(lufs(_above(_above(windows, -70.0), None, -20.0)))
    if not len(gated):
        return 0.0
    low, high = (int((len(gated) - 1) * percent / 100.0 + 0.5) for percent in (10, 95))
    return float(gated[high] - gated[low])


class LoudnessMeter:
    """Measure the loudness of a stream, block by block; the results are bit for bit the same for any cut into blocks.

    Raises ValueError for a number of channels without weights.

    Parameters
    ----------
    channels
        1, 2, or 5 (L R C Ls Rs); others need `weights`.
    weights
        One per channel, for other layouts; 0 ignores a channel, for example an LFE.
    """

    def __init__(self, rate: int, channels: int, weights: Sequence[float] | None = None) -> None:
        if weights is None and channels not in _WEIGHTS:
            raise ValueError(f"no channel weights are defined for {channels} channels; give `weights`")
        self.rate = rate
        self._weights = tuple(weights if weights is not None else _WEIGHTS[channels])
        if len(self._weights) != channels:
            raise ValueError(f"{len(self._weights)} weights for {channels} channels")
        self._filter = Filter(k_weighting(rate), channels)
        self._pending = np.empty(0)
        self._energies: list[Array] = []
        self._count = 0

    def process(self, block: Audio) -> Self:
        """Measure the next (channels, frames). Raises ValueError for another number of channels."""
        if len(block) != len(self._weights):
            raise ValueError(f"the meter measures {len(self._weights)} channels, the block has {len(block)}")
        for start in range(0, block.shape[1], _CHUNK):
            self.add(self._filter.process(block[:, start : start + _CHUNK]))
        return self

    def add(self, weighted: Array) -> None:
        """Measure the next (channels, frames), which are K-weighted already, so that several meters can share one filter."""
        held = len(self._pending)
        power = np.empty(held + weighted.shape[1])
        power[:held] = self._pending
        fresh = np.square(weighted[0], out=power[held:])
        fresh *= self._weights[0]
        for channel, weight in zip(weighted[1:], self._weights[1:], strict=True):
            fresh += np.square(channel) if weight == 1.0 else np.square(channel) * weight
        lengths = self._lengths(len(power))
        used = int(lengths.sum())
        if len(lengths):
            self._energies.append(_means(power[:used], lengths))
            self._count += len(lengths)
        self._pending = power[used:]

    def _lengths(self, frames: int) -> npt.NDArray[np.int64]:
        """Return the lengths in frames of the next full sub-blocks; they differ by one where 10 ms is no whole number of frames."""
        last = ((self._count * self.rate + 50) // 100 + frames) * 100 // self.rate
        edges = (np.arange(self._count, last + 2, dtype=np.int64) * self.rate + 50) // 100
        lengths: npt.NDArray[np.int64] = np.diff(edges[edges - edges[0] <= frames])
        return lengths

    @property
    def energies(self) -> Array:
        """The K-weighted mean square of every full 10 ms, summed over the channels with their weights."""
        if len(self._energies) > 1:
            self._energies = [np.concatenate(self._energies)]
        return self._energies[0] if self._energies else np.empty(0)

    @property
    def integrated(self) -> float:
        """Integrated (gated) loudness in LUFS; minus infinity for silence and for less than 400 ms."""
        return gated_loudness(self.energies)

    @property
    def loudness_range(self) -> float:
        """Loudness range in LU; 0.0 for silence and for less than 3 s."""
        return loudness_range(self.energies)

    @property
    def momentary(self) -> Array:
        """Momentary loudness (400 ms) in LUFS, one value per 10 ms, the first after 400 ms."""
        return lufs(windowed(self.energies, MOMENTARY))

    @property
    def short_term(self) -> Array:
        """Short-term loudness (3 s) in LUFS, one value per 10 ms, the first after 3 s."""
        return lufs(windowed(self.energies, SHORT_TERM))


def integrated_loudness(audio: Audio, rate: int) -> float:
    """Return the integrated loudness of (channels, frames) in LUFS, minus infinity for silence."""
    return LoudnessMeter(rate, len(audio)).process(audio).integrated


def _above(energies: Array, threshold_lufs: float | None, relative_lu: float = 0.0) -> Array:
    """Return the energies louder than a threshold; if that is None, louder than the mean of all plus `relative_lu`."""
    if not len(energies):
        return energies
    threshold = float(lufs(energies.mean())) + relative_lu if threshold_lufs is None else threshold_lufs
    return energies[lufs(energies) > threshold]


def _means(power: Array, lengths: npt.NDArray[np.int64]) -> Array:
    means: Array = np.add.reduceat(power, np.cumsum(lengths) - lengths) / lengths
    return means
