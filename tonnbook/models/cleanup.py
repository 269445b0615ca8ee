"""Cleanup: /audio-cleanup, one recording of one instrument or voice, freed of noise, hum, clicks and bleed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from tonnbook.models.base import Answer, AudioSource
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import Series, StageNotes
from tonnbook.models.repair import RepairRequest
from tonnbook.models.results import RemoteFile
from tonnbook.models.vocabulary import SoundSource


class CleanupRequest(RepairRequest):
    """Clean one recording. Costs credits on the live service."""

    envelope = "audioCleanupData"

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    sound_source: SoundSource = Field(alias="soundSource", title="What it is")

    @property
    def name(self) -> str:
        """File name of the recording."""
        return file_name(self.source)


class CleanupNotes(Answer):
    """The studio's own block: what was found, and what was done about it."""

    made_by: str = "tonnbook local studio"
    sound_source: SoundSource
    stages: tuple[StageNotes, ...] = ()
    """ "rumble", "hum", "clicks", "noise" and "bleed", each with what was found; `done` says whether it was worth a repair."""
    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    clicks_s: tuple[float, ...] = Field((), repr=False)
    """Where clicks were drawn anew, in s, in order; of a stereo recording each channel counts for itself."""
    taken: Series | None = Field(None, repr=False)
    """Level of what was taken away, dBFS RMS over time; None where nothing was."""
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""

    @property
    def changed(self) -> bool:
        """Whether anything was done at all."""
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
    """File name of the recording that was cleaned."""
    cleaned: RemoteFile
    notes: CleanupNotes | None = field(default=None, repr=False)
    """What was done, and why; None on the live service."""
    original: Path | None = field(default=None, repr=False)
    """The recording as it came, where it lies on this machine."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows."""
        return {"cleaned": self.cleaned}
