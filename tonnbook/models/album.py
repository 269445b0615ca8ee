"""An album: its songs, and the album file of the batch tutorial, a JSON array of flat objects, one per song."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from tonnbook.models.base import AudioSource, Request, without_nulls
from tonnbook.models.mastering import MasteringRequest, MasteringSettings

_NO_ALBUM = 'is no album file: that is a JSON array of objects, one per song: [{"trackURL": ...}, ...]'


class AlbumSong(MasteringSettings):
    """One object of an album file."""

    source: AudioSource = Field(alias="trackURL", title="Song")

    @property
    def request(self) -> MasteringRequest:
        """The mastering request for this song."""
        return MasteringRequest.model_validate(self.model_dump())


class Album(Request):
    """The songs of an album, in order: the content of an album file."""

    songs: tuple[AlbumSong, ...] = Field(alias="songs", min_length=1, title="Songs")

    @property
    def requests(self) -> list[MasteringRequest]:
        """A mastering request for each song."""
        return [song.request for song in self.songs]


def album_from_json(text: str, folder: Path | None = None) -> list[MasteringRequest]:
    """Read an album file: a JSON array of flat objects, one per song.

    A `trackURL` that is no link is a file name in `folder`, the folder of the album file.
    Raises ValueError where the text is no such array, pydantic.ValidationError where a song is wrong.
    """
    return [album_song(song, folder) for song in _entries(text, "this")]


def album_entries(path: Path) -> list[Mapping[str, Any]]:
    """Return the objects of an album file, which may begin with a byte order mark. Raises ValueError that names the file."""
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder, not an album file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    return _entries(text, path.name)


def album_song(entry: Mapping[str, Any], folder: Path | None = None) -> MasteringRequest:
    """Read one object of an album file; raises pydantic.ValidationError.

    An unknown member is ignored, as by the service, unless it looks like a misspelled field; so is an empty webhookURL.
    """
    return AlbumSong.model_validate(_with_file(_checked(entry), folder), extra="ignore").request


def _entries(text: str, what: str) -> list[Mapping[str, Any]]:
    try:
        songs = json.loads(text)
    except ValueError as problem:
        at = f" (line {problem.lineno}: {problem.msg})" if isinstance(problem, json.JSONDecodeError) and text else ""
        raise ValueError(f"{what} {_NO_ALBUM}{at}") from None
    if not isinstance(songs, list) or not all(isinstance(song, Mapping) for song in songs):
        raise ValueError(f"{what} {_NO_ALBUM}")
    return songs


def album_to_json(songs: Iterable[MasteringRequest]) -> str:
    """Return the album file of `songs` in the batch tutorial's format, with files on this machine by their path."""
    order = ("trackURL", "musicalStyle", "desiredLoudness", "sampleRate")
    rows = []
    for song in songs:
        fields = song.model_dump(mode="json", by_alias=True, exclude_none=True)
        unforced = {"forcedLoudness"} if not song.forced_loudness else set()
        rows.append({k: fields[k] for k in (*order, *sorted(fields.keys() - set(order) - unforced))})
    return json.dumps(rows, indent=2) + "\n"


def _checked(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry of an album file without an empty webhookURL; raise ValidationError for a misspelled field."""
    known = [str(field.alias) for field in AlbumSong.model_fields.values()]
    for word in entry:
        close = [] if word in known else get_close_matches(word, known, 1, 0.85)
        if close:
            raise ValidationError.from_exception_data(
                "AlbumSong", [_wrong(word, f"is no field of a song; did you mean {close[0]}?", entry[word])]
            )
    if entry.get("forcedLoudnessInLUFS") is not None and entry.get("forcedLoudness") is None:
        message = "counts only with forcedLoudness: add that, true to master to this number, false to keep the preset"
        raise ValidationError.from_exception_data(
            "AlbumSong", [_wrong("forcedLoudnessInLUFS", message, entry["forcedLoudnessInLUFS"])]
        )
    return {name: value for name, value in entry.items() if (name, value) != ("webhookURL", "")}


def _wrong(field: str, message: str, value: Any) -> InitErrorDetails:
    return {"type": PydanticCustomError("value_error", message), "loc": (field,), "input": value}


def _with_file(song: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    fields = dict(without_nulls(song))
    source = fields.get("trackURL")
    if isinstance(source, str) and source and "://" not in source:
        fields["trackURL"] = (folder or Path()) / source
    return fields
