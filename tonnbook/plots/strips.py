"""From whatever a person hands to a plot to channel strips by track: "vocal" finds "vocal.flac"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Protocol, TypeAlias

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackEffects, TrackSettings


class Mixed(Protocol):
    """A finished mix: a preview or a final one, of the studio or of the live service."""

    @property
    def settings(self) -> Mapping[str, TrackSettings]:
        """What was done to each track, by track name."""
        ...


Strip: TypeAlias = TrackSettings | TrackEffects
Strips: TypeAlias = Mixed | Mapping[str, TrackSettings] | Mapping[str, TrackEffects] | Strip
"""What a plot takes: a mix, settings or effects by track name, or those of one track."""


def strips(mix: Strips, track: str | None = None) -> dict[str, TrackSettings]:
    """Return the settings by track name; of `track` alone, where one is named.

    Raises ValueError when there are none, or when no track, or more than one, has that name.
    """
    if isinstance(mix, TrackSettings | TrackEffects):
        return {track or "track": settings_of(mix)}
    named = mix if isinstance(mix, Mapping) else mix.settings
    if not named:
        raise ValueError(
            "this mix carries no settings: ask for them with fx_settings=True, which costs credits on the live service"
        )
    chosen = named if track is None else [find(track, named)]
    return {name: settings_of(named[name]) for name in chosen}


def settings_of(strip: Strip) -> TrackSettings:
    """Return the settings that a strip stands for; an effect that is left as it was counts as bypassed."""
    if isinstance(strip, TrackSettings):
        return strip
    squeeze = strip.compression
    return TrackSettings(
        gain_db=strip.gain_db,
        pan_deg=strip.pan_deg or 0.0,
        eq=tuple(EqBandReading.model_validate(band.model_dump()) for band in strip.eq or ()),
        compression=CompressionReading.model_validate(squeeze.model_dump()) if squeeze else None,
    )


def find(track: str, names: Iterable[str]) -> str:
    """Return the name of `track` among `names`, given with or without its ending.

    Raises ValueError when there is none, or more than one.
    """
    names = list(names)
    if track in names:
        return track
    alike = [name for name in names if PurePath(name).stem == track]
    if len(alike) > 1:
        raise ValueError(f"{track!r} may be {' or '.join(alike)}; give the whole name")
    if not alike:
        raise ValueError(f"there is no track {track!r}; there are: {', '.join(labels(names).values())}")
    return alike[0]


def labels(names: Iterable[str]) -> dict[str, str]:
    """Return a short label for each name: without its ending, unless two would read the same."""
    names = list(names)
    uses = Counter(PurePath(name).stem for name in names)
    return {name: PurePath(name).stem if uses[PurePath(name).stem] == 1 else name for name in names}
