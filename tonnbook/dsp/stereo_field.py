"""Measure the stereo field by frequency and over time: powers of middle and side and their cross power, from one short-time spectrum.

With M = (L + R) / 2 and S = (L - R) / 2 all figures of a stereo field follow from three numbers per band and frame: the powers of M and S,
and the real part C of their cross power. The power of left is M + S + 2 C, that of right M + S - 2 C, and their cross power is M - S.
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

_AT_ONCE = 8  # frames: fits the cache, and is always the same, so that the cut into blocks changes nothing
_FEW = 10  # frames: the coherence of fewer cannot be estimated


@dataclass(frozen=True, eq=False)
class StereoFieldReading:
    """Mean squares by band and frame, (bands, frames), and the coherence."""

    middle: Array
    side: Array
    common: Array
    """Real part of the cross power of middle and side."""
    coherence: Array
    """Share of the side that is a linear filter of the middle, over all frames, (bands,); 0 without a side."""

    @property
    def power(self) -> Array:
        """Mean square of one channel, averaged over left and right."""
        return self.middle + self.side


class StereoFieldMeter:
    """Measure a stream, block by block; the result does not depend on the cut into blocks.

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
        """Measure the next (channels, frames), mono or stereo."""
        left, right = block[0], block[-1]
        # Twice the middle and the side, compensated by the scale of the bands. Single precision from here on: its error is 140 dB below the
        # signal, and the transforms take half the time.
        held = self._queue.shape[1]
        queue = np.empty((2, held + block.shape[1]), dtype=np.float32)
        queue[:, :held] = self._queue
        np.add(left, right, out=queue[0, held:], casting="same_kind")
        np.subtract(left, right, out=queue[1, held:], casting="same_kind")
        self._queue = queue
        reach = (_AT_ONCE - 1) * self._hop + self._size
        while self._queue.shape[1] >= reach:
            self._measure(self._queue[:, :reach])
            self._queue = self._queue[:, _AT_ONCE * self._hop :]
        return self

    def reading(self) -> StereoFieldReading:
        """Return the measurement and end the stream; the last frames are padded with silence."""
        rest = self._queue.shape[1]
        if rest > self._size - self._hop or not self._count:
            count = max(1, -(-(rest - self._size + self._hop) // self._hop))
            self._measure(
                np.pad(self._queue, ((0, 0), (0, max(0, (count - 1) * self._hop + self._size - rest))))[
                    :, : (count - 1) * self._hop + self._size
                ]
            )
        middle, side, common = np.concatenate(self._parts, axis=2)
        return StereoFieldReading(middle, side, common, self._coherence())

    def _measure(self, audio: npt.NDArray[np.float32]) -> None:
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
        """Return the coherence per band: of each bin, weighted by the power of the side, and corrected for the bias of few frames."""
        middle, side = self._powers
        explained = np.square(np.abs(self._cross)) / np.maximum(middle, 1e-30)
        share = (self._bands @ explained) / np.maximum(self._bands @ side, 1e-30)
        if self._count < _FEW:
            return np.zeros(len(share))
        unbiased: Array = (self._count * share - 1.0) / (self._count - 1.0)
        return np.where(self._bands @ side > 0.0, np.clip(unbiased, 0.0, 1.0), 0.0)


def band_correlation(middle: Array, side: Array, common: Array) -> Array:
    """Return the correlation of left and right, -1 to 1: 0 where one of them is silent, 1 where both are."""
    left, right = middle + side + 2.0 * common, middle + side - 2.0 * common
    power = np.sqrt(np.maximum(left * right, 0.0))
    audible = power > 1e-15 * np.maximum(middle + side, 1e-30)
    silent = middle + side <= 1e-30
    value = np.where(audible, (middle - side) / np.where(audible, power, 1.0), np.where(silent, 1.0, 0.0))
    return np.asarray(np.clip(value, -1.0, 1.0))
