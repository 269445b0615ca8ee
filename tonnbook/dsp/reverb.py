"""Make a synthetic room impulse response for each musical style, and convolve a stream with it.

Convolution is linear, so the reverbs of single stems add up to the reverb of their sum.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import NamedTuple
from zlib import crc32

import numpy as np
from scipy import fft

from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array, Audio


class Room(NamedTuple):
    """Parameters of a room impulse response: the time in which 1 kHz decays by 60 dB, in s, and the time before the first reflection, in ms."""

    rt60_s: float
    predelay_ms: float


ROOMS = {
    "POP": Room(1.4, 25),
    "ROCK_INDIE": Room(1.2, 20),
    "ACOUSTIC": Room(1.6, 20),
    "HIPHOP_GRIME": Room(0.9, 15),
    "ELECTRONIC": Room(1.8, 30),
    "REGGAE_DUB": Room(1.6, 35),
    "ORCHESTRAL": Room(2.4, 30),
    "METAL": Room(1.0, 15),
    "OTHER": Room(1.3, 20),
}
_DECAY_HZ = (125, 500, 1000, 4000, 8000)
_DECAY = (
    1.15,
    1.05,
    1.0,
    0.75,
    0.5,
)  # RT60 there relative to that of the room: air and walls absorb high frequencies first
_OCTAVES = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)
_MONO_BELOW_HZ = 200.0
_SEND_HZ = (300.0, 9000.0)  # the band that is sent into a reverb
_TAIL_ENERGY = 1e-6  # -60 dB
_EARLY_TAPS = 12
_EARLY_MS = (5.0, 60.0)
_EARLY_ENERGY = 0.3  # of the tail's


def impulse_response(style: str, rate: int) -> Array:
    """Return the room impulse response of a style, (2, frames): noise that decays per octave, with twelve early reflections per channel.

    Left and right are uncorrelated above 200 Hz and equal below. The mean power gain from 300 Hz to 9 kHz is 1 on each channel, so noise in
    that band keeps its level. A style always gets the same room, at every rate; a style that is not in `ROOMS` gets that of OTHER.
    """
    name = style if style in ROOMS else "OTHER"
    room = ROOMS[name]
    random = np.random.default_rng(crc32(name.encode()))
    early = _early(random, rate)
    tail = _tail(random, room.rt60_s, rate)
    tail[:, : early.shape[1]] += early * np.sqrt(_EARLY_ENERGY * _energy(tail) / _energy(early))
    predelay = np.zeros((2, round(room.predelay_ms * rate / 1e3)))
    low, high = _SEND_HZ
    send = Filter(np.vstack([high_pass(low, rate), low_pass(high, rate)]), 2)
    response = send.process(np.concatenate([predelay, tail], axis=1))
    gain: Array = np.square(np.abs(fft.rfft(response)))
    freqs = fft.rfftfreq(response.shape[1], 1 / rate)
    response /= np.sqrt(gain[:, (freqs >= low) & (freqs <= high)].mean(axis=1, keepdims=True))
    return response


def tail_frames(ir: Array) -> int:
    """Return the number of frames in which a reverb decays by 60 dB: after them, the rest of the response has a millionth of its energy.

    The energy is that of all channels of `ir`, (channels, frames), integrated backwards (Schroeder, JASA 37, 1965).
    """
    rest = np.cumsum(np.square(ir).sum(axis=0)[::-1])[::-1]
    return int(np.count_nonzero(rest > _TAIL_ENERGY * rest[0]))


class Convolver:
    """Convolve a stream with an impulse response, block by block: uniformly partitioned overlap-save on a fixed grid.

    Every transform starts on that grid, counted from the first sample, so the output is bit for bit the same for any cut into blocks. A
    sample is returned once its partition of `PARTITION` frames is full: for blocks that are whole multiples of it, `process` returns as
    many frames as it gets; for others it returns the finished ones, and `tail` the rest. In total n + len(ir) - 1 frames are returned.

    Raises ValueError for an empty impulse response.
    """

    PARTITION = 16384

    def __init__(self, ir: Audio) -> None:
        frames = ir.shape[1]
        if not frames:
            raise ValueError("the impulse response is empty")
        size = self.PARTITION
        self._tail_frames = frames - 1
        padded = np.zeros((len(ir), ceil(frames / size) * size))
        padded[:, :frames] = ir
        parts = padded.reshape(len(ir), -1, size).transpose(1, 0, 2)
        self._filters: Array = fft.rfft(parts, 2 * size)
        self._pending: Array
        self._reset()

    def process(self, block: Audio) -> Array:
        """Convolve the next (channels, frames), mono or with the channels of the response; return the finished (channels of ir, frames).

        Raises ValueError for another number of channels.
        """
        if len(block) not in (1, self._filters.shape[1]):
            raise ValueError(f"the block has {len(block)} channels, the impulse response {self._filters.shape[1]}")
        queue = np.concatenate([self._pending, block], axis=1) if self._pending.size else np.asarray(block, np.float64)
        whole = queue.shape[1] // self.PARTITION * self.PARTITION
        out = [self._convolve(queue[:, at : at + self.PARTITION]) for at in range(0, whole, self.PARTITION)]
        self._pending = queue[:, whole:].copy()
        return np.concatenate([np.empty((self._filters.shape[1], 0)), *out], axis=1)

    def tail(self) -> Array:
        """Return the remaining frames to the end of the reverb; the next block then starts a new stream."""
        frames = self._pending.shape[1] + self._tail_frames
        silence = np.zeros((len(self._pending), frames + self.PARTITION))
        out = self.process(silence)[:, :frames]
        self._reset()
        return out

    def _reset(self) -> None:
        self._pending = np.empty((1, 0))
        self._previous = np.zeros((1, self.PARTITION))
        self._spectra: deque[Array | None] = deque([None] * len(self._filters), maxlen=len(self._filters))

    def _convolve(self, part: Array) -> Array:
        """Return the next partition of the output: the sum of the latest input spectra times the parts of the response."""
        window = np.concatenate([np.broadcast_to(self._previous, part.shape), part], axis=1)
        self._previous = part
        self._spectra.appendleft(fft.rfft(window) if window.any() else None)
        total: Array | None = None
        for spectrum, response in zip(self._spectra, self._filters, strict=True):
            if spectrum is not None:
                product = spectrum * response
                total = product if total is None else np.add(total, product, out=total)
        if total is None:
            return np.zeros((self._filters.shape[1], self.PARTITION))
        finished: Array = fft.irfft(total)[:, self.PARTITION :]
        return finished


def _tail(random: np.random.Generator, rt60_s: float, rate: int) -> Array:
    """Return noise whose octaves decay each at its own rate, faded out at -66 dB.

    The random numbers are drawn as a spectrum, from low to high: another rate only adds bins at the top, so the room stays the same.
    """
    frames = round(1.1 * rt60_s * rate)
    freqs = np.maximum(fft.rfftfreq(frames, 1 / rate), 1.0)
    real, imaginary = random.standard_normal((len(freqs), 2, 2)).T
    spectra = (real + 1j * imaginary) * np.sqrt(frames / 2)
    spectra[1, freqs < _MONO_BELOW_HZ] = spectra[0, freqs < _MONO_BELOW_HZ]
    seconds = np.arange(frames) / rate
    tail = np.zeros((2, frames))
    for index, octave_hz in enumerate(_OCTAVES):
        share = np.interp(np.log2(freqs), np.log2(_OCTAVES), np.eye(len(_OCTAVES))[index])
        decay_s = rt60_s * np.interp(np.log2(octave_hz), np.log2(_DECAY_HZ), _DECAY)
        tail += fft.irfft(spectra * np.sqrt(share), frames) * 10.0 ** (-3.0 * seconds / decay_s)
    fade = frames // 20
    tail[:, -fade:] *= np.linspace(1.0, 0.0, fade)
    return tail


def _early(random: np.random.Generator, rate: int) -> Array:
    """Return twelve reflections per channel at random times and with random signs, each weaker than the one before."""
    first, last = _EARLY_MS
    taps = np.zeros((2, round(last * rate / 1e3) + 1))
    for channel in taps:
        at = np.round(np.sort(random.uniform(first, last, _EARLY_TAPS)) * rate / 1e3).astype(int)
        channel[at] = random.choice([-1.0, 1.0], _EARLY_TAPS) * np.linspace(1.0, 0.3, _EARLY_TAPS)
    return taps


def _energy(audio: Array) -> Array:
    energy: Array = np.sum(np.square(audio), axis=1, keepdims=True)
    return energy
