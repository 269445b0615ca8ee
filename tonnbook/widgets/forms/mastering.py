"""`MasteringBuilder`, the form of a single master, and `AlbumBuilder`, the form of an album."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tonnbook.models.album import Album, AlbumSong, album_entries, album_to_json
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.vocabulary import CREDITS, DesiredLoudness, MusicalStyle
from tonnbook.sound_files import Sounds
from tonnbook.widgets.forms.code_export import FormatSource, as_body, as_curl, as_json
from tonnbook.widgets.forms.form import RequestForm
from tonnbook.widgets.forms.form_schema import Field, fields_of
from tonnbook.widgets.forms.form_values import check_field_names, source_of
from tonnbook.widgets.forms.table_form import TableForm
from tonnbook.widgets.player.sources import HasPlayable


class MasteringBuilder(RequestForm[MasteringRequest]):
    """The form of a single master.

    Parameters
    ----------
    song
        A file or a link, or a result with one sound or a mix.
    style
        Musical style.
    desired_loudness
        Preset of the loudness: LOW is -14, MEDIUM -10, HIGH -8 LUFS.
    fields
        Any other field of `MasteringRequest` except `album`; an unknown name raises TypeError, an invalid value is displayed in the
        form.

    >>> builder = tb.MasteringBuilder("my mix.wav", style="ROCK_INDIE", desired_loudness="LOW")
    >>> master = await tonn.master(builder.request)
    """

    model = MasteringRequest
    endpoint = "/masteringpreview"
    call, verb, price = "master", "Master", "final_master"
    advanced = ("webhook_url",)

    def __init__(
        self,
        song: Path | str | HasPlayable,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        *,
        client: Any = None,
        **fields: Any,
    ) -> None:
        values = {"source": source_of(song), "style": style, "desired_loudness": desired_loudness, **fields}
        super().__init__("Master", values, client)

    def _model_fields(self) -> list[Field]:
        fields = fields_of(AlbumSong)  # the same fields without `album`, which only an album sets
        return sorted(fields, key=lambda field: field["kind"] != "file")

    def _body_of(self, request: MasteringRequest | str | Path) -> tuple[Mapping[str, Any], Path]:
        """Return the members of a request; on the wire its file is in a list of one."""
        body, folder = super()._body_of(request)
        tracks = body.get("trackData")
        if isinstance(tracks, list) and len(tracks) == 1 and isinstance(tracks[0], dict):
            body = {name: value for name, value in body.items() if name != "trackData"} | tracks[0]
        return body, folder

    def _validate(self, _: object = None) -> None:
        with self._lock, self.hold_sync():
            super()._validate()
            if _unused_loudness(self.value):
                self.hints = [
                    *self.hints,
                    {"path": ["forced_loudness_lufs"], "message": "used only with Force loudness"},
                ]

    def _json(self, request: MasteringRequest, format_source: FormatSource) -> str:
        return as_json(as_body(request.data, format_source))

    def _curl(self, request: MasteringRequest, format_source: FormatSource) -> str:
        return as_curl(request.data, self.endpoint, format_source)

    def _draft_body(self) -> dict[str, Any]:
        (envelope, body), *_ = super()._draft_body().items()
        track = {name: body.pop(name) for name in ("trackURL",) if name in body}
        return {envelope: {"trackData": [track]} | body}


class AlbumBuilder(TableForm[Album]):
    """The form of an album. The first row of the table sets a column for all songs.

    Parameters
    ----------
    songs
        Files or links: a folder, a zip archive, a sequence, a drop zone, a mapping whose names become the songs' names for `set`, or a
        single one.
    client
        What the button sends with; by default the local studio, once `tb.offline()` has started it.
    to
        The folder of the masters that the button has made.
    style, desired_loudness
        Initial values for all songs.
    fields
        Any other field of a song, for all songs; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.AlbumBuilder(tb.demo.album(), style="POP", desired_loudness="LOW")
    >>> builder.set("03_basement", style="ELECTRONIC").save("album_mastering_payload.json")
    """

    model = Album
    endpoint = "/masteringpreview"
    call, verb = "master_all", "Master the album"
    rows = "songs"
    advanced = ("forced_loudness", "forced_loudness_lufs", "preview_start_s", "webhook_url")

    def __init__(
        self,
        songs: Sounds,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        *,
        client: Any = None,
        to: str | Path = "final_masters",
        **fields: Any,
    ) -> None:
        known = [name for name in AlbumSong.model_fields if name != "source"]
        check_field_names(fields, known, "AlbumBuilder")
        common = {"style": style, "desired_loudness": desired_loudness, **fields}
        self._common, self._to = common, Path(to)
        super().__init__("Album", songs, {}, client)

    @property
    def requests(self) -> list[MasteringRequest]:
        """A mastering request for each song, for `tonn.master_all`. Raises pydantic.ValidationError."""
        return self.request.requests

    def load(self, request: Album | str | Path) -> Self:
        """Fill the form from an album file, its text, or an `Album`. Raises ValueError for other files and texts."""
        if isinstance(request, Album):
            super().load(request)
        else:
            songs = _album_objects(request)
            super().load(json.dumps({"songs": songs}))
        self.note = " ".join(filter(None, [self.note, self._unused_loudness_note()]))
        return self

    def save(self, path: str | Path) -> Path:
        """Write the album file; return its path. Songs below its folder are saved with relative paths, others with absolute ones.

        Raises pydantic.ValidationError.
        """
        folder = Path(path).absolute().parent

        def relative_path(source: str | Path) -> str:
            if not isinstance(source, Path):
                return source
            file = source.absolute()
            return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)

        Path(path).write_text(self._json(self.request, relative_path), encoding="utf-8")
        return Path(path)

    def _new_row(self, name: str, source: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
        return dict(self._common), {}

    def _start(self, client: Any) -> Any:
        return client.master_all(self, self._to)

    def _cost(self, client: Any) -> str:
        count, price = len(self._sources), CREDITS["final_master"]
        return f"up to {count * price} credits ({count} final masters)"

    def _validate(self, _: object = None) -> None:
        super()._validate(_)
        if (note := self._unused_loudness_note()) or self.note.startswith(_UNUSED_LOUDNESS):
            self.note = note

    def _unused_loudness_note(self) -> str:
        """Return a note that lists the songs whose forced loudness is not used, or ""."""
        rows = self.value.get(self.rows, [])
        unused = [str(n) for n, row in enumerate(rows, start=1) if _unused_loudness(row)]
        return f"{_UNUSED_LOUDNESS}{'s' if len(unused) > 1 else ''} {', '.join(unused)}." if unused else ""

    def _json(self, request: Album, format_source: FormatSource) -> str:
        rows = json.loads(album_to_json(request.requests))
        songs = [{**row, "trackURL": format_source(song.source)} for row, song in zip(rows, request.songs, strict=True)]
        return json.dumps(songs, indent=2, ensure_ascii=False) + "\n"

    def _curl(self, request: Album, format_source: FormatSource) -> str:
        return "\n".join(as_curl(song.data, self.endpoint, format_source) for song in request.requests)


_UNUSED_LOUDNESS = "The forced loudness is not used, because it is not forced, in song"


def _unused_loudness(row: Mapping[str, Any]) -> bool:
    """Return whether a loudness is given that is not forced."""
    return row.get("forced_loudness_lufs") not in (None, "") and not row.get("forced_loudness")


def _album_objects(album: str | Path) -> list[Any]:
    """Return the objects of an album file or of its text; relative paths in a file are resolved relative to it."""
    if isinstance(album, Path) or not album.lstrip("\ufeff \n\t").startswith(("[", "{", '"')):
        return [_resolve_source(song, Path(album).parent) for song in album_entries(Path(album))]
    songs = json.loads(album.lstrip("\ufeff"))
    if not isinstance(songs, list) or not all(isinstance(song, dict) for song in songs):
        raise ValueError("not an album file: a JSON array of objects is needed, one per song, each with its trackURL")
    return songs


def _resolve_source(song: Any, folder: Path) -> Any:
    source = song.get("trackURL") if isinstance(song, dict) else None
    if not isinstance(source, str) or "://" in source or not source:
        return song
    return {**song, "trackURL": str(folder / source)}
