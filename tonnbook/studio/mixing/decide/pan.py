"""Panning: the bottom and the lead in the middle, the rest spread so that both sides weigh the same.

Rules of E. Perez-Gonzalez, J. Reiss, "A real-time semiautonomous audio panning system for music mixing", EURASIP JASP 2010, and P. Pestana,
J. Reiss, "Intelligent audio production strategies informed by best practices", AES 53, 2014: low sounds stay in the middle, the
higher a sound the further out, similar sounds on opposite sides. Wishes come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log2, pi, sqrt

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.stereo import EDGE_DEG
from tonnbook.dsp.third_octaves import CENTRES_HZ, centroid_hz, k_power
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import PanPreference as Pan
from tonnbook.models.vocabulary import Presence
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import Fold

WISHED_DEG = 35.0
_BACKGROUND_WIDER = 1.15
_MIDDLE = frozenset({Group.KICK, Group.SNARE, Group.BASS, Group.DRUMS, Group.BACKING_TRACK})
_LOW_HZ = 200.0
_INNERMOST_DEG, _PER_OCTAVE_DEG, _OUTERMOST_DEG = 12.0, 6.0, 45.0
_NARROWING = 0.7  # of the panner, see dsp.stereo.pan
_BY_TRYING_ALL = 10  # up to so many tracks all sides are tried; beyond, the loudest first
_THIRDS_HZ = (250.0, 2500.0)
_BAND_SHARE = 0.25  # how much the balance in each third of the spectrum counts beside the balance of all
_STRETCH = np.linspace(0.6, 1.25, 27)  # a wish for a side is met at 21 to 44 degrees
_FREE_STRETCH = np.linspace(0.0, 1.25, 51)
_LEAN_DEG = np.arange(-15.0, 16.0)
_EVEN_DB = 0.4


@dataclass(frozen=True)
class _Place:
    """Where a track may go."""

    angle_deg: float
    free_side: bool = False
    wished: bool = False
    lean: bool = False


def panned(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks placed between left and right, in whole degrees."""
    places = [_place(strip, strips) for strip in strips]
    angles = _sides_chosen(strips, places)
    for group in (-1.0, 1.0):
        free = [p.free_side and a * group > 0 for p, a in zip(places, angles, strict=True)]
        angles = _evened(strips, angles, free, _scaled, _FREE_STRETCH)
    for group in (-1.0, 1.0):
        angles = _evened(
            strips,
            angles,
            [p.wished and a * group > 0 for p, a in zip(places, angles, strict=True)],
            _scaled,
            _STRETCH,
        )
    angles = _evened(strips, angles, [p.lean for p in places], _moved, _LEAN_DEG)
    return [replace(strip, pan_deg=float(round(angle)) + 0.0) for strip, angle in zip(strips, angles, strict=True)]


def balance_db(strips: Sequence[Strip]) -> float:
    """Return the predicted loudness of left over right in dB."""
    return _balances(strips, [strip.pan_deg for strip in strips])[0]


def pan_reason(strip: Strip, strips: Sequence[Strip]) -> str:
    """Return why a track stands where it stands, in a sentence."""
    angle, wish = strip.pan_deg, strip.request.pan
    where = "in the middle" if angle == 0 else f"{abs(angle):.0f}° to the {'left' if angle < 0 else 'right'}"
    if wish is not Pan.NO_PREFERENCE:
        return f"{where}: you asked for {wish.label.lower()}"
    place = _place(strip, strips)
    if place.free_side:
        return f"{where}: it leaves the middle to the lead, and both sides of the mix weigh the same"
    if angle != 0:
        return f"{where}: a little out of the middle, so that both sides of the mix weigh the same"
    if strip.features.fold is Fold.STEREO and strip.request.instrument not in _MIDDLE:
        return "in the middle: a stereo recording brings its own width"
    if strip.request.instrument is Group.VOCAL:
        return "in the middle: the voice speaks to the listener"
    return "in the middle: low and driving sounds need both speakers"


def _place(strip: Strip, strips: Sequence[Strip]) -> _Place:
    request = strip.request
    if request.pan in (Pan.LEFT, Pan.RIGHT):
        angle = WISHED_DEG * (_BACKGROUND_WIDER if request.presence is Presence.BACKGROUND else 1.0)
        return _Place(-angle if request.pan is Pan.LEFT else angle, wished=True)
    stereo = strip.features.fold is Fold.STEREO
    if request.pan is Pan.CENTRE or request.instrument in _MIDDLE or _is_lead_voice(strip, strips):
        return _Place(0.0, lean=stereo and request.pan is not Pan.CENTRE)
    centroid = centroid_hz(strip.sound.spectrum * k_power())
    if stereo or centroid < _LOW_HZ:
        return _Place(0.0, lean=stereo)
    outwards = _INNERMOST_DEG + _PER_OCTAVE_DEG * log2(centroid / _LOW_HZ)
    return _Place(min(_OUTERMOST_DEG, outwards), free_side=True)


