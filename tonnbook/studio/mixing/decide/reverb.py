"""Reverb: the level of each track's send into the room of the style, so that the reverb is as loud as requested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.reverb import ROOMS, impulse_response
from tonnbook.dsp.third_octaves import CENTRES_HZ, loudness_of
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.strip import Strip

_RATE = 44_100
_HALF_BAND = 2.0 ** (1 / 6)


def decide_reverb(strips: Sequence[Strip]) -> Mapping[str, float]:
    """Return by track name the loudness of its reverb relative to the dry track in LU, for the tracks that requested reverb.

    Where all reverb together would exceed `styles.WETTEST_MIX_LU`, every track gets less by the same amount.
    """
    requested = {s.name: _usual_send_lu(s) for s in strips if s.request.reverb in styles.REVERB_LU}
    dry = sum(10.0 ** (s.level_lufs / 10.0) for s in strips)
    wet = sum(10.0 ** ((s.level_lufs + requested[s.name]) / 10.0) for s in strips if s.name in requested)
    excess = 10.0 * np.log10(wet / dry) - styles.WETTEST_MIX_LU if wet else 0.0
    return {name: round(level - max(float(excess), 0.0), 1) for name, level in requested.items()}


def wet_gain_db(strip: Strip, send_lu: float, style: MusicalStyle) -> float:
    """Return the gain after the convolution that makes the reverb `send_lu` louder than the dry track."""
    unscaled = loudness_of(strip.sound.spectrum * room_power(style.value)) - loudness_of(strip.sound.spectrum)
    return round(send_lu - unscaled, 1)


def reverb_reason(strip: Strip, send_lu: float, style: MusicalStyle) -> str:
    """Return the reason for the reverb of a track, in a sentence."""
    room = ROOMS.get(style.value, ROOMS["OTHER"])
    less = _usual_send_lu(strip) - send_lu
    limit = (
        f", {less:.1f} LU less than usual because the reverb of all tracks together is limited" if less > 0.05 else ""
    )
    return (
        f"you asked for {strip.request.reverb.label.lower()} reverb: a room with {room.rt60_s:g} s of reverberation, "
        f"{abs(send_lu):.0f} LU below the dry track{limit}"
    )


def _usual_send_lu(strip: Strip) -> float:
    group = strip.request.instrument
    return styles.REVERB_LU[strip.request.reverb] + styles.REVERB_OF_GROUP_LU.get(group, 0.0)


@cache
def room_power(style: str) -> Array:
    """Return the power gain of a style's room in each third octave, mean of both channels, (28,)."""
    response = impulse_response(style, _RATE)
    power = np.square(np.abs(np.fft.rfft(response))).mean(axis=0)
    freqs = np.fft.rfftfreq(response.shape[1], 1.0 / _RATE)
    edges = np.searchsorted(freqs, [CENTRES_HZ / _HALF_BAND, CENTRES_HZ * _HALF_BAND])
    return np.array([power[low:high].mean() for low, high in edges.T])
