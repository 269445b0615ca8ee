"""The mastering plan: what will be done to a song, and why. Plain values: it can be shown, tested and replayed without a sound."""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import SampleRate


@dataclass(frozen=True)
class BandCompression:
    """One band of the multiband compressor, or the glue compressor over all of them."""

    threshold_db: float
    """Sample peak in dBFS, at the level of the song as it came, after the tone curve."""
    ratio: float
    attack_ms: float
    release_ms: float
    knee_db: float = 6.0
    makeup_db: float = 0.0
    """Gain after it, so that the band keeps its loudness."""


@dataclass(frozen=True)
class MasterTarget:
    """What is asked for, stripped of where the song lies."""

    target_lufs: float
    rate: SampleRate
    tone_db: tuple[float, ...]
    """The spectrum to move toward, third-octaves, dB re 1 kHz."""
    tone_name: str
    """Whose spectrum that is, in words."""
    ceiling_dbtp: float
    tone_share: float = 0.8
    """How much of the way toward that spectrum a song is moved, within the limits."""


@dataclass(frozen=True)
class MasterPlan:
    """Everything that the chain needs to know."""

    target: MasterTarget
    declip_at: float | None
    """Amplitude of the flat tops; None leaves them."""
    offsets: tuple[float, ...] | None
    """Mean of each channel, to be taken out; None where there is none."""
    tone_db: tuple[float, ...] | None
    """Gain of the tone curve in third-octaves."""
    low_mono: bool
    """Whether the side goes to nothing below 100 Hz."""
    side_db: float
    """Gain of the side above that."""
    bands: tuple[BandCompression | None, ...]
    """Low, middle and high band; None leaves a band alone."""
    glue: BandCompression | None
    """Decided when the rest has been rendered; None leaves the song alone."""
    stages: tuple[StageNotes, ...]

    @property
    def shapes(self) -> bool:
        """Whether anything is done before the level is set."""
        return self.tone_db is not None or self.low_mono or self.side_db != 0.0 or self.multiband

    @property
    def multiband(self) -> bool:
        """Whether any band is compressed."""
        return any(band is not None for band in self.bands)
