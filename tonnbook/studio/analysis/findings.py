"""The findings of an analysis: the measures of a recording, and the figures that follow from them, without any verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tonnbook import audio_files
from tonnbook.dsp.levels import Array, db
from tonnbook.dsp.loudness import SHORT_TERM, gated_loudness, loudness_range, lufs, windowed
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.dsp.stereo_field import StereoFieldReading, band_correlation
from tonnbook.models.analysis import TONAL_HZ
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.measure.reference_tone import third_octave_edges_hz

FIELD_EDGES_HZ = (20.0, 120.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 16000.0)
OCTAVES_HZ = (250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
WIDTH_HZ = (200.0, 12000.0)
FRAMES_PER_MOMENT = 3
"""Frames of 200 ms, 100 ms apart, that make up the 400 ms over which a correlation is measured."""

_ACTIVE_DB = -20.0
_SILENT_DB = 60.0
STEP_S = 0.1
"""Length of the steps of `Findings.powers` and `.peaks`."""

Bool = npt.NDArray[np.bool_]


BANDS_HZ: tuple[tuple[float, float], ...] = (
    *((float(low), float(high)) for low, high in zip(*third_octave_edges_hz(), strict=True)),
    *TONAL_HZ.values(),
    *pairwise(FIELD_EDGES_HZ),
    *((centre / 2**0.5, centre * 2**0.5) for centre in OCTAVES_HZ),
    WIDTH_HZ,
)
_THIRDS = slice(0, len(THIRD_OCTAVES))
_TONAL = slice(_THIRDS.stop, _THIRDS.stop + len(TONAL_HZ))
_FIELD = slice(_TONAL.stop, _TONAL.stop + len(FIELD_EDGES_HZ) - 1)
_OCTAVES = slice(_FIELD.stop, _FIELD.stop + len(OCTAVES_HZ))
_WIDTH = slice(_OCTAVES.stop, _OCTAVES.stop + 1)


@dataclass(frozen=True, eq=False)
class Bands:
    """The stereo field of some frequency bands while the track plays: mean powers, and the correlation of every 400 ms."""

    middle: Array
    side: Array
    common: Array
    """Real part of the cross power of middle and side."""
    moments: Array
    """Correlation of every 400 ms, (bands, moments)."""

    @property
    def power(self) -> Array:
        """Mean square, averaged over left and right."""
        return self.middle + self.side

    @property
    def correlation(self) -> Array:
        """Correlation of each band over the whole recording."""
        return band_correlation(self.middle, self.side, self.common)

    @property
    def width_db(self) -> Array:
        """Level of the side relative to the middle, -200 to 200."""
        return 10.0 * np.log10(np.maximum(self.side, 1e-30) / np.maximum(self.middle, 1e-30)).clip(-20.0, 20.0)

    @property
    def mono_loss_db(self) -> Array:
        """Loss of power when left and right are summed, 0 to 200."""
        return 10.0 * np.log10(np.maximum(self.power, 1e-30) / np.maximum(self.middle, 1e-30)).clip(0.0, 20.0)


@dataclass(frozen=True, eq=False)
class Findings:
    """The measures of one recording."""

    info: audio_files.AudioInfo
    energies: Array
    """K-weighted mean square per 10 ms, summed over the channels of the file as in BS.1770."""
    mono_energies: Array
    """The same for the mono sum, played by both loudspeakers."""
    true_peak_dbtp: float
    powers: Array
    """Mean square per 100 ms and channel, (channels, steps)."""
    peaks: Array
    """Largest sample per 100 ms."""
    clipping: Clipping
    field: StereoFieldReading

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness."""
        return gated_loudness(self.energies)

    @cached_property
    def loudness_range_lu(self) -> float:
        """Loudness range of Tech 3342."""
        return loudness_range(self.energies)

    @property
    def plr_lu(self) -> float:
        """Peak to loudness ratio."""
        return self.true_peak_dbtp - self.loudness_lufs

    @cached_property
    def mono_change_lu(self) -> float:
        """Loudness of the mono sum minus that of the track, at least -60."""
        return max(-60.0, gated_loudness(self.mono_energies) - self.loudness_lufs)

    @property
    def crest_db(self) -> float:
        """Crest factor: highest sample over RMS."""
        return float(db(self.peaks.max() / np.sqrt(self.powers.mean())))

    @property
    def balance_db(self) -> float:
        """RMS of left relative to right, -60 to 60; 0 for mono."""
        if len(self.powers) == 1:
            return 0.0
        left, right = np.maximum(self.powers.mean(axis=1), 1e-20)
        return float(np.clip(10.0 * np.log10(left / right), -_SILENT_DB, _SILENT_DB))

    @property
    def silent_side(self) -> str:
        """The channel of a stereo file that is silent, or 60 dB below the other: "left" or "right"; empty if neither is."""
        balance = self.balance_db
        return ("right" if balance > 0.0 else "left") if abs(balance) >= _SILENT_DB else ""

    @cached_property
    def psr_lu(self) -> float | None:
        """Peak to short-term loudness ratio: the 5th percentile over all 3 s in which the track plays; None for less than 3 s."""
        loudness = lufs(windowed(self.energies, SHORT_TERM, 10))
        steps = SHORT_TERM // 10
        if not len(loudness) or len(self.peaks) < steps:
            return None
        peaks = np.lib.stride_tricks.sliding_window_view(self.peaks, steps).max(axis=1)
        count = min(len(peaks), len(loudness))
        plays = loudness[:count] > self.loudness_lufs + _ACTIVE_DB
        ratios = db(np.maximum(peaks[:count], 1e-10))[plays] - loudness[:count][plays]
        return float(np.percentile(ratios, 5)) if len(ratios) else None

    @cached_property
    def _active(self) -> Bool:
        """Whether the track plays in each frame: whether its power is at most 20 dB below the mean."""
        power = self.field.power[_TONAL].sum(axis=0)
        return np.asarray(power > power.mean() * 10.0 ** (_ACTIVE_DB / 10.0))

    @cached_property
    def tone(self) -> Array:
        """Mean power in each third octave, (28,)."""
        return self._bands(_THIRDS).power

    @cached_property
    def tonal(self) -> Array:
        """Mean power in each range of the tonal profile, (4,)."""
        return self._bands(_TONAL).power

    @cached_property
    def bands(self) -> Bands:
        """The bands between `FIELD_EDGES_HZ`."""
        return self._bands(_FIELD)

    @cached_property
    def octaves(self) -> Bands:
        """The octaves around `OCTAVES_HZ`."""
        return self._bands(_OCTAVES)

    @cached_property
    def width(self) -> Bands:
        """One band from 200 Hz to 12 kHz."""
        return self._bands(_WIDTH)

    @property
    def upmix(self) -> float:
        """Share of the side that a filter can derive from the middle, 200 Hz to 12 kHz, 0 to 1."""
        return float(self.field.coherence[_WIDTH][0])

    def _bands(self, which: slice) -> Bands:
        parts = self.field.middle[which], self.field.side[which], self.field.common[which]
        means = [part[:, self._active].mean(axis=1) for part in parts]
        reach = min(FRAMES_PER_MOMENT, len(self._active))
        long = [np.lib.stride_tricks.sliding_window_view(part, reach, axis=1).sum(axis=2) for part in parts]
        plays = np.lib.stride_tricks.sliding_window_view(self._active, reach).all(axis=1)
        middle, side, common = means
        return Bands(middle, side, common, band_correlation(*long)[:, plays])
