"""Mastering: /masteringpreview, /retrievepreviewmaster, /retrievefinalmaster, and the album file of the batch tutorial.

`MasteringRequest` is flat, as a person writes it and as the album file has it; on the wire its file stands in a list of one.
The `...Answer` classes are what a server writes. `MasterNotes` is the studio's own block, which other clients ignore.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from tonnbook.models.base import Answer, AudioSource, Link, Request, unit, without_nulls
from tonnbook.models.mixing import Rate, file_name
from tonnbook.models.notes import Series, Sound, StageNotes
from tonnbook.models.vocabulary import DesiredLoudness, MasteringState, MusicalStyle, SampleRate

CEILING_DBTP = -1.0
"""True peak that no master passes. The API text names it for LOW and MEDIUM; the studio holds it for all."""

TARGET_LUFS: Mapping[DesiredLoudness, float] = {
    DesiredLoudness.LOW: -14.0,
    DesiredLoudness.MEDIUM: -10.0,
    DesiredLoudness.HIGH: -8.0,
}
"""What a loudness preset means. The API text defines it so; the tutorial's "MEDIUM ... around -14 LUFS" contradicts it."""

THIRD_OCTAVE_BANDS = 28
"""Bands of a tone curve: the nominal third-octave centres from 31.5 Hz to 16 kHz."""


class AlbumContext(Request):
    """What an album asks of one of its songs. The studio reads it; the live service ignores a field it does not know."""

    target_lufs: float | None = Field(None, alias="targetLufs", ge=-40, le=-5, json_schema_extra=unit("LUFS"))
    """Loudness of this song within the album, finer than the whole LUFS of `forcedLoudnessInLUFS`."""
    tone_db: tuple[float, ...] | None = Field(None, alias="toneDb", json_schema_extra=unit("dB"))
    """The album's own average spectrum in third-octaves, dB re 1 kHz; taken in place of the style's."""

    @model_validator(mode="after")
    def _every_band(self) -> Self:
        if self.tone_db is not None and len(self.tone_db) != THIRD_OCTAVE_BANDS:
            raise ValueError(f"toneDb has {len(self.tone_db)} numbers; {THIRD_OCTAVE_BANDS} third-octaves are needed")
        return self


class _Wishes(Request):
    """What a person wishes for a master, whichever way its file is named."""

    style: MusicalStyle = Field(alias="musicalStyle", title="Style")
    desired_loudness: DesiredLoudness = Field(alias="desiredLoudness", title="Loudness")
    sample_rate: Rate = Field(SampleRate.CD, alias="sampleRate", title="Sample rate")
    forced_loudness: bool = Field(False, alias="forcedLoudness", title="Force a loudness")
    """Master to `forced_loudness_lufs` and not to the preset."""
    forced_loudness_lufs: int | None = Field(
        None, alias="forcedLoudnessInLUFS", ge=-40, le=-5, title="Forced loudness", json_schema_extra=unit("LUFS")
    )
    """Whole LUFS; read only where `forced_loudness` is true."""
    preview_start_s: float | None = Field(
        None, alias="previewStartTime", ge=0, title="Preview from", json_schema_extra=unit("s")
    )
    """Start of the 30 s preview, clamped to the song; None takes the loudest part."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @model_validator(mode="after")
    def _forced_needs_a_number(self) -> Self:
        if self.forced_loudness and self.forced_loudness_lufs is None:
            raise ValueError("forcedLoudness is true, so forcedLoudnessInLUFS is needed: a whole number from -40 to -5")
        return self


class _MasteringOptions(_Wishes):
    """Those wishes, and what an album asks of its song."""

    album: AlbumContext | None = Field(None, alias="tonnbook", title="Album")


class AlbumSong(_Wishes):
    """One object of an album file."""

    source: AudioSource = Field(alias="trackURL", title="Song")

    @property
    def request(self) -> MasteringRequest:
        """The mastering request for this song."""
        return MasteringRequest.model_validate(self.model_dump())


class Album(Request):
    """The songs of an album, in order: what an album file holds."""

    songs: tuple[AlbumSong, ...] = Field(alias="songs", min_length=1, title="Songs")

    @property
    def requests(self) -> list[MasteringRequest]:
        """A mastering request for each song."""
        return [song.request for song in self.songs]


class MasteringTrack(Request):
    """The one track of a mastering call."""

    source: AudioSource = Field(alias="trackURL", title="File")


class MasteringData(_MasteringOptions):
    """The body of /masteringpreview as it travels: the file in a list of exactly one."""

    envelope: ClassVar[str | None] = "masteringData"

    tracks: tuple[MasteringTrack, ...] = Field(alias="trackData", min_length=1, max_length=1, title="Track")


class MasteringRequest(_MasteringOptions):
    """A master of one song. The preview costs nothing; the final master costs credits on the live service."""

    envelope: ClassVar[str | None] = "masteringData"

    source: AudioSource = Field(alias="trackURL", title="File")

    @property
    def name(self) -> str:
        """File name of the song."""
        return file_name(self.source)

    @property
    def target_lufs(self) -> float:
        """Integrated loudness that the master is to have."""
        if self.album and self.album.target_lufs is not None:
            return self.album.target_lufs
        if self.forced_loudness and self.forced_loudness_lufs is not None:
            return float(self.forced_loudness_lufs)
        return TARGET_LUFS[self.desired_loudness]

    @property
    def data(self) -> MasteringData:
        """The same request as it travels."""
        options = self.model_dump(exclude={"source"})
        return MasteringData.model_validate({**options, "tracks": [{"source": self.source}]})

    def to_wire(self) -> dict[str, Any]:
        """Return the body of /masteringpreview. Raises ValueError while a local file stands in it."""
        return self.data.to_wire()

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read the body of /masteringpreview as a server must. Raises pydantic.ValidationError."""
        data = MasteringData.from_wire(_without_idle_number(body))
        return cls.model_validate({**data.model_dump(exclude={"tracks"}), "source": data.tracks[0].source})

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(MasteringData.__pydantic_core_schema__))
        return {**schema, "title": cls.__name__, "description": str(cls.__doc__)}


