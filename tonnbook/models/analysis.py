"""Analysis of a mix or master: the request and the answer of /mixanalysis.

`Verdicts` is the service's payload, key for key; `Diagnosis` is the studio's own block in the answer (`tonnbook`), with the
measurements. LESS and MORE are advice: LESS loudness means that the track is too loud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tonnbook.models.base import Answer, AudioSource, RepairRequest
from tonnbook.models.mixing import file_name
from tonnbook.models.notes import Series
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, StereoField, TonalLevel

TONAL_HZ: Mapping[str, tuple[float, float]] = {
    "bass": (20.0, 200.0),
    "low_mid": (200.0, 2000.0),
    "high_mid": (2000.0, 8000.0),
    "high": (8000.0, 20000.0),
}
"""The four ranges of the tonal profile."""


def _style_in_any_case(value: Any) -> Any:
    """Return the style that `value` names in any case: the vendor's MCP server tells its callers to send lower case."""
    known = {style.value for style in AnalysisStyle}
    return value.upper() if isinstance(value, str) and value.upper() in known else value


class AnalysisRequest(RepairRequest):
    """Find faults in a finished mix or master. Costs credits on the live service."""

    envelope = "mixDiagnosisData"
    required_live = ("is_master",)

    source: AudioSource = Field(alias="audioFileLocation", title="File")
    style: Annotated[AnalysisStyle, BeforeValidator(_style_in_any_case)] = Field(alias="musicalStyle", title="Style")
    is_master: bool = Field(False, alias="isMaster", title="Already mastered")

    @property
    def name(self) -> str:
        """File name of the track."""
        return file_name(self.source)


class TonalProfile(Answer):
    """Level of each frequency range relative to the style."""

    bass: TonalLevel = Field(alias="bass_frequency")
    """20 to 200 Hz."""
    low_mid: TonalLevel = Field(alias="low_mid_frequency")
    """200 Hz to 2 kHz."""
    high_mid: TonalLevel = Field(alias="high_mid_frequency")
    """2 to 8 kHz."""
    high: TonalLevel = Field(alias="high_frequency")
    """8 to 20 kHz."""


def _as_sentences(value: Any) -> Any:
    return {"summary": value} if isinstance(value, str) else value


class Verdicts(Answer):
    """The payload of an analysis. Definitions and thresholds: docs of `tonnbook.studio.analysis.verdicts`."""

    loudness_lufs: float = Field(alias="integrated_loudness_lufs")
    """Integrated loudness, BS.1770."""
    true_peak_dbtp: float = Field(alias="peak_loudness_dbfs")
    bit_depth: int
    """Of the file: 32 for float, 0 for a lossy file, which has none."""
    sample_rate: int
    """In Hz."""
    clipping: ClippingVerdict
    mix_loudness: Advice = Field(alias="if_mix_loudness")
    """Advice on the loudness of a mix that is to be mastered."""
    mix_drc: Advice = Field(alias="if_mix_drc")
    """Advice on the compression of a mix: LESS if it is too strong."""
    master_loudness: Advice = Field(alias="if_master_loudness")
    master_drc: Advice = Field(alias="if_master_drc")
    stereo_field: StereoField
    mono_compatible: bool
    phase_issues: bool
    tonal_profile: TonalProfile
    mix_style: str = ""
    """ "MASTER" or "MIX": what the track was analysed as."""
    musical_style: str = ""
    summary: Annotated[Mapping[str, str], BeforeValidator(_as_sentences)] = Field(default_factory=dict, repr=False)
    """Sentences by heading."""


class FieldBand(Answer):
    """The stereo field in one frequency band, without the silent parts."""

    low_hz: float
    high_hz: float
    level_db: float
    """Power relative to all bands together."""
    correlation: float
    width_db: float | None = None
    """Side relative to middle; None where there is no side."""
    mono_loss_db: float = 0.0
    """Level that the mono sum loses in this band, dB: 0 for mono, 3 for unrelated channels."""
    out_of_phase: float = 0.0
    """Share of the 400 ms frames in which the correlation is below 0."""


class TonalBand(Answer):
    """One range of the tonal profile, with its numbers."""

    name: str
    """ "bass", "low_mid", "high_mid" or "high"."""
    level_db: float | None = None
    """Power relative to the whole track; None for a range above the bandwidth of the file."""
    target_db: float
    """The same for the style, up to the bandwidth of the file."""
    tolerance_db: float


class Clips(Answer):
    """Where a track is clipped."""

    runs: int = 0
    """Flat tops of three samples or more."""
    per_minute: float = 0.0
    share: float = 0.0
    """Of all samples."""
    ceiling_dbfs: float | None = None
    """The level of the flat tops; None without any."""
    places_s: tuple[float, ...] = Field((), repr=False)
    """Start of each run; of more than a thousand runs the first and every n-th after it."""


class Diagnosis(Answer):
    """The studio's own block: its measurements, and the targets they are compared with."""

    made_by: str = "tonnbook local studio"
    seconds: float
    channels: int
    loudness_range_lu: float
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None
    plr_lu: float
    """Peak to loudness ratio: true peak less integrated loudness."""
    plr_range_lu: tuple[float, float]
    """Range of the style for a mix or a master, whichever the track was analysed as."""
    psr_lu: float | None = None
    """Peak to short-term loudness: the 5th percentile over all 3 s windows that are not silent. Sample peaks."""
    crest_db: float
    balance_db: float
    """RMS of left relative to right."""
    correlation: float
    """Of the whole track without its silent parts, 200 Hz to 12 kHz."""
    width_db: float | None = None
    """Side relative to middle, 200 Hz to 12 kHz; None without a side."""
    low_correlation: float
    """Below 120 Hz."""
    upmix: float
    """Share of the side signal that a filter can predict from the middle, 0 to 1."""
    mono_change_lu: float
    """Loudness of the mono sum less that of the stereo track."""
    bands: tuple[FieldBand, ...] = Field(repr=False)
    octaves: tuple[FieldBand, ...] = Field(repr=False)
    """The octaves around 250 Hz to 8 kHz, for the verdict on the mono sum."""
    tonal: tuple[TonalBand, ...] = Field(repr=False)
    tone_db: tuple[float, ...] = Field(repr=False)
    """Long-term spectrum in third-octaves, 31.5 Hz to 16 kHz, dB re 1 kHz."""
    target_tone_db: tuple[float, ...] = Field(repr=False)
    """The style's."""
    tilt_db: float
    """Slope of the spectrum from 100 Hz to 10 kHz, dB per octave."""
    clips: Clips = Clips()
    momentary: Series | None = Field(None, repr=False)
    short_term: Series | None = Field(None, repr=False)
    credits_live: int = 0
    """Credits that this call would have cost on the live service."""


class AnalysisResults(Answer):
    """The inner part of an analysis."""

    completion_time: str = ""
    error: bool = False
    info: str = ""
    verdicts: Verdicts = Field(alias="payload")
    notes: Diagnosis | None = Field(None, alias="tonnbook")


class AnalysisAnswer(Answer):
    """The answer of /mixanalysis."""

    results: AnalysisResults = Field(alias="mixDiagnosisResults")


@dataclass(frozen=True)
class Analysis:
    """A server's analysis of one track."""

    name: str
    """File name of the track."""
    verdicts: Verdicts
    notes: Diagnosis | None = field(default=None, repr=False)
    """What the studio measured; None on the live service."""
    path: Path | None = field(default=None, repr=False)
    """The track, if it is on this machine."""

    @property
    def summary(self) -> str:
        """All sentences, one paragraph each."""
        return "\n".join(self.verdicts.summary.values())
