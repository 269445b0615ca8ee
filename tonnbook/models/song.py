"""A finished song, as a notebook holds it: its files, its sections, its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tonnbook.models.beatoven_wire import ScoreSheet, SongNotes
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.models.results import RemoteFile


@dataclass(frozen=True)
class SectionSound:
    """One section of a song: what was asked, and its files."""

    emotion: str
    start_ms: int
    length_ms: int
    instruments: tuple[str, ...] = ()
    sound: RemoteFile | None = None
    preview: RemoteFile | None = None
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """The section's own stems, where they were asked for."""


@dataclass(frozen=True, repr=False)
class Song:
    """A finished composition."""

    track_id: str
    task_id: str
    version: int
    request: CompositionRequest | None
    mix: RemoteFile
    sections: tuple[SectionSound, ...] = ()
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """Whole stems by name. The live v2 has stems per section only: there, a song of one section has whole ones."""
    wav: RemoteFile | None = None
    """The mix without loss, where the server has it; the stems sum to it bit for bit."""
    midi: RemoteFile | None = None
    midi_stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    score_file: RemoteFile | None = None
    notes: SongNotes | None = None
    """The studio's account of the song; None on the live service."""

    def __repr__(self) -> str:
        """Return one line on what it is: the rest is a table of file names."""
        notes = self.notes
        kind = [f"{notes.genre}, {notes.tempo}, {notes.bpm:g} bpm"] if notes else []
        sections = ", then ".join(f"{section.emotion} {section.length_ms / 1000:g} s" for section in self.sections)
        stems = [f"stems {', '.join(self.stems)}"] if self.stems else []
        told = "; ".join([*kind, *([sections] if sections else []), *stems])
        return f"<Song {self.track_id}, version {self.version}: {told}>"

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows: the stems, or the mix where there are none."""
        return self.stems or {"mix": self.mix}

    @property
    def markers(self) -> list[dict[str, Any]]:
        """Where sections begin, as a player marks them."""
        return [{"start_s": section.start_ms / 1000, "label": section.emotion} for section in self.sections]

    @property
    def score(self) -> ScoreSheet | None:
        """The notes of the song, where the studio made it; read when first asked for."""
        if self.score_file is None:
            return None
        return ScoreSheet.model_validate_json(self.score_file.path.read_bytes())

    @property
    def understood(self) -> PromptReading | None:
        """What the prompt was read as, where the server tells."""
        return self.notes.understood if self.notes else None

    def files(self) -> Iterator[RemoteFile]:
        """Yield every file of the whole song: mix, stems, MIDI."""
        yield self.mix
        yield from self.stems.values()
        if self.midi is not None:
            yield self.midi

    def save(self, to: str | Path) -> Mapping[str, Path]:
        """Save mix, stems and MIDI into the folder `to`, which is made; return their paths by file name."""
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        return {file.name: file.save(folder) for file in self.files()}
