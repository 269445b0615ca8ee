"""The multitrack mix: /mixpreview, /retrievepreviewmix, /retrievefinalmix (Tonn API text and mixing tutorial).

`MixRequest` and `FinalMixRequest` are requests; the `...Answer` classes are a server's answers; `MixNotes` is the studio's own block
in an answer, with the reason of each setting, which other clients ignore; `MixPreview` and `FinalMix` are the results of jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from tonnbook.models.base import Answer, AudioSource, Link, Request
from tonnbook.models.effects import CompressionReading, TrackEffects, TrackSettings
from tonnbook.models.files import RemoteFile
from tonnbook.models.vocabulary import (
    DesiredLoudness,
    InstrumentGroup,
    MusicalStyle,
    PanPreference,
    Presence,
    ReverbPreference,
    SampleRate,
    TaskState,
)

MAX_TRACKS = 32
MAX_MINUTES = 8

Rate = Annotated[
    SampleRate,
    BeforeValidator(lambda v: int(v) if isinstance(v, str) and v.isdigit() else v),
    PlainSerializer(lambda v: str(int(v)), when_used="json"),
    WithJsonSchema({"type": ["string", "integer"], "enum": ["44100", "48000", 44100, 48000]}),
]
"""44100 or 48000, read as text or number; written as text, as the API text specifies."""


def file_name(source: str | Path) -> str:
    """Return the file name at the end of a link or path, without its query: the service uses it as the track's name."""
    if isinstance(source, Path):
        return source.name
    return PurePosixPath(unquote(urlsplit(source).path)).name or "track"


def track_names(sources: list[str | Path]) -> list[str]:
    """Return one name per source, in order; a second "take.wav" becomes "take (2).wav"."""
    names: list[str] = []
    for name in map(file_name, sources):
        stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
        unique, n = name, 1
        while unique in names:
            n += 1
            unique = f"{stem} ({n}){ending}"
        names.append(unique)
    return names


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names of tracks without their ending, where that is unique, by their whole names."""
    names = list(names)
    stems = [PurePosixPath(name).stem for name in names]
    return {name: stem if stems.count(stem) == 1 else name for name, stem in zip(names, stems, strict=True)}


class MixTrack(Request):
    """One track of a mix: its file, its instrument, and the preferences for it."""

    source: AudioSource = Field(alias="trackURL", title="File")
    instrument: InstrumentGroup = Field(alias="instrumentGroup", title="Instrument")
    presence: Presence = Field(Presence.NORMAL, alias="presenceSetting", title="Presence")
    pan: PanPreference = Field(PanPreference.NO_PREFERENCE, alias="panPreference", title="Pan")
    reverb: ReverbPreference = Field(ReverbPreference.NONE, alias="reverbPreference", title="Reverb")


class _MixOptions(Request):
    """Fields that preview and final mix have in common."""

    envelope: ClassVar[str | None] = None

    return_stems: bool = Field(False, alias="returnStems", title="Return stems")
    create_master: bool = Field(False, alias="createMaster", title="Master the mix")
    desired_loudness: DesiredLoudness | None = Field(None, alias="desiredLoudness", title="Loudness of the master")
    sample_rate: Rate = Field(SampleRate.CD, alias="sampleRate", title="Sample rate")
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)


class MixRequest(_MixOptions):
    """A preview mix: up to 32 tracks of up to 8 minutes each. Costs no credits."""

    envelope = "multitrackData"
    required_live = ("webhook_url",)

    tracks: tuple[MixTrack, ...] = Field(alias="trackData", min_length=1, max_length=MAX_TRACKS, title="Tracks")
    style: MusicalStyle = Field(alias="musicalStyle", title="Style")
    return_unmixed: bool = Field(False, alias="returnUnmixedTrack", title="Return the unmixed sum")


class PreviewMixQuery(Request):
    """Request the result of a preview mix. On the live service, FX settings cost credits."""

    envelope = "multitrackData"
    required_live = ("fx_settings",)

    task_id: str = Field(alias="multitrackTaskId", min_length=1)
    fx_settings: bool = Field(False, alias="retrieveFXSettings")


class FinalMixTrack(TrackEffects):
    """One track of the final mix, matched by its link, with the changed effects."""

    source: AudioSource = Field(alias="trackURL", title="File")


class FinalMixRequest(_MixOptions):
    """The final mix of a preview. Costs credits on the live service."""

    envelope = "applyAudioEffectsData"
    required_live = ("return_stems",)

    task_id: str = Field(alias="multitrackTaskId", min_length=1)
    tracks: tuple[FinalMixTrack, ...] = Field(alias="trackData", max_length=MAX_TRACKS, title="Tracks")


class MixTask(Answer):
    """The answer of /mixpreview."""

    task_id: str = Field(alias="multitrack_task_id")
    error: bool = False
    message: str = ""
    info: str = ""


class Reason(Answer):
    """The reason of one setting, in a sentence."""

    setting: str
    """"gain", "eq.band_1" .. "eq.band_6", "compression", "pan", "reverb", "trim", "master", or "track" for a remark on the recording."""
    text: str


class TrackNotes(Answer):
    """What the studio measured on one track, and the reasons of its settings."""

    instrument: InstrumentGroup
    presence: Presence = Presence.NORMAL
    reasons: tuple[Reason, ...] = ()
    loudness_lufs: float | None = None
    """Loudness of the recording while it plays (BS.1770 gated); None for silence."""
    peak_dbtp: float | None = None
    reverb_send_db: float | None = None
    """Loudness of the reverb relative to the dry track, in LU; None without reverb."""
    reverb_gain_db: float | None = None
    """Gain of the reverb after the convolution; None without reverb."""
    fold: Literal["stereo", "mono", "left", "right"] = "stereo"
    """How the channels of the recording are used: both, their mean, or one of them as a mono recording."""
    audible: float | None = None
    """Share of the track, 0 to 1, that is not masked by the others in the mix (sound.md 5.4; power spectrum masking)."""


class MixNotes(Answer):
    """The studio's own block of an answer, under the key `tonnbook`."""

    made_by: str = "tonnbook local studio"
    tracks: Mapping[str, TrackNotes] = Field(default_factory=dict)
    bus: tuple[Reason, ...] = ()
    """What was done to the sum of all tracks, and why."""
    bus_compression: CompressionReading | None = None
    """The compressor of the mix bus, before the trim, times in milliseconds; None without one."""
    bus_reduction_limit_db: float | None = None
    """Largest gain reduction of that compressor."""
    low_cut_hz: float | None = None
    """Cutoff of the high-pass (Butterworth, second order) that every track gets first."""
    trim_db: float = 0.0
    """Gain of the mix bus in dB; the same for every stem."""
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    preview_start_s: float | None = None
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""
    info: tuple[str, ...] = ()


