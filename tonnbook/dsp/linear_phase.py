"""Design linear-phase filters (tone curves and crossovers) and apply them by fast convolution.

A curve is sampled over frequency, transformed into an impulse response and windowed. Windowing is linear, so the responses of several bands
add up exactly to that of the whole: the sum of unprocessed bands is the audio filtered by the tone curve alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import fft
from scipy.signal import windows

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array, Audio, to_gain

TAPS = 4095
_SIZE = 32768
_CHUNK = 28672  # _SIZE - TAPS + 1, rounded down to a multiple of 4096
_HALF_A_CROSSOVER = 0.5  # octaves on either side of the corner


def grid(rate: int) -> Array:
    """Return the frequencies in Hz at which curves are sampled, from 0 to half the rate."""
    return np.linspace(0.0, rate / 2, _SIZE // 2 + 1)


def gains_between(centres_hz: Sequence[float], gains_db: Sequence[float], rate: int) -> Array:
    """Return a tone curve on the grid, as amplitudes: interpolated linearly in dB over log frequency, constant beyond the ends."""
    freqs = np.maximum(grid(rate), 1.0)
    return to_gain(np.interp(np.log(freqs), np.log(centres_hz), gains_db))


def below(corner_hz: float, rate: int) -> Array:
    """Return the low-pass side of a crossover on the grid, as amplitudes: from 1 to 0 within one octave, one half at the corner."""
    octaves = np.log2(np.maximum(grid(rate), 1e-3) / corner_hz)
    position = np.clip(octaves / (2 * _HALF_A_CROSSOVER) + 0.5, 0.0, 1.0)
    share: Array = 0.5 + 0.5 * np.cos(np.pi * position)
    return share


def impulse(response: Array) -> Array:
    """Return the impulse response of amplitudes on the grid, (TAPS,), symmetric about its middle."""
    long = np.roll(fft.irfft(response, _SIZE), TAPS // 2)[:TAPS]
    shaped: Array = long * windows.hann(TAPS + 2)[1:-1]
    return shaped


def response(impulse_response: Array, freqs_hz: Sequence[float], rate: int) -> Array:
    """Return the gain in dB of an impulse response at each frequency in Hz."""
    spectrum = np.abs(fft.rfft(impulse_response, 8 * _SIZE))
    at = np.interp(freqs_hz, np.arange(len(spectrum)) * (rate / (8 * _SIZE)), spectrum)
    return np.asarray(20.0 * np.log10(np.maximum(at, 1e-10)))


class FilterBank(Chunked):
    """Apply several filters to the same stream, block by block; the output is (filters, channels, frames), aligned with the input.

    Parameters
    ----------
    impulses
        (filters, channels, TAPS): each channel of each filter has its own response. With float32 responses the filtering is done in
        float32, three times as fast and with noise 130 dB below the audio. Raises ValueError for another number of taps.
    """

    def __init__(self, impulses: Audio) -> None:
        filters, channels, taps = impulses.shape
        if taps != TAPS:
            raise ValueError(f"an impulse response has {TAPS} taps, not {taps}")
        super().__init__(channels, _CHUNK, TAPS // 2)
        self._filters = filters
        self._responses = fft.rfft(impulses, _SIZE)
        self._before = np.zeros((channels, _SIZE - _CHUNK), impulses.dtype)

    def _work(self, chunk: Array) -> Array:
        out = np.empty((self._filters, *chunk.shape))
        for filtered, target in zip(self._filtered(chunk), out, strict=True):
            target[:] = filtered
        return out

    def _filtered(self, chunk: Audio) -> Iterator[Audio]:
        """Yield the chunk filtered by each filter, in the precision of the filters."""
        audio = np.concatenate([self._before, chunk.astype(self._before.dtype, copy=False)], axis=1)
        self._before = audio[:, _CHUNK:]
        spectrum = fft.rfft(audio)
        for response in self._responses:
            yield fft.irfft(response * spectrum, _SIZE)[:, _SIZE - _CHUNK :]

    def _no_frames(self) -> Array:
        return np.empty((self._filters, len(self._queue), 0))
