"""Panning: low sounds and the lead in the middle, the others spread so that left and right are equally loud.

Rules of E. Perez-Gonzalez, J. Reiss, "A real-time semiautonomous audio panning system for music mixing", EURASIP JASP 2010, and P. Pestana,
J. Reiss, "Intelligent audio production strategies informed by best practices", AES 53, 2014: low sounds stay in the middle, the
higher a sound the further out, similar sounds on opposite sides. A requested pan preference comes before these rules.
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
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import Fold

REQUESTED_DEG = 35.0
"""Angle of a track that was requested on the left or right, before the balancing."""
_BACKGROUND_FACTOR = 1.15
_MIDDLE = frozenset({Group.KICK, Group.SNARE, Group.BASS, Group.DRUMS, Group.BACKING_TRACK})
_LOW_HZ = 200.0
_INNERMOST_DEG, _PER_OCTAVE_DEG, _OUTERMOST_DEG = 12.0, 6.0, 30.0
_NARROWING = 0.7  # of the panner, see dsp.stereo.pan
_EXHAUSTIVE = (
    10  # for so many tracks all combinations of sides are tried; the sides of more are chosen one by one, loudest first
)
_SPECTRUM_EDGES_HZ = (250.0, 2500.0)  # between bass, middle and treble
_PART_WEIGHT = 0.25  # of the balance in bass, middle and treble, relative to the overall balance
_REQUESTED_FACTORS = np.linspace(0.6, 1.25, 27)  # a request for a side is met at 21 to 44 degrees
_FREE_FACTORS = np.linspace(0.0, 1.25, 51)
_SHIFTS_DEG = np.arange(-5.0, 6.0)  # further out, the panner narrows a stereo image audibly
_EVEN_DB = 0.4


@dataclass(frozen=True)
class _Position:
    """The angle of a track and how it may be changed to balance the sides."""

    angle_deg: float
    free_side: bool = False
    """The side may be chosen, and the angle scaled."""
    requested: bool = False
    """The side was requested: the angle may be scaled a little."""
    may_shift: bool = False
    """A stereo track in the middle: it may be shifted by up to 5 degrees."""


def decide_pan(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with their pan angles, in whole degrees."""
    positions = [_position(strip, strips) for strip in strips]
    angles = _with_sides(strips, positions)
    for sign in (-1.0, 1.0):
        free = [p.free_side and angle * sign > 0 for p, angle in zip(positions, angles, strict=True)]
        angles = _balanced(strips, angles, free, _scaled_within, _FREE_FACTORS)
    for sign in (-1.0, 1.0):
        requested = [p.requested and angle * sign > 0 for p, angle in zip(positions, angles, strict=True)]
        angles = _balanced(strips, angles, requested, _scaled, _REQUESTED_FACTORS)
    angles = _balanced(strips, angles, [p.may_shift for p in positions], _shifted, _SHIFTS_DEG)
    return [replace(strip, pan_deg=float(round(angle)) + 0.0) for strip, angle in zip(strips, angles, strict=True)]


def pan_reason(strip: Strip, strips: Sequence[Strip]) -> str:
    """Return the reason for the pan angle of a track, in a sentence."""
    angle, preference = strip.pan_deg, strip.request.pan
    where = "in the middle" if angle == 0 else f"{abs(angle):.0f}° to the {'left' if angle < 0 else 'right'}"
    if preference is not Pan.NO_PREFERENCE:
        return f"{where}: you asked for {preference.label.lower()}"
    if _position(strip, strips).free_side:
        return f"{where}: the middle stays free for the lead, and both sides of the mix are equally loud"
    if strip.request.presence is Presence.LEAD or strip.request.instrument is Group.VOCAL:
        return f"in the middle: the lead {'vocal' if strip.request.instrument is Group.VOCAL else 'instrument'} belongs there"
    if angle != 0:
        return f"{where}: slightly off the middle, so that both sides of the mix are equally loud"
    if strip.features.fold is Fold.STEREO and strip.request.instrument not in _MIDDLE:
        return "in the middle: a stereo recording has its own width"
    return "in the middle: low and rhythmic sounds need both speakers"


def side_powers(strips: Sequence[Strip]) -> Array:
    """Return the K-weighted powers of middle, side and their product, overall and in bass, middle and treble, (tracks, 4, 3)."""
    region = np.searchsorted(_SPECTRUM_EDGES_HZ, CENTRES_HZ)
    rows = []
    for strip in strips:
        filtered = strip.features.sides * (strip.sound.eq_power * k_power() * strip.power)
        left, right = (np.bincount(region, side, minlength=3) for side in filtered)
        both = strip.features.correlation * np.sqrt(left * right)
        parts = np.stack([(left + right) / 4 + both / 2, (left + right) / 4 - both / 2, (left - right) / 4], axis=1)
        rows.append(np.vstack([parts.sum(axis=0), parts]))
    return np.array(rows)


