"""Plant faults in a good mix or a good recording, reproducibly. `tb.demo` returns the results.

Except for "quiet", a faulty mix has the loudness of the good one, so that the level does not reveal the fault.

All functions take (channels, frames) and the rate in Hz, and return (channels, frames).
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
"""Loudness of a good mix, which leaves headroom for mastering."""

RECORDING_LUFS = -26.0
"""Loudness of all recordings, which leaves headroom for the planted faults."""

_SEED = 20_26


def good_mix(rough: Array, rate: int) -> Array:
    """Return a rough mix with the treble of pop and the loudness of a good mix."""
    return at_loudness(_filtered(rough, high_shelf(2000.0, 3.5, 0.7, rate)), rate)


def at_loudness(audio: Array, rate: int, lufs: float = GOOD_LUFS) -> Array:
    """Apply one gain so that the audio has an integrated loudness of `lufs`."""
    return np.asarray(audio * to_gain(lufs - integrated_loudness(audio, rate)))


def clipping(mix: Array, rate: int) -> Array:
    """Clip the mix 6 dB below its peak, as an overdriven converter does, then restore the loudness."""
    return at_loudness(np.clip(mix * to_gain(6.0) / peak(mix), -1.0, 1.0), rate)


def polarity(mix: Array, rate: int) -> Array:
    """Invert the polarity of the right channel, as a wrongly wired cable does."""
    return np.asarray(mix * np.array([[1.0], [-1.0]]))


def delay(mix: Array, rate: int) -> Array:
    """Delay the right channel by 4 ms, as if a track had been shifted."""
    delay_frames = round(0.004 * rate)
    return np.stack([mix[0], np.concatenate([np.zeros(delay_frames), mix[1, :-delay_frames]])])


def dull(mix: Array, rate: int) -> Array:
    """Reduce the treble above 2.5 kHz by 10 dB."""
    return at_loudness(_filtered(mix, high_shelf(2500.0, -10.0, 0.7, rate)), rate)


def boomy(mix: Array, rate: int) -> Array:
    """Raise the bass below 160 Hz by 9 dB."""
    return at_loudness(_filtered(mix, low_shelf(160.0, 9.0, 0.7, rate)), rate)


def narrow(mix: Array, rate: int) -> Array:
    """Reduce the side by 18 dB: nearly mono."""
    middle, side = 0.5 * (mix[0] + mix[1]), 0.5 * to_gain(-18.0) * (mix[0] - mix[1])
    return at_loudness(np.stack([middle + side, middle - side]), rate)


def quiet(mix: Array, rate: int) -> Array:
    """Reduce the level by 10 dB."""
    return np.asarray(mix * to_gain(-10.0))


def over_compressed(mix: Array, rate: int) -> Array:
    """Compress 6:1 from a low threshold, limit at -10 LUFS, then restore the loudness."""
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
"""Faults of a mix by name."""


def noise(recording: Array, rate: int) -> Array:
    """Add steady noise 22 dB below the recording, as from a preamplifier with too much gain."""
    random = np.random.default_rng(_SEED)
    return recording + _scaled_below(recording, _pink(random, recording.shape, rate), 22.0)


def hum(recording: Array, rate: int) -> Array:
    """Add mains hum, 50 Hz and its harmonics, 18 dB below the recording."""
    time = np.arange(recording.shape[1]) / rate
    partials = {1: 1.0, 2: 0.6, 3: 0.5, 5: 0.2, 7: 0.15}
    buzz = sum((level * np.sin(2 * np.pi * 50.0 * n * time + n) for n, level in partials.items()), np.zeros_like(time))
    return recording + _scaled_below(recording, np.tile(buzz, (len(recording), 1)), 18.0)


CLICKS = 14
"""Number of planted clicks."""


def clicks(recording: Array, rate: int) -> Array:
    """Add clicks of half a millisecond, as a loose plug makes, at random times."""
    random = np.random.default_rng(_SEED)
    length = round(0.0005 * rate)
    made = recording.copy()
    cells = np.linspace(0, recording.shape[1], CLICKS + 1)
    for start, stop in pairwise(cells):
        position = int(start + random.uniform(0.1, 0.9) * (stop - start))
        made[:, position : position + length] += 0.5 * peak(recording) * random.standard_normal(length)
    return made


def rumble(recording: Array, rate: int) -> Array:
    """Add rumble below 40 Hz, 6 dB below the recording, as traffic causes through a microphone stand."""
    random = np.random.default_rng(_SEED)
    low = _filtered(random.standard_normal(recording.shape), low_pass(32.0, rate, 8))
    return recording + _scaled_below(recording, low, 6.0)


RECORDING_FAULTS: Mapping[str, Fault] = {"noise": noise, "hum": hum, "clicks": clicks, "rumble": rumble}
"""Faults of a single recording by name; bleed needs other recordings too, see `bleed`."""

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
"""Fault of each mix of the blind test, by letter; one mix has none."""

BLIND_FROM_S, BLIND_S = 10.0, 12.0
"""Start and length of the part of the mix that the blind test uses, in s."""

BLIND_RECORDINGS: Mapping[str, tuple[str, str]] = {
    "A": ("vocal", "clicks"),
    "B": ("guitar", "hum"),
    "C": ("snare", "bleed"),
    "D": ("guitar", ""),
    "E": ("vocal", "noise"),
}
"""Stem and fault of each recording of the blind test, by letter; one has none."""

BLEED_DB = 14.0
"""Level of the bleed below the recording."""


def bleed(recording: Array, others: Array) -> Array:
    """Add the sound of other instruments in the microphone, 14 dB below the recording."""
    return recording + _scaled_below(recording, others, BLEED_DB)


def _filtered(audio: Array, sections: Array) -> Array:
    return Filter(np.atleast_2d(sections), len(audio)).process(audio)


def _scaled_below(sound: Array, added: Array, below_db: float) -> Array:
    """Return `added` with an RMS level `below_db` below that of `sound`."""
    return np.asarray(added * (rms(sound) / rms(added) * to_gain(-below_db)))


def _pink(random: np.random.Generator, shape: tuple[int, ...], rate: int) -> Array:
    freqs = np.fft.rfftfreq(shape[-1], 1 / rate)
    spectrum = np.fft.rfft(random.standard_normal(shape)) / np.sqrt(np.maximum(freqs, 20.0))
    return np.asarray(np.fft.irfft(spectrum, shape[-1]))
