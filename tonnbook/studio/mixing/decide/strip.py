"""One track on its way through the decision: what is wished for it, how it sounds, and the settings it has so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from tonnbook.models.effects import CompressionReading
from tonnbook.models.mixing import MixTrack
from tonnbook.studio.mixing.decide.sound import Sound
from tonnbook.studio.mixing.features import TrackFeatures


@dataclass(frozen=True)
class Move:
    """One EQ band, and why it is there."""

    centre_hz: float
    gain_db: float
    q: float
    why: str = ""
    cleaning: bool = False
    """Wanted for the recording's own sake, whoever else plays."""

    @property
    def sentence(self) -> str:
        """What is done and why."""
        return f"{'lifted' if self.gain_db > 0 else 'cut'} {abs(self.gain_db):.1f} dB at {self.centre_hz:.0f} Hz: {self.why}"


@dataclass(frozen=True, eq=False)
class Strip:
    """A track with its settings. Gain and pan may change without the sound being worked out again."""

    name: str
    request: MixTrack
    sound: Sound
    eq: tuple[Move, ...] = ()
    """The bands of `sound`, low to high, with their reasons."""
    gives_way_lu: float = 0.0
    """What cuts made for the sake of others took of its loudness, 0 or less: the balance does not give it back."""
    gain_db: float = 0.0
    pan_deg: float = 0.0

    def with_eq(self, moves: tuple[Move, ...]) -> Self:
        """Return the track with another EQ, its bands from low to high."""
        ordered = tuple(sorted(moves, key=lambda move: move.centre_hz))
        return replace(self, eq=ordered, sound=replace(self.sound, eq=ordered))

    def with_compression(self, settings: CompressionReading | None) -> Self:
        """Return the track with another compressor."""
        return replace(self, sound=replace(self.sound, compression=settings))

    @property
    def title(self) -> str:
        """What the track is called in a sentence: its file name without the ending."""
        return Path(self.name).stem

    @property
    def features(self) -> TrackFeatures:
        """What was measured on the recording."""
        return self.sound.features

    @property
    def level_lufs(self) -> float:
        """Loudness in the mix, before the mix bus."""
        return self.sound.loudness_lufs + self.gain_db

    @property
    def power(self) -> float:
        """The gain as a factor on power."""
        return float(10.0 ** (self.gain_db / 10.0))
