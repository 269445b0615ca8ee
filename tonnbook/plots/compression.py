"""Draw compressor curves, output level over input level, computed by the gain computer that renders the mix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook.dsp.dynamics import gain_reduction_db
from tonnbook.models.effects import CompressionReading, TrackSettings
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.strips import Strips, labels, strips
from tonnbook.plots.style import BLUE, FAINT, INK, plain, signed, track_style

FLOOR_DB = -60.0
LEVELS = np.linspace(FLOOR_DB, 0.0, 241)


def plot_compression(mix: Strips, ax: Axes | None = None, *, track: str | None = None) -> Axes:
    """Draw output level over input level, in dBFS: of one track with its threshold marked, or of all tracks.

    `mix` is a preview or final mix, settings or effects by track name, or those of one track. Make-up gain is left out: the
    curve shows the gain reduction.
    """
    chosen = strips(mix, track)
    ax = panel_or(ax, 4.6 if len(chosen) == 1 else 6.2, 4.0)
    if len(chosen) == 1:
        name, only = next(iter(chosen.items()))
        draw_curve(ax, only.compression)
        ax.set_title(f"Compression of {labels([name])[name]}", loc="left", color=INK)
        describe(ax, f"Compression of {labels([name])[name]}: {compressor_text(only.compression)}.")
    else:
        _draw_all(ax, chosen)
        ax.set_title("Compression, track by track", loc="left", color=INK)
        texts = [f"{label}: {compressor_text(chosen[name].compression)}" for name, label in labels(chosen).items()]
        describe(ax, f"Compressor curves of {len(texts)} tracks. {'; '.join(texts)}.")
    _level_axes(ax)
    ax.set_xlabel("level in, dBFS")
    ax.set_ylabel("level out, dBFS")
    plain(ax)
    return ax


def curve_db(settings: CompressionReading | None) -> NDArray[np.float64]:
    """Return the output level in dBFS for each of `LEVELS`."""
    if settings is None or settings.ratio <= 1:
        return LEVELS
    return LEVELS - np.asarray(gain_reduction_db(LEVELS, settings.threshold_db, settings.ratio))


def draw_curve(ax: Axes, settings: CompressionReading | None, *, small: bool = False) -> None:
    """Draw one compressor: its curve, the line without compression, and the threshold."""
    out = curve_db(settings)
    ax.plot(LEVELS, LEVELS, color=FAINT, linewidth=0.9, linestyle="--")
    ax.fill_between(LEVELS, LEVELS, out, color=BLUE, alpha=0.16, linewidth=0)
    ax.plot(LEVELS, out, color=BLUE, linewidth=1.6 if small else 2.2)
    if settings is not None and settings.ratio > 1:
        ax.axvline(settings.threshold_db, color=INK, linewidth=0.8, linestyle=":")
        height = float(np.interp(settings.threshold_db, LEVELS, out))
        ax.plot(
            [settings.threshold_db], [height], marker="D", markersize=4 if small else 7, color=INK, linestyle="none"
        )
    if not small:
        ax.text(
            0.04, 0.96, in_lines(settings), transform=ax.transAxes, va="top", color=INK, fontsize=9, linespacing=1.35
        )


def in_lines(settings: CompressionReading | None) -> str:
    """Return the settings as a few short lines."""
    if settings is None or settings.ratio <= 1:
        return "off"
    lines = [
        f"{settings.ratio:.3g}:1 over",
        f"{signed(settings.threshold_db)} dBFS",
        f"attack {settings.attack_ms:.3g} ms",
        f"release {settings.release_ms:.3g} ms",
    ]
    return "\n".join(lines)


def _level_axes(ax: Axes) -> None:
    ax.set_xlim(FLOOR_DB, 0)
    ax.set_ylim(FLOOR_DB, 0)
    ax.set_aspect("equal")
    ax.set_xticks(range(-60, 1, 12))
    ax.set_yticks(range(-60, 1, 12))


def _draw_all(ax: Axes, chosen: Mapping[str, TrackSettings]) -> None:
    ax.plot(LEVELS, LEVELS, color=FAINT, linewidth=0.9, linestyle="--")
    for number, (name, label) in enumerate(labels(chosen).items()):
        look = track_style(number).keywords()
        every = slice(number * 5 % 30, None, 30)
        ax.plot(LEVELS, curve_db(chosen[name].compression), **look, markevery=every, markersize=5, label=label)
    columns = 1 + len(chosen) // 17
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8.5, frameon=False, ncols=columns)


def compressor_text(settings: CompressionReading | None) -> str:
    """Return the settings as one phrase."""
    if settings is None or settings.ratio <= 1:
        return "none"
    times = f"attack {settings.attack_ms:.3g} ms, release {settings.release_ms:.3g} ms"
    return f"{settings.ratio:.3g}:1 over {signed(settings.threshold_db)} dBFS, {times}"
