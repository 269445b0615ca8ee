"""The score of a song: sections with bars and chords, and the notes of every part.

Times are seconds from the start of the song, unless a name says beats.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tonnbook.models.composition import Emotion
from tonnbook.studio.composition.composer.writing.plan import Plan
from tonnbook.studio.composition.composer.writing.theory import Chord


@dataclass(frozen=True, slots=True)
class Note:
    """One note or drum stroke."""

    start: float
    length: float
    key: int
    velocity: int
    bend: tuple[tuple[float, float], ...] = ()
    """Pitch curve: (seconds after the start, semitones from the key), linear in between; empty without a bend."""
    bol: str = ""
    """The name of a tabla stroke."""

    @property
    def end(self) -> float:
        """When the note is released."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one voice, ordered by time."""

    role: str
    voice: str
    """Name in `voices.VOICES`."""
    notes: tuple[Note, ...]

    @property
    def name(self) -> str:
        """The instrument as the service spells it: "melody-flute", "drone-tanpura"."""
        return f"{'drone' if self.voice == 'tanpura' else self.role}-{self.voice}"


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord with its time, in beats from the start of its section."""

    chord: Chord
    start: float
    beats: float
    scale: tuple[int, ...]
    """The section's scale, adapted to the tones of this chord; semitones above the tonic."""

    @property
    def end(self) -> float:
        """Where the next chord begins, in beats."""
        return self.start + self.beats


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a section: its time, its energy, and its position in the form."""

    number: int
    """Counted from 0 within the section."""
    start: float
    """Beats from the start of the section."""
    beats: float
    energy: float
    """How full and how loud it is, 0 to 1."""
    layers: frozenset[str]
    """What plays: "chords", "full", "bass", "drums", "melody", "pad", "extra"; "opening" and "break" mark special bars."""
    phrase: int
    """Counted from 0 within the section; a phrase is up to eight bars."""
    index: int
    """Counted from 0 within the phrase."""
    last_of_phrase: bool = False
    last: bool = False
    """Last bar of the section."""

    def velocity(self, accent: float) -> int:
        """Return the MIDI velocity (1 to 124) of an accent of 0 to 9: low in quiet moods, high in full bars."""
        return round(min(124, (34 + 62 * self.energy) * (0.62 + 0.042 * accent) + 8))


@dataclass(frozen=True, slots=True)
class ScoreSection:
    """A section of the score: its time grid, its bars, its chords."""

    index: int
    emotion: Emotion
    start: float
    end: float
    beat_s: float
    """Seconds per beat; the beats fill the section exactly."""
    meter: float
    """Beats of a full bar."""
    tonic: int
    mode: str
    bars: tuple[Bar, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    final: bool = False
    """True if the song ends with this section, and does not loop."""
    step_up: float = 0.0
    """Arousal of the next section minus that of this one, -1 to 1; 0 if there is no next section."""
    slowing: float = 0.0
    """How much longer a beat of the last bar is than one of the first bars, as a fraction: the ritardando takes the two bars before."""

    @property
    def beats(self) -> float:
        """Length in beats."""
        return self.bars[-1].start + self.bars[-1].beats

    @property
    def slowed(self) -> tuple[float, float]:
        """The beats at which the ritardando begins and ends; it ends on the last downbeat."""
        return self.bars[max(0, len(self.bars) - 3)].start, self.bars[-1].start

    def at(self, beat: float) -> float:
        """Return the time of a beat of this section in seconds."""
        if not self.slowing:
            return self.start + beat * self.beat_s
        return self.start + self._stretched(beat) * self.beat_s * self.beats / self._stretched(self.beats)

    def beat_at(self, seconds: float) -> float:
        """Return the beat of this section at a time in seconds: the inverse of `at`."""
        beat = (seconds - self.start) / self.beat_s
        if not self.slowing:
            return beat
        wanted = beat * self._stretched(self.beats) / self.beats
        for _ in range(4):  # Newton's method: the slope is 1 to 1 + slowing, so four steps are exact
            beat -= (self._stretched(beat) - wanted) / self._pace(beat)
        return beat

    def _pace(self, beat: float) -> float:
        """Return the length of a beat at this position relative to the first beats."""
        first, last = self.slowed
        return 1 + self.slowing * min(1.0, max(0.0, (beat - first) / (last - first)))

    def _stretched(self, beat: float) -> float:
        """Return the time from the start to `beat`, in units of the first beats."""
        first, last = self.slowed
        within = min(max(beat, first), last) - first
        return beat + self.slowing * (within**2 / (2 * (last - first)) + max(0.0, beat - last))

    def chord_at(self, beat: float) -> ChordSpan:
        """Return the chord at a beat."""
        return next((span for span in self.chords if span.start <= beat + 1e-6 < span.end), self.chords[-1])


@dataclass(frozen=True)
class Score:
    """A composed song."""

    plan: Plan
    bpm: float
    sections: tuple[ScoreSection, ...]
    parts: tuple[Part, ...] = field(repr=False)

    def of(self, role: str) -> Iterator[Part]:
        """Yield the parts of one stem."""
        return (part for part in self.parts if part.role == role and part.notes)

    def instruments(self, start: float, end: float) -> list[str]:
        """Return the names of the instruments that begin a note between two times."""
        return [part.name for part in self.parts if any(start <= note.start < end for note in part.notes)]


def smoothed(noise: list[float], memory: float = 0.7) -> list[float]:
    """Return noise filtered by an AR(1) process with the same variance: the timing of players drifts rather than jitters."""
    out: list[float] = []
    fresh = (1 - memory**2) ** 0.5
    for n, value in enumerate(noise):
        out.append(value if n == 0 else memory * out[-1] + fresh * value)
    return out


def humanised(notes: list[Note], rng: random.Random, sigma_ms: float, end: float, loose: int = 5) -> list[Note]:
    """Return the notes with random timing and velocity, like those of a player.

    Notes at the first onset keep their time; no note moves outside 0 to `end` seconds. `sigma_ms` is the standard deviation of the
    timing, `loose` the largest change of a velocity.
    """
    ordered = sorted(notes, key=lambda note: (note.start, note.key))
    # Both numbers are drawn note by note, so that later notes do not change earlier ones.
    drawn = [(rng.gauss(0, sigma_ms / 1000), rng.randint(-loose, loose)) for _ in ordered]
    drift = smoothed([late for late, _ in drawn])
    played = []
    for note, late, (_, harder) in zip(ordered, drift, drawn, strict=True):
        first = note.start - ordered[0].start < 1e-6
        start = note.start if first else min(max(note.start + late, 0.0), end)
        velocity = max(1, min(127, note.velocity + harder))
        played.append(Note(round(start, 5), note.length, note.key, velocity, note.bend, note.bol))
    return played


def without_overlaps(notes: list[Note], gap: float = 0.0) -> list[Note]:
    """Return the notes of a monophonic line, each released at least `gap` seconds before the next begins (negative for legato)."""
    ordered = sorted(notes, key=lambda note: note.start)
    cut = [
        Note(a.start, max(0.04, min(a.length, b.start - a.start - gap)), a.key, a.velocity, a.bend, a.bol)
        for a, b in pairwise(ordered)
        if b.start - a.start > 1e-4
    ]
    return [*cut, *ordered[-1:]]