def balances_db(powers: Array, angles: list[float]) -> list[float]:
    """Return the predicted loudness of left over right in dB with these pan angles: overall, and in bass, middle and treble, (4,)."""
    theta = (np.array(angles) + EDGE_DEG) / (2 * EDGE_DEG) * pi / 2
    kept = 1.0 - _NARROWING * np.abs(angles) / EDGE_DEG
    middle, side, cross = powers[..., 0], powers[..., 1], powers[..., 2]
    to_left, to_right = sqrt(2) * np.cos(theta)[:, None], sqrt(2) * np.sin(theta)[:, None]
    narrowed = kept[:, None]
    left = to_left**2 * middle + narrowed**2 * side + 2 * to_left * narrowed * cross
    right = to_right**2 * middle + narrowed**2 * side - 2 * to_right * narrowed * cross
    ratio = np.maximum(left.sum(axis=0), 1e-20) / np.maximum(right.sum(axis=0), 1e-20)
    return [float(value) for value in 10.0 * np.log10(ratio)]


def _position(strip: Strip, strips: Sequence[Strip]) -> _Position:
    request = strip.request
    if request.pan in (Pan.LEFT, Pan.RIGHT):
        angle = REQUESTED_DEG * (_BACKGROUND_FACTOR if request.presence is Presence.BACKGROUND else 1.0)
        return _Position(-angle if request.pan is Pan.LEFT else angle, requested=True)
    stereo = strip.features.fold is Fold.STEREO
    if request.pan is Pan.CENTRE or request.presence is Presence.LEAD:
        return _Position(0.0)
    if request.instrument in _MIDDLE or _is_lead_vocal(strip, strips):
        return _Position(0.0, may_shift=stereo)
    centroid = centroid_hz(strip.sound.spectrum * k_power())
    if stereo or centroid < _LOW_HZ:
        return _Position(0.0, may_shift=stereo)
    angle = _INNERMOST_DEG + _PER_OCTAVE_DEG * log2(centroid / _LOW_HZ)
    angle *= styles.PAN_FACTOR.get(request.instrument, 1.0)
    return _Position(min(_OUTERMOST_DEG, angle), free_side=True)


def _is_lead_vocal(strip: Strip, strips: Sequence[Strip]) -> bool:
    """Return whether a vocal leads without being marked: no vocal is."""
    if strip.request.instrument is not Group.VOCAL:
        return False
    return not any(s.request.instrument is Group.VOCAL and s.request.presence is Presence.LEAD for s in strips)


def _with_sides(strips: Sequence[Strip], positions: list[_Position]) -> list[float]:
    """Return the angles with a side for every track that may have either: similar instruments apart, both sides equally loud."""
    angles = [position.angle_deg for position in positions]
    free = [n for n, position in enumerate(positions) if position.free_side]
    free.sort(key=lambda n: (-strips[n].level_lufs, strips[n].name))
    powers = side_powers(strips)
    tried = free[:_EXHAUSTIVE]
    fixed = [0.0 if n in free else angle for n, angle in enumerate(angles)]
    choices = product((1.0, -1.0), repeat=len(tried))
    best = min(choices, key=lambda signs: _cost(strips, powers, _signed(fixed, angles, tried, signs), tried))
    chosen = _signed(fixed, angles, tried, best)
    for n in free[_EXHAUSTIVE:]:
        chosen = min(
            (_signed(chosen, angles, [n], (sign,)) for sign in (1.0, -1.0)),
            key=lambda candidate: _cost(strips, powers, candidate, free),
        )
    return chosen


def _signed(fixed: list[float], angles: list[float], which: list[int], signs: tuple[float, ...]) -> list[float]:
    chosen = list(fixed)
    for n, sign in zip(which, signs, strict=True):
        chosen[n] = sign * abs(angles[n])
    return chosen


def _cost(strips: Sequence[Strip], powers: Array, angles: list[float], free: list[int]) -> float:
    """Return the imbalance of the sides in dB, plus 1 for each pair of the same instrument on the same side."""
    overall, *parts = balances_db(powers, angles)
    pairs = 0
    for n, first in enumerate(free):
        for second in free[n + 1 :]:
            same = strips[first].request.instrument is strips[second].request.instrument
            pairs += same and angles[first] * angles[second] > 0
    return abs(overall) + _PART_WEIGHT * sum(map(abs, parts)) + 1.0 * pairs


def _balanced(
    strips: Sequence[Strip],
    angles: list[float],
    which: list[bool],
    change: Callable[[float, float], float],
    amounts: Array,
) -> list[float]:
    """Return the angles with the marked ones changed as little as balances the sides to 0.4 dB, or as far as they can be."""
    powers = side_powers(strips)
    before = abs(balances_db(powers, angles)[0])
    if before <= _EVEN_DB or not any(which):
        return angles
    tried = [[change(a, amount) if w else a for a, w in zip(angles, which, strict=True)] for amount in amounts]
    imbalance = np.array([abs(balances_db(powers, t)[0]) for t in tried])
    effort = np.array([sum(abs(a - b) for a, b in zip(t, angles, strict=True)) for t in tried])
    good = imbalance <= max(_EVEN_DB, imbalance.min() + 1e-9)
    return tried[int(np.argmin(np.where(good, effort, np.inf)))]


def _scaled(angle: float, factor: float) -> float:
    return float(np.clip(angle * factor, -EDGE_DEG, EDGE_DEG))


def _scaled_within(angle: float, factor: float) -> float:
    """Return the angle of a track that nobody panned, scaled, at most 30 degrees."""
    return float(np.clip(angle * factor, -_OUTERMOST_DEG, _OUTERMOST_DEG))


def _shifted(angle: float, by: float) -> float:
    return float(np.clip(angle + by, -EDGE_DEG, EDGE_DEG))
