"""Level balance: the loudness of each track in the mix, and of the lead vocal relative to everything else while it sings.

Listeners preferred loudness templates over the tracks' own energy to models of partial loudness (Wichern et al., AES 2015); the target
level of a track comes from human mixes, see `styles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log10

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import MOMENTARY, gated_loudness, lufs, windowed
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle, Presence
from tonnbook.studio.measure.reference_levels import DRUM_KIT, VOCAL_OVER_REST_LU, style_lu
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.masking import sampled_shares
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import STEPS

MIX_LUFS = -18.0
LARGEST_GAIN_DB = 60.0
_VOCAL_LUFS = -22.0  # a starting point only: in the end the whole mix is moved to MIX_LUFS
_CORRECTION_LU = (-4.0, 8.0)
_VOCAL_RAISE_LU, _VOCAL_CEILING_LU, _STEP_LU = 1.9, 2.8, 0.25
_ENOUGH, _ENOUGH_LEAD = 0.85, 0.88
_NORMAL_LU = styles.presence_lu(Group.VOCAL, Presence.NORMAL)
_LEAST_SHARE = {Presence.LEAD: 0.35, Presence.NORMAL: 0.33, Presence.BACKGROUND: 0.12}
_LARGEST_RAISE_DB = 3
_SPLIT = 7.5  # n equal singers: each 10·0.75·log10(n) lower (sound.md 3.1)


def decide_gains(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the gains that give each its target level and the mix -18 LUFS, rounded to 0.1 dB."""
    targets = target_levels(strips, style)
    strips = [
        replace(s, gain_db=_VOCAL_LUFS + target + s.unmasking_lu - s.sound.loudness_lufs)
        for s, target in zip(strips, targets, strict=True)
    ]
    strips = _with_vocal_at_target(strips, style)
    strips = _with_inaudible_tracks_raised(strips)
    strips = _with_masked_vocal_raised(strips, style)
    return _at_mix_loudness(strips)


def target_levels(strips: Sequence[Strip], style: MusicalStyle) -> list[float]:
    """Return the target loudness of each track in LU relative to the lead vocal."""
    groups = [strip.request.instrument for strip in strips]
    levels = [
        styles.LEVEL_LU[group] - _SPLIT * log10(groups.count(group)) * (group not in styles.HARMONY) for group in groups
    ]
    levels = _within_budget(levels, groups, styles.HARMONY, styles.HARMONY_BUDGET_LU, only_down=False)
    levels = _within_budget(levels, groups, DRUM_KIT, styles.DRUM_BUDGET_LU, only_down=True)
    return [
        level
        + styles.PLACE_LU.get(group, 0.0)
        + styles.presence_lu(group, strip.request.presence)
        + style_lu(style, group)
        for level, group, strip in zip(levels, groups, strips, strict=True)
    ]


def vocal_target_lu(strips: Sequence[Strip], style: MusicalStyle) -> float:
    """Return the target level of the lead vocals over the rest in LU: that of the style, plus that of their presence."""
    return VOCAL_OVER_REST_LU[style] + _vocal_presence_lu(strips)


def vocal_over_rest_lu(strips: Sequence[Strip]) -> float | None:
    """Return the loudness of the lead vocals over everything else in the 400 ms blocks in which they sing, in LU.

    None without a vocal, and where nothing else plays.
    """
    vocals = [strip for strip in strips if strip.request.instrument is Group.VOCAL]
    rest = [strip for strip in strips if strip.request.instrument is not Group.VOCAL]
    if not vocals or not rest:
        return None
    steps = _step_count(strips)
    vocal_energies, rest_energies = _energies(vocals, steps), _energies(rest, steps)
    vocal_blocks, rest_blocks = (windowed(energies, MOMENTARY, STEPS) for energies in (vocal_energies, rest_energies))
    sings = lufs(vocal_blocks) > gated_loudness(vocal_energies) - 20.0
    if not sings.any() or not rest_blocks[sings].any():
        return None
    return float(10.0 * np.log10(vocal_blocks[sings].sum() / rest_blocks[sings].sum()))


def mix_energies(strips: Sequence[Strip]) -> Array:
    """Return the predicted K-weighted energy of the mix per 10 ms, (steps,): the powers of unrelated sounds add up."""
    return _energies(strips, _step_count(strips))


def gain_reason(strip: Strip, strips: Sequence[Strip], style: MusicalStyle) -> str:
    """Return the reason for the gain of a track, in a sentence."""
    verb = "raised" if strip.gain_db > 0 else "turned down" if strip.gain_db < 0 else "left at"
    moved = f"{verb} {abs(strip.gain_db):.1f} dB"
    recorded = f"the recording measures {strip.features.loudness_lufs:.1f} LUFS"
    return f"{moved}: {recorded}, and {_level_reason(strip, strips, style)}{_presence_reason(strip)}"


