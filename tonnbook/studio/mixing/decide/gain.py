"""Level balance: the loudness of each track in the mix, and of what leads relative to the rest while it plays.

Listeners preferred loudness templates over the tracks' own energy to models of partial loudness (Wichern et al., AES 2015); the target
level of a track comes from human mixes, see `styles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log10

import numpy as np

from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import gated_loudness
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import MusicalStyle, Presence
from tonnbook.studio.measure.reference_levels import DRUM_KIT, VOCAL_OVER_REST_LU, style_lu
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.lead import (
    UNDER_VOCAL_LU,
    instrument_over_rest_lu,
    instrument_target_lu,
    leading_groups,
    step_count,
    summed_energies,
    vocal_over_rest_lu,
)
from tonnbook.studio.mixing.decide.masking import sampled_shares
from tonnbook.studio.mixing.decide.strip import Strip

MIX_LUFS = -18.0
LARGEST_GAIN_DB = 60.0
_VOCAL_LUFS = -22.0  # a starting point only: in the end the whole mix is moved to MIX_LUFS
_CORRECTION_LU = (-4.0, 8.0)
_VOCAL_RAISE_LU, _VOCAL_CEILING_LU, _STEP_LU = 1.9, 2.8, 0.25
_ENOUGH = 0.88
_LEAST_SHARE = 0.33
_LARGEST_RAISE_DB = 3
_LARGEST_LEAD_LU = 12.0  # raise of a leading instrument over its level as NORMAL
_SPLIT = 7.5  # n equal singers: each 10·0.75·log10(n) lower (sound.md 3.1)


def decide_gains(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the gains that give each its target level and the mix -18 LUFS, rounded to 0.1 dB.

    The tracks are balanced as if all had NORMAL presence, and the foremost vocal LEAD; what the presences add comes last, so that a
    track's level follows the word whatever the balance did to it.
    """
    targets = target_levels(strips, style)
    strips = [
        replace(s, gain_db=_VOCAL_LUFS + target + s.unmasking_lu - s.sound.loudness_lufs)
        for s, target in zip(strips, targets, strict=True)
    ]
    foremost = _vocal_presence_lu(strips)
    strips = [
        replace(s, gain_db=s.gain_db + styles.presence_lu(Group.VOCAL, s.request.presence) - foremost)
        if s.request.instrument is Group.VOCAL
        else s
        for s in strips
    ]
    strips = _with_vocals_at_target(strips, style)
    strips = _with_inaudible_tracks_raised(strips)
    strips = _with_instruments_at_presence(strips, style)
    strips = _with_vocals_at_target(strips, style)
    strips = _with_masked_vocals_raised(strips, style)
    return _at_mix_loudness(_vocals_moved(strips, foremost))


def target_levels(strips: Sequence[Strip], style: MusicalStyle) -> list[float]:
    """Return the target loudness of each track in LU relative to the lead vocal, without its presence."""
    groups = [strip.request.instrument for strip in strips]
    levels = [
        styles.LEVEL_LU[group] - _SPLIT * log10(groups.count(group)) * (group not in styles.HARMONY) for group in groups
    ]
    levels = _within_budget(levels, groups, styles.HARMONY, styles.HARMONY_BUDGET_LU, only_down=False)
    levels = _within_budget(levels, groups, DRUM_KIT, styles.DRUM_BUDGET_LU, only_down=True)
    return [
        level + styles.PLACE_LU.get(group, 0.0) + style_lu(style, group)
        for level, group in zip(levels, groups, strict=True)
    ]


def vocal_target_lu(strips: Sequence[Strip], style: MusicalStyle) -> float:
    """Return the target level of the lead vocals over the rest in LU: that of the style, plus that of their presence."""
    return VOCAL_OVER_REST_LU[style] + _vocal_presence_lu(strips)


def mix_energies(strips: Sequence[Strip]) -> Array:
    """Return the predicted K-weighted energy of the mix per 10 ms, (steps,): the powers of unrelated sounds add up."""
    return summed_energies(strips, step_count(strips))


def gain_reason(strip: Strip, strips: Sequence[Strip], style: MusicalStyle) -> str:
    """Return the reason for the gain of a track, in a sentence."""
    verb = "raised" if strip.gain_db > 0 else "turned down" if strip.gain_db < 0 else "left at"
    moved = f"{verb} {abs(strip.gain_db):.1f} dB"
    recorded = f"the recording measures {strip.features.loudness_lufs:.1f} LUFS"
    return f"{moved}: {recorded}, and {_level_reason(strip, strips, style)}{_presence_reason(strip, strips)}"