_NO_ALBUM = 'is no album file: that is a JSON array of objects, one per song: [{"trackURL": ...}, ...]'


def album_from_json(text: str, folder: Path | None = None) -> list[MasteringRequest]:
    """Read an album file: a JSON array of flat objects, one per song.

    A `trackURL` that is no link is a file name: it is looked up in `folder`, where the album file lies.
    Raises ValueError where the text is no such array, pydantic.ValidationError where a song is wrong.
    """
    return [album_song(song, folder) for song in _entries(text, "this")]


def album_entries(path: Path) -> list[Mapping[str, Any]]:
    """Return the objects of an album file, which may begin with a byte order mark. Raises ValueError that names the file."""
    if path.is_dir():
        raise ValueError(
            f"{path.name} is a folder: hand in its songs, sorted(Path({str(path)!r}).glob('*.wav')), or an album file"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    return _entries(text, path.name)


def album_song(entry: Mapping[str, Any], folder: Path | None = None) -> MasteringRequest:
    """Read one object of an album file; raises pydantic.ValidationError.

    A member that is none is left out, as the service does, unless it looks like a slip for one; so is an empty webhookURL.
    """
    return AlbumSong.model_validate(_with_file(_spelled(entry), folder), extra="ignore").request


def _entries(text: str, what: str) -> list[Mapping[str, Any]]:
    try:
        songs = json.loads(text)
    except ValueError as problem:
        at = f" (line {problem.lineno}: {problem.msg})" if isinstance(problem, json.JSONDecodeError) and text else ""
        raise ValueError(f"{what} {_NO_ALBUM}{at}") from None
    if not isinstance(songs, list) or not all(isinstance(song, Mapping) for song in songs):
        raise ValueError(f"{what} {_NO_ALBUM}")
    return songs


def _without_idle_number(body: Any) -> Any:
    """Return a call's body without a forced loudness that is not in force: the service does not look at it then."""
    inner = body.get(MasteringData.envelope) if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping) or inner.get("forcedLoudness"):
        return body
    return {MasteringData.envelope: {name: inner[name] for name in inner if name != "forcedLoudnessInLUFS"}}


