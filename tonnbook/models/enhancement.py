"""Enhancement of a finished mix: /mixenhancepreview, /mixenhance, /retrieveenhancedtrack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import Field

from tonnbook.models.analysis import Verdicts
from tonnbook.models.base import Answer, AudioSource, Link, Request, unit
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import StageNotes
from tonnbook.models.repair import RepairRequest
from tonnbook.models.results import RemoteFile
from tonnbook.models.vocabulary import EnhancementState, EnhancementStyle, LoudnessPreference

TARGET_LUFS: Mapping[LoudnessPreference, float] = {
    LoudnessPreference.STREAMING: -14.0,
    LoudnessPreference.CD: -9.0,
}
"""What a preference means; NO_CHANGE keeps the loudness of what came in."""


class EnhancementRequest(RepairRequest):
    """Repair and finish one mix. The preview costs nothing; the full track costs credits on the live service."""

    envelope = "mixReviveData"

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    style: EnhancementStyle = Field(alias="musicalStyle", title="Style")
    is_master: bool = Field(False, alias="isMaster", title="Mastered already")
    fix_clipping: bool = Field(True, alias="fixClippingIssues", title="Fix clipping")
    fix_stereo: bool = Field(True, alias="fixStereoWidthIssues", title="Fix the stereo width")
    fix_tone: bool = Field(True, alias="fixTonalProfileIssues", title="Fix the tonal profile")
    fix_loudness: bool = Field(True, alias="fixLoudnessIssues", title="Fix the loudness")
    fix_compression: bool = Field(
        True, alias="fixDRCIssues", title="Fix the compression", json_schema_extra={"default": False}
    )
    """Bring squashed hits out, or soften wild ones. No flag of the specification, but of older clients: the live service ignores it, and
    a body without it does not ask the studio for it."""
    apply_mastering: bool = Field(True, alias="applyMastering", title="Master it")
    drum_enhancement: bool = Field(False, alias="applyDrumEnhancement", title="Enhance the drums")
    vocal_enhancement: bool = Field(False, alias="applyVocalEnhancement", title="Enhance the vocals")
    loudness: LoudnessPreference = Field(
        LoudnessPreference.NO_CHANGE, alias="loudnessPreference", title="Loudness preference"
    )
    stem_processing: bool = Field(False, alias="stemProcessing", title="Work on stems")
    """Take the mix apart and balance voice, drums and bass, by 2 dB at the most."""
    get_stems: bool = Field(False, alias="getProcessedStems", title="Return the stems")
    """Of the full track; the preview has none."""
    preview_start_s: float | None = Field(
        None, alias="previewStartTime", ge=0, title="Preview from", json_schema_extra=unit("s")
    )
    """Start of the 30 s preview, clamped to the track; None takes the loudest part."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read a request as a server must; what a caller of the specification cannot know of is not asked for."""
        request = super().from_wire(body)
        asked = "fix_compression" in request.model_fields_set
        return request if asked else request.model_copy(update={"fix_compression": False})

    @property
    def name(self) -> str:
        """File name of the track."""
        return file_name(self.source)


class EnhancementTask(Answer):
    """The answer of the two calls that start an enhancement."""

    task_id: str = Field(alias="mixrevive_task_id")
    error: bool = False
    message: str = ""


class EnhancementQuery(Request):
    """Ask for the result of an enhancement."""

    envelope = "mixReviveData"

    task_id: str = Field(alias="mixReviveTaskId", min_length=1)


class EnhancementNotes(Answer):
    """The studio's own block: what was wrong, what was done, what is left."""

    made_by: str = "tonnbook local studio"
    before: Verdicts
    after: Verdicts
    """Measured on the written file."""
    stages: tuple[StageNotes, ...] = ()
    """ "clipping", "compression", "stems", "drums", "vocals", "tone", "stereo", "mastering" and "loudness". A stage that was tried, and
    dropped because it made a verdict worse, is not `done`, and says so."""
    separation: str = ""
    """What took the mix apart, where that was needed: "classical" is a rough guide, not isolation."""
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
    """Float WAV. They add up to the repaired track as it was before it was mastered and before its loudness was set."""
    preview_start_s: float | None = None
    notes: EnhancementNotes | None = field(default=None, repr=False)
    """What was done, and why; None on the live service."""
    original: Path | None = field(default=None, repr=False)
    """The track as it came, where it lies on this machine."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows."""
        return self.stems or {"enhanced": self.track}
