"""Draw the gain and the pan position of each track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from tonnbook.models.effects import TrackSettings
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.strips import Strips, labels, strips
from tonnbook.plots.style import BLUE, FAINT, GRID, INK, VERMILLION, degrees, plain, signed, track_style


def plot_gains(mix: Strips, ax: Axes | None = None, *, before: Strips | None = None) -> Axes:
    """Draw the gain of each track in dB; with `before`, an earlier mix of the same tracks, also what changed.

    `mix` is a preview or final mix, settings or effects by track name, or those of one track.
    """
    chosen, earlier = strips(mix), strips(before) if before is not None else {}
    ax = panel_or(ax, 7.5, 1.2 + 0.3 * len(chosen))
    named = labels(chosen)
    ax.axvline(0, color=FAINT, linewidth=1.0)
    for row, name in enumerate(named):
        now, then = chosen[name].gain_db, earlier[name].gain_db if name in earlier else None
        _draw_row(ax, row, now, then)
    ax.set_yticks(range(len(named)), list(named.values()))
    ax.set_ylim(len(named) - 0.4, -0.6)
    ax.set_xlabel("gain, dB")
    ax.margins(x=0.16 if before is None else 0.28)
    ax.set_title("Gains" if before is None else "Gains, before (○) and after (●)", loc="left", color=INK)
    plain(ax)
    ax.grid(visible=False, axis="y")
    describe(ax, f"Gains: {_description(chosen, earlier)}.")
    return ax


def _draw_row(ax: Axes, row: int, now: float, then: float | None) -> None:
    moved = then is not None and abs(now - then) >= 0.05
    colour = VERMILLION if moved else BLUE
    ax.plot(
        [then if then is not None and moved else 0, now], [row, row], color=colour, linewidth=2.4, solid_capstyle="butt"
    )
    if then is not None:
        ax.plot([then], [row], marker="o", markersize=8, color=colour, markerfacecolor="white", linestyle="none")
    ax.plot([now], [row], marker="o", markersize=7 if then is None or moved else 4.5, color=colour, linestyle="none")
    words = signed(now) if then is None or not moved else f"{signed(now)}  ({signed(now - then)})"
    lowest = now if then is None else min(now, then)
    left = now < 0 and (then is None or now <= then)
    spot = (lowest if left else max(now, then if then is not None else now), row)
    ax.annotate(
        words, spot, (-8 if left else 8, 0), textcoords="offset points",
        ha="right" if left else "left", va="center", fontsize=9, color=INK,
    )  # fmt: skip


def _description(chosen: Mapping[str, TrackSettings], earlier: Mapping[str, TrackSettings]) -> str:
    def one(name: str, label: str) -> str:
        now = chosen[name].gain_db
        if name in earlier and abs(now - earlier[name].gain_db) >= 0.05:
            return f"{label} {signed(now)} dB, before {signed(earlier[name].gain_db)} dB"
        return f"{label} {signed(now)} dB"

    return ", ".join(one(name, label) for name, label in labels(chosen).items())


EDGE_DEG = 60.0
_INNER = 0.32
_MOST_NAMED = 12


def plot_pan(mix: Strips, ax: Axes | None = None, *, track: str | None = None) -> Axes:
    """Draw the tracks in a fan from 60 degrees left to 60 degrees right, each on its own ring so that none hides another.

    `mix` is a preview or final mix, settings or effects by track name, or those of one track.
    """
    chosen = strips(mix, track)
    ax = panel_or(ax, *((6.8, 4.2) if len(chosen) <= _MOST_NAMED else (9.6, 4.6)))
    radii = [float(r) for r in np.linspace(_INNER, 0.95, len(chosen))] if len(chosen) > 1 else [0.7]
    _draw_fan(ax, radii)
    _draw_tracks(ax, chosen, radii)
    ax.set_title("Pan field", loc="left", color=INK)
    angles = [f"{label} {degrees(chosen[name].pan_deg)}" for name, label in labels(chosen).items()]
    describe(ax, f"Pan field: {', '.join(angles)}.")
    return ax


def pan_point(angle_deg: float, radius: float) -> tuple[float, float]:
    """Return x and y of a pan angle in degrees: 0 is up (straight ahead), negative angles are to the left."""
    angle = np.radians(np.clip(angle_deg, -EDGE_DEG, EDGE_DEG))
    return float(radius * np.sin(angle)), float(radius * np.cos(angle))


def draw_pan(ax: Axes, settings: TrackSettings) -> None:
    """Draw one track in a fan without labels."""
    _draw_fan(ax, [], labelled=False)
    x, y = pan_point(settings.pan_deg, 0.8)
    ax.plot([0, x], [0, y], color=BLUE, linewidth=1.6)
    ax.plot([x], [y], marker="o", markersize=6, color=BLUE)
    ax.text(0, -0.16, degrees(settings.pan_deg), ha="center", va="top", fontsize=7.5, color=INK)
    ax.set_ylim(-0.5, 1.1)


def _draw_fan(ax: Axes, rings: Sequence[float], *, labelled: bool = True) -> None:
    sweep = np.radians(np.linspace(-EDGE_DEG, EDGE_DEG, 91))
    for radius in rings:
        ax.plot(radius * np.sin(sweep), radius * np.cos(sweep), color=GRID, linewidth=0.7, zorder=1)
    ax.plot(np.sin(sweep), np.cos(sweep), color=FAINT, linewidth=1.0, zorder=1)
    for angle in (-60, -30, 0, 30, 60):
        x, y = pan_point(angle, 1.0)
        ax.plot([0, x], [0, y], color=GRID if abs(angle) < EDGE_DEG else FAINT, linewidth=0.8, zorder=1)
        if labelled:
            side = "right" if angle < 0 else "left" if angle > 0 else "center"
            ax.text(x * 1.03, y * 1.03, degrees(angle), ha=side, va="bottom", fontsize=9, color=INK)
    if labelled:
        ax.text(0, -0.03, "listener", ha="center", va="top", fontsize=8.5, color=FAINT)
    ax.set_aspect("equal")
    ax.set_xlim(-1.1, 1.1)
    ax.set_ylim(-0.12, 1.14)
    ax.set_axis_off()


def _draw_tracks(ax: Axes, chosen: Mapping[str, TrackSettings], radii: Sequence[float]) -> None:
    for number, ((name, label), radius) in enumerate(zip(labels(chosen).items(), radii, strict=True)):
        x, y = pan_point(chosen[name].pan_deg, radius)
        look = track_style(number)
        ax.plot([x], [y], marker=look.marker, color=look.colour, markersize=7, linestyle="none", label=label, zorder=3)
        if len(chosen) <= _MOST_NAMED:
            ax.annotate(label, (x, y), (6, 0), textcoords="offset points", va="center", fontsize=9, color=INK, zorder=4)
    if len(chosen) > _MOST_NAMED:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, ncols=1 + len(chosen) // 21)