def album_to_json(songs: Iterable[MasteringRequest]) -> str:
    """Return the album file of `songs`: the batch tutorial's format, files on this machine by their path."""
    order = ("trackURL", "musicalStyle", "desiredLoudness", "sampleRate")
    rows = []
    for song in songs:
        fields = song.model_dump(mode="json", by_alias=True, exclude_none=True)
        unforced = {"forcedLoudness"} if not song.forced_loudness else set()
        rows.append({k: fields[k] for k in (*order, *sorted(fields.keys() - set(order) - unforced))})
    return json.dumps(rows, indent=2) + "\n"


def _spelled(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an album file's object; one with a slip in it keeps the slip only, so that the model names it."""
    known = [str(field.alias) for field in AlbumSong.model_fields.values()]
    for word in entry:
        close = [] if word in known else get_close_matches(word, known, 1, 0.85)
        if close:
            raise ValidationError.from_exception_data(
                "AlbumSong", [_wrong(word, f"is no field of a song; did you mean {close[0]}?", entry[word])]
            )
    if entry.get("forcedLoudnessInLUFS") is not None and entry.get("forcedLoudness") is None:
        said = "counts only with forcedLoudness: add that, true to master to this number, false to keep the preset"
        raise ValidationError.from_exception_data(
            "AlbumSong", [_wrong("forcedLoudnessInLUFS", said, entry["forcedLoudnessInLUFS"])]
        )
    return {name: value for name, value in entry.items() if (name, value) != ("webhookURL", "")}


def _wrong(field: str, said: str, value: Any) -> InitErrorDetails:
    return {"type": PydanticCustomError("value_error", said), "loc": (field,), "input": value}


def _with_file(song: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    fields = dict(without_nulls(song))
    source = fields.get("trackURL")
    if isinstance(source, str) and source and "://" not in source:
        fields["trackURL"] = (folder or Path()) / source
    return fields


class MasteringTask(Answer):
    """The answer of /masteringpreview."""

    task_id: str = Field(alias="mastering_task_id")
    error: bool = False
    message: str = ""


class MasterQuery(Request):
    """Ask for the preview or the final master of a task. The final master costs credits on the live service, once."""

    envelope = "masteringData"

    task_id: str = Field(alias="masteringTaskId", min_length=1)


class Tone(Answer):
    """The tonal match in third-octaves, all in dB."""

    centres_hz: tuple[float, ...] = Field(repr=False)
    target_db: tuple[float, ...] = Field(repr=False)
    """The style's spectrum, or the album's, re 1 kHz."""
    applied_db: tuple[float, ...] = Field(repr=False)
    """Gain of the linear-phase curve."""


class MasterNotes(Answer):
    """The studio's own block of an answer, under the key `tonnbook`."""

    made_by: str = "tonnbook local studio"
    target_lufs: float
    ceiling_dbtp: float = CEILING_DBTP
    gain_db: float = 0.0
    """Gain into the limiter."""
    before: Sound
    after: Sound
    """Measured on the written file."""
    stages: tuple[StageNotes, ...] = ()
    tone: Tone | None = None
    gain_reduction: Series | None = None
    """Reduction of the limiter in dB: the largest of each hop."""
    preview_start_s: float | None = None
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""
    info: tuple[str, ...] = ()


class PreviewMasterResults(Answer):
    """The inner part of a finished preview."""

    status: MasteringState = MasteringState.PREVIEW_COMPLETED
    preview_url: str = Field(alias="download_url_mastered_preview", repr=False)
    preview_start_s: float | None = Field(None, alias="preview_start_time")
    notes: MasterNotes | None = Field(None, alias="tonnbook")


class PreviewMasterAnswer(Answer):
    """The answer of /retrievepreviewmaster when the preview is ready."""

    status: MasteringState = MasteringState.PREVIEW_COMPLETED
    results: PreviewMasterResults = Field(alias="previewMasterTaskResults")


class FinalMasterResults(Answer):
    """The inner part of a finished final master."""

    master_url: str = Field(alias="download_url_mastered", repr=False)
    notes: MasterNotes | None = Field(None, alias="tonnbook")


class FinalMasterAnswer(Answer):
    """The answer of /retrievefinalmaster when the master is ready."""

    status: MasteringState = MasteringState.FINAL_COMPLETED
    results: FinalMasterResults = Field(alias="finalMasterTaskResults")
