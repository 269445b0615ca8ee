"""Format the verdicts of an analysis as a table, and compare two analyses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tonnbook.models.analysis import Analysis, Verdicts
from tonnbook.models.vocabulary import Advice, ClippingVerdict, StereoField, TonalLevel
from tonnbook.plots.style import signed

FINE, LESS, MORE, WRONG, NOTE = "✓", "▼", "▲", "✗", "•"
LEGEND = f"{FINE} good · {LESS} less needed · {MORE} more needed · {WRONG} fault · {NOTE} note"

_TONAL = (
    ("bass", "Bass, 20-200 Hz"),
    ("low_mid", "Low middle, 200-2k Hz"),
    ("high_mid", "High middle, 2-8 kHz"),
    ("high", "Treble, 8-20 kHz"),
)


@dataclass(frozen=True)
class Row:
    """One verdict."""

    mark: str
    what: str
    word: str
    sentence: str = ""


def rows(analysis: Analysis) -> tuple[Row, ...]:
    """Return the verdicts for the kind of track it was analysed as, a mix or a master."""
    verdicts, why = analysis.verdicts, analysis.verdicts.summary
    kind = "master" if verdicts.mix_style == "MASTER" else "mix"
    loudness, drc = (
        (verdicts.master_loudness, verdicts.master_drc)
        if kind == "master"
        else (verdicts.mix_loudness, verdicts.mix_drc)
    )
    return (
        Row(_advice(loudness), "Loudness", _louder(loudness), why.get(f"{kind}_loudness", "")),
        Row(_advice(drc), "Compression", drc.label, why.get(f"{kind}_drc", "")),
        Row(_clipping(verdicts.clipping), "Clipping", verdicts.clipping.label, why.get("clipping", "")),
        Row(_field(verdicts.stereo_field), "Stereo field", verdicts.stereo_field.label, why.get("stereo_field", "")),
        Row(
            FINE if verdicts.mono_compatible else WRONG,
            "In mono",
            "Safe" if verdicts.mono_compatible else "Not safe",
            why.get("mono_compatibility", ""),
        ),
        Row(
            WRONG if verdicts.phase_issues else FINE,
            "Phase",
            "Issues" if verdicts.phase_issues else "No issues",
            why.get("phase_issues", ""),
        ),
        *_tone(analysis),
    )


def table(found: Sequence[Row]) -> str:
    """Return the rows as HTML."""
    body = "".join(
        f'<tr><td style="{_CELL};text-align:center"><b>{row.mark}</b></td><th scope="row" style="{_CELL}">{escape(row.what)}</th>'
        f'<td style="{_CELL};white-space:nowrap">{escape(row.word)}</td><td style="{_CELL}">{escape(row.sentence)}</td></tr>'
        for row in found
    )
    return f'<table style="text-align:left;border-collapse:collapse"><tbody>{body}</tbody></table><p>{LEGEND}</p>'


_CELL = "text-align:left;vertical-align:top;padding:3px 8px;line-height:1.35"


def _tone(analysis: Analysis) -> list[Row]:
    profile = analysis.verdicts.tonal_profile
    numbers = {band.name: band for band in analysis.notes.tonal} if analysis.notes else {}
    found = []
    for name, what in _TONAL:
        level = getattr(profile, name)
        band = numbers.get(name)
        if band and band.level_db is None:
            ends = f"Not in this file: it ends at {analysis.verdicts.sample_rate / 2000:g} kHz."
            found.append(Row(NOTE, what, "Not there", ends))
            continue
        sentence = (
            f"{band.level_db:.1f} dB of the whole; the style has {band.target_db:.1f} dB ± {band.tolerance_db:g} dB."
            if band
            else ""
        )
        mark = FINE if level is TonalLevel.MEDIUM else (LESS if level is TonalLevel.HIGH else MORE)
        found.append(Row(mark, what, level.label, sentence))
    return found


def _advice(advice: Advice) -> str:
    if advice is Advice.LESS_APPLE:
        return NOTE
    return {Advice.LESS: LESS, Advice.MORE: MORE}.get(advice, FINE)


def _louder(advice: Advice) -> str:
    return {Advice.LESS: "Too loud: less", Advice.MORE: "Too quiet: more"}.get(advice, advice.label)


def _clipping(word: ClippingVerdict) -> str:
    return {ClippingVerdict.NONE: FINE, ClippingVerdict.MINOR: NOTE}.get(word, WRONG)


def _field(word: StereoField) -> str:
    return {StereoField.BALANCED: FINE, StereoField.NARROW: MORE, StereoField.WIDE: LESS}.get(word, NOTE)


def headline(verdicts: Verdicts) -> str:
    """Return the first and the last word on a track."""
    return " ".join(filter(None, (verdicts.summary.get("intro", ""), verdicts.summary.get("summary", ""))))


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
