"""Who can be heard: the share of a track that stands clear of the others (sound.md 5.4), by the slopes of masking.

A sound hides its neighbours in frequency: its power is spread over the third octaves with -5 dB per band upwards and -12.5 dB per
band downwards (slopes of the spreading function in ISO/IEC 11172-3, psychoacoustic model 1, made coarse).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ
from tonnbook.studio.mixing.decide.strip import Strip

Cells = npt.NDArray[np.float32]
"""Something per track, third octave and frame: (tracks, 28, frames)."""

CLEAR = 10.0**-0.4
"""A cell is heard where it is less than 4 dB under the sum of all others."""

FRAMES = 250
"""Frames that are judged at once; with them even 32 tracks make matrices that numpy's linear algebra leaves in one thread."""

_UP_DB, _DOWN_DB = 5.0, 12.5
_STEPS = np.subtract.outer(np.arange(len(CENTRES_HZ)), np.arange(len(CENTRES_HZ)))
SPREAD: npt.NDArray[np.float32] = (10.0 ** (-np.where(_STEPS >= 0, _UP_DB * _STEPS, -_DOWN_DB * _STEPS) / 10.0)).astype(
    np.float32
)
"""How much of band j arrives in band i, (28, 28)."""


def audible_shares(strips: Sequence[Strip]) -> list[float]:
    """Return for each track the share, 0 to 1, that can be heard in the mix of all."""
    count = _frame_count(strips)
    parts = [_clear_and_all(strips, np.arange(at, min(at + FRAMES, count))) for at in range(0, count, FRAMES)]
    clear, everything = (np.sum(sums, axis=0) for sums in zip(*parts, strict=True))
    return [float(share) for share in np.divide(clear, everything, out=np.zeros(len(strips)), where=everything > 0)]


def sampled_shares(strips: Sequence[Strip]) -> list[float]:
    """Return the audible shares, judged on a sample of the frames."""
    clear, everything = _clear_and_all(strips, sample_frames(strips))
    return [float(share) for share in np.divide(clear, everything, out=np.zeros(len(strips)), where=everything > 0)]


def mix_cells(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> Cells:
    """Return the power of every track in the mix, in the frames given by number."""
    return np.stack([strip.sound.spectra(frames) * np.float32(strip.power) for strip in strips])


def activity(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return in which of the frames each track can be heard, (tracks, frames)."""
    return np.stack([strip.sound.active_in(frames) for strip in strips])


def weights(cells: Cells, active: npt.NDArray[np.bool_]) -> Cells:
    """Return how much each cell counts: by its power to 0.3, which goes with loudness."""
    return np.asarray(cells ** np.float32(0.3) * active[:, None, :], np.float32)


def heard(spread: Cells, total: Cells) -> npt.NDArray[np.bool_]:
    """Return which cells stand clear, given each track's spread power and the sum of all."""
    return np.asarray(spread * np.float32(1.0 + CLEAR) > np.float32(CLEAR) * total)


def sample_frames(strips: Sequence[Strip]) -> npt.NDArray[np.intp]:
    """Return the numbers of at most `FRAMES` frames, evenly taken from those in which anything plays."""
    playing = np.flatnonzero(activity(strips, np.arange(_frame_count(strips))).any(axis=0))
    if len(playing) <= FRAMES:
        return playing
    return playing[np.linspace(0, len(playing) - 1, FRAMES).round().astype(np.intp)]


def _clear_and_all(strips: Sequence[Strip], frames: npt.NDArray[np.intp]) -> tuple[Array, Array]:
    """Return per track the weight of the cells that stand clear, and of all."""
    cells = mix_cells(strips, frames)
    spread = SPREAD @ cells
    weight = weights(cells, activity(strips, frames))
    clear = weight * heard(spread, spread.sum(axis=0))
    return _per_track(clear), _per_track(weight)


def _per_track(cells: Cells) -> Array:
    return np.asarray(cells.sum(axis=(1, 2), dtype=np.float64))


def _frame_count(strips: Sequence[Strip]) -> int:
    return max(len(strip.sound.active) for strip in strips)
