"""Cleanup: /audio-cleanup removes noise, hum, clicks and bleed from a recording of one instrument or voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from tonnbook.models.base import Answer, AudioSource, RepairRequest
from tonnbook.models.files import RemoteFile
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import Series, StageNotes
from tonnbook.models.vocabulary import SoundSource


class CleanupRequest(RepairRequest):
    """Clean one recording. Costs credits on the live service."""

    envelope = "audioCleanupData"

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    sound_source: SoundSource = Field(alias="soundSource", title="Instrument")

    @property
    def name(self) -> str:
        """File name of the recording."""
        return file_name(self.source)


class CleanupNotes(Answer):
    """The studio's own block: the faults that were found, and what was done about them."""

    made_by: str = "tonnbook local studio"
    sound_source: SoundSource
    stages: tuple[StageNotes, ...] = ()
    """ "rumble", "hum", "clicks", "noise" and "bleed", each with what was found; `done` is true if it was repaired."""
    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    clicks_s: tuple[float, ...] = Field((), repr=False)
    """Times of the repaired clicks in s, in order; in a stereo recording each channel counts separately."""
    removed: Series | None = Field(None, alias="taken", repr=False)
    """Level of the removed signal, dBFS RMS over time; None if nothing was removed."""
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return any(stage.done for stage in self.stages)


class CleanupResults(Answer):
    """The inner part of a cleanup."""

    completion_time: str = ""
    error: bool = False
    info: str = ""
    cleaned_url: str = Field(alias="cleaned_audio_file_location", repr=False)
    notes: CleanupNotes | None = Field(None, alias="tonnbook")


class CleanupAnswer(Answer):
    """The answer of /audio-cleanup."""

    error: bool = False
    message: str = ""
    info: str = ""
    results: CleanupResults = Field(alias="audioCleanupResults")


@dataclass(frozen=True)
class Cleanup:
    """A cleaned recording."""

    name: str
    """File name of the original recording."""
    cleaned: RemoteFile
    notes: CleanupNotes | None = field(default=None, repr=False)
    """What was done, and the reasons; None on the live service."""
    original: Path | None = field(default=None, repr=False)
    """The original recording, if it is on this machine."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays."""
        return {"cleaned": self.cleaned}
