"""Compare two analyses in a table: what differs, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from tonnbook.models.analysis import Analysis
from tonnbook.plots.style import signed

_NUMBERS = (
    ("Loudness", "LUFS", "verdicts.loudness_lufs"),
    ("True peak", "dBTP", "verdicts.true_peak_dbtp"),
    ("Peak to loudness", "LU", "notes.plr_lu"),
    ("Loudness range", "LU", "notes.loudness_range_lu"),
    ("Side against middle", "dB", "notes.width_db"),
    ("Correlation under 120 Hz", "", "notes.low_correlation"),
    ("Change in mono", "LU", "notes.mono_change_lu"),
    ("Spectral tilt", "dB/octave", "notes.tilt_db"),
    ("Clips", "", "notes.clips.runs"),
)
_WORDS = (
    ("As a mix: loudness", "mix_loudness"),
    ("As a mix: compression", "mix_drc"),
    ("As a master: loudness", "master_loudness"),
    ("As a master: compression", "master_drc"),
    ("Clipping", "clipping"),
    ("Stereo field", "stereo_field"),
    ("Bass", "tonal_profile.bass"),
    ("Low middle", "tonal_profile.low_mid"),
    ("High middle", "tonal_profile.high_mid"),
    ("Treble", "tonal_profile.high"),
    ("Safe in mono", "mono_compatible"),
    ("Phase issues", "phase_issues"),
)
_CELL = "text-align:left;padding:3px 8px"


@dataclass(frozen=True)
class Difference:
    """One row: a figure or verdict, its value in both analyses, and the change."""

    what: str
    a: str
    b: str
    change: str
    """The second value minus the first, or "same" or "differs"."""


@dataclass(frozen=True)
class Comparison:
    """The table of differences between two tracks. Iterating gives its rows."""

    names: tuple[str, str]
    rows: tuple[Difference, ...]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.rows)

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The rows in which the two differ."""
        return tuple(row for row in self.rows if row.change not in ("same", "0"))

    def __str__(self) -> str:
        table = [("", *self.names, "change"), *((row.what, row.a, row.b, row.change) for row in self.rows)]
        widths = [max(len(line[n]) for line in table) for n in range(4)]
        return "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in table
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        head = "".join(f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in ("", *self.names, "change"))
        body = "".join(
            f'<tr><th scope="row" style="{_CELL}">{escape(row.what)}</th>'
            + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in (row.a, row.b, row.change))
            + "</tr>"
            for row in self.rows
        )
        return {
            "text/html": f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
            "text/plain": str(self),
        }


def compare_mixes(a: Analysis, b: Analysis) -> Comparison:
    """Return what differs between two tracks: numbers with their change, and verdicts.

    >>> tb.compare_mixes(await tonn.analyse("before.wav"), await tonn.analyse("after.wav"))
    """
    for analysis in (a, b):
        if not isinstance(analysis, Analysis):
            raise TypeError(f"compare_mixes takes results of tonn.analyse, not {type(analysis).__name__}")
    names = (a.name, b.name) if a.name != b.name else (f"A: {a.name}", f"B: {b.name}")
    numbers = (_number(what, unit, _value(a, path), _value(b, path)) for what, unit, path in _NUMBERS)
    words = (_word(what, _value(a.verdicts, path), _value(b.verdicts, path)) for what, path in _WORDS)
    return Comparison(names, (*(row for row in numbers if row), *words))


def _value(thing: Any, path: str) -> Any:
    for name in path.split("."):
        thing = None if thing is None else getattr(thing, name)
    return thing


def _number(what: str, unit: str, a: float | None, b: float | None) -> Difference | None:
    if a is None and b is None:
        return None
    texts = [
        f"{value:.1f} {unit}".rstrip() if isinstance(value, float) else ("none" if value is None else f"{value}")
        for value in (a, b)
    ]
    change = signed(b - a, 0 if isinstance(a, int) else 1) if a is not None and b is not None else "differs"
    return Difference(what, texts[0], texts[1], change)


def _word(what: str, a: Any, b: Any) -> Difference:
    texts = [("yes" if value else "no") if isinstance(value, bool) else value.label for value in (a, b)]
    return Difference(what, texts[0], texts[1], "same" if a == b else "differs")
