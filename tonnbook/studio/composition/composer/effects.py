"""Effects of the mix. All are linear, so the stems still add up to the mix; all are fed block by block."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.soundfont import RATE


@dataclass(frozen=True, slots=True)
class Room:
    """The space of a genre."""

    wet: float
    """Level of the reverb against the dry sound, 0 to 1."""
    rt60_s: float
    predelay_ms: float = 18.0


ROOMS: dict[Genre, Room] = {
    Genre.AMBIENT: Room(0.45, 4.5, 35),
    Genre.CINEMATIC: Room(0.35, 2.8, 28),
    Genre.INDIAN: Room(0.25, 2.0),
    Genre.RNB: Room(0.20, 1.6),
    Genre.ELECTRONIC: Room(0.18, 1.6),
    Genre.POP: Room(0.16, 1.3),
    Genre.INDIE: Room(0.15, 1.1),
    Genre.HIPHOP: Room(0.14, 1.0),
}


def room_response(genre: Genre) -> Array:
    """Return the reverb of a genre as (2, frames): noise that dies away, darker with time, behind a few early reflections.

    The energy of each side is 1, so a send of noise comes back as loud as it went in.
    """
    room = ROOMS[genre]
    dice = np.random.default_rng(zlib.crc32(genre.encode()))
    frames = int(room.rt60_s * RATE)
    t = np.arange(frames) / RATE
    noise = dice.standard_normal((2, frames)) * 10 ** (-3 * t / room.rt60_s)
    dark = Filter(low_pass(2200, RATE), 2).process(noise)
    tail = dark * np.minimum(1, t / 0.4) + noise * np.maximum(0, 1 - t / 0.4)
    early = np.zeros((2, frames))
    for side in early:
        places = np.sort(dice.integers(int(0.004 * RATE), int(0.05 * RATE), 9))
        side[places] = dice.choice((-1.0, 1.0), 9) * np.linspace(6, 2, 9)
    shape = np.vstack([low_pass(5000, RATE), high_pass(180, RATE)])
    out = Filter(shape, 2).process(np.concatenate([np.zeros((2, int(room.predelay_ms * RATE / 1e3))), tail + early], 1))
    out[:, -2048:] *= np.linspace(1, 0, 2048)
    scaled: Array = out / np.sqrt(np.sum(out**2, axis=1, keepdims=True))
    return scaled


class Taps:
    """A handful of delays of a mono signal, each with a gain for left and right: echoes, or the width of a voice."""

    def __init__(self, delays: Sequence[int], gains: Sequence[tuple[float, float]]) -> None:
        self._delays = delays
        self._gains = gains
        self._before = np.zeros(max(delays, default=0))

    def process(self, block: Array) -> Array:
        """Take (frames,), return (2, frames): the delayed copies alone."""
        history = np.concatenate([self._before, block])
        keep = len(self._before)
        out = np.zeros((2, len(block)))
        for delay, (left, right) in zip(self._delays, self._gains, strict=True):
            copy = history[keep - delay : len(history) - delay]
            out[0] += left * copy
            out[1] += right * copy
        self._before = history[len(history) - keep :] if keep else history[:0]
        return out


def widener(name: str, width: float) -> Taps:
    """Return the width of a voice: short delays that one side adds and the other takes away, so mono stays as it is."""
    dice = np.random.default_rng(zlib.crc32(name.encode()))
    delays = np.sort(dice.integers(int(0.003 * RATE), int(0.028 * RATE), 8))
    gains = dice.choice((-1.0, 1.0), 8) * np.linspace(1.0, 0.35, 8)
    gains *= 0.8 * width / np.sqrt(np.sum(gains**2))
    return Taps([int(d) for d in delays], [(float(g), -float(g)) for g in gains])


def echoes(beat_s: float, level: float) -> Taps:
    """Return a delay of three eighths that crosses from side to side and dies away."""
    step = int(0.75 * beat_s * RATE)
    gains = [level * 0.55**n for n in range(4)]
    return Taps(
        [step * (n + 1) for n in range(4)], [(g, 0.3 * g) if n % 2 else (0.3 * g, g) for n, g in enumerate(gains)]
    )


def ducked(frames: int, start: int, kicks: Sequence[float], depth_db: float = -12.0, back_s: float = 0.22) -> Array:
    """Return the gain of a side-chained part for `frames` from frame `start`: down at every kick, back after `back_s`."""
    gain = np.ones(frames)
    length = int(back_s * RATE)
    low = 10 ** (depth_db / 20)
    curve = low + (1 - low) * (np.arange(length) / length) ** 1.6
    curve[:64] = np.linspace(1, curve[63], 64)  # no click where the kick falls
    for kick in kicks:
        at = round(kick * RATE) - start
        if -length < at < frames:
            inside = slice(max(0, at), min(frames, at + length))
            gain[inside] = np.minimum(gain[inside], curve[inside.start - at : inside.stop - at])
    return gain
