"""What the composition services answer: tracks, task states, links and notes (Beatoven API v2 and v1).

Where the document shows two shapes we read both: states in any case, meta as an object or a list. `SongNotes` is the studio's own
block, which other clients ignore.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from tonnbook.models.base import Answer, Request, without_nulls
from tonnbook.models.composition import Section
from tonnbook.models.composition_words import AudioFormat, FormatField
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.models.score_sheet import SongSection

State = Annotated[str, BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)]
"""PENDING, PROGRESS, SUCCESS or FAILURE; read in any case."""


class Told(Answer):
    """An answer in which a null counts as absent: the live service fills in what it does not know yet."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return without_nulls(value)


class TrackSection(Told):
    """A section as the service keeps it."""

    emotion: str = ""
    start_ms: int = Field(0, alias="start")
    length_ms: int = Field(0, alias="length")

    @classmethod
    def of(cls, section: Section) -> Self:
        """Return a section that was asked for."""
        return cls(emotion=section.emotion, start_ms=section.start_ms, length_ms=section.length_ms)


class TrackRecord(Told):
    """A track as the service keeps it."""

    created_at: str = ""
    """As in HTTP headers: "Tue, 04 Apr 2023 09:49:33 GMT"."""
    duration_ms: int = 0
    genre: str = ""
    sections: tuple[TrackSection, ...] = ()
    tempo: str = ""
    title: str = ""
    version: int = 0
    """Number of the latest composition; 0 before the first."""


class TrackCreated(Told):
    """The answer of POST /tracks."""

    status: str = "Created successfully"
    uuid: str
    track: TrackRecord


class TaskStarted(Told):
    """The answer of a call that starts a task."""

    task_id: str


class SectionTrack(Told):
    """One section of a finished track."""

    instruments: tuple[str, ...] = ()
    object_name: str = ""
    preview_url: str = Field("", repr=False)
    track_url: str = Field("", repr=False)
    section_duration: int = 0
    """In milliseconds."""


class StemUrls(Told):
    """One stem of one section."""

    preview_url: str = Field("", repr=False)
    track_url: str = Field("", repr=False)


SectionOptions = tuple[tuple[SectionTrack, ...], ...]
"""A list per section; the service may offer several takes of a section, the studio makes one."""

InstrumentUrls = tuple[tuple[Mapping[str, StemUrls], ...], ...]
"""A list per section, of objects from the name of a stem to its links."""


class SongNotes(Answer):
    """The studio's own block of an answer, under the key `tonnbook`."""

    made_by: str = "tonnbook local studio"
    genre: str = ""
    tempo: str = ""
    bpm: float = 0.0
    version: int = 1
    sections: tuple[SongSection, ...] = ()
    understood: PromptReading | None = None
    """What the prompt was read as; None for explicit parameters."""
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    stem_urls: Mapping[str, str] = Field(default_factory=dict, repr=False)
    """Whole stems, WAV, by name: bass, chords, melody, percussion. They sum to the mix."""
    mix_url: str = Field("", repr=False)
    """The mix as WAV."""
    midi_url: str = Field("", repr=False)
    midi_stem_urls: Mapping[str, str] = Field(default_factory=dict, repr=False)
    score_url: str = Field("", repr=False)
    """A `ScoreSheet`."""


class Finished(Told):
    """The meta of a composition that has succeeded."""

    download_url: str = Field(repr=False)
    section_options: SectionOptions = ()


class TaskStatus(Told):
    """The answer of GET /status/<task_id>."""

    state: State
    meta: Any = Field(default_factory=dict, repr=False)
    """An object; a list for the instruments task."""
    notes: SongNotes | None = Field(None, alias="tonnbook")

    @property
    def message(self) -> str:
        """The service's own words on what it is doing, or on what went wrong."""
        told = self.meta.get("message") if isinstance(self.meta, Mapping) else self.meta
        return told if isinstance(told, str) else ""

    @property
    def progress(self) -> float | None:
        """0 to 1, where the server tells: as `percentage`, or as `generationProgress`."""
        meta = self.meta if isinstance(self.meta, Mapping) else {}
        for name in ("percentage", "generationProgress"):
            share = _number(meta.get(name))
            if share is not None:
                return min(1.0, max(0.0, share / 100))
        return None


def _number(value: Any) -> float | None:
    """Return a number that came as a number or as a string; None for anything else."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


class InstrumentsFinished(Told):
    """The meta of an instruments task that has succeeded, wrapped so that a list can be read as a model."""

    sections: InstrumentUrls


class TrackUrls(Told):
    """The answer of GET /tracks/<track_id>; `instrument_urls` is empty before the instruments call."""

    download_url: str = Field("", repr=False)
    section_options: SectionOptions = ()
    instrument_urls: InstrumentUrls = ()
    notes: SongNotes | None = Field(None, alias="tonnbook")


class TrackList(Told):
    """The answer of the older client's GET /api/v1/tracks."""

    tracks: tuple[TrackCreated, ...] = ()


class PromptText(Request):
    """The prompt of the newer v1."""

    text: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1, max_length=1000, title="Prompt"
    )


class DirectRequest(Request):
    """The newer v1: a prompt in, one file out. Its format is WAV unless told otherwise; AAC is refused by the studio."""

    prompt: PromptText
    format: FormatField = AudioFormat.WAV
    looping: bool = False


class DirectStarted(Told):
    """The answer of POST /api/v1/tracks/compose."""

    status: str = "started"
    task_id: str


class DirectMeta(Told):
    """What is known of a task of the newer v1."""

    project_id: str = ""
    track_id: str = ""
    prompt: Any = None
    version: int = 1
    track_url: str = Field("", repr=False)
    stems_url: Mapping[str, str] = Field(default_factory=dict, repr=False)
    message: str = ""
    percentage: float | None = None


class DirectTask(Told):
    """The answer of GET /api/v1/tasks/<task_id>: composing, running, composed or failed."""

    status: str
    meta: DirectMeta = Field(default_factory=DirectMeta)
    notes: SongNotes | None = Field(None, alias="tonnbook")
