"""Common parts of the studio's notes: stages with their reasons, curves over time, and the measurements of a song."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from tonnbook.models.base import Answer


class Series(Answer):
    """Numbers over time, at constant intervals."""

    hop_s: float
    values: tuple[float | None, ...] = Field(repr=False)
    """None where there is no value: silence."""


class StageNotes(Answer):
    """What one stage of the chain did, and the reason."""

    stage: str
    """"declip", "dc", "resample", "tone", "stereo", "multiband", "glue", "clip", "limiter", "loudness" or "dither"."""
    done: bool
    """False if the stage was not needed, or was dropped."""
    dropped: bool | None = None
    """True where the stage was tried, and dropped because it made a verdict worse or could not reach its target."""
    text: str
    """One sentence, with its numbers."""
    numbers: Mapping[str, float] = Field(default_factory=dict)
    """The same numbers for computing; each name has its unit."""


class Sound(Answer):
    """Measurements of a song: BS.1770 loudness, R128 range, true peak."""

    loudness_lufs: float | None = None
    """Integrated; None for silence."""
    loudness_range_lu: float = 0.0
    true_peak_dbtp: float | None = None
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None
    plr_lu: float | None = None
    """Peak to loudness ratio: true peak less integrated loudness."""
    width_db: float | None = None
    """Side relative to mid; None for mono."""
    correlation: float | None = None
    tone_db: tuple[float, ...] = Field((), repr=False)
    """Long-term spectrum in third-octaves, dB re 1 kHz."""
    own_mix: bool = Field(False, exclude=True, repr=False)
    """The file is an unmastered mix of the studio, whose loudness no person chose. Known only where the file is measured for an album."""
    short_term: Series | None = None
    momentary: Series | None = None
