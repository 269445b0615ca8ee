"""Level of the tracks that lead: how loud they are over the rest while they play, and how loud they ought to be.

A vocal and an instrument that leads are measured against what accompanies them. A leading instrument is measured against the tracks that
neither sing nor lead, so that a second lead and the vocal, whose level follows, do not push it up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import MOMENTARY, gated_loudness, lufs, windowed
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle, Presence
from tonnbook.studio.measure.reference_levels import VOCAL_OVER_REST_LU
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import STEPS

UNDER_VOCAL_LU = 1.5
"""By how much a leading instrument stands closer to the rest than a leading vocal, which has words to be understood."""

_OVER_REST_LU = (-2.0, 0.0)


def instrument_target_lu(style: MusicalStyle) -> float:
    """Return the target level of a leading instrument over the rest in LU, -2 to 0: that of the style's vocal, less 1.5 LU."""
    return float(np.clip(VOCAL_OVER_REST_LU[style] - UNDER_VOCAL_LU, *_OVER_REST_LU))


def leading_groups(strips: Sequence[Strip]) -> list[list[int]]:
    """Return the numbers of the tracks that lead the mix with a tune, one list per instrument group; vocals are not among them."""
    found: dict[Group, list[int]] = {}
    for n, strip in enumerate(strips):
        group = strip.request.instrument
        if strip.request.presence is Presence.LEAD and group in styles.MELODIC:
            found.setdefault(group, []).append(n)
    return list(found.values())


def instrument_over_rest_lu(strips: Sequence[Strip], lead: Sequence[int]) -> float | None:
    """Return the loudness of the tracks `lead` over those that neither sing nor lead, while they play, in LU; None without such tracks."""
    leading = {n for group in leading_groups(strips) for n in group} | set(lead)
    rest = [s for n, s in enumerate(strips) if n not in leading and s.request.instrument is not Group.VOCAL]
    return _over_lu([strips[n] for n in lead], rest, step_count(strips))


def vocal_over_rest_lu(strips: Sequence[Strip]) -> float | None:
    """Return the loudness of the lead vocals over everything else in the 400 ms blocks in which they sing, in LU.

    None without a vocal, and where nothing else plays.
    """
    vocals = [strip for strip in strips if strip.request.instrument is Group.VOCAL]
    rest = [strip for strip in strips if strip.request.instrument is not Group.VOCAL]
    return _over_lu(vocals, rest, step_count(strips))


def summed_energies(strips: Sequence[Strip], steps: int) -> Array:
    """Return the summed K-weighted energy of some tracks per 10 ms, padded with zeros to the number of steps."""
    total = np.zeros(steps)
    for strip in strips:
        total[: len(strip.sound.energies)] += strip.sound.energies * strip.power
    return total


def step_count(strips: Sequence[Strip]) -> int:
    """Return the length of the longest track in steps of 10 ms."""
    return max(len(strip.sound.energies) for strip in strips)


def _over_lu(lead: Sequence[Strip], rest: Sequence[Strip], steps: int) -> float | None:
    if not lead or not rest:
        return None
    lead_energies, rest_energies = summed_energies(lead, steps), summed_energies(rest, steps)
    lead_blocks, rest_blocks = (windowed(energies, MOMENTARY, STEPS) for energies in (lead_energies, rest_energies))
    plays = lufs(lead_blocks) > gated_loudness(lead_energies) - 20.0
    if not plays.any() or not rest_blocks[plays].any():
        return None
    return float(10.0 * np.log10(lead_blocks[plays].sum() / rest_blocks[plays].sum()))
