"""List what was done to each track and why, as a table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Any, Protocol

from tonnbook.models.effects import TrackSettings
from tonnbook.models.mixing import MixNotes
from tonnbook.plots import compression, eq
from tonnbook.plots.strips import Mixed, find, labels
from tonnbook.plots.style import degrees, signed


class Explained(Mixed, Protocol):
    """A finished mix that may carry the studio's reasons."""

    @property
    def notes(self) -> MixNotes | None:
        """The studio's reasons; None on the live service."""
        ...


@dataclass(frozen=True)
class Line:
    """One setting of one track with its reason."""

    track: str
    setting: str
    text: str


@dataclass(frozen=True)
class Reasons:
    """A table that displays itself as HTML and prints as text."""

    lines: Sequence[Line] = field(repr=False)
    title: str

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        parts = [self.title]
        for track, lines in groupby(self.lines, lambda line: line.track):
            parts += ["", track, *(_wrapped(line) for line in lines)]
        return "\n".join(parts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self)}

    def to_html(self) -> str:
        """Return the table as plain HTML, one group of rows for each track."""
        groups = [_rows(track, list(lines)) for track, lines in groupby(self.lines, lambda line: line.track)]
        head = "".join(f'<th scope="col" style="{_CELL}">{words}</th>' for words in ("track", "setting", "why"))
        caption = f'<caption style="text-align:left;padding:4px 0">{escape(self.title)}</caption>'
        return f'<table style="text-align:left">{caption}<thead><tr>{head}</tr></thead>{"".join(groups)}</table>'


_CELL = "text-align:left;vertical-align:top;white-space:normal"


def reasons(mix: Explained, track: str | None = None) -> Reasons:
    """Return the reason of every setting of all tracks, or of `track`, and of what was done to the whole mix.

    The live service gives settings without reasons; the table then lists the settings.
    """
    named = labels(mix.settings or (mix.notes.tracks if mix.notes else {}))
    chosen = list(named) if track is None else [find(track, named)]
    if mix.notes is None:
        lines = [Line(named[n], setting, text) for n in chosen for setting, text in setting_values(mix.settings[n])]
        return Reasons(lines, "What was done to each track (this service gives settings without reasons)")
    tracks = mix.notes.tracks
    lines = [Line(named[n], setting_label(r.setting), r.text) for n in chosen if n in tracks for r in tracks[n].reasons]
    if track is None:
        lines += [Line("whole mix", setting_label(reason.setting), reason.text) for reason in mix.notes.bus]
    return Reasons(lines, f"What was done and why: {mix.notes.made_by}")


def setting_values(settings: TrackSettings) -> list[tuple[str, str]]:
    """Return name and value of each setting of a strip."""
    return [
        ("gain", f"{signed(settings.gain_db)} dB"),
        ("pan", degrees(settings.pan_deg)),
        *((f"EQ band {n}", eq.bands_text([band])) for n, band in enumerate(settings.eq, start=1)),
        ("compression", compression.compressor_text(settings.compression)),
    ]


def setting_label(setting: str) -> str:
    """Return the display name of a setting: "EQ band 2" for eq.band_2."""
    return setting.replace("eq.band_", "EQ band ").replace("_", " ")


def _wrapped(line: Line) -> str:
    return textwrap.fill(line.text, 96, initial_indent=f"  {line.setting:<12} ", subsequent_indent=" " * 15)


def _rows(track: str, lines: Sequence[Line]) -> str:
    rows = []
    for number, line in enumerate(lines):
        first = (
            f'<th scope="rowgroup" rowspan="{len(lines)}" style="{_CELL}">{escape(track)}</th>' if number == 0 else ""
        )
        rows.append(
            f'<tr>{first}<td style="{_CELL}">{escape(line.setting)}</td><td style="{_CELL}">{escape(line.text)}</td></tr>'
        )
    return f"<tbody>{''.join(rows)}</tbody>"
