"""Figures that display themselves in a notebook without pyplot, whose global state is not thread-safe.

A widget's callback may run at the same time as a cell (jupyterlab#19719), so every figure here is a separate `matplotlib.figure.Figure`.
A saved notebook holds it as plain HTML: a small palette PNG with its description as alternative text.
"""

from __future__ import annotations

import io
from base64 import b64encode
from html import escape
from math import sqrt
from threading import RLock
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

MOST_BYTES = 95_000
_SCREEN_DPI = 96
_SHARPEST_DPI = 192.0
_COARSEST_DPI = 64.0
_MOST_PIXELS = 2.4e6
_DRAWING = RLock()


class Picture(Figure):
    """A figure that displays itself, with alternative text."""

    alt: str = ""
    """Description of the figure; if empty, the descriptions of its panels are used."""

    def __init__(
        self, width_in: float, height_in: float, layout: Any = "constrained", dpi: float = _SHARPEST_DPI
    ) -> None:
        super().__init__(figsize=(width_in, height_in), facecolor="white", layout=layout, dpi=_SCREEN_DPI)
        self.sharpest_dpi = dpi
        FigureCanvasAgg(self)

    def panel(self) -> Panel:
        """Add and return the panel of a figure with one panel."""
        return cast(Panel, self.add_subplot(axes_class=Panel))

    @property
    def description(self) -> str:
        """The alternative text."""
        return self.alt or " ".join(ax.alt for ax in self.axes if isinstance(ax, Panel) and ax.alt)

    def png(self, most_bytes: int = MOST_BYTES) -> bytes:
        """Return the figure as a PNG of at most `most_bytes`: at the highest resolution that fits, with 256 colours."""
        width, height = self.get_size_inches()
        dpi = max(_COARSEST_DPI, min(self.sharpest_dpi, sqrt(_MOST_PIXELS / (width * height))))
        with _DRAWING:
            data = self._rendered(dpi)
            while len(data) > most_bytes and dpi > _COARSEST_DPI:
                dpi = max(_COARSEST_DPI, dpi * 0.96 * min(0.95, sqrt(most_bytes / len(data))))
                data = self._rendered(dpi)
        return data

    def _rendered(self, dpi: float) -> bytes:
        raw = io.BytesIO()
        self.savefig(raw, format="png", dpi=dpi)
        small = io.BytesIO()
        with Image.open(raw) as picture:
            flat = picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            flat.save(small, format="png", optimize=True)
        return small.getvalue()

    def to_html(self) -> str:
        """Return the figure as an `<img>` element that contains the image."""
        width = round(self.get_size_inches()[0] * _SCREEN_DPI)
        data = b64encode(self.png()).decode()
        style = f"width:{width}px;max-width:100%;height:auto;background:white"
        return f'<img alt="{escape(self.description)}" style="{style}" src="data:image/png;base64,{data}">'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.description or repr(self)}


class Panel(Axes):
    """Axes of a `Picture`. As the last value of a cell they display the whole picture."""

    alt: str = ""
    """Description of the panel."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figure = self.get_figure(root=True)
        return figure._repr_mimebundle_() if isinstance(figure, Picture) else {"text/plain": self.alt or repr(self)}


def panel_or(ax: Axes | None, width_in: float = 7.5, height_in: float = 3.6) -> Axes:
    """Return `ax`, or the panel of a new picture if `ax` is None."""
    return Picture(width_in, height_in).panel() if ax is None else ax


def describe(ax: Axes, alt: str) -> None:
    """Set the alternative text of a `Panel`; other axes have no attribute for it and are left unchanged."""
    if isinstance(ax, Panel):
        ax.alt = alt
