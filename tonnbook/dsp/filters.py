"""Design and apply second-order filters: parametric equaliser, shelves, high-pass and low-pass.

Coefficients after R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients" (W3C note). A filter is an
array of second-order sections (n, 6) as scipy writes them: b0 b1 b2 1 a1 a2. Everything is computed in float64: a direct form in
float32 is noisy for narrow bands at 20-60 Hz.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi, sin, sqrt, tan
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import signal

from tonnbook.dsp.levels import Array, Audio, db

_HIGHEST = 0.49  # of the rate: above it the bilinear transform narrows a band to nothing
_GRID = 32768  # frames between two checks of the state, counted from the first sample whatever the blocks
_NEGLIGIBLE = 1e-30


class Band(Protocol):
    """A band of a parametric equaliser: centre in Hz, gain in dB, and Q."""

    @property
    def centre_hz(self) -> float: ...
    @property
    def gain_db(self) -> float: ...
    @property
    def q(self) -> float: ...


def peaking(centre_hz: float, gain_db: float, q: float, rate: int) -> Array:
    """Return a bell filter: `gain_db` at the centre, and half of it, in dB, at the edges of the bandwidth centre/Q."""
    w = _angle(centre_hz, rate)
    a = 10.0 ** (gain_db / 40.0)
    alpha = sin(w) / (2.0 * q)
    return _section(1 + alpha * a, -2 * cos(w), 1 - alpha * a, 1 + alpha / a, -2 * cos(w), 1 - alpha / a)


def low_shelf(corner_hz: float, gain_db: float, q: float, rate: int) -> Array:
    """Return a low shelf: `gain_db` below the corner, and half of it, in dB, at the corner."""
    a, c, beta = _shelf(corner_hz, gain_db, q, rate)
    return _section(
        a * (a + 1 - (a - 1) * c + beta),
        2 * a * (a - 1 - (a + 1) * c),
        a * (a + 1 - (a - 1) * c - beta),
        a + 1 + (a - 1) * c + beta,
        -2 * (a - 1 + (a + 1) * c),
        a + 1 + (a - 1) * c - beta,
    )


def high_shelf(corner_hz: float, gain_db: float, q: float, rate: int) -> Array:
    """Return a high shelf: `gain_db` above the corner, and half of it, in dB, at the corner."""
    a, c, beta = _shelf(corner_hz, gain_db, q, rate)
    return _section(
        a * (a + 1 + (a - 1) * c + beta),
        -2 * a * (a - 1 + (a + 1) * c),
        a * (a + 1 + (a - 1) * c - beta),
        a + 1 - (a - 1) * c + beta,
        2 * (a - 1 - (a + 1) * c),
        a + 1 - (a - 1) * c - beta,
    )


def high_pass(cutoff_hz: float, rate: int, order: int = 2) -> Array:
    """Return a Butterworth high-pass: -3 dB at the cutoff, 6 dB per octave and order below it. Raises ValueError for an order below 1."""
    w = _angle(cutoff_hz, rate)
    b = (1 + cos(w)) / 2
    sections = [_pass(b, -2 * b, b, w, q) for q in _butterworth_qs(order)]
    k = tan(w / 2)
    odd = [_section(1, -1, 0, 1 + k, k - 1, 0)] if order % 2 else []
    return np.vstack(odd + sections)


def low_pass(cutoff_hz: float, rate: int, order: int = 2) -> Array:
    """Return a Butterworth low-pass: -3 dB at the cutoff, 6 dB per octave and order above it. Raises ValueError for an order below 1."""
    w = _angle(cutoff_hz, rate)
    b = (1 - cos(w)) / 2
    sections = [_pass(b, 2 * b, b, w, q) for q in _butterworth_qs(order)]
    k = tan(w / 2)
    odd = [_section(k, k, 0, 1 + k, k - 1, 0)] if order % 2 else []
    return np.vstack(odd + sections)


def eq(bands: Iterable[Band], rate: int) -> Array:
    """Return one bell per band, low to high; without bands an empty (0, 6), which passes everything."""
    ordered = sorted(bands, key=lambda band: band.centre_hz)
    sections = [peaking(band.centre_hz, band.gain_db, band.q, rate) for band in ordered]
    return np.vstack(sections) if sections else np.empty((0, 6))


def response_db(sos: Array, freqs_hz: npt.ArrayLike, rate: int) -> Array:
    """Return the gain in dB of the filter `sos` at each frequency in Hz."""
    z = np.exp(-2j * pi * np.atleast_1d(np.asarray(freqs_hz, dtype=np.float64)) / rate)
    powers = np.stack([np.ones_like(z), z, z * z])
    gain: Array = np.prod(np.abs(sos[:, :3] @ powers) / np.abs(sos[:, 3:] @ powers), axis=0)
    return db(gain)


class Filter:
    """Filter a stream, block by block; the output is bit for bit the same for any cut into blocks.

    `sos` is (sections, 6) as scipy writes them; without sections the audio passes unchanged.
    """

    def __init__(self, sos: Array, channels: int) -> None:
        self.sos = np.ascontiguousarray(sos, dtype=np.float64)
        self._state = np.zeros((len(sos), channels, 2))
        self._position = 0  # in the current cell

    def process(self, block: Audio) -> Array:
        """Return the filtered block, (channels, frames)."""
        audio: Array = np.asarray(block, dtype=np.float64)
        if not len(self.sos) or not audio.shape[1]:
            return audio
        cells = np.split(audio, range(_GRID - self._position, audio.shape[1], _GRID), axis=1)
        pieces = [self._filtered(cell) for cell in cells]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def _filtered(self, piece: Array) -> Array:
        if self._state.any() or piece.any():
            out: Array
            out, self._state = signal.sosfilt(self.sos, piece, axis=-1, zi=self._state)
        else:
            out = np.zeros_like(piece)
        self._position = (self._position + piece.shape[1]) % _GRID
        if not self._position:
            # In a long silence the state would decay into denormal numbers, which are slow.
            self._state[np.abs(self._state) < _NEGLIGIBLE] = 0.0
        return out


def _angle(frequency_hz: float, rate: int) -> float:
    return 2.0 * pi * min(frequency_hz, _HIGHEST * rate) / rate


def _shelf(corner_hz: float, gain_db: float, q: float, rate: int) -> tuple[float, float, float]:
    w = _angle(corner_hz, rate)
    a = 10.0 ** (gain_db / 40.0)
    return a, cos(w), 2.0 * sqrt(a) * sin(w) / (2.0 * q)


def _pass(b0: float, b1: float, b2: float, w: float, q: float) -> Array:
    alpha = sin(w) / (2.0 * q)
    return _section(b0, b1, b2, 1 + alpha, -2 * cos(w), 1 - alpha)


def _butterworth_qs(order: int) -> list[float]:
    if order < 1:
        raise ValueError(f"order must be 1 or more, not {order}")
    return [1.0 / (2.0 * sin(pi * (2 * k + 1) / (2 * order))) for k in range(order // 2)]


def _section(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Array:
    return np.array([[b0 / a0, b1 / a0, b2 / a0, 1.0, a1 / a0, a2 / a0]])