class PreviewMixResults(Answer):
    """The inner part of a finished preview."""

    status: TaskState = TaskState.PREVIEW_COMPLETED
    mix_url: str = Field(alias="download_url_preview_mixed", repr=False)
    stem_urls: Mapping[str, str] | None = Field(None, alias="stems", repr=False)
    unmixed_url: str | None = Field(None, alias="download_url_unmixed", repr=False)
    settings: Mapping[str, TrackSettings] | None = Field(None, alias="mix_output_settings")
    notes: MixNotes | None = Field(None, alias="tonnbook")


class PreviewMixAnswer(Answer):
    """The answer of /retrievepreviewmix when the preview is ready. It has the state at both levels."""

    status: TaskState = TaskState.PREVIEW_COMPLETED
    results: PreviewMixResults = Field(alias="previewMixTaskResults")


class FinalMixResults(Answer):
    """The inner part of a finished final mix."""

    mix_url: str = Field(alias="download_url_mixed", repr=False)
    stem_urls: Mapping[str, str] | None = Field(None, alias="stems", repr=False)
    settings: Mapping[str, TrackSettings] | None = Field(None, alias="mix_output_settings")
    notes: MixNotes | None = Field(None, alias="tonnbook")


class FinalMixAnswer(Answer):
    """The answer of /retrievefinalmix when the render is done."""

    results: FinalMixResults = Field(alias="applyAudioEffectsResults")


class Processing(Answer):
    """The body of a 202: not ready yet. `progress` and `stage` are the studio's own."""

    status: str = ""
    message: str = ""
    progress: float | None = None
    """0 to 1."""
    stage: str | None = None


@dataclass(frozen=True)
class MixPreview:
    """A finished preview mix."""

    task_id: str
    request: MixRequest | None = field(repr=False)
    """The request as it was sent: the final mix names the tracks by its links. None for a preview that was found again by its
    task id, if the request is not known."""
    mix: RemoteFile
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """Processed stems by track name, if they were requested."""
    unmixed: RemoteFile | None = None
    """The plain sum of the tracks at the loudness of the mix, if it was requested."""
    settings: Mapping[str, TrackSettings] = field(default_factory=dict, repr=False)
    """Settings of the effects by track name; empty unless FX settings were requested."""
    notes: MixNotes | None = field(default=None, repr=False)
    """The studio's reasons; None on the live service."""
    recordings: Mapping[str, RemoteFile] = field(default_factory=dict, repr=False)
    """The recordings that were mixed, by track name in the order of the request; empty if the request is not known."""
    client: Any = field(default=None, repr=False, compare=False)
    """The client that made the preview and can make its final mix; None for a preview without one."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays: the stems, or the mix if there are none."""
        return self.stems or {"mix": self.mix}


@dataclass(frozen=True)
class FinalMix:
    """A finished final mix."""

    task_id: str
    mix: RemoteFile
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    settings: Mapping[str, TrackSettings] = field(default_factory=dict, repr=False)
    notes: MixNotes | None = field(default=None, repr=False)

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays: the stems, or the mix if there are none."""
        return self.stems or {"mix": self.mix}
