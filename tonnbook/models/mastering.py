"""Mastering: /masteringpreview, /retrievepreviewmaster, /retrievefinalmaster.

`MasteringRequest` is flat, like an entry of the album file; on the wire its file is in a list of one. The `...Answer` classes are a
server's answers. `MasterNotes` is the studio's own block in an answer, which other clients ignore.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tonnbook.models.base import Answer, AudioSource, Link, Request, unit
from tonnbook.models.mixing import Rate, file_name
from tonnbook.models.notes import Series, Sound, StageNotes
from tonnbook.models.vocabulary import DesiredLoudness, MasteringState, MusicalStyle, SampleRate

CEILING_DBTP = -1.0
"""Maximum true peak of a master. The API text specifies it for LOW and MEDIUM; the studio uses it for all."""

TARGET_LUFS: Mapping[DesiredLoudness, float] = {
    DesiredLoudness.LOW: -14.0,
    DesiredLoudness.MEDIUM: -10.0,
    DesiredLoudness.HIGH: -8.0,
}
"""Target loudness of each preset by the API text; the tutorial's "MEDIUM ... around -14 LUFS" contradicts it."""

THIRD_OCTAVE_BANDS = 28
"""Bands of a tone curve: the nominal third-octave centres from 31.5 Hz to 16 kHz."""


class AlbumContext(Request):
    """What an album sets for one of its songs. The studio reads it; the live service ignores unknown fields."""

    target_lufs: float | None = Field(None, alias="targetLufs", ge=-40, le=-5, json_schema_extra=unit("LUFS"))
    """Loudness of this song within the album, finer than the whole LUFS of `forcedLoudnessInLUFS`."""
    tone_db: tuple[float, ...] | None = Field(None, alias="toneDb", json_schema_extra=unit("dB"))
    """The album's own average spectrum in third-octaves, dB re 1 kHz; it replaces the style's."""

    @model_validator(mode="after")
    def _every_band(self) -> Self:
        if self.tone_db is not None and len(self.tone_db) != THIRD_OCTAVE_BANDS:
            raise ValueError(f"toneDb has {len(self.tone_db)} numbers; {THIRD_OCTAVE_BANDS} third-octaves are needed")
        return self


class MasteringSettings(Request):
    """The settings of a master, without its file."""

    style: MusicalStyle = Field(alias="musicalStyle", title="Style")
    desired_loudness: DesiredLoudness = Field(alias="desiredLoudness", title="Loudness")
    sample_rate: Rate = Field(SampleRate.CD, alias="sampleRate", title="Sample rate")
    forced_loudness: bool = Field(False, alias="forcedLoudness", title="Force loudness")
    """Master to `forced_loudness_lufs` and not to the preset."""
    forced_loudness_lufs: int | None = Field(
        None, alias="forcedLoudnessInLUFS", ge=-40, le=-5, title="Forced loudness", json_schema_extra=unit("LUFS")
    )
    """Whole LUFS; read only where `forced_loudness` is true."""
    preview_start_s: float | None = Field(
        None, alias="previewStartTime", ge=0, title="Preview start", json_schema_extra=unit("s")
    )
    """Start of the 30 s preview, clamped to the song; None takes the loudest part."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @model_validator(mode="after")
    def _forced_needs_a_number(self) -> Self:
        if self.forced_loudness and self.forced_loudness_lufs is None:
            raise ValueError("forcedLoudness is true, so forcedLoudnessInLUFS is needed: a whole number from -40 to -5")
        return self


class _MasteringOptions(MasteringSettings):
    """The settings of a master, and those that an album sets for the song."""

    album: AlbumContext | None = Field(None, alias="tonnbook", title="Album")


class MasteringTrack(Request):
    """The one track of a mastering call."""

    source: AudioSource = Field(alias="trackURL", title="File")


class MasteringData(_MasteringOptions):
    """The body of /masteringpreview on the wire: the file in a list of exactly one."""

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
        """Target integrated loudness of the master."""
        if self.album and self.album.target_lufs is not None:
            return self.album.target_lufs
        if self.forced_loudness and self.forced_loudness_lufs is not None:
            return float(self.forced_loudness_lufs)
        return TARGET_LUFS[self.desired_loudness]

    @property
    def data(self) -> MasteringData:
        """The same request in its wire form."""
        options = self.model_dump(exclude={"source"})
        return MasteringData.model_validate({**options, "tracks": [{"source": self.source}]})

    def to_wire(self) -> dict[str, Any]:
        """Return the body of /masteringpreview. Raises ValueError if there is a local file in it."""
        return self.data.to_wire()

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read the body of /masteringpreview as a server does. Raises pydantic.ValidationError."""
        data = MasteringData.from_wire(_without_unused_loudness(body))
        return cls.model_validate({**data.model_dump(exclude={"tracks"}), "source": data.tracks[0].source})

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(MasteringData.__pydantic_core_schema__))
        return {**schema, "title": cls.__name__, "description": str(cls.__doc__)}


def _without_unused_loudness(body: Any) -> Any:
    """Return a body without `forcedLoudnessInLUFS` where `forcedLoudness` is not true: the service ignores it then."""
    inner = body.get(MasteringData.envelope) if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping) or inner.get("forcedLoudness"):
        return body
    return {MasteringData.envelope: {name: inner[name] for name in inner if name != "forcedLoudnessInLUFS"}}


class MasteringTask(Answer):
    """The answer of /masteringpreview."""

    task_id: str = Field(alias="mastering_task_id")
    error: bool = False
    message: str = ""


class MasterQuery(Request):
    """Request the preview or the final master of a task. The final master costs credits on the live service, once."""

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
    """Gain reduction of the limiter in dB: the maximum of each hop."""
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
