"""Separation of a mix into stems: /separate, /separatestatus/{id}, /retrievestems, as in roex-python 1.6.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from tonnbook.models.base import Answer, AudioSource, Link, RepairRequest, Request
from tonnbook.models.files import RemoteFile
from tonnbook.models.mixing import file_name

Mode = Literal["all_stems", "vocals_instrumental"]
State = Literal["processing", "complete", "failed"]


class SeparationRequest(RepairRequest):
    """Separate a mix into stems. Costs credits on the live service, when it succeeds."""

    envelope = "stemflowData"

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    mode: Mode = Field("all_stems", alias="separationMode", title="Stems")
    """Four stems (vocals, drums, bass, other), or two (vocals, instrumental)."""
    webhook_url: Link | None = Field(None, alias="webhookURL", title="Webhook", repr=False)

    @property
    def name(self) -> str:
        """File name of the mix."""
        return file_name(self.source)


class SeparationTask(Answer):
    """The answer of /separate."""

    task_id: str = Field(alias="stemflowTaskId")
    error: bool = False
    message: str = ""


class StatusAnswer(Answer):
    """State of a task: what the status calls of separation and recombination have in common. The task id has another name in each."""

    task_id: str
    status: State
    error: bool = False
    message: str = ""
    info: str = ""
    progress: float | None = None
    """0 to 1."""


class SeparateStatus(StatusAnswer):
    """The answer of /separatestatus/{id}."""

    task_id: str = Field(alias="stemflowTaskId")


class StemsQuery(Request):
    """Request the stems of a separation."""

    envelope = "stemflowData"

    task_id: str = Field(alias="stemflowTaskId", min_length=1)


class StemsAnswer(Answer):
    """The answer of /retrievestems."""

    error: bool = False
    message: str = ""
    separation: str = ""
    """Method, reported by the studio only: "classical", a rough guide and not isolation, or the name of a network, "demucs htdemucs"."""
    stems: Mapping[str, str] = Field(repr=False)


@dataclass(frozen=True)
class Separation:
    """The stems of a mix, which add up to it."""

    name: str
    """File name of the mix."""
    task_id: str
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    separation: str = ""
    """Method: "classical" is a rough guide, not isolation. Empty on the live service."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays."""
        return self.stems
