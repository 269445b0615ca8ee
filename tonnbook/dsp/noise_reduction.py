"""Noise reduction: a log-spectral amplitude estimator over short-time spectra, for steady noise.

Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator", IEEE Trans. ASSP 33(2), 1985,
with their decision-directed estimate of the signal-to-noise ratio (ASSP 32(6), 1984), which is one frame late; so a second step takes the
ratio that the first has found and makes a Wiener gain of it: C. Plapous, C. Marro, P. Scalart, "Improved signal-to-noise ratio
estimation for speech enhancement", IEEE Trans. ASLP 14(6), 2006. It wins 1 to 4 dB of signal over distortion (measured).

What the noise is, is read from the frames in which nothing else sounds. Channels whose noise is about as loud get the same gain, so that the
stereo image stays; where one side is far noisier than the other, each has a gain of its own, or the better side would lose by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log10

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage, special
from scipy.signal import windows

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.levels import Array, Audio, to_gain

FRAME_S = 0.0464
OVERLAP = 4
_FRAMES_AT_ONCE = 64
_SILENT = 1e-12  # mean square (-120 dBFS): digital silence says nothing of the noise
_QUIET_PERCENT, _QUIET_DB = 5.0, 3.0
_ENOUGH_S = 0.2
_TONAL = 4.0  # how far a line may stand over the noise around it; the rest of it is no noise
_TOGETHER_DB = 6.0  # channels whose noise is not further than this under that of the noisiest share one gain
_TABLE_DB = np.linspace(-70.0, 40.0, 2201)
_MOSTLY = 0.3
_LEAST_RATIO = 3e-3
_MEMORY = 0.96
_STEADY_DB = 2.0  # how far the quietest hundredth of a steady noise lies under its quietest twentieth, at the most
_GAUSSIAN_DB = (
    2.1,
    2.85,
)  # mean of the logarithm of a noise's power under the logarithm of its mean: 2.51 dB, Euler's constant


def frame_size(rate: int) -> int:
    """Return the length of a frame in samples: 2048 at 44.1 and 48 kHz."""
    return int(2 ** round(np.log2(FRAME_S * rate)))


@dataclass(frozen=True, eq=False)
class NoiseProfile:
    """The noise of one recording."""

    power: Array
    """Mean power of each bin of a frame, (channels, bins)."""
    together: tuple[tuple[int, ...], ...]
    """The channels that are reduced: each tuple by one gain. A channel that stands in none of them has no steady noise."""
    snr_db: float
    """Power of the signal over that of the noise, while it sounds."""
    seconds: float
    """Length of what it was read from."""


class FrameLevels:
    """Notes the mean square of every frame of a stream, as the reducer will cut it, whatever the blocks."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._hop = frame_size(rate) // OVERLAP
        self._rest = np.empty(0)
        self._hops: list[Array] = []

    def hear(self, block: Audio) -> None:
        """Take in the next (channels, frames)."""
        power = np.concatenate([self._rest, np.square(block).mean(axis=0)])
        whole = len(power) // self._hop * self._hop
        self._hops.append(power[:whole].reshape(-1, self._hop).mean(axis=1))
        self._rest = power[whole:]

    @property
    def levels(self) -> Array:
        """Mean square of each whole frame."""
        hops = np.concatenate([np.empty(0), *self._hops])
        return (
            np.lib.stride_tricks.sliding_window_view(hops, OVERLAP).mean(axis=1) if len(hops) >= OVERLAP else hops[:0]
        )

    @property
    def quiet_s(self) -> Array:
        """Middle of each of the quiet frames, in s."""
        middles = np.flatnonzero(quiet_frames(self.levels)) + 0.5 * OVERLAP
        return np.asarray(middles * (self._hop / self._rate), dtype=np.float64)


