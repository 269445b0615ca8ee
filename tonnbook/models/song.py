"""A finished song: its files, its sections, its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tonnbook.models.beatoven_wire import ScoreSheet, SongNotes
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.files import RemoteFile
from tonnbook.models.prompt.reader import PromptReading


@dataclass(frozen=True)
class SectionSound:
    """One section of a song and its files."""

    emotion: str
    start_ms: int
    length_ms: int
    instruments: tuple[str, ...] = ()
    sound: RemoteFile | None = None
    preview: RemoteFile | None = None
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """The stems of the section, if they were requested."""


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
    """Whole stems by name. The live v2 has stems of sections only, so that only a song of one section has whole ones there."""
    wav: RemoteFile | None = None
    """The lossless mix, if the server offers it; the stems add up to it exactly."""
    midi: RemoteFile | None = None
    midi_stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    score_file: RemoteFile | None = None
    notes: SongNotes | None = None
    """The studio's notes on the song; None on the live service."""

    def __repr__(self) -> str:
        """Return one line: genre, tempo, sections and stems."""
        notes = self.notes
        kind = [f"{notes.genre}, {notes.tempo}, {notes.bpm:g} bpm"] if notes else []
        sections = ", then ".join(f"{section.emotion} {section.length_ms / 1000:g} s" for section in self.sections)
        stems = [f"stems {', '.join(self.stems)}"] if self.stems else []
        parts = "; ".join([*kind, *([sections] if sections else []), *stems])
        return f"<Song {self.track_id}, version {self.version}: {parts}>"

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files for a player: the stems, or the mix if there are none."""
        return self.stems or {"mix": self.mix}

    @property
    def markers(self) -> list[dict[str, Any]]:
        """The start and label of each section, for a player."""
        return [{"start_s": section.start_ms / 1000, "label": section.emotion} for section in self.sections]

    @property
    def score(self) -> ScoreSheet | None:
        """The score of the song; None on the live service. Downloaded when it is first used."""
        if self.score_file is None:
            return None
        return ScoreSheet.model_validate_json(self.score_file.path.read_bytes())

    @property
    def understood(self) -> PromptReading | None:
        """How the prompt was understood; None without a prompt or on the live service."""
        return self.notes.understood if self.notes else None

    def files(self) -> Iterator[RemoteFile]:
        """Yield every file of the whole song: mix, stems, MIDI."""
        yield self.mix
        yield from self.stems.values()
        if self.midi is not None:
            yield self.midi

    def save(self, to: str | Path, *, overwrite: bool = False) -> Mapping[str, Path]:
        """Save mix, stems and MIDI in the folder `to`, which is created if needed; return their paths by file name.

        Raises FileExistsError if one of them exists, before anything is written, unless `overwrite` is true.
        """
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        targets = {file: file.target(folder, overwrite=overwrite) for file in self.files()}
        return {file.name: file.save(target, overwrite=overwrite) for file, target in targets.items()}
