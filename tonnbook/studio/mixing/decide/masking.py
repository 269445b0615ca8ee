"""Audibility: the share of each track that the other tracks do not mask (sound.md 5.4).

A sound masks its neighbours in frequency: its power is spread over the third octaves with -5 dB per band upwards and -12.5 dB per
band downwards (slopes of the spreading function in ISO/IEC 11172-3, psychoacoustic model 1, simplified).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ
from tonnbook.studio.mixing.decide.strip import Strip

Cells = npt.NDArray[np.float32]
"""One value per track, third octave and frame: (tracks, 28, frames)."""

AUDIBLE_RATIO = 10.0**-0.4
"""A cell is audible if it is less than 4 dB below the sum of all other tracks."""

FRAMES = 250
"""Frames in one computation: with this number even 32 tracks make matrices that numpy's linear algebra leaves in one thread."""

_UP_DB, _DOWN_DB = 5.0, 12.5
_STEPS = np.subtract.outer(np.arange(len(CENTRES_HZ)), np.arange(len(CENTRES_HZ)))
SPREAD: npt.NDArray[np.float32] = (10.0 ** (-np.where(_STEPS >= 0, _UP_DB * _STEPS, -_DOWN_DB * _STEPS) / 10.0)).astype(
    np.float32
)
"""Power gain from band j to band i, (28, 28)."""


def audible_shares(strips: Sequence[Strip]) -> list[float]:
    """Return for each track the share, 0 to 1, that is audible in the mix of all, measured on every frame."""
    count = _frame_count(strips)
    parts = [_weight_sums(strips, np.arange(at, min(at + FRAMES, count))) for at in range(0, count, FRAMES)]
    return _shares(*(np.sum(sums, axis=0) for sums in zip(*parts, strict=True)))


def sampled_shares(strips: Sequence[Strip]) -> list[float]:
    """Return the audible shares as `audible_shares` does, but measured on a sample of the frames."""
    return _shares(*_weight_sums(strips, sample_frames(strips)))


def mix_cells(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> Cells:
    """Return the power of every track in the mix, in the frames with these numbers, (tracks, 28, frames)."""
    return np.stack([strip.sound.spectra(frames) * np.float32(strip.power) for strip in strips])


def active_frames(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return in which of the frames each track is active, (tracks, frames)."""
    return np.stack([strip.sound.active_in(frames) for strip in strips])


def cell_weights(cells: Cells, active: npt.NDArray[np.bool_]) -> Cells:
    """Return the weight of each cell: its power to the 0.3, which is proportional to loudness; 0 where the track is not active."""
    return np.asarray(cells ** np.float32(0.3) * active[:, None, :], np.float32)


def audible_cells(spread: Cells, total: Cells) -> npt.NDArray[np.bool_]:
    """Return which cells are audible, given the spread power of each track and the sum of all tracks."""
    return np.asarray(spread * np.float32(1.0 + AUDIBLE_RATIO) > np.float32(AUDIBLE_RATIO) * total)


def sample_frames(strips: Sequence[Strip]) -> npt.NDArray[np.intp]:
    """Return the numbers of at most `FRAMES` frames, evenly spaced over those in which any track is active."""
    active = np.flatnonzero(active_frames(strips, np.arange(_frame_count(strips))).any(axis=0))
    if len(active) <= FRAMES:
        return active
    return active[np.linspace(0, len(active) - 1, FRAMES).round().astype(np.intp)]


def _weight_sums(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> tuple[Array, Array]:
    """Return per track the summed weight of the audible cells, and of all cells."""
    cells = mix_cells(strips, frames)
    spread = SPREAD @ cells
    weight = cell_weights(cells, active_frames(strips, frames))
    audible = weight * audible_cells(spread, spread.sum(axis=0))
    return _per_track(audible), _per_track(weight)


def _shares(audible: Array, everything: Array) -> list[float]:
    shares = np.divide(audible, everything, out=np.zeros(len(everything)), where=everything > 0)
    return [float(share) for share in shares]


def _per_track(cells: Cells) -> Array:
    return np.asarray(cells.sum(axis=(1, 2), dtype=np.float64))


def _frame_count(strips: Sequence[Strip]) -> int:
    return max(len(strip.sound.active) for strip in strips)
