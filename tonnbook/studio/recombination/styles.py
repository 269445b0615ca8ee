"""The styles of a recombination: the style of the analysis whose spectrum its master gets, and which styles are treated alike.

/recombine knows more styles than the mix and master calls. Each has the mix of one of their nine, and the master has the spectrum of the
style of the analysis that means the same, so that jazz and lo-fi differ from acoustic music and hip-hop.
"""

from __future__ import annotations

from tonnbook.models.vocabulary import AnalysisStyle, RecombinationStyle
from tonnbook.studio.measure.reference_tone import treatment_text

_NAMED_OTHERWISE = {RecombinationStyle.COUNTRY_ACOUSTIC: AnalysisStyle.COUNTRY}

_TREATED_LIKE: dict[RecombinationStyle, tuple[AnalysisStyle, str]] = {
    RecombinationStyle.CINEMATIC: (AnalysisStyle.ORCHESTRAL, "film music is scored for an orchestra"),
    RecombinationStyle.K_POP: (AnalysisStyle.POP, "it is produced to the sound of international pop"),
    RecombinationStyle.REGGAETON: (
        AnalysisStyle.HIPHOP_GRIME,
        "it shares the programmed drums, the sub-bass and the vocal in front",
    ),
}
"""Styles that the analysis does not have: no published statistics tell them apart from the style named here."""


def analysis_style(style: RecombinationStyle) -> AnalysisStyle:
    """Return the style of the analysis that a style of a recombination is treated like."""
    if style in _TREATED_LIKE:
        return _TREATED_LIKE[style][0]
    return _NAMED_OTHERWISE.get(style) or AnalysisStyle(style.value)


def recombination_treatment_text(style: RecombinationStyle) -> str:
    """Return a sentence that says which other style this one is treated like, and why; empty for a style of its own."""
    if style in _TREATED_LIKE:
        like, reason = _TREATED_LIKE[style]
        return f"{style.value} is treated like {like.value}: {reason}"
    return treatment_text(analysis_style(style))
