"""Draw a whole mix on one page: EQ, compression, pan, gain and reverb of each track, with the reasons beside the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from tonnbook.models.effects import TrackSettings
from tonnbook.models.mixing import MixNotes, TrackNotes
from tonnbook.plots import compression, eq, gain_pan
from tonnbook.plots.figure import Picture
from tonnbook.plots.reason_table import Explained, Line, Reasons, reasons
from tonnbook.plots.strips import labels, strips
from tonnbook.plots.style import BLUE, FAINT, GREEN, INK, degrees, frequency_axis, plain, signed

_WIDTH, _HEIGHT = 5.8, 1.32
_DOWN, _HIGH = 0.24, 0.9
_EQ, _COMPRESSION, _TIMES, _PAN, _LEVELS = (0.3, 1.98), (2.54, 0.9), (3.5, 0.0), (4.2, 0.7), (4.95, 0.8)
_FEW = 12
_SHARP_DPI, _PLAIN_DPI = 192.0, 108.0


@dataclass(frozen=True)
class Scale:
    """Axis limits in dB that all strips of a page share, so that they can be compared."""

    eq: float
    quietest: float
    loudest: float

    @classmethod
    def of(cls, chosen: Mapping[str, TrackSettings]) -> Scale:
        """Return the scale that fits every track."""
        gains = [settings.gain_db for settings in chosen.values()]
        return cls(6.0 * ceil(eq.reach_db(chosen) / 6.0), min(-30.0, *gains), max(12.0, *gains))


@dataclass(frozen=True)
class MixPage:
    """A mix, track by track. It displays itself as plain HTML; `pictures` holds the figure of each track."""

    pictures: Mapping[str, Picture] = field(repr=False)
    summaries: Mapping[str, str] = field(repr=False)
    reasons: Reasons = field(repr=False)
    title: str

    def __iter__(self) -> Iterator[Picture]:
        return iter(self.pictures.values())

    def save(self, path: str | Path) -> Path:
        """Write the page as one self-contained HTML file and return its path."""
        target = Path(path)
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(self.title)}</title>'
        target.write_text(f"{head}<body>{self.to_html()}</body></html>", encoding="utf-8")
        return target

    def to_html(self) -> str:
        """Return the page as a self-contained HTML table."""
        lines_of = {track: list(lines) for track, lines in groupby(self.reasons, lambda line: line.track)}
        rows = [
            _HEADING.format(escape(label), escape(self.summaries[label]))
            + f'{_ROW}<td style="{_CELL};width:60%">{picture.to_html()}</td><td style="{_CELL}">{_list(lines_of.pop(label, []))}</td></tr>'
            for label, picture in self.pictures.items()
        ]
        rest = [
            _HEADING.format(escape(t), "") + f'{_ROW}<td colspan="2" style="{_CELL}">{_list(r)}</td></tr>'
            for t, r in lines_of.items()
        ]
        caption = f'<caption style="text-align:left;padding:4px 0">{escape(self.title)}</caption>'
        return f'<table style="text-align:left;width:100%">{caption}{"".join(rows + rest)}</table>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self.reasons)}


_CELL = "text-align:left;vertical-align:top;white-space:normal;padding:2px 6px"
_ROW = '<tr style="background:none">'
_HEADING = (
    f'{_ROW}<th colspan="2" style="{_CELL};border-top:1px solid #8888"><b>{{}}</b> '
    '<span style="font-weight:normal">{}</span></th></tr>'
)


def plot_mix(mix: Explained) -> MixPage:
    """Draw the settings of a mix, track by track, with the reasons; for the live service, which gives no reasons, with the settings as text."""
    chosen = strips(mix)
    scale = Scale.of(chosen)
    dpi = _SHARP_DPI if len(chosen) <= _FEW else _PLAIN_DPI
    pictures, summaries = {}, {}
    for name, label in labels(chosen).items():
        notes = mix.notes.tracks.get(name) if mix.notes else None
        pictures[label] = draw_strip(chosen[name], label, scale, notes, dpi)
        summaries[label] = _summary(notes)
    return MixPage(pictures, summaries, reasons(mix), _title(mix.notes))


def draw_strip(
    settings: TrackSettings, label: str, scale: Scale, notes: TrackNotes | None = None, dpi: float = _SHARP_DPI
) -> Picture:
    """Draw one track: EQ, compression, pan, gain and reverb side by side."""
    picture = Picture(_WIDTH, _HEIGHT, layout="none", dpi=dpi)
    _draw_eq(_panel(picture, _EQ, "EQ, dB over Hz"), settings, scale)
    _draw_compression(_panel(picture, _COMPRESSION, "compression, dBFS"), settings)
    picture.text(_TIMES[0] / _WIDTH, 0.72, compression.in_lines(settings.compression), fontsize=7, color=INK, va="top")
    gain_pan.draw_pan(_panel(picture, _PAN, "pan"), settings)
    _draw_levels(_panel(picture, _LEVELS, "level"), settings, scale, notes)
    picture.alt = (
        f"{label}: gain {signed(settings.gain_db)} dB, pan {degrees(settings.pan_deg)}, EQ {eq.bands_text(settings.eq)}, "
        f"compression {compression.compressor_text(settings.compression)}, {_reverb(notes) or 'reverb unknown'}."
    )
    return picture


def _panel(picture: Picture, column: tuple[float, float], title: str) -> Axes:
    left, width = column
    picture.text(left / _WIDTH, 0.98, title, fontsize=7, color="#555555", va="top")
    return picture.add_axes((left / _WIDTH, _DOWN / _HEIGHT, width / _WIDTH, _HIGH / _HEIGHT))


def _draw_eq(ax: Axes, settings: TrackSettings, scale: Scale) -> None:
    eq.draw_bands(ax, settings, small=True)
    frequency_axis(ax, few=True)
    half = scale.eq / 2
    ax.set_ylim(-scale.eq, scale.eq)
    ax.set_yticks([-half, 0, half], [f"{-half:+g}".replace("-", "−"), "0", f"{half:+g}"])
    plain(ax, size=7)


def _draw_compression(ax: Axes, settings: TrackSettings) -> None:
    compression.draw_curve(ax, settings.compression, small=True)
    ax.set_xlim(compression.FLOOR_DB, 0)
    ax.set_ylim(compression.FLOOR_DB, 0)
    ax.set_xticks([-60, -30, 0], ["−60", "−30", "0"])
    ax.set_yticks([-30], [""])
    plain(ax, size=7)


def _draw_levels(ax: Axes, settings: TrackSettings, scale: Scale, notes: TrackNotes | None) -> None:
    _lollipop(ax, 1.0, settings.gain_db, f"gain {signed(settings.gain_db)} dB", "o", BLUE)
    _lollipop(ax, 0.0, notes.reverb_send_db if notes else None, _reverb(notes), "D", GREEN)
    ax.set_xlim(scale.quietest - 4, scale.loudest + 4)
    ax.set_ylim(-0.4, 1.75)
    ax.set_axis_off()


def _lollipop(ax: Axes, row: float, value: float | None, words: str, marker: str, colour: str) -> None:
    if value is not None:
        ax.plot([0, 0], [row - 0.18, row + 0.18], color=FAINT, linewidth=1.0)
        ax.plot([0, value], [row, row], color=colour, linewidth=1.8)
        ax.plot([value], [row], marker=marker, markersize=5.5, color=colour, linestyle="none")
    ax.text(0.0, row + 0.2, words, transform=ax.get_yaxis_transform(), fontsize=7, color=INK, va="bottom")


def _reverb(notes: TrackNotes | None) -> str:
    if notes is None:
        return ""
    return "no reverb" if notes.reverb_send_db is None else f"reverb {signed(notes.reverb_send_db)} LU"


def _summary(notes: TrackNotes | None) -> str:
    if notes is None:
        return ""
    parts = [notes.instrument.label, notes.presence.label.lower()]
    if notes.loudness_lufs is not None:
        parts.append(f"recorded at {signed(notes.loudness_lufs)} LUFS")
    if notes.audible is not None:
        parts.append(f"{notes.audible:.0%} audible above the other tracks")
    return " · ".join(parts)


def _title(notes: MixNotes | None) -> str:
    return (
        f"What the mix did, track by track ({notes.made_by if notes else 'the service gives settings without reasons'})"
    )


def _list(lines: Sequence[Line]) -> str:
    return "".join(
        f'<p style="margin:0 0 3px;line-height:1.3"><b>{escape(line.setting)}</b> {escape(line.text)}</p>'
        for line in lines
    )
