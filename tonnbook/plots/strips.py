"""Convert the argument of a plot to channel strip settings by track name; "vocal" finds "vocal.flac"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Protocol, TypeAlias

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackEffects, TrackSettings


class Mixed(Protocol):
    """A preview or final mix, of the studio or of the live service."""

    @property
    def settings(self) -> Mapping[str, TrackSettings]:
        """The settings of each track, by track name."""
        ...


Strip: TypeAlias = TrackSettings | TrackEffects
Strips: TypeAlias = Mixed | Mapping[str, TrackSettings] | Mapping[str, TrackEffects] | Strip
"""The argument of a plot: a mix, settings or effects by track name, or those of one track."""


def strips(mix: Strips, track: str | None = None) -> dict[str, TrackSettings]:
    """Return the settings by track name; only those of `track` if it is given.

    Raises ValueError if the mix has no settings, or if no track or more than one matches `track`.
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
    """Return a strip as settings; an effect that is None counts as bypassed."""
    if isinstance(strip, TrackSettings):
        return strip
    compression = strip.compression
    return TrackSettings(
        gain_db=strip.gain_db,
        pan_deg=strip.pan_deg or 0.0,
        eq=tuple(EqBandReading.model_validate(band.model_dump()) for band in strip.eq or ()),
        compression=CompressionReading.model_validate(compression.model_dump()) if compression else None,
    )


def find(track: str, names: Iterable[str]) -> str:
    """Return the name among `names` that matches `track`, with or without its extension.

    Raises ValueError if none or more than one matches.
    """
    names = list(names)
    if track in names:
        return track
    alike = [name for name in names if PurePath(name).stem == track]
    if len(alike) > 1:
        raise ValueError(f"{track!r} matches {' and '.join(alike)}: give the whole name")
    if not alike:
        raise ValueError(f"unknown track {track!r}; the tracks are: {', '.join(labels(names).values())}")
    return alike[0]


def labels(names: Iterable[str]) -> dict[str, str]:
    """Return a short label for each name: without its extension, unless two labels would be equal."""
    names = list(names)
    uses = Counter(PurePath(name).stem for name in names)
    return {name: PurePath(name).stem if uses[PurePath(name).stem] == 1 else name for name in names}
