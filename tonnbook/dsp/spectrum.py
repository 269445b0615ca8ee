"""Measure spectra in bands of a fixed fraction of an octave, over time or over the whole, and compare those of two versions of a sound."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy import fft, sparse
from scipy.signal import windows

from tonnbook.dsp.filters import response_db
from tonnbook.dsp.levels import Array, Audio
from tonnbook.dsp.loudness import k_weighting

THIRD_OCTAVES: tuple[float, ...] = (
    *(31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630),
    *(800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000),
)
"""Nominal centres of the third octaves in Hz, IEC 61260-1."""

OCTAVES_HZ: tuple[float, ...] = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
"""Nominal centres of the octaves in Hz, IEC 61260-1. Of the lowest the upper two thirds are measured, of the highest the lower two."""

FAINT_DB = -60.0
"""`changes_db` compares no band that lies this far below the loudest one of either version: changes there are inaudible."""

_EXACT = 1000.0 * 10.0 ** (
    np.arange(-15, 13) / 10.0
)  # IEC 61260-1 in base ten: the exact centres behind the nominal ones
_FRAMES_AT_ONCE = 8  # fits the cache
_SILENT = 1e-20
_FIRST_OF_OCTAVE = (0, *range(2, len(THIRD_OCTAVES), 3))


def third_octave_energies(audio: Audio, rate: int, hop_s: float = 0.093) -> Array:
    """Return the mean square in each third-octave band over time, (28, frames), summed over the channels.

    The frames are `hop_s` apart and twice as long, under a Hann window, the first centred on the first sample. The sum over the bands
    is the mean square of the signal between 28 Hz and 18 kHz; bands above half the rate are 0.
    """
    hop = max(1, round(hop_s * rate))
    size = fft.next_fast_len(2 * hop, real=True)
    bands = _third_octave_shares(size, rate)
    count = max(1, -(-audio.shape[1] // hop))
    after = (count - 1) * hop + size - size // 2 - audio.shape[1]
    centred = np.pad(audio, ((0, 0), (size // 2, after)))
    return np.concatenate([bands @ power for power in _periodograms(centred, size, hop)], axis=1)


def long_term_spectrum(
    audio: Audio, rate: int, fraction: int = 6, points_per_octave: int = 24, window_s: float = 0.37
) -> tuple[Array, Array]:
    """Return frequencies (Hz, 20 Hz to 20 kHz or half the rate) and the level in dB of the 1/`fraction` octave around each.

    A sine of full scale reads -3 dB at its frequency, pink noise is level. The channels are averaged; silence reads -200 dB.
    """
    size = fft.next_fast_len(round(window_s * rate), real=True)
    highest = min(20000.0, rate / 2 / 2 ** (0.5 / fraction))
    freqs = 20.0 * 2.0 ** np.arange(0.0, np.log2(highest / 20.0), 1 / points_per_octave)
    half = 2.0 ** (0.5 / fraction)
    bands = band_shares(freqs / half, freqs * half, size, rate)
    total, count = np.zeros(size // 2 + 1), 0
    whole = np.pad(audio, ((0, 0), (0, max(0, size - audio.shape[1]))))
    for power in _periodograms(whole, size, size // 2):
        total += power.sum(axis=1)
        count += power.shape[1]
    mean = bands @ total / (count * len(audio))
    return freqs, 10.0 * np.log10(np.maximum(mean, 1e-20))


@lru_cache(maxsize=8)
def _third_octave_shares(size: int, rate: int) -> sparse.csr_array:
    edges = np.append(_EXACT * 10.0**-0.05, _EXACT[-1] * 10.0**0.05)
    return band_shares(edges[:-1], edges[1:], size, rate)


def _periodograms(audio: Audio, size: int, hop: int) -> Iterator[Array]:
    """Yield the mean square per bin of consecutive frames, (bins, some frames), summed over the channels."""
    window = windows.hann(size, sym=False).astype(audio.dtype)  # a transform of float32 takes a quarter of the time
    scale = np.full(size // 2 + 1, 2.0 / (size * np.sum(np.square(window))))
    scale[0] /= 2.0
    if size % 2 == 0:
        scale[-1] /= 2.0
    frames = np.lib.stride_tricks.sliding_window_view(audio, size, axis=1)[:, ::hop]
    for start in range(0, frames.shape[1], _FRAMES_AT_ONCE):
        spectra = fft.rfft(frames[:, start : start + _FRAMES_AT_ONCE] * window)
        power = np.square(spectra.real) + np.square(spectra.imag)
        yield power.sum(axis=0).T * scale[:, None]


def band_shares(low_hz: Array, high_hz: Array, size: int, rate: int) -> sparse.csr_array:
    """Return the share of each bin of a transform over `size` frames in each band, (bands, bins).

    A bin across the edge of a band counts by the part inside the band.
    """
    width = rate / size
    bins = np.arange(size // 2 + 1) * width
    inside = np.minimum(high_hz[:, None], bins + width / 2) - np.maximum(low_hz[:, None], bins - width / 2)
    return sparse.csr_array(np.clip(inside / width, 0.0, 1.0))


def changes_db(before: Audio, after: Audio, rate: int, hop_s: float) -> tuple[Array, Array]:
    """Return the level of `after` relative to `before` in dB over time: K-weighted as a whole, (frames,), and per octave, (10, frames).

    Both versions are (channels, frames) at one rate, aligned in time; the longer one is cut. The windows are `hop_s` seconds apart and twice
    as long, the first centred on the start. The K-weighting is that of BS.1770. Where neither version sounds the result is nan.
    """
    frames = min(before.shape[1], after.shape[1])
    thirds = [third_octave_energies(each[:, :frames], rate, hop_s) / len(each) for each in (before, after)]
    octaves = [np.add.reduceat(each, _FIRST_OF_OCTAVE, axis=0) for each in thirds]
    weights = 10.0 ** (response_db(k_weighting(rate), np.minimum(THIRD_OCTAVES, 0.49 * rate), rate) / 10.0)
    wholes = [(weights @ each)[None] for each in thirds]
    return _difference(*wholes)[0], _difference(*octaves)


def _difference(before: Array, after: Array) -> Array:
    louder = np.maximum(before, after)
    faint = louder < max(louder.max(initial=0.0) * 10.0 ** (FAINT_DB / 10.0), _SILENT)
    difference = 10.0 * np.log10(np.maximum(after, _SILENT) / np.maximum(before, _SILENT))
    return np.where(faint, np.nan, difference)
