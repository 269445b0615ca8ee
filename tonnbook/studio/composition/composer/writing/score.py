"""What is asked (a plan) and what is played (a score). Times are seconds from the start of the song unless a name says beats."""

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
    """One sounding note or stroke."""

    start: float
    length: float
    key: int
    velocity: int
    bend: tuple[tuple[float, float], ...] = ()
    """Pitch curve: (seconds after the start, semitones from the key), linear in between; none for a plain note."""
    word: str = ""
    """The bol of a tabla stroke."""

    @property
    def end(self) -> float:
        """When the key is let go."""
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
    """A chord and how long it stands, in beats from the start of its section."""

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
    """One bar of a section: where it lies and what part of the form it is."""

    number: int
    """Counted from 0 within the section."""
    start: float
    """Beats from the start of the section."""
    beats: float
    energy: float
    """0 to 1: how full and how loud."""
    layers: frozenset[str]
    """What plays: "chords", "bass", "drums", "melody", "pad", "extra"."""
    phrase: int
    """Counted from 0 within the section; a phrase is up to eight bars."""
    place: int
    """Counted from 0 within the phrase."""
    last_of_phrase: bool = False
    last: bool = False
    """Last bar of the section."""

    def velocity(self, accent: float) -> int:
        """Return the MIDI velocity (1 to 124) of an accent of 0 to 9: low in quiet moods, high in full bars."""
        return round(min(124, (34 + 62 * self.energy) * (0.62 + 0.042 * accent) + 8))


@dataclass(frozen=True, slots=True)
class Stage:
    """A section ready to be filled with notes: its time grid, its bars, its harmony."""

    index: int
    emotion: Emotion
    start: float
    end: float
    beat_s: float
    """Seconds per beat; beats fill the section exactly."""
    meter: float
    """Beats of a full bar."""
    tonic: int
    mode: str
    bars: tuple[Bar, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    final: bool = False
    """Whether the song ends with it (and does not loop)."""
    step_up: float = 0.0
    """How much more aroused the next section is; negative for calmer, 0 where there is none."""
    slowing: float = 0.0
    """How much slower the last bar is than the first ones, as a share: a ritardando in the two bars before it leads there."""

    @property
    def beats(self) -> float:
        """Length in beats."""
        return self.bars[-1].start + self.bars[-1].beats

    @property
    def slowed(self) -> tuple[float, float]:
        """Where a ritardando begins, and where it has reached its tempo: the last downbeat; in beats."""
        return self.bars[max(0, len(self.bars) - 3)].start, self.bars[-1].start

    def at(self, beat: float) -> float:
        """Return the time of a beat of this section in seconds."""
        if not self.slowing:
            return self.start + beat * self.beat_s
        return self.start + self._stretched(beat) * self.beat_s * self.beats / self._stretched(self.beats)

    def beat_at(self, seconds: float) -> float:
        """Return the beat of this section at a time: `at` turned round."""
        beat = (seconds - self.start) / self.beat_s
        if not self.slowing:
            return beat
        wanted = beat * self._stretched(self.beats) / self.beats
        for _ in range(4):  # Newton: the slope is 1 to 1 + slowing, so four rounds are exact
            beat -= (self._stretched(beat) - wanted) / self._pace(beat)
        return beat

    def _pace(self, beat: float) -> float:
        """Return how long a beat is there against the first ones."""
        first, last = self.slowed
        return 1 + self.slowing * min(1.0, max(0.0, (beat - first) / (last - first)))

    def _stretched(self, beat: float) -> float:
        """Return how many of the first beats have the length of all beats up to `beat`."""
        first, last = self.slowed
        within = min(max(beat, first), last) - first
        return beat + self.slowing * (within**2 / (2 * (last - first)) + max(0.0, beat - last))

    def chord_at(self, beat: float) -> ChordSpan:
        """Return the chord that stands at a beat."""
        return next((span for span in self.chords if span.start <= beat + 1e-6 < span.end), self.chords[-1])


@dataclass(frozen=True)
class Score:
    """A composed song."""

    plan: Plan
    bpm: float
    stages: tuple[Stage, ...]
    parts: tuple[Part, ...] = field(repr=False)

    def of(self, role: str) -> Iterator[Part]:
        """Yield the parts of one stem."""
        return (part for part in self.parts if part.role == role and part.notes)

    def instruments(self, start: float, end: float) -> list[str]:
        """Return the names of the instruments that are struck between two times."""
        return [part.name for part in self.parts if any(start <= note.start < end for note in part.notes)]


def smoothed(noise: list[float], memory: float = 0.7) -> list[float]:
    """Return the noise with memory from value to value (AR(1)), at the same spread: players drift, they do not jitter."""
    out: list[float] = []
    fresh = (1 - memory**2) ** 0.5
    for n, value in enumerate(noise):
        out.append(value if n == 0 else memory * out[-1] + fresh * value)
    return out


def humanised(notes: list[Note], dice: random.Random, sigma_ms: float, end: float, loose: int = 5) -> list[Note]:
    """Return the notes with a player's timing and touch; the first stays in its place, none leaves 0 to `end` seconds."""
    ordered = sorted(notes, key=lambda note: (note.start, note.key))
    dealt = [
        (dice.gauss(0, sigma_ms / 1000), dice.randint(-loose, loose)) for _ in ordered
    ]  # so later notes change no earlier one
    drift = smoothed([late for late, _ in dealt])
    played = []
    for note, late, (_, harder) in zip(ordered, drift, dealt, strict=True):
        first = note.start - ordered[0].start < 1e-6
        start = note.start if first else min(max(note.start + late, 0.0), end)
        touch = max(1, min(127, note.velocity + harder))
        played.append(Note(round(start, 5), note.length, note.key, touch, note.bend, note.word))
    return played


def without_overlaps(notes: list[Note], gap: float = 0.0) -> list[Note]:
    """Return the notes of a one-voiced line, each let go `gap` seconds before the next begins (negative: legato)."""
    ordered = sorted(notes, key=lambda note: note.start)
    cut = [
        Note(a.start, max(0.04, min(a.length, b.start - a.start - gap)), a.key, a.velocity, a.bend, a.word)
        for a, b in pairwise(ordered)
        if b.start - a.start > 1e-4
    ]
    return [*cut, *ordered[-1:]]