def quiet_frames(levels: Array) -> npt.NDArray[np.bool_]:
    """Return in which frames nothing but noise sounds: those within 3 dB of the quietest twentieth."""
    heard = levels > _SILENT
    if not heard.any():
        return heard
    quiet: npt.NDArray[np.bool_] = heard & (
        levels <= np.percentile(levels[heard], _QUIET_PERCENT) * 10 ** (_QUIET_DB / 10)
    )
    return quiet


def noise_profile(blocks: Iterable[Audio], rate: int, levels: Array) -> NoiseProfile | None:
    """Return the noise of a recording; None where no part of at least 0.2 s is quiet enough, and noise enough, to tell.

    `levels` are those that `FrameLevels` has noted for the same blocks. The quietest frames of a clean recording are no noise: they differ
    far more in level, and their powers are not spread as those of Gaussian noise are.
    """
    quiet, hop = quiet_frames(levels), frame_size(rate) // OVERLAP
    if quiet.sum() * hop < _ENOUGH_S * rate or not _steady(levels):
        return None
    power, spread_db = _statistics(blocks, rate, quiet)
    plain = np.minimum(power, _TONAL * ndimage.median_filter(power, size=(1, 31), mode="nearest"))
    together = tuple(group for group in _as_loud(power.sum(axis=1)) if _is_noise(plain, power, spread_db, group))
    return NoiseProfile(plain, together, _snr_db(levels, quiet), float(quiet.sum() * hop) / rate) if together else None


def _as_loud(powers: Array) -> Iterator[tuple[int, ...]]:
    """Yield the channels that are about as loud as the loudest, and then each of the others by itself."""
    loud = powers >= powers.max() * 10.0 ** (-_TOGETHER_DB / 10.0)
    yield tuple(np.flatnonzero(loud).tolist())
    yield from ((int(channel),) for channel in np.flatnonzero(~loud))


def _is_noise(plain: Array, power: Array, spread_db: Array, group: tuple[int, ...]) -> bool:
    """Say whether the powers are spread as those of noise are, and whether more than a few lines, a quiet note, hold them."""
    own = list(group)
    gaussian = _GAUSSIAN_DB[0] < spread_db[own].mean() < _GAUSSIAN_DB[1]
    return bool(gaussian and plain[own].sum() >= _MOSTLY * power[own].sum())


def _steady(levels: Array) -> bool:
    lowest, low = np.percentile(levels[levels > _SILENT], [1.0, _QUIET_PERCENT])
    return bool(low < lowest * 10.0 ** (_STEADY_DB / 10.0))


def _snr_db(levels: Array, quiet: npt.NDArray[np.bool_]) -> float:
    noise = float(levels[quiet].mean())
    loud = levels[levels > 4.0 * noise]
    return 10.0 * log10(max(float(loud.mean()) / noise - 1.0, 1e-3)) if len(loud) else 0.0


