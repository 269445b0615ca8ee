"""Answers of the composition service: tracks, task states, links, and the studio's notes (Beatoven API v2 and v1).

Where the document shows two forms, both are read: states in any case, `meta` as an object or a list. `SongNotes` is the studio's own
block with the score (`ScoreSheet`), which other clients ignore.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from tonnbook.models.base import Answer, Request, without_nulls
from tonnbook.models.composition import Section
from tonnbook.models.composition_words import AudioFormat, FormatField
from tonnbook.models.prompt.reader import PromptReading

State = Annotated[str, BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)]
"""PENDING, PROGRESS, SUCCESS or FAILURE; read in any case."""


class SparseAnswer(Answer):
    """An answer in which a null counts as absent: the live service sends nulls for what it does not know yet."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return without_nulls(value)


class TrackSection(SparseAnswer):
    """A section as the service stores it."""

    emotion: str = ""
    start_ms: int = Field(0, alias="start")
    length_ms: int = Field(0, alias="length")

    @classmethod
    def of(cls, section: Section) -> Self:
        """Return the stored form of a requested section."""
        return cls(emotion=section.emotion, start_ms=section.start_ms, length_ms=section.length_ms)


class TrackRecord(SparseAnswer):
    """A track as the service stores it."""

    created_at: str = ""
    """As in HTTP headers: "Tue, 04 Apr 2023 09:49:33 GMT"."""
    duration_ms: int = 0
    genre: str = ""
    sections: tuple[TrackSection, ...] = ()
    tempo: str = ""
    title: str = ""
    version: int = 0
    """Number of the latest composition; 0 before the first."""


class TrackCreated(SparseAnswer):
    """The answer of POST /tracks."""

    status: str = "Created successfully"
    uuid: str
    track: TrackRecord
    tracks: tuple[str, ...] = ()
    """The id once more, from v1 only: an earlier version of the vendor's example reads it here."""


class TaskStarted(SparseAnswer):
    """The answer of a call that starts a task."""

    task_id: str


class SectionTrack(SparseAnswer):
    """One section of a finished track."""

    instruments: tuple[str, ...] = ()
    object_name: str = ""
    preview_url: str = Field("", repr=False)
    track_url: str = Field("", repr=False)
    section_duration: int = 0
    """In milliseconds."""


class StemUrls(SparseAnswer):
    """One stem of one section."""

    preview_url: str = Field("", repr=False)
    track_url: str = Field("", repr=False)


SectionOptions = tuple[tuple[SectionTrack, ...], ...]
"""A list for each section; the service may offer several takes of a section, the studio one."""

InstrumentUrls = tuple[tuple[Mapping[str, StemUrls], ...], ...]
"""A list for each section, of objects that map the name of a stem to its links."""


class ChordMark(Answer):
    """A chord of a song and its time."""

    name: str
    start_s: float
    length_s: float


class SongSection(Answer):
    """A section as the studio composed it."""

    emotion: str
    start_ms: int
    length_ms: int
    scale: str
    """"A aeolian", "D raga Yaman"."""
    bpm: float
    """The tempo at which whole beats fill the section."""
    instruments: tuple[str, ...] = ()
    chords: tuple[ChordMark, ...] = ()


class ScorePart(Answer):
    """The notes of one instrument: (start in seconds, length in seconds, MIDI key, velocity)."""

    name: str
    """As the service spells it: "melody-flute"."""
    role: str
    """"bass", "chords", "melody" or "percussion"."""
    notes: tuple[tuple[float, float, int, int], ...]


class ScoreSheet(Answer):
    """The score of a song: sections with their chords, and the notes of every instrument. The live service has none."""

    title: str = ""
    bpm: float
    duration_s: float
    sections: tuple[SongSection, ...]
    bars: tuple[float, ...]
    """Start of each bar in seconds."""
    parts: tuple[ScorePart, ...]


class SongNotes(Answer):
    """The studio's own block of an answer, under the key `tonnbook`."""

    made_by: str = "tonnbook local studio"
    genre: str = ""
    tempo: str = ""
    bpm: float = 0.0
    version: int = 1
    sections: tuple[SongSection, ...] = ()
    understood: PromptReading | None = None
    """How the prompt was understood; None for explicit parameters."""
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


class Finished(SparseAnswer):
    """The meta of a composition that has succeeded."""

    download_url: str = Field(repr=False)
    section_options: SectionOptions = ()


class TaskStatus(SparseAnswer):
    """The answer of GET /status/<task_id>."""

    state: State
    meta: Any = Field(default_factory=dict, repr=False)
    """An object; a list for the instruments task."""
    notes: SongNotes | None = Field(None, alias="tonnbook")

    @property
    def message(self) -> str:
        """The service's message about what it is doing, or about what failed; "" if there is none."""
        message = self.meta.get("message") if isinstance(self.meta, Mapping) else self.meta
        return message if isinstance(message, str) else ""

    @property
    def progress(self) -> float | None:
        """Fraction done, 0 to 1, from `percentage` or `generationProgress`; None if the server reports neither."""
        meta = self.meta if isinstance(self.meta, Mapping) else {}
        for name in ("percentage", "generationProgress"):
            share = _number(meta.get(name))
            if share is not None:
                return min(1.0, max(0.0, share / 100))
        return None


def _number(value: Any) -> float | None:
    """Return a number that was sent as a number or as a string; None for anything else."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


class InstrumentsFinished(SparseAnswer):
    """The meta of an instruments task that has succeeded, wrapped so that the list can be validated as a model."""

    sections: InstrumentUrls


class TrackUrls(SparseAnswer):
    """The answer of GET /tracks/<track_id>; `instrument_urls` is empty before the instruments call."""

    download_url: str = Field("", repr=False)
    section_options: SectionOptions = ()
    instrument_urls: InstrumentUrls = ()
    notes: SongNotes | None = Field(None, alias="tonnbook")


class TrackListed(SparseAnswer):
    """A track in the list of tracks."""

    title: str = ""
    project_id: str = ""
    """The id of the track: the vendor's SDK reads title and id here."""
    uuid: str
    track: TrackRecord


class TrackList(SparseAnswer):
    """The answer of the older client's GET /api/v1/tracks."""

    tracks: tuple[TrackListed, ...] = ()


class PromptText(Request):
    """The prompt of the newer v1."""

    text: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1, max_length=1000, title="Prompt"
    )


class DirectRequest(Request):
    """A request of the newer v1: a prompt in, one file out, WAV by default. The studio refuses AAC."""

    prompt: PromptText
    format: FormatField = AudioFormat.WAV
    looping: bool = False


class DirectStarted(SparseAnswer):
    """The answer of POST /api/v1/tracks/compose."""

    status: str = "started"
    task_id: str


class DirectMeta(SparseAnswer):
    """The state of a task of the newer v1."""

    project_id: str = ""
    track_id: str = ""
    prompt: Any = None
    version: int = 1
    track_url: str = Field("", repr=False)
    stems_url: Mapping[str, str] = Field(default_factory=dict, repr=False)
    message: str = ""
    percentage: float | None = None


class DirectTask(SparseAnswer):
    """The answer of GET /api/v1/tasks/<task_id>: composing, composed or failed; the document also lists running."""

    status: str
    meta: DirectMeta = Field(default_factory=DirectMeta)
    notes: SongNotes | None = Field(None, alias="tonnbook")
