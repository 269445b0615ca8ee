"""What changed, drawn under the waveforms of a comparison: row by row, over time, never by colour alone.

Of an enhancement, by how much each octave was raised or lowered: areas above and below a line. Of a cleanup, the level of what was taken
away: an area, under a line for the recording. The paths are made here, once: the player and its twin show the same drawing.
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
from tonnbook.widgets.player.tracks import signed

FULL_DB = (6.0, 12.0)
"""Of a difference: what fills half a row, the first where nearly all fits in; what is more is cut off, but read out."""

LOWEST_DB = -80.0
"""Of a level: the bottom of its row."""

_NOTHING_DBFS = -110.0
_COLUMNS = 200
_SHORTEST_S = 0.25
_STEP_S = 0.1
_TINY_DB = 0.05


@dataclass(frozen=True)
class Row:
    """One row: a value every `hop_s` seconds, None where there is none, and how it is drawn."""

    label: str
    unit: str
    values: tuple[float | None, ...]
    paths: dict[str, str]
    """SVG paths on a field of one unit per value and 100 units from top to bottom: "more", "less", "taken", "line", "mark", "grid"."""
    tall: bool = False

    @property
    def trait(self) -> dict[str, Any]:
        """What the page gets."""
        return {
            "label": self.label,
            "unit": self.unit,
            "values": list(self.values),
            "paths": self.paths,
            "tall": self.tall,
        }


@dataclass(frozen=True)
class Changes:
    """All rows under one comparison, with how to read them (`legend`) and what they say in a sentence (`about`)."""

    legend: str
    about: str
    hop_s: float
    rows: tuple[Row, ...]

    @property
    def trait(self) -> dict[str, Any]:
        """What the page gets."""
        rows = [row.trait for row in self.rows]
        return {"legend": self.legend, "about": self.about, "hop_s": self.hop_s, "rows": rows}

    def picture(self) -> str:
        """Return the rows as an image that carries itself, with the sentence as its alternative text, and the legend below."""
        parts, top = [], 0
        for row in self.rows:
            high = 64 if row.tall else 18
            wide = max(1, len(row.values) - 1)
            drawn = "".join(f'<path class="{kind}" d="{d}"/>' for kind, d in row.paths.items())
            parts.append(
                f'<text x="52" y="{top + high / 2 + 4}">{escape(row.label)}</text>'
                f'<svg x="60" y="{top}" width="540" height="{high}" viewBox="0 0 {wide} 100" preserveAspectRatio="none">{drawn}</svg>'
            )
            top += high + 2
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
    ".more,.taken{fill:#a85c00}.less{fill:#0072b2}.line,.mark{stroke:#444}.grid{stroke:#ccc}"
)


def tone_changes(a: Audio, b: Audio, rate: int, gains_db: tuple[float, float]) -> Changes:
    """Return how `b` differs from `a` over time, in loudness and in each octave, once both have had their gains."""
    from tonnbook.dsp.spectrum import OCTAVES_HZ, changes_db

    hop_s = max(_SHORTEST_S, min(a.shape[1], b.shape[1]) / rate / _COLUMNS)
    whole, octaves = changes_db(a, b, rate, hop_s)
    shift = gains_db[1] - gains_db[0]
    moved = np.abs(np.concatenate([each[np.isfinite(each)] + shift for each in octaves]))
    full_db = FULL_DB[int(len(moved) > 0 and np.percentile(moved, 95.0) > FULL_DB[0])]
    labels = ("loudness", *(_hertz(hz) for hz in OCTAVES_HZ))
    rows = tuple(
        _difference_row(name, each + shift, full_db)
        for name, each in zip(labels, (whole, *octaves), strict=True)
        if _heard(each)
    )
    legend = f"At equal loudness, by octave: an area above its line is more than before, below it less; half a row is {full_db:g} dB."
    told = [
        (name, float(np.nanmean(each + shift))) for name, each in zip(labels[1:], octaves, strict=True) if _heard(each)
    ]
    said = ", ".join(f"{name} {_plus(mean)}" for name, mean in told)
    return Changes(legend, f"What changed on average, at equal loudness: {said}.", hop_s, rows)


def taken_changes(
    before: Audio, after: Audio, rate: int, taken: Series | None = None, clicks_s: Sequence[float] = ()
) -> Changes:
    """Return the level of what was taken away over time, under that of the recording, dBFS RMS, and where clicks were repaired.

    `taken` is what the server measured; without it the difference of the two is.
    """
    frames = min(before.shape[1], after.shape[1])
    seconds = frames / rate
    step = max(_STEP_S, seconds / (2 * _COLUMNS))
    if taken is not None and taken.values:
        values = np.array([LOWEST_DB if v is None else v for v in taken.values])
        places = np.arange(len(values)) * taken.hop_s
        gone = np.array(
            [
                values[(places >= t - 1e-9) & (places < t + step - 1e-9)].max(initial=-150.0)
                for t in _steps(seconds, step)
            ]
        )
    else:
        gone = _levels(before[:, :frames] - after[:, :frames], rate, step)
    heard = _levels(before[:, :frames], rate, step)[: len(gone)]
    paths = {"grid": _grid(len(gone)), "taken": _area(_up(gone), 100.0), "line": _line(_up(heard))}
    marks = {"mark": "".join(f"M{at / step:.1f} 0V14" for at in clicks_s)} if clicks_s else {}
    row = Row("taken away", "dBFS", _rounded(np.where(gone < _NOTHING_DBFS, np.nan, gone)), paths | marks, tall=True)
    legend = (
        f"Area: what was taken away; line: the recording before. Bottom to top \N{MINUS SIGN}{-LOWEST_DB:g} to 0 dBFS, a grey line every 20 dB."
        + (" Ticks at the top: repaired clicks." if clicks_s else "")
    )
    loudest = int(np.argmax(gone))
    about = (
        f"What was taken away: {signed(float(np.median(gone)))} dBFS for the most part, {signed(float(gone[loudest]))} dBFS at its loudest, "
        f"{loudest * step:.1f} s into the recording, which plays at {signed(float(np.percentile(heard, 90.0)))} dBFS."
        + (f" Clicks were repaired in {len(clicks_s)} places." if clicks_s else "")
    )
    return Changes(legend, about, step, (row,))


def _difference_row(label: str, values: Audio, full_db: float) -> Row:
    drawn = np.clip(np.nan_to_num(values), -full_db, full_db) * (50.0 / full_db)
    paths = {
        "grid": f"M0 50H{len(values) - 1}",
        "more": _area(50.0 - np.maximum(drawn, 0.0), 50.0),
        "less": _area(50.0 - np.minimum(drawn, 0.0), 50.0),
    }
    return Row(label, "dB", _rounded(values), paths)


def _heard(values: Audio) -> bool:
    return bool(np.isfinite(values).any())


def _steps(seconds: float, step: float) -> Audio:
    return np.arange(max(1, int(seconds / step + 1e-6))) * step


def _levels(audio: Audio, rate: int, step: float) -> Audio:
    """Return the RMS level of each piece of `step` seconds in dBFS."""
    edges = np.rint(_steps(audio.shape[1] / rate, step) * rate).astype(int)
    power = np.add.reduceat(np.square(audio).mean(axis=0), edges) / np.diff(edges, append=audio.shape[1])
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-15)))


def _up(levels: Audio) -> Audio:
    return np.asarray(np.clip(levels / LOWEST_DB, 0.0, 1.0) * 100.0)


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


def _plus(db: float) -> str:
    return f"{'+' if db >= _TINY_DB else ''}{signed(db)} dB"
