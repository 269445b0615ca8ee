"""The score of a song as it travels: sections with their chords, and the notes of every instrument.

The studio adds it to its answers; the service has nothing like it.
"""

from __future__ import annotations

from tonnbook.models.base import Answer


class ChordMark(Answer):
    """A chord and where it stands in the song."""

    name: str
    start_s: float
    length_s: float


class SongSection(Answer):
    """What the studio made of one section."""

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
    """The notes of one instrument, as (start in seconds, length in seconds, MIDI key, velocity)."""

    name: str
    """As the service spells it: "melody-flute"."""
    role: str
    """"bass", "chords", "melody" or "percussion"."""
    notes: tuple[tuple[float, float, int, int], ...]


class ScoreSheet(Answer):
    """A whole song as notes."""

    title: str = ""
    bpm: float
    duration_s: float
    sections: tuple[SongSection, ...]
    bars: tuple[float, ...]
    """Where bars begin, in seconds."""
    parts: tuple[ScorePart, ...]
