"""Level balance: every track at its place by loudness, the vocal against everything else while it sings.

Loudness templates over the tracks' own energy were preferred by listeners to models of partial loudness (Wichern et al., AES 2015);
the place of a track comes from human mixes, see `mix_styles`.
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
_VOCAL_LUFS = -22.0  # only a place to start from: at the end the whole mix is brought to MIX_LUFS
_CORRECTION_LU = (-4.0, 8.0)
_VOCAL_RAISE_LU, _VOCAL_CEILING_LU, _STEP_LU = 1.9, 2.8, 0.25
_ENOUGH, _ENOUGH_LEAD = 0.85, 0.88
_NORMAL_LU = styles.presence_lu(Group.VOCAL, Presence.NORMAL)
_LEAST_SHARE = {Presence.LEAD: 0.35, Presence.NORMAL: 0.33, Presence.BACKGROUND: 0.12}
_RESCUE_DB = 3
_SPLIT = 7.5  # n equal singers: each 10·0.75·log10(n) lower (sound.md 3.1)


def balanced(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the gains that put each at its place and the mix at -18 LUFS, rounded to 0.1 dB."""
    targets = target_levels(strips, style)
    placed = [
        replace(s, gain_db=_VOCAL_LUFS + target + s.gives_way_lu - s.sound.loudness_lufs)
        for s, target in zip(strips, targets, strict=True)
    ]
    placed = audible_enough(with_vocal_in_front(placed, style))
    return at_mix_level(voice_heard(placed, style))


def target_levels(strips: Sequence[Strip], style: MusicalStyle) -> list[float]:
    """Return the loudness of each track in LU relative to the lead vocal."""
    groups = [strip.request.instrument for strip in strips]
    levels = [
        styles.LEVEL_LU[group] - _SPLIT * log10(groups.count(group)) * (group not in styles.HARMONY) for group in groups
    ]
    levels = _within_budget(levels, groups, styles.HARMONY, styles.HARMONY_BUDGET_LU, only_down=False)
    levels = _within_budget(levels, groups, DRUM_KIT, styles.DRUM_BUDGET_LU, only_down=True)
    return [
        level + styles.presence_lu(group, strip.request.presence) + style_lu(style, group)
        for level, group, strip in zip(levels, groups, strips, strict=True)
    ]


