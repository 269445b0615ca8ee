"""Enhancement of a finished mix: /mixenhancepreview, /mixenhance, /retrieveenhancedtrack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import Field

from tonnbook.models.analysis import Verdicts
from tonnbook.models.base import Answer, AudioSource, Link, RepairRequest, Request, unit
from tonnbook.models.files import RemoteFile
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import EnhancementState, EnhancementStyle, LoudnessPreference

TARGET_LUFS: Mapping[LoudnessPreference, float] = {
    LoudnessPreference.STREAMING: -14.0,
    LoudnessPreference.CD: -9.0,
}
"""Target loudness of each preference; NO_CHANGE keeps that of the original."""


class EnhancementRequest(RepairRequest):
    """Repair and finish one mix. The preview costs nothing; the full track costs credits on the live service."""

    envelope = "mixReviveData"
    required_live = (
        "is_master",
        "fix_clipping",
        "fix_stereo",
        "fix_tone",
        "fix_loudness",
        "apply_mastering",
        "stem_processing",
    )

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    style: EnhancementStyle = Field(alias="musicalStyle", title="Style")
    is_master: bool = Field(False, alias="isMaster", title="Already mastered")
    fix_clipping: bool = Field(True, alias="fixClippingIssues", title="Fix clipping")
    fix_stereo: bool = Field(True, alias="fixStereoWidthIssues", title="Fix the stereo width")
    fix_tone: bool = Field(True, alias="fixTonalProfileIssues", title="Fix the tonal profile")
    fix_loudness: bool = Field(True, alias="fixLoudnessIssues", title="Fix the loudness")
    fix_compression: bool = Field(
        True, alias="fixDRCIssues", title="Fix the compression", json_schema_extra={"default": False}
    )
    """Restore over-compressed transients, or reduce excessive ones. Not in the specification, but in older clients: the live service
    ignores it, and in a body without it the studio takes it as false."""
    apply_mastering: bool = Field(True, alias="applyMastering", title="Apply mastering")
    drum_enhancement: bool = Field(False, alias="applyDrumEnhancement", title="Enhance the drums")
    vocal_enhancement: bool = Field(False, alias="applyVocalEnhancement", title="Enhance the vocals")
    loudness: LoudnessPreference = Field(
        LoudnessPreference.NO_CHANGE, alias="loudnessPreference", title="Loudness preference"
    )
    stem_processing: bool = Field(False, alias="stemProcessing", title="Process stems")
    """Separate the mix and balance voice, drums and bass, by 2 dB at most."""
    get_stems: bool = Field(False, alias="getProcessedStems", title="Return the stems")
    """Of the full track, or of the 30 s of the preview."""
    preview_start_s: float | None = Field(
        None, alias="previewStartTime", ge=0, title="Preview start", json_schema_extra=unit("s")
    )
    """Start of the 30 s preview, clamped to the track; None takes the loudest part."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read a request as a server does; `fix_compression`, which is not in the specification, is false if it is absent."""
        request = super().from_wire(body)
        given = "fix_compression" in request.model_fields_set
        return request if given else request.model_copy(update={"fix_compression": False})

    @property
    def name(self) -> str:
        """File name of the track."""
        return file_name(self.source)


class EnhancementTask(Answer):
    """The answer of the two calls that start an enhancement."""

    task_id: str = Field(alias="mixrevive_task_id")
    error: bool = False
    message: str = ""
    info: str = ""


class EnhancementQuery(Request):
    """Request the result of an enhancement."""

    envelope = "mixReviveData"

    task_id: str = Field(alias="mixReviveTaskId", min_length=1)


class EnhancementNotes(Answer):
    """The studio's own block: the verdicts before and after, and what was done in each stage."""

    made_by: str = "tonnbook local studio"
    before: Verdicts
    after: Verdicts
    """Measured on the written file."""
    stages: tuple[StageNotes, ...] = ()
    """ "clipping", "compression", "stems", "drums", "vocals", "tone", "stereo", "mastering" and "loudness". A stage that was tried, and
    dropped because it made a verdict worse, is not `done`, and says so."""
    separation: str = ""
    """Separation method, if the mix was separated: "classical" is a rough guide, not isolation."""
    target_lufs: float
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""


class EnhancementResults(Answer):
    """The inner part of a finished enhancement."""

    status: EnhancementState = EnhancementState.FINAL_COMPLETED
    preview_url: str | None = Field(None, alias="download_url_preview_revived", repr=False)
    track_url: str | None = Field(None, alias="download_url_revived", repr=False)
    stem_urls: Mapping[str, str] | None = Field(None, alias="stems", repr=False)
    preview_start_s: float | None = Field(None, alias="preview_start_time")
    notes: EnhancementNotes | None = Field(None, alias="tonnbook")


class EnhancementAnswer(Answer):
    """The answer of /retrieveenhancedtrack when it is done."""

    error: bool = False
    results: EnhancementResults = Field(alias="revivedTrackTaskResults")


@dataclass(frozen=True)
class Enhancement:
    """A finished enhancement: a preview of 30 s, or the full track."""

    name: str
    """File name of the track that was enhanced."""
    task_id: str
    request: EnhancementRequest | None = field(repr=False)
    track: RemoteFile
    """MP3 of 30 s for a preview, WAV for the full track."""
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """Float WAV. They add up to the repaired track before mastering and before its loudness was set."""
    preview_start_s: float | None = None
    notes: EnhancementNotes | None = field(default=None, repr=False)
    """What was done, and the reasons; None on the live service."""
    original: Path | None = field(default=None, repr=False)
    """The original track, if it is on this machine."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays."""
        return self.stems or {"enhanced": self.track}
