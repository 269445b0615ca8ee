"""Make the request of a final mix from its preview and the changes to its tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixRequest, FinalMixTrack, MixPreview, track_names


def final_request(preview: MixPreview, changes: Mapping[str, TrackEffects], **options: Any) -> FinalMixRequest:
    """Return the request of the final mix of a preview, with all tracks by their links and the changed effects.

    Parameters
    ----------
    preview
        A preview whose request is known; otherwise ValueError.
    changes
        Changes by track name, with or without its ending. Raises ValueError that names an unknown or ambiguous track, TypeError for
        a change that is no TrackEffects.
    options
        Fields of `FinalMixRequest`; None or absent for the preview's value.
    """
    if preview.request is None:
        raise ValueError(
            f"the links of the tracks of {preview.task_id} are not known here, and a final mix must name them: "
            f"attach({preview.task_id!r}, request=...) with the request as it was sent, or make the preview again"
        )
    for name in ("sample_rate", "create_master", "desired_loudness", "webhook_url"):
        if options.get(name) is None:
            options[name] = getattr(preview.request, name)
    sources = [track.source for track in preview.request.tracks]
    names = list(preview.recordings) or track_names(sources)
    by_track: dict[str, TrackEffects] = {}
    for given, effects in changes.items():
        if not isinstance(effects, TrackEffects):
            raise TypeError(
                f"changes[{given!r}] is a {type(effects).__name__}; give TrackEffects, as TrackEffects(gain_db=-1.5)"
            )
        name = matching_track(given, names)
        if name in by_track:
            raise ValueError(f"changes names {name} twice, with and without its ending: keep one of them")
        by_track[name] = effects
    tracks = tuple(
        FinalMixTrack(source=source, **_fields(by_track.get(name, TrackEffects())))
        for source, name in zip(sources, names, strict=True)
    )
    return FinalMixRequest(task_id=preview.task_id, tracks=tracks, **options)


def matching_track(given: str, names: Sequence[str], where: str = "changes") -> str:
    """Return the track that a name means, with or without its ending. Raises ValueError for an unknown or ambiguous name.

    `where` is what names the track, for the message.
    """
    found = [name for name in names if given in {name, PurePosixPath(name).stem}]
    if given in found:
        return given
    if len(found) > 1:
        raise ValueError(f"{where} names {given!r}, which may be {' or '.join(found)}: name it with its ending")
    if found:
        return found[0]
    stems = [PurePosixPath(name).stem for name in names]
    near = get_close_matches(given, [*stems, *names], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"{where} names {given!r}, and this mix has no such track{hint} Its tracks: {', '.join(names)}")


def _fields(effects: TrackEffects) -> dict[str, object]:
    return {name: getattr(effects, name) for name in TrackEffects.model_fields}
