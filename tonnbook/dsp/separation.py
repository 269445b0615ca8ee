"""Separation of a mix into four stems by what can be seen in its spectrum: a rough guide, not isolation.

Hits stand upright in a spectrogram and notes lie in it, so a median over frequency keeps the former and one over time the latter (D. FitzGerald,
"Harmonic/percussive separation using median filtering", DAFx 2010). Of the notes, what lies under 170 Hz is called bass, and what lies in
the middle of the stereo field where voices sing is called vocals; the rest is the rest. All masks add up to 1, so the stems add up to
the mix, exactly.

What to expect, in dB of signal to distortion (in brackets: the mix itself, taken for the stem), on the demo song of the package with its
groups balanced as in human mixes: vocals -0.6 (-8.4), drums 2.7 (-5.1), bass 3.1 (-4.8), other 4.7 (-2.0). A trained network reaches
7 to 9 dB on records.
"""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage
from scipy.signal import windows

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array

STEMS = ("vocals", "drums", "bass", "other")
"""The stems, in the order in which they come out."""

_SIZE_S = 0.093
_OVERLAP = 4
_REACH = 8  # frames and bins to either side that the medians look at
_FRAMES_AT_ONCE = 96
_BASS_HZ = (140.0, 200.0)
_VOICE_HZ = (180.0, 250.0, 8000.0, 11000.0)
_CENTRED = (0.7, 0.9)  # likeness of left and right: below the first no voice, above the second all of it


class Separator(Chunked):
    """A separator that is fed block by block; out comes (4, channels, frames) in the order of `STEMS`, in time with the input."""

    def __init__(self, rate: int, channels: int) -> None:
        self._size = int(2 ** round(np.log2(_SIZE_S * rate)))
        self._hop = self._size // _OVERLAP
        late = self._size - self._hop + _REACH * self._hop
        super().__init__(channels, _FRAMES_AT_ONCE * self._hop, late)
        self._window = np.sqrt(windows.hann(self._size, sym=False) / (_OVERLAP / 2))
        self._before = np.zeros((channels, late + _REACH * self._hop))
        self._tail = np.zeros((len(STEMS), channels, self._size - self._hop))
        freqs = np.maximum(np.arange(self._size // 2 + 1) * rate / self._size, 1.0)
        self._bass = 1.0 - _ramp(freqs, *_BASS_HZ)
        self._voice = _ramp(freqs, *_VOICE_HZ[:2]) * (1.0 - _ramp(freqs, *_VOICE_HZ[2:]))

    def _work(self, chunk: Array) -> Array:
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :].copy()
        frames = np.lib.stride_tricks.sliding_window_view(audio, self._size, axis=1)[:, :: self._hop]
        spectra = fft.rfft(frames * self._window)
        own = slice(_REACH, _REACH + _FRAMES_AT_ONCE)
        masks = self._masks(spectra)[:, own]
        stems = fft.irfft(masks[:, None] * spectra[None, :, own], self._size) * self._window
        out = np.pad(self._tail, ((0, 0), (0, 0), (0, chunk.shape[1])))
        for n in range(_FRAMES_AT_ONCE):
            out[..., n * self._hop : n * self._hop + self._size] += stems[:, :, n]
        self._tail = out[..., chunk.shape[1] :].copy()
        done: Array = out[..., : chunk.shape[1]]
        return done

    def _nothing(self) -> Array:
        return np.empty((len(STEMS), len(self._queue), 0))

    def _masks(self, spectra: Array) -> Array:
        """Return the share of each stem in each bin of each frame, (4, frames, bins); together they are 1."""
        level = np.sqrt((np.square(spectra.real) + np.square(spectra.imag)).mean(axis=0))
        width = 2 * _REACH + 1
        lying = np.square(ndimage.median_filter(level, (width, 1), mode="nearest"))
        upright = np.square(ndimage.median_filter(level, (1, width), mode="nearest"))
        drums = upright / np.maximum(lying + upright, 1e-30)
        bass = (1.0 - drums) * self._bass
        rest = (1.0 - drums) * (1.0 - self._bass)
        vocals = rest * self._voice * _centred(spectra)
        return np.stack([vocals, drums, bass, 1.0 - drums - bass - vocals])


def _centred(spectra: Array) -> Array:
    """Return 1 where left and right are the same, 0 where they differ; 1 for mono."""
    left, right = spectra[0], spectra[-1]
    power = np.square(np.abs(left)) + np.square(np.abs(right))
    likeness = 2.0 * (left * right.conj()).real / np.maximum(power, 1e-30)
    low, high = _CENTRED
    return np.asarray(np.clip((likeness - low) / (high - low), 0.0, 1.0))


def _ramp(freqs: Array, low_hz: float, high_hz: float) -> Array:
    """Return 0 below, 1 above, and a straight line over the pitch in between."""
    return np.asarray(np.clip(np.log(freqs / low_hz) / np.log(high_hz / low_hz), 0.0, 1.0))
