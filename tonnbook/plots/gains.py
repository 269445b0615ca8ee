"""Draw the gain of each track, and its gain in an earlier mix."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from tonnbook.models.effects import TrackSettings
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.strips import Strips, labels, strips
from tonnbook.plots.style import BLUE, FAINT, INK, VERMILLION, plain, signed


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
