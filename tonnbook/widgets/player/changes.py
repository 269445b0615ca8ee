"""Compute the drawing of what changed, shown below the waveforms of a comparison: rows over time, not coded by colour alone.

For an enhancement or a master: by how much each octave was raised or lowered, as areas above and below a line. For a cleanup: the
level of what was removed, as an area, with a line for the original. The SVG paths are computed here, so that the player and its
static HTML show the same drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from tonnbook.models.notes import Series
from tonnbook.widgets.page import data_url, html
from tonnbook.widgets.player.sources import Audio
from tonnbook.widgets.player.tracks import format_level

HALF_ROW_DB = (6.0, 12.0)
"""Scales of a difference: half a row. The first is used if 95 % of the values fit; larger values are clipped in the drawing only."""

LOWEST_DBFS = -80.0
"""Level at the bottom of a row."""

_SILENT_DBFS = -110.0
_MAX_COLUMNS = 200
_MIN_TONE_HOP_S = 0.25
_MIN_LEVEL_HOP_S = 0.1
_ROUNDS_TO_ZERO_DB = 0.05


@dataclass(frozen=True)
class Row:
    """One row: a value every `hop_s` seconds (None where nothing sounds) and the paths that draw it."""

    label: str
    unit: str
    values: tuple[float | None, ...]
    paths: dict[str, str]
    """SVG paths by CSS class ("more", "less", "residue", "line", "mark", "grid"); one unit per value, 100 units top to bottom."""
    tall: bool = False

    @property
    def state(self) -> dict[str, Any]:
        """The row as it is sent to the page."""
        return {
            "label": self.label,
            "unit": self.unit,
            "values": list(self.values),
            "paths": self.paths,
            "tall": self.tall,
        }


@dataclass(frozen=True)
class Changes:
    """All rows below one comparison, with an explanation of the drawing (`legend`) and a summary in one sentence (`about`)."""

    legend: str
    about: str
    hop_s: float
    rows: tuple[Row, ...]

    @property
    def state(self) -> dict[str, Any]:
        """The drawing as it is sent to the page."""
        rows = [row.state for row in self.rows]
        return {"legend": self.legend, "about": self.about, "hop_s": self.hop_s, "rows": rows}

    def picture(self) -> str:
        """Return the rows as an <img> with embedded SVG and `about` as its alternative text, and the legend below."""
        parts, top = [], 0
        for row in self.rows:
            height = 64 if row.tall else 18
            width = max(1, len(row.values) - 1)
            paths = "".join(f'<path class="{kind}" d="{d}"/>' for kind, d in row.paths.items())
            parts.append(
                f'<text x="52" y="{top + height / 2 + 4}">{escape(row.label)}</text>'
                f'<svg x="60" y="{top}" width="540" height="{height}" viewBox="0 0 {width} 100" preserveAspectRatio="none">{paths}</svg>'
            )
            top += height + 2
        drawing = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="{top}"><style>{_STYLE}</style>'
            f'<rect width="600" height="{top}" fill="#fff"/>{"".join(parts)}</svg>'
        )
        image = html(
            "img", alt=self.about, src=data_url("image/svg+xml", drawing.encode()), width="600", height=str(top)
        )
        return html("div", image) + html("p", escape(self.legend))


_STYLE = (
    "text{font:11px sans-serif;text-anchor:end;fill:#222}path{vector-effect:non-scaling-stroke;fill:none}"
    ".more,.residue{fill:#a85c00}.less{fill:#0072b2}.line,.mark{stroke:#444}.grid{stroke:#ccc}"
)


def tone_changes(a: Audio, b: Audio, rate: int, gains_db: tuple[float, float]) -> Changes:
    """Return how `b` differs from `a` over time, in loudness and in each octave, after both gains are applied.

    `a` and `b` are (channels, frames) at `rate` in Hz.
    """
    from tonnbook.dsp.spectrum import OCTAVES_HZ, changes_db

    hop_s = max(_MIN_TONE_HOP_S, min(a.shape[1], b.shape[1]) / rate / _MAX_COLUMNS)
    loudness_db, octaves_db = changes_db(a, b, rate, hop_s)
    gain_db = gains_db[1] - gains_db[0]
    sizes = np.abs(np.concatenate([each[np.isfinite(each)] + gain_db for each in octaves_db]))
    half_row_db = HALF_ROW_DB[int(len(sizes) > 0 and np.percentile(sizes, 95.0) > HALF_ROW_DB[0])]
    labels = ("loudness", *(_hertz(hz) for hz in OCTAVES_HZ))
    rows = tuple(
        _difference_row(label, each + gain_db, half_row_db)
        for label, each in zip(labels, (loudness_db, *octaves_db), strict=True)
        if _any_finite(each)
    )
    legend = f"At equal loudness, by octave: an area above the line is more than before, below it less; half a row is {half_row_db:g} dB."
    means = ", ".join(
        f"{label} {_signed(float(np.nanmean(each + gain_db)))}"
        for label, each in zip(labels[1:], octaves_db, strict=True)
        if _any_finite(each)
    )
    return Changes(legend, f"What changed on average, at equal loudness: {means}.", hop_s, rows)


def residue_changes(
    before: Audio, after: Audio, rate: int, removed: Series | None = None, clicks_s: Sequence[float] = ()
) -> Changes:
    """Return the level over time of what was removed and of the original (dBFS RMS), and where clicks were repaired.

    `removed` is the level measured by the server; without it, the level of the difference is measured here.
    """
    frames = min(before.shape[1], after.shape[1])
    seconds = frames / rate
    hop_s = max(_MIN_LEVEL_HOP_S, seconds / (2 * _MAX_COLUMNS))
    if removed is not None and removed.values:
        residue_dbfs = _maxima(removed, seconds, hop_s)
    else:
        residue_dbfs = _levels(before[:, :frames] - after[:, :frames], rate, hop_s)
    original_dbfs = _levels(before[:, :frames], rate, hop_s)[: len(residue_dbfs)]
    paths = {
        "grid": _grid(len(residue_dbfs)),
        "residue": _area(_heights(residue_dbfs), 100.0),
        "line": _line(_heights(original_dbfs)),
    }
    marks = {"mark": "".join(f"M{at / hop_s:.1f} 0V14" for at in clicks_s)} if clicks_s else {}
    values = np.where(residue_dbfs < _SILENT_DBFS, np.nan, residue_dbfs)
    row = Row("removed", "dBFS", _rounded(values), paths | marks, tall=True)
    legend = (
        f"Area: what was removed; line: the recording before. Bottom to top \N{MINUS SIGN}{-LOWEST_DBFS:g} to 0 dBFS, a grey line every 20 dB."
        + (" Ticks at the top: repaired clicks." if clicks_s else "")
    )
    loudest = int(np.argmax(residue_dbfs))
    about = (
        f"What was removed: {format_level(float(np.median(residue_dbfs)))} dBFS in the median, "
        f"{format_level(float(residue_dbfs[loudest]))} dBFS at its loudest, {loudest * hop_s:.1f} s into the recording, "
        f"which is at {format_level(float(np.percentile(original_dbfs, 90.0)))} dBFS in its louder parts."
        + (f" Clicks were repaired in {len(clicks_s)} places." if clicks_s else "")
    )
    return Changes(legend, about, hop_s, (row,))


def _maxima(series: Series, seconds: float, hop_s: float) -> Audio:
    """Return the maximum of a series in each step of `hop_s`; a missing value counts as the bottom of the row."""
    levels = np.array([LOWEST_DBFS if value is None else value for value in series.values])
    times = np.arange(len(levels)) * series.hop_s
    return np.array(
        [
            levels[(times >= start - 1e-9) & (times < start + hop_s - 1e-9)].max(initial=-150.0)
            for start in _starts(seconds, hop_s)
        ]
    )


def _difference_row(label: str, values: Audio, half_row_db: float) -> Row:
    heights = np.clip(np.nan_to_num(values), -half_row_db, half_row_db) * (50.0 / half_row_db)
    paths = {
        "grid": f"M0 50H{len(values) - 1}",
        "more": _area(50.0 - np.maximum(heights, 0.0), 50.0),
        "less": _area(50.0 - np.minimum(heights, 0.0), 50.0),
    }
    return Row(label, "dB", _rounded(values), paths)


def _any_finite(values: Audio) -> bool:
    return bool(np.isfinite(values).any())


def _starts(seconds: float, hop_s: float) -> Audio:
    """Return the start of each whole step in seconds."""
    return np.arange(max(1, int(seconds / hop_s + 1e-6))) * hop_s


def _levels(audio: Audio, rate: int, hop_s: float) -> Audio:
    """Return the RMS level of each step of `hop_s` seconds in dBFS."""
    edges = np.rint(_starts(audio.shape[1] / rate, hop_s) * rate).astype(int)
    power = np.add.reduceat(np.square(audio).mean(axis=0), edges) / np.diff(edges, append=audio.shape[1])
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-15)))


def _heights(levels_dbfs: Audio) -> Audio:
    """Return levels as vertical positions: 0 dBFS at 0 (the top), `LOWEST_DBFS` and less at 100."""
    return np.asarray(np.clip(levels_dbfs / LOWEST_DBFS, 0.0, 1.0) * 100.0)


def _area(heights: Audio, base: float) -> str:
    return f"M0 {base:g}L{_points(heights)}L{len(heights) - 1} {base:g}Z"


def _line(heights: Audio) -> str:
    return f"M{_points(heights)}"


def _points(heights: Audio) -> str:
    return "L".join(f"{x} {y:.0f}" for x, y in enumerate(heights))


def _grid(length: int) -> str:
    return "".join(f"M0 {y}H{length - 1}" for y in (25, 50, 75))


def _rounded(values: Audio) -> tuple[float | None, ...]:
    return tuple(round(float(v), 1) if np.isfinite(v) else None for v in values)


def _hertz(hz: float) -> str:
    return f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz:g} Hz"


def _signed(db: float) -> str:
    return f"{'+' if db >= _ROUNDS_TO_ZERO_DB else ''}{format_level(db)} dB"
