"""Who can be heard: the share of a track that stands clear of the others (sound.md 5.4), by the slopes of masking.

A sound hides its neighbours in frequency: its power is spread over the third octaves with -5 dB per band upwards and -12.5 dB per
band downwards (slopes of the spreading function in ISO/IEC 11172-3, psychoacoustic model 1, made coarse).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.studio.mix_bands import CENTRES_HZ
from tonnbook.studio.mix_strip import Strip, together

T = TypeVar("T", bound=np.generic)
Cells = npt.NDArray[np.float32]
"""Something per track, third octave and frame: (tracks, 28, frames)."""

CLEAR = 10.0**-0.4
"""A cell is heard where it is less than 4 dB under the sum of all others."""

_UP_DB, _DOWN_DB = 5.0, 12.5
_STEPS = np.subtract.outer(np.arange(len(CENTRES_HZ)), np.arange(len(CENTRES_HZ)))
SPREAD: npt.NDArray[np.float32] = (10.0 ** (-np.where(_STEPS >= 0, _UP_DB * _STEPS, -_DOWN_DB * _STEPS) / 10.0)).astype(
    np.float32
)
"""How much of band j arrives in band i, (28, 28)."""


def audible_shares(strips: Sequence[Strip]) -> list[float]:
    """Return for each track the share, 0 to 1, that can be heard in the mix of all."""
    return _shares(mix_cells(strips), activity(strips))


def sampled_shares(strips: Sequence[Strip], most: int = 300) -> list[float]:
    """Return the audible shares, judged on `most` frames only."""
    frames = sample_frames(strips, most)
    return _shares(mix_cells(strips, frames), activity(strips, frames))


def mix_cells(strips: Sequence[Strip], frames: npt.NDArray[np.intp] | None = None) -> Cells:
    """Return the power of every track in the mix, in all frames or in some."""
    if frames is None:
        return together([strip.spectra * np.float32(strip.power) for strip in strips])
    return np.stack([_picked(strip.spectra, frames) * np.float32(strip.power) for strip in strips])


def activity(strips: Sequence[Strip], frames: npt.NDArray[np.intp] | None = None) -> npt.NDArray[np.bool_]:
    """Return in which frames each track plays, (tracks, frames)."""
    if frames is None:
        return together([strip.active for strip in strips])
    return np.stack([_picked(strip.active, frames) for strip in strips])


def weights(cells: Cells, active: npt.NDArray[np.bool_]) -> Cells:
    """Return how much each cell counts: by its power to 0.3, which goes with loudness; the cells of a track sum to 1."""
    raw = cells ** np.float32(0.3) * active[:, None, :]
    total = raw.sum(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(raw, total, out=np.zeros_like(raw), where=total > 0), np.float32)


def heard(spread: Cells, total: Cells) -> npt.NDArray[np.bool_]:
    """Return which cells stand clear, given each track's spread power and the sum of all."""
    return np.asarray(spread * np.float32(1.0 + CLEAR) > np.float32(CLEAR) * total)


def sample_frames(strips: Sequence[Strip], most: int) -> npt.NDArray[np.intp]:
    """Return the numbers of at most `most` frames, evenly taken from those in which anything plays."""
    playing = np.flatnonzero(activity(strips).any(axis=0))
    if len(playing) <= most:
        return playing
    return playing[np.linspace(0, len(playing) - 1, most).round().astype(np.intp)]


def total_spectrum(strips: Sequence[Strip]) -> Array:
    """Return the mean third-octave power of the mix, (28,)."""
    return np.asarray(mix_cells(strips).sum(axis=0).mean(axis=1, dtype=np.float64))


def _picked(rows: npt.NDArray[T], frames: npt.NDArray[np.intp]) -> npt.NDArray[T]:
    """Return some frames of a track; past its end it is silent."""
    inside = frames < rows.shape[-1]
    picked = np.zeros((*rows.shape[:-1], len(frames)), rows.dtype)
    picked[..., inside] = rows[..., frames[inside]]
    return picked


def _shares(cells: Cells, active: npt.NDArray[np.bool_]) -> list[float]:
    spread = SPREAD @ cells
    shares = np.sum(weights(cells, active) * heard(spread, spread.sum(axis=0)), axis=(1, 2), dtype=np.float64)
    return [float(share) for share in np.atleast_1d(shares)]
