"""Format the verdicts of an analysis as rows of a table: a symbol, a word, and the sentence with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tonnbook.models.analysis import Analysis, Verdicts
from tonnbook.models.vocabulary import Advice, ClippingVerdict, StereoField, TonalLevel

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
