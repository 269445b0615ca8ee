"""Draw the long-term spectrum of one sound, or of two on the same axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.spectrum import long_term_spectrum
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.style import BLUE, INK, VERMILLION, frequency_axis, plain, signed

_SILENT_LUFS = -70.0
_SHOWN_DB = 66.0
_REGIONS = (("bass, under 200 Hz", 20.0, 200.0), ("middle", 200.0, 2000.0), ("treble, over 2 kHz", 2000.0, 20000.0))


class HasPath(Protocol):
    """A sound with a file on this machine."""

    @property
    def path(self) -> Path:
        """The file on this machine."""
        ...


class HasMix(Protocol):
    """A preview or a final mix."""

    @property
    def mix(self) -> HasPath:
        """The mix itself."""
        ...


Sound: TypeAlias = str | Path | tuple[NDArray[Any], int] | HasPath | HasMix
"""A sound to measure: a file, an array `(channels, frames)` with its rate, or a mix."""


def plot_spectrum(
    before: Sound,
    after: Sound | None = None,
    ax: Axes | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    fraction: int = 3,
    equal_loudness: bool = True,
) -> Axes:
    """Draw the long-term spectrum of one or two sounds, smoothed to 1/`fraction` octave.

    With `equal_loudness` the second is shifted to the loudness of the first (BS.1770, integrated), and the legend gives the shift, so that
    the curves differ by tone alone. Pink noise is a horizontal line.
    """
    ax = panel_or(ax)
    first, rate = sound(before)
    freqs, level = long_term_spectrum(first, rate, fraction)
    ax.plot(freqs, level, color=VERMILLION, linestyle="--", linewidth=1.8, label=names[0])
    top = float(level.max())
    words = f"Long-term spectrum of {names[0]}"
    if after is not None:
        second, other_rate = sound(after)
        shift = _shift_db((first, rate), (second, other_rate)) if equal_loudness else 0.0
        freqs_after, level_after = long_term_spectrum(second, other_rate, fraction)
        level_after = level_after + shift
        label = f"{names[1]}, {signed(shift)} dB for equal loudness" if abs(shift) >= 0.05 else names[1]
        ax.plot(freqs_after, level_after, color=BLUE, linewidth=2.2, label=label)
        shared = np.interp(freqs, freqs_after, level_after)
        ax.fill_between(freqs, level, shared, color=BLUE, alpha=0.12, linewidth=0)
        top = max(top, float(level_after.max()))
        words = f"Long-term spectra of {names[0]} and {names[1]}{_differences(freqs, shared - level)}"
    frequency_axis(ax)
    ax.set_ylim(top - _SHOWN_DB, top + 4)
    ax.set_xlabel("frequency, Hz")
    ax.set_ylabel(f"level in each 1/{fraction} octave, dBFS")
    ax.set_title("Spectrum" if after is None else "Spectrum, before and after", loc="left", color=INK)
    ax.legend(fontsize=9, frameon=False, loc="lower center")
    plain(ax)
    describe(ax, f"{words}.")
    return ax


def sound(thing: Sound) -> tuple[NDArray[np.float64], int]:
    """Return the samples `(channels, frames)` of `thing`, and its rate in Hz."""
    if isinstance(thing, tuple):
        audio, rate = thing
        return np.atleast_2d(np.asarray(audio, dtype=np.float64)), rate
    if isinstance(thing, str | Path):
        audio, rate = audio_files.read(Path(thing))
        return audio, rate
    return sound(thing.path if hasattr(thing, "path") else thing.mix)


def _shift_db(reference: tuple[NDArray[np.float64], int], other: tuple[NDArray[np.float64], int]) -> float:
    """Return the gain in dB that brings `other` to the loudness of `reference`; 0 if one of them is silent."""
    target, found = integrated_loudness(*reference), integrated_loudness(*other)
    return 0.0 if min(target, found) < _SILENT_LUFS else target - found


def _differences(freqs: NDArray[np.float64], difference: NDArray[np.float64]) -> str:
    parts = []
    for name, low, high in _REGIONS:
        inside = (freqs >= low) & (freqs < high)
        parts.append(f"{name} {signed(float(difference[inside].mean()))} dB")
    return f": {', '.join(parts)}"
