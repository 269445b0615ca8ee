"""Draw the EQ curve of a track or of all tracks, computed by the filters that render the mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from tonnbook.dsp.filters import eq, response_db
from tonnbook.models.effects import EqBandReading, TrackSettings
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.strips import Strips, labels, strips
from tonnbook.plots.style import (
    BLUE,
    FAINT,
    HIGHEST_HZ,
    INK,
    LOWEST_HZ,
    frequency_axis,
    hertz,
    plain,
    signed,
    track_style,
)

FREQUENCIES = np.geomspace(LOWEST_HZ, HIGHEST_HZ, 400)


def plot_eq(mix: Strips, ax: Axes | None = None, *, track: str | None = None, rate: int = 44100) -> Axes:
    """Draw the EQ curve of one track with its bands marked, or those of all tracks on the same axes.

    `mix` is a preview or final mix, settings or effects by track name, or those of one track. `rate` is the sample rate in Hz
    of the render, which shapes the curve near the top.
    """
    chosen = strips(mix, track)
    ax = panel_or(ax)
    if len(chosen) == 1:
        name, only = next(iter(chosen.items()))
        draw_bands(ax, only, rate)
        ax.set_title(f"EQ of {labels([name])[name]}", loc="left", color=INK)
        describe(ax, f"EQ of {labels([name])[name]}: {bands_text(only.eq)}.")
    else:
        _draw_all(ax, chosen, rate)
        ax.set_title("EQ, track by track", loc="left", color=INK)
        texts = [f"{label}: {bands_text(chosen[name].eq)}" for name, label in labels(chosen).items()]
        describe(ax, f"EQ curves of {len(texts)} tracks. {'; '.join(texts)}.")
    frequency_axis(ax)
    ax.set_xlabel("frequency, Hz")
    ax.set_ylabel("gain, dB")
    ax.yaxis.set_major_locator(MultipleLocator(3))
    plain(ax)
    return ax


def curve_db(bands: Sequence[EqBandReading], rate: int = 44100) -> NDArray[np.float64]:
    """Return the response in dB at `FREQUENCIES`."""
    return np.asarray(response_db(eq(bands, rate), FREQUENCIES, rate))


def reach_db(chosen: Mapping[str, TrackSettings], rate: int = 44100) -> float:
    """Return the limit of the gain axis in dB, a multiple of 3, that holds every curve."""
    farthest = max((float(np.abs(curve_db(s.eq, rate)).max()) for s in chosen.values() if s.eq), default=0.0)
    return max(6.0, 3.0 * ceil((farthest + 0.5) / 3.0))


def draw_bands(ax: Axes, settings: TrackSettings, rate: int = 44100, *, small: bool = False) -> None:
    """Draw one EQ: the total response, each band, and a numbered mark at each centre frequency."""
    total = curve_db(settings.eq, rate)
    ax.axhline(0, color=FAINT, linewidth=0.8)
    ax.fill_between(FREQUENCIES, total, color=BLUE, alpha=0.14, linewidth=0)
    for band in settings.eq:
        ax.plot(FREQUENCIES, curve_db([band], rate), color=FAINT, linewidth=0.8, linestyle="--")
    ax.plot(FREQUENCIES, total, color=BLUE, linewidth=1.6 if small else 2.2)
    for number, band in enumerate(settings.eq, start=1):
        _mark(ax, number, band, float(np.interp(band.centre_hz, FREQUENCIES, total)), small=small)
    reach = reach_db({"": settings}, rate)
    ax.set_ylim(-reach, reach)
    if settings.eq and not small:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, frameon=False, handlelength=1)


def _mark(ax: Axes, number: int, band: EqBandReading, height_db: float, *, small: bool) -> None:
    centre = min(max(band.centre_hz, LOWEST_HZ), HIGHEST_HZ)
    words = f"{signed(band.gain_db)} dB at {hertz(band.centre_hz)}, Q {band.q:.2g}"
    mark: dict[str, Any] = {"marker": "o", "markerfacecolor": "white", "markeredgecolor": BLUE, "linestyle": "none"}
    ax.plot([centre], [height_db], **mark, markersize=9 if small else 15, zorder=4)
    digit: dict[str, Any] = {"marker": f"${number}$", "color": INK, "linestyle": "none", "linewidth": 0}
    ax.plot([centre], [height_db], **digit, markersize=4 if small else 7, markeredgewidth=0.2, label=words, zorder=5)


def _draw_all(ax: Axes, chosen: Mapping[str, TrackSettings], rate: int) -> None:
    ax.axhline(0, color=FAINT, linewidth=0.8)
    for number, (name, label) in enumerate(labels(chosen).items()):
        look = track_style(number).keywords()
        every = slice(number * 7 % 60, None, 60)
        ax.plot(FREQUENCIES, curve_db(chosen[name].eq, rate), **look, markevery=every, markersize=5, label=label)
    reach = reach_db(chosen, rate)
    ax.set_ylim(-reach, reach)
    columns = 1 + len(chosen) // 17
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8.5, frameon=False, ncols=columns)


def bands_text(bands: Sequence[EqBandReading]) -> str:
    """Return the bands as one phrase."""
    if not bands:
        return "flat"
    return ", ".join(f"{signed(b.gain_db)} dB at {hertz(b.centre_hz)} (Q {b.q:.2g})" for b in bands)
