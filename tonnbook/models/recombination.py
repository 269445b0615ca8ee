"""Recombination of a voice and its backing into a master: /recombine and its retrieve calls, as in roex-python 1.6.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import Field, model_validator

from tonnbook.models.base import Answer, AudioSource, Link, RepairRequest, Request, unit
from tonnbook.models.files import RemoteFile
from tonnbook.models.mixing import MixNotes
from tonnbook.models.problems import Problem
from tonnbook.models.separation import StatusAnswer
from tonnbook.models.vocabulary import DesiredLoudness, RecombinationStyle


class RecombinationRequest(RepairRequest):
    """Mix a vocal and a backing track, and master them: the stems of a separation, or two files."""

    envelope = "recombineData"
    audio_fields = ("vocal", "backing")

    style: RecombinationStyle = Field(alias="musicalStyle", title="Style")
    separation_id: str | None = Field(None, alias="stemJobId", min_length=1, title="Separation")
    vocal: AudioSource | None = Field(None, alias="vocalStemURL", title="Vocal", repr=False)
    backing: AudioSource | None = Field(None, alias="backingStemURL", title="Backing", repr=False)
    desired_loudness: DesiredLoudness = Field(DesiredLoudness.MEDIUM, alias="desiredLoudness", title="Loudness")
    vocal_gain_db: float = Field(
        0.0, alias="vocalGainDb", ge=-6, le=6, title="Vocal gain", json_schema_extra=unit("dB")
    )
    """Added to the style's own balance."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @model_validator(mode="after")
    def _separation_or_files(self) -> Self:
        links = [self.vocal is not None, self.backing is not None]
        if (self.separation_id is not None) == any(links) or any(links) != all(links):
            raise Problem((), "give either stemJobId, or both vocalStemURL and backingStemURL").as_error()
        return self


class RecombinationTask(Answer):
    """The answer of /recombine."""

    task_id: str = Field(alias="recombineTaskId")
    error: bool = False
    message: str = ""


class RecombineStatus(StatusAnswer):
    """The answer of /recombinestatus/{id}."""

    task_id: str = Field(alias="recombineTaskId")


class RecombinationQuery(Request):
    """Request the preview or the master of a recombination."""

    envelope = "recombineData"

    task_id: str = Field(alias="recombineTaskId", min_length=1)


class RecombinePreview(Answer):
    """The inner part of /retrieverecombinepreview."""

    preview_url: str = Field(repr=False)
    preview_start_seconds: float
    measured_lufs_full: float | None = None


class RecombinePreviewAnswer(Answer):
    """The answer of /retrieverecombinepreview."""

    error: bool = False
    preview: RecombinePreview
    notes: MixNotes | None = Field(None, alias="tonnbook")


class RecombineProcessing(Answer):
    """The settings of the request."""

    musical_style: str
    desired_loudness: str
    vocal_gain_db: float


class RecombineResult(Answer):
    """The inner part of /retrieverecombine."""

    master_url: str = Field(repr=False)
    measured_lufs: float | None = None
    peak_level: float | None = None
    track_length_seconds: float
    sample_rate: int
    bit_depth: int
    channels: int
    processing: RecombineProcessing


class RecombinationAnswer(Answer):
    """The answer of /retrieverecombine."""

    error: bool = False
    result: RecombineResult
    notes: MixNotes | None = Field(None, alias="tonnbook")
    """The studio's own block: what was done to the two files, to their sum and in the master, each with its reason."""


@dataclass(frozen=True)
class Recombination:
    """A finished recombination: its preview, and the master if it was requested."""

    task_id: str
    request: RecombinationRequest | None = field(repr=False)
    """None for a recombination that was found again by its task id."""
    preview: RemoteFile
    master: RemoteFile | None = None
    """None if only the preview was requested."""
    preview_start_s: float = 0.0
    loudness_lufs: float | None = None
    """Of the whole master."""
    notes: MixNotes | None = field(default=None, repr=False)
    """What was done and why; None if the live service made it."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays."""
        return {"master": self.master} if self.master else {"preview": self.preview}
