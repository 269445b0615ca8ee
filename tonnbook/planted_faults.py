"""Faults to find: what is done to a good mix, or to a good recording, to plant one. Always the same ones; `tb.demo` hands them out.

But for "quiet", a faulty mix stands at the loudness of the good one, so that the level gives nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Filter, high_shelf, low_pass, low_shelf
from tonnbook.dsp.levels import Array, peak, rms, to_gain
from tonnbook.dsp.limiter import Limiter
from tonnbook.dsp.loudness import integrated_loudness

Fault = Callable[[Array, int], Array]

GOOD_LUFS = -18.5
"""Where a good mix stands: room for mastering above it."""

RECORDING_LUFS = -26.0
"""Where recordings stand: none is louder than another, and there is room for what is planted."""

_SEED = 20_26


def good_mix(rough: Array, rate: int) -> Array:
    """Return the rough mix with its treble where pop has it, and its level where a mix belongs."""
    return at_loudness(_filtered(rough, high_shelf(2000.0, 3.5, 0.7, rate)), rate)


def at_loudness(audio: Array, rate: int, lufs: float = GOOD_LUFS) -> Array:
    """Return the sound at an integrated loudness, by one gain."""
    return np.asarray(audio * to_gain(lufs - integrated_loudness(audio, rate)))


def clipping(mix: Array, rate: int) -> Array:
    """Drive it 6 dB too hot into a converter: flat tops; then turn it down again."""
    return at_loudness(np.clip(mix * to_gain(6.0) / peak(mix), -1.0, 1.0), rate)


def polarity(mix: Array, rate: int) -> Array:
    """Turn the right side over, as a wrongly wired cable does."""
    return np.asarray(mix * np.array([[1.0], [-1.0]]))


def delay(mix: Array, rate: int) -> Array:
    """Let the right side come 4 ms late, as a track that has slipped."""
    late = round(0.004 * rate)
    return np.stack([mix[0], np.concatenate([np.zeros(late), mix[1, :-late]])])


def dull(mix: Array, rate: int) -> Array:
    """Take the treble away from 2.5 kHz on: 10 dB."""
    return at_loudness(_filtered(mix, high_shelf(2500.0, -10.0, 0.7, rate)), rate)


def boomy(mix: Array, rate: int) -> Array:
    """Lift the bass below 160 Hz: 9 dB."""
    return at_loudness(_filtered(mix, low_shelf(160.0, 9.0, 0.7, rate)), rate)


def narrow(mix: Array, rate: int) -> Array:
    """Press the side down by 18 dB: nearly mono."""
    middle, side = 0.5 * (mix[0] + mix[1]), 0.5 * to_gain(-18.0) * (mix[0] - mix[1])
    return at_loudness(np.stack([middle + side, middle - side]), rate)


def quiet(mix: Array, rate: int) -> Array:
    """Turn it down by 10 dB."""
    return np.asarray(mix * to_gain(-10.0))


def over_compressed(mix: Array, rate: int) -> Array:
    """Squeeze it 6 to 1 from far down, and drive what is left into a limiter, up to -10 LUFS."""
    squeezed = Compressor(-34.0, 6.0, 5.0, 120.0, rate).process(mix)
    limiter = Limiter(rate, len(mix), -1.0)
    driven = at_loudness(squeezed, rate, -10.0)
    return at_loudness(np.concatenate([limiter.process(driven), limiter.flush()], axis=1), rate)


MIX_FAULTS: Mapping[str, Fault] = {
    "clipping": clipping,
    "polarity": polarity,
    "delay": delay,
    "dull": dull,
    "boomy": boomy,
    "narrow": narrow,
    "quiet": quiet,
    "over-compressed": over_compressed,
}
"""What can be planted in a mix, by name."""


def noise(recording: Array, rate: int) -> Array:
    """Add steady noise 22 dB under the recording: a microphone turned up too far."""
    random = np.random.default_rng(_SEED)
    return recording + _under(recording, _pink(random, recording.shape, rate), 22.0)


def hum(recording: Array, rate: int) -> Array:
    """Add mains hum, 50 Hz and its multiples, 18 dB under the recording."""
    time = np.arange(recording.shape[1]) / rate
    partials = {1: 1.0, 2: 0.6, 3: 0.5, 5: 0.2, 7: 0.15}
    buzz = sum((level * np.sin(2 * np.pi * 50.0 * n * time + n) for n, level in partials.items()), np.zeros_like(time))
    return recording + _under(recording, np.tile(buzz, (len(recording), 1)), 18.0)


CLICKS = 14
"""How many clicks are planted."""


def clicks(recording: Array, rate: int) -> Array:
    """Add clicks of half a millisecond, as a loose plug makes, at places drawn by lot."""
    random = np.random.default_rng(_SEED)
    long = round(0.0005 * rate)
    made = recording.copy()
    cells = np.linspace(0, recording.shape[1], CLICKS + 1)
    for start, stop in pairwise(cells):
        place = int(start + random.uniform(0.1, 0.9) * (stop - start))
        made[:, place : place + long] += 0.5 * peak(recording) * random.standard_normal(long)
    return made


def rumble(recording: Array, rate: int) -> Array:
    """Add what a lorry outside does to a microphone stand: below 40 Hz, 6 dB under the recording."""
    random = np.random.default_rng(_SEED)
    low = _filtered(random.standard_normal(recording.shape), low_pass(32.0, rate, 8))
    return recording + _under(recording, low, 6.0)


RECORDING_FAULTS: Mapping[str, Fault] = {"noise": noise, "hum": hum, "clicks": clicks, "rumble": rumble}
"""What can be planted in one recording, by name; bleed needs the others in the room, see `bleed`."""

BLIND_MIXES: Mapping[str, str] = {
    "A": "dull",
    "B": "over-compressed",
    "C": "polarity",
    "D": "quiet",
    "E": "",
    "F": "clipping",
    "G": "narrow",
    "H": "boomy",
}
"""Which fault stands behind which letter of the blind test; one mix has none."""

BLIND_FROM_S, BLIND_S = 10.0, 12.0

BLIND_RECORDINGS: Mapping[str, tuple[str, str]] = {
    "A": ("vocal", "clicks"),
    "B": ("guitar", "hum"),
    "C": ("snare", "bleed"),
    "D": ("guitar", ""),
    "E": ("vocal", "noise"),
}
"""The same for recordings: the stem, and its fault."""

BLEED_DB = 14.0


def bleed(recording: Array, others: Array) -> Array:
    """Add what the microphone hears of the other instruments, 14 dB under its own."""
    return recording + _under(recording, others, BLEED_DB)


def _filtered(audio: Array, sections: Array) -> Array:
    return Filter(np.atleast_2d(sections), len(audio)).process(audio)


def _under(sound: Array, added: Array, below_db: float) -> Array:
    """Return `added` at an RMS of so many dB under that of `sound`."""
    return np.asarray(added * (rms(sound) / rms(added) * to_gain(-below_db)))


def _pink(random: np.random.Generator, shape: tuple[int, ...], rate: int) -> Array:
    freqs = np.fft.rfftfreq(shape[-1], 1 / rate)
    spectrum = np.fft.rfft(random.standard_normal(shape)) / np.sqrt(np.maximum(freqs, 20.0))
    return np.asarray(np.fft.irfft(spectrum, shape[-1]))