def _with_vocals_at_target(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the vocals moved together to the style's level over the rest, by -4 to +8 dB."""
    over = vocal_over_rest_lu(strips)
    if over is None:
        return list(strips)
    # what a vocal loses to uncover other tracks is not made up for
    lost = max(s.unmasking_lu for s in strips if s.request.instrument is Group.VOCAL)
    return _vocals_moved(strips, float(np.clip(VOCAL_OVER_REST_LU[style] + lost - over, *_CORRECTION_LU)))


def _with_inaudible_tracks_raised(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with those raised, by at most 3 dB, of which next to nothing is audible."""
    for _ in range(_LARGEST_RAISE_DB):
        shares = sampled_shares(strips)
        masked = [share < _LEAST_SHARE for share in shares]
        if not any(masked):
            break
        strips = [
            replace(s, gain_db=s.gain_db + 1.0) if is_masked else s for s, is_masked in zip(strips, masked, strict=True)
        ]
    return list(strips)


def _with_instruments_at_presence(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with all but the vocals at their presence; leading instruments at least at their target over the rest."""
    strips = [replace(s, gain_db=s.gain_db + _own_presence_lu(s)) for s in strips]
    missing = [0.0] * len(strips)
    for lead in leading_groups(strips):
        over = instrument_over_rest_lu(strips, lead)
        if over is None:
            continue
        for n in lead:
            most = _LARGEST_LEAD_LU - _own_presence_lu(strips[n])
            missing[n] = float(np.clip(instrument_target_lu(style) - over, 0.0, most))
    return [replace(s, gain_db=s.gain_db + lu) for s, lu in zip(strips, missing, strict=True)]


def _with_masked_vocals_raised(strips: Sequence[Strip], style: MusicalStyle) -> list[Strip]:
    """Return the tracks with the vocals raised until enough of them is audible, at most to +2.8 LU over the rest.

    With the style's target alone (sound.md 3.1) dense guitars half mask a voice of small range: on the shipped stems 70 % of it was
    audible at +1 LU.
    """
    vocals = [n for n, s in enumerate(strips) if s.request.instrument is Group.VOCAL]
    over = vocal_over_rest_lu(strips)
    if over is None:
        return list(strips)
    ceiling = min(VOCAL_OVER_REST_LU[style] + _VOCAL_RAISE_LU, _VOCAL_CEILING_LU)
    while over + _STEP_LU <= ceiling + 0.05 and max(sampled_shares(strips)[n] for n in vocals) < _ENOUGH:
        strips = _vocals_moved(strips, _STEP_LU)
        over += _STEP_LU
    return list(strips)


def _vocals_moved(strips: Sequence[Strip], by_db: float) -> list[Strip]:
    return [replace(s, gain_db=s.gain_db + by_db) if s.request.instrument is Group.VOCAL else s for s in strips]


def _own_presence_lu(strip: Strip) -> float:
    """Return what the presence adds to an instrument, in LU; 0 for a vocal, whose presence comes after the others'."""
    group = strip.request.instrument
    return 0.0 if group is Group.VOCAL else styles.presence_lu(group, strip.request.presence)


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
    if (lead := _lead_reason(strip, strips, style, kind)) is not None:
        return lead
    vocal = max((s.level_lufs for s in strips if s.request.instrument is Group.VOCAL), default=None)
    reference, whole = (MIX_LUFS, "the whole mix") if vocal is None else (vocal, "the vocal")
    distance = strip.level_lufs - reference
    side = "above" if distance >= 0 else "below"
    return f"its level in a {kind} is {abs(distance):.1f} LU {side} {whole}"


def _lead_reason(strip: Strip, strips: Sequence[Strip], style: MusicalStyle, kind: str) -> str | None:
    """Return how a leading instrument stands to the rest, and why; None for other tracks, and where nothing accompanies it."""
    lead = next((lead for lead in leading_groups(strips) if strip.name in (strips[n].name for n in lead)), None)
    over = None if lead is None else instrument_over_rest_lu(strips, lead)
    if over is None:
        return None
    target = instrument_target_lu(style)
    side = "above" if over >= 0 else "below"
    return (
        f"as the lead of a {kind} it is {abs(over):.1f} LU {side} the accompaniment while it plays (at least {target:+.1f} LU; a voice "
        f"stands about {UNDER_VOCAL_LU:g} LU higher, for its words)"
    )


def _presence_reason(strip: Strip, strips: Sequence[Strip]) -> str:
    presence, group = strip.request.presence, strip.request.instrument
    lu = styles.presence_lu(group, presence)
    if presence is Presence.LEAD:
        led = any(strips[n].name == strip.name for lead in leading_groups(strips) for n in lead)
        if group is Group.VOCAL or led:
            return ", with LEAD presence"
        return f", including {lu:.0f} LU for LEAD presence"
    return f", {abs(lu):.0f} LU lower for {presence.value} presence" if lu else ""


def _vocal_presence_lu(strips: Sequence[Strip]) -> float:
    """Return the level that presence adds to the vocals in LU: the highest of all vocals."""
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
