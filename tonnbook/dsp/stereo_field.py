"""The stereo field by frequency and over time: middle, side and what they have in common, from one short-time spectrum.

With M = (L + R) / 2 and S = (L - R) / 2 everything that describes a field follows from three numbers per band and frame: the powers of M
and of S, and the real part of their cross power C. Left has M + S + 2 C, right M + S - 2 C, and their product is M - S.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import windows

from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.spectrum import band_shares

HOP_S = 0.1
"""Time from one frame to the next; a frame is twice as long, under a Hann window."""

_AT_ONCE = 8  # frames: what fits the cache, and always as many, so that the cut into blocks changes no bit
_FEW = 10  # frames: fewer say nothing about what two signals have in common


@dataclass(frozen=True, eq=False)
class StereoFieldReading:
    """What a meter has read. Each array is (bands, frames): mean squares."""

    middle: Array
    side: Array
    common: Array
    """Real part of the cross power of middle and side."""
    coherence: Array
    """Share of the side that a filter can make from the middle, over all frames, per band, (bands,); 0 without a side."""

    @property
    def power(self) -> Array:
        """Mean square of left and right together, halved: what one channel has on average."""
        return self.middle + self.side


class StereoFieldMeter:
    """A meter that is fed block by block; how the audio is cut into blocks changes nothing.

    Parameters
    ----------
    bands_hz
        Lower and upper edge of each band; they may overlap.
    """

    def __init__(self, rate: int, bands_hz: Sequence[tuple[float, float]]) -> None:
        self._hop = max(1, round(HOP_S * rate))
        self._size = fft.next_fast_len(2 * self._hop, real=True)
        window = windows.hann(self._size, sym=False)
        self._window = window.astype(np.float32)
        low, high = np.array(bands_hz, dtype=np.float64).T
        scale = 0.25 * 2.0 / (self._size * np.sum(np.square(window)))
        self._bands = band_shares(low, high, self._size, rate) * scale
        self._queue = np.empty((2, 0), dtype=np.float32)
        self._parts: list[Array] = []
        bins = self._size // 2 + 1
        self._powers = np.zeros((2, bins))
        self._cross = np.zeros(bins, dtype=np.complex128)
        self._count = 0

    def process(self, block: Audio) -> Self:
        """Take in the next (channels, frames), mono or stereo."""
        left, right = block[0], block[-1]
        # Twice the middle and the side, which the scale of the bands takes back. In single precision from here on: its error lies 140 dB
        # under the sound, and the spectra take half the time.
        held = self._queue.shape[1]
        queue = np.empty((2, held + block.shape[1]), dtype=np.float32)
        queue[:, :held] = self._queue
        np.add(left, right, out=queue[0, held:], casting="same_kind")
        np.subtract(left, right, out=queue[1, held:], casting="same_kind")
        self._queue = queue
        reach = (_AT_ONCE - 1) * self._hop + self._size
        while self._queue.shape[1] >= reach:
            self._take(self._queue[:, :reach])
            self._queue = self._queue[:, _AT_ONCE * self._hop :]
        return self

    def reading(self) -> StereoFieldReading:
        """Return what was read up to here; the last frames are filled up with silence, and nothing can be taken in afterwards."""
        rest = self._queue.shape[1]
        if rest > self._size - self._hop or not self._count:
            count = max(1, -(-(rest - self._size + self._hop) // self._hop))
            self._take(
                np.pad(self._queue, ((0, 0), (0, max(0, (count - 1) * self._hop + self._size - rest))))[
                    :, : (count - 1) * self._hop + self._size
                ]
            )
        middle, side, common = np.concatenate(self._parts, axis=2)
        return StereoFieldReading(middle, side, common, self._coherence())

    def _take(self, audio: npt.NDArray[np.float32]) -> None:
        frames = np.lib.stride_tricks.sliding_window_view(audio, self._size, axis=1)[:, :: self._hop]
        middle, side = fft.rfft(frames * self._window)
        cross = side * middle.conj()
        rows = np.empty((3, *middle.shape), dtype=np.float32)
        for row, spectrum in zip(rows, (middle, side), strict=False):
            np.square(spectrum.real, out=row)
            row += np.square(spectrum.imag)
        rows[2] = cross.real
        bands = self._bands @ rows.reshape(-1, rows.shape[2]).T
        self._parts.append(bands.reshape(len(bands), 3, -1).swapaxes(0, 1))
        self._powers += rows[:2].sum(axis=1, dtype=np.float64)
        self._cross += cross.sum(axis=0, dtype=np.complex128)
        self._count += len(middle)

    def _coherence(self) -> Array:
        """Return the coherence of each bin, weighted with the side's power there, and freed of what chance makes of few frames."""
        middle, side = self._powers
        explained = np.square(np.abs(self._cross)) / np.maximum(middle, 1e-30)
        share = (self._bands @ explained) / np.maximum(self._bands @ side, 1e-30)
        if self._count < _FEW:
            return np.zeros(len(share))
        unbiased: Array = (self._count * share - 1.0) / (self._count - 1.0)
        return np.where(self._bands @ side > 0.0, np.clip(unbiased, 0.0, 1.0), 0.0)


def correlation(middle: Array, side: Array, common: Array) -> Array:
    """Return the correlation of left and right, -1 to 1: 0 where one of them is silent, 1 where both are."""
    left, right = middle + side + 2.0 * common, middle + side - 2.0 * common
    power = np.sqrt(np.maximum(left * right, 0.0))
    heard = power > 1e-15 * np.maximum(middle + side, 1e-30)
    silent = middle + side <= 1e-30
    value = np.where(heard, (middle - side) / np.where(heard, power, 1.0), np.where(silent, 1.0, 0.0))
    return np.asarray(np.clip(value, -1.0, 1.0))