def _statistics(blocks: Iterable[Audio], rate: int, quiet: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the mean power of each bin over the quiet frames, (channels, bins), and by how many dB the mean of the logarithms lies under
    it, for each channel. A channel counts against its own mean: sides that are not as loud are no wider spread for that.
    """
    total, logs = np.zeros((2, 1, frame_size(rate) // 2 + 1))
    for frames in _chosen(blocks, frame_size(rate), quiet):
        spectra = fft.rfft(frames * np.sqrt(windows.hann(frame_size(rate), sym=False)))
        power = np.square(spectra.real) + np.square(spectra.imag)
        total = total + power.sum(axis=1)
        logs = logs + np.log10(np.maximum(power, 1e-30)).sum(axis=1)
    mean, count = total / quiet.sum(), int(quiet.sum())
    heard = slice(total.shape[1] // 64, -total.shape[1] // 8)  # without the ends, which many a converter has filtered
    spread = 10.0 * (np.log10(np.maximum(mean, 1e-30)) - logs / count)
    return mean, np.asarray(np.median(spread[:, heard], axis=1))


def _chosen(blocks: Iterable[Audio], size: int, quiet: npt.NDArray[np.bool_]) -> Iterator[Array]:
    """Yield the chosen frames of each block, (channels, frames, size)."""
    hop, first = size // OVERLAP, 0
    rest: Array = np.empty((1, 0))
    for block in blocks:
        rest = np.concatenate([rest if rest.size else block[:, :0], block], axis=1)
        count = max(0, (rest.shape[1] - size) // hop + 1)
        chosen = np.flatnonzero(quiet[first : first + count])
        if len(chosen):
            yield np.lib.stride_tricks.sliding_window_view(rest, size, axis=1)[:, ::hop][:, chosen]
        first += count
        rest = rest[:, count * hop :]


class NoiseReducer(Chunked):
    """A reducer that is fed block by block; out comes as much as went in, in time with it.

    Parameters
    ----------
    floor_db
        The most that a frequency is turned down, a negative number of dB: what is left covers up the artefacts of the rest.
    """

    def __init__(self, rate: int, channels: int, profile: NoiseProfile, floor_db: float) -> None:
        self._size = frame_size(rate)
        self._hop = self._size // OVERLAP
        super().__init__(channels, self._hop * _FRAMES_AT_ONCE, self._size - self._hop)
        self._window = np.sqrt(windows.hann(self._size, sym=False) / (OVERLAP / 2))
        # The profile was taken with a window of another level; relative to the frames here it counts for so much:
        self._noise = np.maximum(profile.power / (OVERLAP / 2), 1e-20)
        self._together = [list(group) for group in profile.together]
        self._floor = to_gain(floor_db)
        self._before = np.zeros((channels, self._size - self._hop))
        self._tail = np.zeros((channels, self._size - self._hop))
        self._clean = np.zeros((len(self._together), self._size // 2 + 1))

    def _work(self, chunk: Array) -> Array:
        audio = np.concatenate([self._before, chunk], axis=1)
        self._before = audio[:, chunk.shape[1] :].copy()
        frames = np.lib.stride_tricks.sliding_window_view(audio, self._size, axis=1)[:, :: self._hop]
        spectra = fft.rfft(frames * self._window)
        for n, group in enumerate(self._together):
            power = (np.square(spectra[group].real) + np.square(spectra[group].imag)).mean(axis=0)
            spectra[group] *= self._gains(power / self._noise[group].mean(axis=0), self._clean[n])
        reduced = fft.irfft(spectra, self._size) * self._window
        out = np.pad(self._tail, ((0, 0), (0, chunk.shape[1])))
        for n in range(reduced.shape[1]):
            out[:, n * self._hop : n * self._hop + self._size] += reduced[:, n]
        self._tail = out[:, chunk.shape[1] :].copy()
        done: Array = out[:, : chunk.shape[1]]
        return done

    def _gains(self, posterior: Array, clean: Array) -> Array:
        """Return the gain of each bin of each frame, given power over noise power; `clean` is what it remembers from frame to frame."""
        fresh = (1.0 - _MEMORY) * np.maximum(posterior - 1.0, 0.0)
        gains = np.empty_like(posterior)
        for n, ratio in enumerate(posterior):
            prior = np.maximum(_MEMORY * clean + fresh[n], _LEAST_RATIO)
            wiener = prior / (1.0 + prior)
            first = np.clip(wiener * _boost(wiener * ratio), self._floor, 1.0)
            clean[:] = np.square(first) * ratio
            gains[n] = clean / (1.0 + clean)
        return np.maximum(gains, self._floor)


_BOOST = np.exp(0.5 * special.exp1(10.0 ** (_TABLE_DB / 10.0)))


def _boost(v: Array) -> Array:
    """Return exp(E1(v) / 2), from a table over the logarithm: exact to 0.02 dB and ten times as fast."""
    return np.asarray(np.interp(10.0 * np.log10(np.maximum(v, 1e-7)), _TABLE_DB, _BOOST))
