"""The song as the loudness loop sees it between two renders: energies and peaks, taken through the very curves of clipper and limiter.

A sketch costs some milliseconds for a minute of music, a render a thousand times as much (sound.md 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.optimize import brentq

from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.clip import KNEE_DB, clipped
from tonnbook.dsp.levels import Array, db, to_gain
from tonnbook.dsp.limiter import main_curve
from tonnbook.dsp.loudness import gated_loudness
from tonnbook.studio.mastering.chain import ENERGY_FRAMES, PreparedSong

LIMITED_ALONE_DB = 3.0
"""So much over the ceiling the limiter takes alone, unheard."""
CLIPPED_SHARE = 0.75
"""Of what is over that, the share that the clipper takes: a limiter that ducks deeper than some dB is heard as pumping."""
UNHEARD_CLIP_DB = 4.0
"""Tips that are rounded further are heard as distortion. Targets that need more are held all the same: a limiter that took the rest would
pump, and get no louder by it (measured: of 10 dB more, half a LU)."""
# What the moving gain may add between the samples. Too much of it costs nothing, too little another render.
HEADROOM_DB = 0.08

_GAIN_STEP_DB = 0.01  # to which the sketch is solved
_STEEP = 1.5  # dB of gain for 1 LU, a little more than a song at work takes: the next trial is then beyond the target
_MOST_GAIN_DB = 40.0  # of drive beyond what a plain gain would need
_USUAL_PEAK = 0.9995  # of all cells: one stray click says nothing of a song's hits
_CELLS_AT_ONCE = 8192
_DB_PER_NEPER = 20.0 / log(10.0)


@dataclass(frozen=True)
class Level:
    """The settings of the last stages."""

    gain_db: float
    ceiling_db: float

    def clip_db(self, peak_db: float) -> float:
        """Return by how much the hits of a song with this peak are rounded: of what is over the ceiling, what the limiter should not take."""
        over = peak_db + self.gain_db - self.ceiling_db
        return max(0.0, CLIPPED_SHARE * (over - LIMITED_ALONE_DB))

    def clip_ceiling_db(self, peak_db: float) -> float | None:
        """Return where the clipper holds; None where it has nothing to do."""
        taken = self.clip_db(peak_db)
        return peak_db + self.gain_db - taken if taken else None


class Sketch:
    """The song as the loop sees it between two renders."""

    def __init__(self, song: PreparedSong) -> None:
        self._song = song
        self.peak_db = db(float(np.quantile(song.peaks, _USUAL_PEAK)))
        self._known: dict[Level, float] = {}

    def solve(self, ceiling_db: float, target_lufs: float) -> Level | None:
        """Return the settings at which the sketch is as loud as the target; None where no limiting makes it so loud."""
        low = high = plain = target_lufs - gated_loudness(self._per_10_ms(self._song.energies))

        def away(gain: float) -> float:
            return self.loudness(Level(gain, ceiling_db)) - target_lufs

        while (short := -away(high)) > 0.0:
            low, high = high, high + _STEEP * short + _GAIN_STEP_DB
            if high > plain + _MOST_GAIN_DB:
                return None
        gain = low if low == high else float(brentq(away, low, high, xtol=_GAIN_STEP_DB))
        return Level(gain, ceiling_db)

    def over_db(self, target_lufs: float, ceiling_dbtp: float) -> float:
        """Return by how many dB the hits would pass the ceiling at the target, before clipper and limiter; negative is room to spare."""
        ceiling_db = ceiling_dbtp - HEADROOM_DB
        level = self.solve(ceiling_db, target_lufs)
        if level is None:  # no limiter can do it: then what a plain gain would ask of it
            level = Level(target_lufs - gated_loudness(self._per_10_ms(self._song.energies)), ceiling_db)
        return self.peak_db + level.gain_db - ceiling_db

    def peaks_per_10_ms(self) -> Array:
        """Return the true peak of every 10 ms."""
        edges = np.arange(0, len(self._song.peaks), self._song.rate / 100 / CELL).astype(np.intp)
        return np.asarray(np.maximum.reduceat(self._song.peaks, edges), dtype=np.float64)

    def loudness(self, level: Level) -> float:
        """Return about how loud a render at this level would be, in LUFS."""
        if level not in self._known:
            self._known[level] = gated_loudness(self._per_10_ms(self._energies(level)))
        return self._known[level]

    def _energies(self, level: Level) -> Array:
        """Return the energies after gain, clipper and limiter."""
        song, curve = self._song, main_curve(self._song.rate)
        ceiling, gain = to_gain(level.ceiling_db), to_gain(level.gain_db)
        clip_at = level.clip_ceiling_db(self.peak_db)
        cells = len(song.peaks)
        peaks = np.pad(song.peaks, (0, -(cells + curve.delay) % _CELLS_AT_ONCE + curve.delay)).astype(np.float64)
        powers, limited = [], []
        for start in range(0, len(peaks), _CELLS_AT_ONCE):
            part = peaks[start : start + _CELLS_AT_ONCE] * gain
            power = np.ones(len(part))
            if clip_at is not None:
                loud = np.flatnonzero(part > to_gain(clip_at - KNEE_DB))
                held = clipped(part[loud], to_gain(clip_at))
                power[loud] = np.square(held / part[loud])
                part[loud] = held
            wanted = _DB_PER_NEPER * np.log(np.maximum(part / ceiling, 1.0))
            powers.append(power)
            limited.append(np.exp(curve.push(wanted) * (-2.0 / _DB_PER_NEPER)))
        left = np.concatenate(powers)[:cells] * np.concatenate(limited)[curve.delay :][:cells]
        per_energy = ENERGY_FRAMES // CELL
        left = np.pad(left, (0, -cells % per_energy), mode="edge").reshape(-1, per_energy)
        return np.asarray(song.energies * gain**2 * left.mean(axis=1))

    def _per_10_ms(self, energies: Array) -> Array:
        """Return the mean square of every full 10 ms."""
        sums = np.concatenate([[0.0], np.cumsum(energies)])
        edges = np.arange(self._song.frames * 100 // self._song.rate + 1) * (self._song.rate / 100)
        return np.asarray(
            np.diff(np.interp(edges, np.arange(len(sums)) * ENERGY_FRAMES, sums)) / (self._song.rate / 100)
        )
