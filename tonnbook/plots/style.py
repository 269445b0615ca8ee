"""Set the style of plots and format the values in them. Nothing is distinguished by colour alone.

Colours: Okabe and Ito, "Color Universal Design" (2008), without its yellow, which is too pale for lines on white.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
INK = "#222222"
FAINT = "#8a8a8a"
GRID = "#dcdcdc"

LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
_DECADE = {20: "20", 50: "50", 100: "100", 200: "200", 500: "500", 1000: "1k", 2000: "2k", 5000: "5k", 10000: "10k"}
_ALL_TICKS = {**_DECADE, 20000: "20k"}
_FEW_TICKS = {100: "100", 1000: "1k", 10000: "10k"}


@dataclass(frozen=True)
class TrackStyle:
    """Colour, line style and marker of one track. The first 44 differ from each other even without colour."""

    colour: str
    line: str
    marker: str

    def keywords(self) -> dict[str, Any]:
        """Return the style as keyword arguments of `Axes.plot`."""
        return {"color": self.colour, "linestyle": self.line, "marker": self.marker}


_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_LINES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "<", ">")


def track_style(number: int) -> TrackStyle:
    """Return the style of track `number`, counted from 0. Neighbours differ in colour, line and marker."""
    return TrackStyle(_COLOURS[number % len(_COLOURS)], _LINES[number % len(_LINES)], _MARKERS[number % len(_MARKERS)])


def frequency_axis(ax: Axes, *, few: bool = False) -> None:
    """Make the x axis logarithmic, 20 Hz to 20 kHz, with ticks at round frequencies."""
    ticks = _FEW_TICKS if few else _ALL_TICKS
    ax.set_xscale("log")
    ax.set_xlim(LOWEST_HZ, HIGHEST_HZ)
    ax.xaxis.set_major_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_major_formatter(FixedFormatter(list(ticks.values())))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())


def plain(ax: Axes, *, size: float = 9) -> None:
    """Apply the common style: a light grid behind the data, no box, `size` points for the text."""
    ax.set_axisbelow(True)
    ax.grid(visible=True, color=GRID, linewidth=0.7)
    ax.tick_params(labelsize=size, colors=INK, length=0, pad=5)
    ax.xaxis.label.set(size=size, color=INK)
    ax.yaxis.label.set(size=size, color=INK)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)


def legend_above(ax: Axes, columns: int = 4) -> None:
    """Draw the legend between title and axes, where it covers no data; the title needs `pad=20`. Without labels no legend is drawn."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0.0, 0.985), ncols=columns, borderpad=0.1
        )


def signed(value: float, digits: int = 1) -> str:
    """Format a level or a change with its sign: +1.5, −2.8, 0."""
    rounded = round(value, digits)
    if rounded == 0:
        return "0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.{digits}f}"


def hertz(value: float) -> str:
    """Format a frequency: 310 Hz, 3.5 kHz."""
    return f"{value:.3g} Hz" if value < 999.5 else f"{value / 1000:.3g} kHz"


def degrees(angle: float) -> str:
    """Format a pan angle: centre, 20° left."""
    rounded = round(angle)
    return "centre" if rounded == 0 else f"{abs(rounded)}° {'left' if rounded < 0 else 'right'}"