def with_vocal_in_front(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the lead vocals moved together to their level against the rest, within -4..+8 dB."""
    found = vocal_over_rest(strips)
    if found is None:
        return list(strips)
    correction = float(np.clip(vocal_target(strips, style) - found, *_CORRECTION_LU))
    return [replace(s, gain_db=s.gain_db + correction) if s.request.instrument is Group.VOCAL else s for s in strips]


def voice_heard(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the lead vocals raised until enough of them can be heard, at most to +2.8 LU over the rest.

    The style's place alone (sound.md 3.1) leaves a voice of small range among dense guitars half hidden: on the shipped stems 70 %
    of it was audible at +1 LU. Presence keeps its meaning: a BACKGROUND vocal is not raised, NORMAL stays half a LU under LEAD.
    """
    vocals = [n for n, s in enumerate(strips) if s.request.instrument is Group.VOCAL]
    ceiling = min(vocal_target(strips, style) + _VOCAL_RAISE_LU, _VOCAL_CEILING_LU + _foremost(strips))
    over = vocal_over_rest(strips)
    if over is None or _foremost(strips) < _NORMAL_LU:
        return list(strips)
    enough = _ENOUGH_LEAD if _foremost(strips) > _NORMAL_LU else _ENOUGH
    while over + _STEP_LU <= ceiling + 0.05 and max(sampled_shares(strips)[n] for n in vocals) < enough:
        strips = [replace(s, gain_db=s.gain_db + _STEP_LU) if n in vocals else s for n, s in enumerate(strips)]
        over += _STEP_LU
    return list(strips)


def audible_enough(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with those raised, by at most 3 dB, of which next to nothing could be heard."""
    for _ in range(_RESCUE_DB):
        shares = sampled_shares(strips)
        lost = [share < _LEAST_SHARE[s.request.presence] for s, share in zip(strips, shares, strict=True)]
        if not any(lost):
            break
        strips = [
            replace(s, gain_db=s.gain_db + 1.0) if is_lost else s for s, is_lost in zip(strips, lost, strict=True)
        ]
    return list(strips)


def vocal_target(strips: Sequence[Strip], style: MusicalStyle) -> float:
    """Return where the lead vocals shall stand against the rest, in LU: the style's place, moved by their presence."""
    return VOCAL_OVER_REST_LU[style] + _foremost(strips)


def vocal_over_rest(strips: Sequence[Strip]) -> float | None:
    """Return the loudness of the lead vocals over everything else in the 400 ms blocks in which they sing, in LU.

    None without a vocal, and where nothing else plays.
    """
    vocals = [strip for strip in strips if strip.request.instrument is Group.VOCAL]
    rest = [strip for strip in strips if strip.request.instrument is not Group.VOCAL]
    if not vocals or not rest:
        return None
    total = [_summed(vocals, strips), _summed(rest, strips)]
    voice, others = (windowed(row, MOMENTARY, STEPS) for row in total)
    sings = lufs(voice) > gated_loudness(total[0]) - 20.0
    if not sings.any() or not others[sings].any():
        return None
    return float(10.0 * np.log10(voice[sings].sum() / others[sings].sum()))


def mix_energies(strips: Sequence[Strip]) -> Array:
    """Return the predicted K-weighted energy of the mix per 10 ms: unrelated sounds add up as powers."""
    return _summed(strips, strips)


def at_mix_level(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks moved together so that the mix is predicted at -18 LUFS; every gain rounded to 0.1 dB."""
    shift = MIX_LUFS - gated_loudness(mix_energies(strips))
    return [
        replace(s, gain_db=round(float(np.clip(s.gain_db + shift, -LARGEST_GAIN_DB, LARGEST_GAIN_DB)), 1))
        for s in strips
    ]


def gain_reason(strip: Strip, strips: Sequence[Strip], style: MusicalStyle) -> str:
    """Return why a track has its gain, in a sentence."""
    moved = f"{'raised' if strip.gain_db >= 0 else 'turned down'} {abs(strip.gain_db):.1f} dB"
    recorded = f"the recording plays at {strip.features.loudness_lufs:.1f} LUFS"
    return f"{moved}: {recorded}, and {_place(strip, strips, style)}{_wish(strip)}"


def _place(strip: Strip, strips: Sequence[Strip], style: MusicalStyle) -> str:
    kind = f"{style.label.lower()} mix" if style is not MusicalStyle.OTHER else "mix"
    if strip.request.instrument is Group.VOCAL:
        over = vocal_over_rest(strips)
        if over is not None:
            side = "over" if over >= 0 else "under"
            stands = f"in a {kind} the voice stands {abs(over):.1f} LU {side} everything else while it sings"
            more = over - vocal_target(strips, style)
            return stands if more < _STEP_LU else f"{stands}, {more:.1f} LU more than usual to be heard among so much"
    vocal = max((s.level_lufs for s in strips if s.request.instrument is Group.VOCAL), default=None)
    reference, whom = (MIX_LUFS, "the whole mix") if vocal is None else (vocal, "the vocal")
    distance = strip.level_lufs - reference
    side = "over" if distance >= 0 else "under"
    return f"its place in a {kind} is {abs(distance):.1f} LU {side} {whom}"


def _wish(strip: Strip) -> str:
    lu = styles.presence_lu(strip.request.instrument, strip.request.presence)
    if strip.request.presence is Presence.NORMAL:
        return ""
    if strip.request.presence is Presence.LEAD:
        return (
            ", with LEAD presence"
            if strip.request.instrument is Group.VOCAL
            else f", {lu:.0f} LU of it for LEAD presence"
        )
    return f", {abs(lu):.0f} LU lower for BACKGROUND presence"


def _summed(strips: Sequence[Strip], song: Sequence[Strip]) -> Array:
    """Return the energy of some tracks together, as long as the song."""
    total = np.zeros(max(len(strip.sound.energies) for strip in song))
    for strip in strips:
        total[: len(strip.sound.energies)] += strip.sound.energies * strip.power
    return total


def _foremost(strips: Sequence[Strip]) -> float:
    """Return what presence adds to the lead vocals, in LU: that of the foremost of them."""
    vocals = [s.request.presence for s in strips if s.request.instrument is Group.VOCAL]
    return max((styles.presence_lu(Group.VOCAL, presence) for presence in vocals), default=0.0)


def _within_budget(
    levels: list[float], groups: list[Group], members: frozenset[Group], budget: float, only_down: bool
) -> list[float]:
    """Return the levels with the members moved together so that their sum meets the budget."""
    power = sum(10.0 ** (level / 10.0) for level, group in zip(levels, groups, strict=True) if group in members)
    if not power:
        return levels
    shift = budget - 10.0 * log10(power)
    if only_down and shift > 0:
        return levels
    return [level + shift if group in members else level for level, group in zip(levels, groups, strict=True)]