def _is_lead_voice(strip: Strip, strips: Sequence[Strip]) -> bool:
    """Say whether a vocal is the lead: marked so, or no other vocal is."""
    if strip.request.instrument is not Group.VOCAL:
        return False
    leads = [s for s in strips if s.request.instrument is Group.VOCAL and s.request.presence is Presence.LEAD]
    return strip in leads or not leads


def _sides_chosen(strips: Sequence[Strip], places: list[_Place]) -> list[float]:
    """Return the angles with a side for every track that has none: same instruments apart, then by weight."""
    angles = [place.angle_deg for place in places]
    free = [n for n, place in enumerate(places) if place.free_side]
    free.sort(key=lambda n: (-strips[n].level_lufs, strips[n].name))
    powers = _powers(strips)
    tried = free[:_BY_TRYING_ALL]
    fixed = [0.0 if n in free else angle for n, angle in enumerate(angles)]
    choices = product((1.0, -1.0), repeat=len(tried))
    best = min(choices, key=lambda signs: _cost(strips, powers, _signed(fixed, angles, tried, signs), tried))
    settled = _signed(fixed, angles, tried, best)
    for n in free[_BY_TRYING_ALL:]:
        settled = min(
            (_signed(settled, angles, [n], (sign,)) for sign in (1.0, -1.0)),
            key=lambda tentative: _cost(strips, powers, tentative, free),
        )
    return settled


def _signed(fixed: list[float], angles: list[float], which: list[int], signs: tuple[float, ...]) -> list[float]:
    chosen = list(fixed)
    for n, sign in zip(which, signs, strict=True):
        chosen[n] = sign * abs(angles[n])
    return chosen


def _cost(strips: Sequence[Strip], powers: Array, angles: list[float], free: list[int]) -> float:
    """Return how uneven the sides are in dB, plus a little for pairs of the same instrument on the same side."""
    overall, *thirds = _balances_of(powers, angles)
    pairs = 0
    for n, first in enumerate(free):
        for second in free[n + 1 :]:
            same = strips[first].request.instrument is strips[second].request.instrument
            pairs += same and angles[first] * angles[second] > 0
    return abs(overall) + _BAND_SHARE * sum(map(abs, thirds)) + 1.0 * pairs


def _evened(
    strips: Sequence[Strip],
    angles: list[float],
    which: list[bool],
    change: Callable[[float, float], float],
    amounts: Array,
) -> list[float]:
    """Return the angles with some of them changed by the smallest amount that makes the sides even."""
    powers = _powers(strips)
    before = abs(_balances_of(powers, angles)[0])
    if before <= _EVEN_DB or not any(which):
        return angles
    tried = [[change(a, amount) if w else a for a, w in zip(angles, which, strict=True)] for amount in amounts]
    unevenness = np.array([abs(_balances_of(powers, t)[0]) for t in tried])
    effort = np.array([sum(abs(a - b) for a, b in zip(t, angles, strict=True)) for t in tried])
    good = unevenness <= max(_EVEN_DB, unevenness.min() + 1e-9)
    return tried[int(np.argmin(np.where(good, effort, np.inf)))]


def _scaled(angle: float, factor: float) -> float:
    return float(np.clip(angle * factor, -EDGE_DEG, EDGE_DEG))


def _moved(angle: float, by: float) -> float:
    return float(np.clip(angle + by, -EDGE_DEG, EDGE_DEG))


def _balances(strips: Sequence[Strip], angles: list[float]) -> list[float]:
    return _balances_of(_powers(strips), angles)


def _powers(strips: Sequence[Strip]) -> Array:
    """Return K-weighted powers of middle, side and their product for the whole spectrum and its thirds, (tracks, 4, 3)."""
    region = np.searchsorted(_THIRDS_HZ, CENTRES_HZ)
    rows = []
    for strip in strips:
        shaped = strip.features.sides * (strip.sound.eq_power * k_power() * strip.power)
        left, right = (np.bincount(region, side, minlength=3) for side in shaped)
        both = strip.features.correlation * np.sqrt(left * right)
        parts = np.stack([(left + right) / 4 + both / 2, (left + right) / 4 - both / 2, (left - right) / 4], axis=1)
        rows.append(np.vstack([parts.sum(axis=0), parts]))
    return np.array(rows)


def _balances_of(powers: Array, angles: list[float]) -> list[float]:
    """Return the level of left over right in dB: of all, and of bass, middle and treble."""
    theta = (np.array(angles) + EDGE_DEG) / (2 * EDGE_DEG) * pi / 2
    kept = 1.0 - _NARROWING * np.abs(angles) / EDGE_DEG
    middle, side, cross = powers[..., 0], powers[..., 1], powers[..., 2]
    to_left, to_right = sqrt(2) * np.cos(theta)[:, None], sqrt(2) * np.sin(theta)[:, None]
    narrowed = kept[:, None]
    left = to_left**2 * middle + narrowed**2 * side + 2 * to_left * narrowed * cross
    right = to_right**2 * middle + narrowed**2 * side - 2 * to_right * narrowed * cross
    ratio = np.maximum(left.sum(axis=0), 1e-20) / np.maximum(right.sum(axis=0), 1e-20)
    return [float(value) for value in 10.0 * np.log10(ratio)]