def _with_vocal_at_target(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the lead vocals moved together to their target level over the rest, by -4 to +8 dB."""
    over = vocal_over_rest_lu(strips)
    if over is None:
        return list(strips)
    correction = float(np.clip(vocal_target_lu(strips, style) - over, *_CORRECTION_LU))
    return [replace(s, gain_db=s.gain_db + correction) if s.request.instrument is Group.VOCAL else s for s in strips]


def _with_inaudible_tracks_raised(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with those raised, by at most 3 dB, of which next to nothing is audible."""
    for _ in range(_LARGEST_RAISE_DB):
        shares = sampled_shares(strips)
        masked = [share < _LEAST_SHARE[s.request.presence] for s, share in zip(strips, shares, strict=True)]
        if not any(masked):
            break
        strips = [
            replace(s, gain_db=s.gain_db + 1.0) if is_masked else s for s, is_masked in zip(strips, masked, strict=True)
        ]
    return list(strips)


def _with_masked_vocal_raised(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the lead vocals raised until enough of them is audible, at most to +2.8 LU over the rest.

    With the style's target alone (sound.md 3.1) dense guitars half mask a voice of small range: on the shipped stems 70 % of it was
    audible at +1 LU. Presence keeps its meaning: a BACKGROUND vocal is not raised, NORMAL stays half a LU below LEAD.
    """
    vocals = [n for n, s in enumerate(strips) if s.request.instrument is Group.VOCAL]
    presence_lu = _vocal_presence_lu(strips)
    ceiling = min(vocal_target_lu(strips, style) + _VOCAL_RAISE_LU, _VOCAL_CEILING_LU + presence_lu)
    over = vocal_over_rest_lu(strips)
    if over is None or presence_lu < _NORMAL_LU:
        return list(strips)
    enough = _ENOUGH_LEAD if presence_lu > _NORMAL_LU else _ENOUGH
    while over + _STEP_LU <= ceiling + 0.05 and max(sampled_shares(strips)[n] for n in vocals) < enough:
        strips = [replace(s, gain_db=s.gain_db + _STEP_LU) if n in vocals else s for n, s in enumerate(strips)]
        over += _STEP_LU
    return list(strips)


def _at_mix_loudness(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks moved together so that the mix is predicted at -18 LUFS; every gain rounded to 0.1 dB."""
    shift = MIX_LUFS - gated_loudness(mix_energies(strips))
    return [
        replace(s, gain_db=round(float(np.clip(s.gain_db + shift, -LARGEST_GAIN_DB, LARGEST_GAIN_DB)), 1))
        for s in strips
    ]


def _level_reason(strip: Strip, strips: Sequence[Strip], style: MusicalStyle) -> str:
    kind = f"{style.label.lower()} mix" if style is not MusicalStyle.OTHER else "mix"
    if strip.request.instrument is Group.VOCAL:
        over = vocal_over_rest_lu(strips)
        if over is not None:
            side = "above" if over >= 0 else "below"
            level = f"in a {kind} the voice is {abs(over):.1f} LU {side} everything else while it sings"
            more = over - vocal_target_lu(strips, style)
            return (
                level if more < _STEP_LU else f"{level}, {more:.1f} LU more than usual because the other tracks mask it"
            )
    vocal = max((s.level_lufs for s in strips if s.request.instrument is Group.VOCAL), default=None)
    reference, whole = (MIX_LUFS, "the whole mix") if vocal is None else (vocal, "the vocal")
    distance = strip.level_lufs - reference
    side = "above" if distance >= 0 else "below"
    return f"its level in a {kind} is {abs(distance):.1f} LU {side} {whole}"


def _presence_reason(strip: Strip) -> str:
    lu = styles.presence_lu(strip.request.instrument, strip.request.presence)
    if strip.request.presence is Presence.NORMAL:
        return ""
    if strip.request.presence is Presence.LEAD:
        if strip.request.instrument is Group.VOCAL:
            return ", with LEAD presence"
        return f", including {lu:.0f} LU for LEAD presence"
    return f", {abs(lu):.0f} LU lower for BACKGROUND presence"


def _energies(strips: Sequence[Strip], steps: int) -> Array:
    """Return the summed K-weighted energy of some tracks per 10 ms, padded with zeros to the number of steps."""
    total = np.zeros(steps)
    for strip in strips:
        total[: len(strip.sound.energies)] += strip.sound.energies * strip.power
    return total


def _step_count(strips: Sequence[Strip]) -> int:
    return max(len(strip.sound.energies) for strip in strips)


def _vocal_presence_lu(strips: Sequence[Strip]) -> float:
    """Return the level that presence adds to the lead vocals in LU: the highest of all vocals."""
    presences = [s.request.presence for s in strips if s.request.instrument is Group.VOCAL]
    return max((styles.presence_lu(Group.VOCAL, presence) for presence in presences), default=0.0)


def _within_budget(
    levels: list[float], groups: list[Group], members: frozenset[Group], budget: float, only_down: bool
) -> list[float]:
    """Return the levels with those of the members moved together so that their sum equals the budget."""
    power = sum(10.0 ** (level / 10.0) for level, group in zip(levels, groups, strict=True) if group in members)
    if not power:
        return levels
    shift = budget - 10.0 * log10(power)
    if only_down and shift > 0:
        return levels
    return [level + shift if group in members else level for level, group in zip(levels, groups, strict=True)]
