"""The form of an album: a row for each song, and what the tutorial's album file says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tonnbook.models.album import Album, AlbumSong, album_entries, album_to_json
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle
from tonnbook.widgets.forms.code_export import Spell, as_curl
from tonnbook.widgets.forms.form_values import check_names, place
from tonnbook.widgets.forms.table_form import PayloadForm


class AlbumBuilder(PayloadForm[Album]):
    """The form of an album. The row above all songs sets a column for every one of them.

    Parameters
    ----------
    songs
        Files or links, in a sequence, or in a mapping whose names become the songs' names for `set`; or a single one.
    style, desired_loudness
        What every song begins with.
    fields
        Any other field of a song, for all of them; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> builder = tb.AlbumBuilder(tb.demo.album(), style="POP", desired_loudness="LOW")
    >>> builder.set("03_basement", style="ELECTRONIC").save("album_mastering_payload.json")
    """

    model = Album
    endpoint = "/masteringpreview"
    rows = "songs"

    def __init__(
        self,
        songs: Mapping[str, Path | str] | Sequence[Path | str] | Path | str,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        **fields: Any,
    ) -> None:
        known = [name for name in AlbumSong.model_fields if name != "source"]
        check_names(fields, known, "AlbumBuilder")
        songs = [songs] if isinstance(songs, str | Path) else songs
        named = list(songs.items()) if isinstance(songs, Mapping) else [("", song) for song in songs]
        common = {"style": style, "desired_loudness": desired_loudness, **fields}
        super().__init__("Album", [{"called": name, "source": place(song), **common} for name, song in named], {})

    @property
    def requests(self) -> list[MasteringRequest]:
        """A mastering request for each song: what `master_all` takes. Raises pydantic.ValidationError."""
        return self.request.requests

    def apply_to_all(self, **fields: Any) -> Self:
        """Set fields of every song."""
        for row in range(len(self.value[self.rows])):
            self.set(row, **fields)
        return self

    def load(self, request: Album | str | Path) -> Self:
        """Fill the form from an album file, its text, or an `Album`. Raises ValueError for what is none of these."""
        if isinstance(request, Album):
            super().load(request)
        else:
            songs = _songs_of(request)
            super().load(json.dumps({"songs": songs}))
        self.note = " ".join(filter(None, [self.note, self._idle()]))
        return self

    def save(self, path: str | Path) -> Path:
        """Write the album file; return its path. Files below its folder are written as seen from there, others in full.

        Raises pydantic.ValidationError.
        """
        folder = Path(path).absolute().parent

        def spell(source: str | Path) -> str:
            place = source.absolute() if isinstance(source, Path) else None
            if place is None:
                return str(source)
            return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else str(place)

        Path(path).write_text(self._json(self.request, spell), encoding="utf-8")
        return Path(path)

    def _review(self, _: object = None) -> None:
        super()._review(_)
        if (idle := self._idle()) or self.note.startswith(_IDLE):
            self.note = idle

    def _idle(self) -> str:
        """Return a remark on forced loudnesses that are not in force, or nothing."""
        rows = self.value.get(self.rows, [])
        idle = [
            str(n)
            for n, row in enumerate(rows, start=1)
            if row.get("forced_loudness_lufs") not in (None, "") and not row.get("forced_loudness")
        ]
        return f"{_IDLE} {', '.join(idle)}." if idle else ""

    def _json(self, request: Album, spell: Spell) -> str:
        rows = json.loads(album_to_json(request.requests))
        spelled = [{**row, "trackURL": spell(song.source)} for row, song in zip(rows, request.songs, strict=True)]
        return json.dumps(spelled, indent=2, ensure_ascii=False) + "\n"

    def _curl(self, request: Album, spell: Spell) -> str:
        return "\n".join(as_curl(song.data, self.endpoint, spell) for song in request.requests)


_IDLE = "A forced loudness counts only where it is forced; it is not in song"


def _songs_of(request: str | Path) -> list[Any]:
    """Return the objects of an album file or of its text, with the files beside it found."""
    if isinstance(request, Path) or not request.lstrip("\ufeff \n\t").startswith(("[", "{", '"')):
        return [_beside(song, Path(request).parent) for song in album_entries(Path(request))]
    songs = json.loads(request.lstrip("\ufeff"))
    if not isinstance(songs, list) or not all(isinstance(song, dict) for song in songs):
        raise ValueError("this is no album file: that is a JSON array of objects, one per song, each with its trackURL")
    return songs


def _beside(song: Any, folder: Path) -> Any:
    source = song.get("trackURL") if isinstance(song, dict) else None
    if not isinstance(source, str) or "://" in source or not source:
        return song
    return {**song, "trackURL": str(folder / source)}
