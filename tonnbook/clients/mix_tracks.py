"""The tracks of a final mix: every track of the preview by its link, with what shall change on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixTrack, MixRequest, track_names


def final_tracks(
    request: MixRequest, changes: Mapping[str, TrackEffects], name_of: Callable[[str | Path], str]
) -> tuple[FinalMixTrack, ...]:
    """Return one entry per track of the preview's `request`; `changes` by track name, with or without its ending.

    `name_of` gives the file name of a source. Raises ValueError that names an unknown or ambiguous track, TypeError for a
    change that is no TrackEffects.
    """
    sources = [track.source for track in request.tracks]
    names = track_names([Path(name_of(source)) for source in sources])
    by_track: dict[str, TrackEffects] = {}
    for wanted, effects in changes.items():
        if not isinstance(effects, TrackEffects):
            raise TypeError(
                f"changes[{wanted!r}] is a {type(effects).__name__}; give TrackEffects, as TrackEffects(gain_db=-1.5)"
            )
        name = _track(wanted, names)
        if name in by_track:
            raise ValueError(f"changes names {name} twice, with and without its ending: keep one of them")
        by_track[name] = effects
    return tuple(
        FinalMixTrack(source=source, **_fields(by_track.get(name, TrackEffects())))
        for source, name in zip(sources, names, strict=True)
    )


def _track(wanted: str, names: list[str]) -> str:
    found = [name for name in names if wanted in {name, PurePosixPath(name).stem}]
    if wanted in found:
        return wanted
    if len(found) > 1:
        raise ValueError(f"changes names {wanted!r}, which may be {' or '.join(found)}: name it with its ending")
    if found:
        return found[0]
    stems = [PurePosixPath(name).stem for name in names]
    near = get_close_matches(wanted, [*stems, *names], n=1)
    meant = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"changes names {wanted!r}, and this mix has no such track{meant} Its tracks: {', '.join(names)}")


def _fields(effects: TrackEffects) -> dict[str, object]:
    return {name: getattr(effects, name) for name in TrackEffects.model_fields}
