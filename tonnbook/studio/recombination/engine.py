"""Mix a vocal and its backing with the mix engine, and master the result with the mastering engine.

/recombine knows more styles than the mix and master calls. Each has the mix of one of their nine, and the master has the spectrum of the
style of the analysis that means the same, so that jazz and lo-fi differ from acoustic music and hip-hop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tonnbook.models.effects import TrackEffects
from tonnbook.models.mastering import TARGET_LUFS
from tonnbook.models.mixing import FinalMixRequest, FinalMixTrack, MixNotes, MixRequest, MixTrack
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.vocabulary import AnalysisStyle, InstrumentGroup, Presence, RecombinationStyle, SampleRate
from tonnbook.studio.mastering.plan import target_for
from tonnbook.studio.mastering.preview import preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress, part
from tonnbook.studio.measure.reference_tone import musical_style, reference_tone_db, treatment_text
from tonnbook.studio.measure.song_features import SongFeatures, measure_master
from tonnbook.studio.mixing.engine import final_mix, preview_mix
from tonnbook.studio.mixing.tracks import TrackFile

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


@dataclass(frozen=True)
class RecombinationOutcome:
    """A finished recombination on disk."""

    master: Path
    preview: Path
    preview_start_s: float
    features: SongFeatures
    """Measured on the master."""
    notes: MixNotes
    """What was done to the two files and to their sum, and in the master."""


def recombine(
    vocal: Path, backing: Path, request: RecombinationRequest, folder: Path, progress: Progress = no_progress
) -> RecombinationOutcome:
    """Mix and master two files into `folder`. Raises AudioError if one of them cannot be used."""
    style = analysis_style(request.style)
    mix_request = MixRequest(
        tracks=(_mix_track(vocal, InstrumentGroup.VOCAL), _mix_track(backing, InstrumentGroup.BACKING_TRACK)),
        style=musical_style(style),
        sample_rate=SampleRate.CD,
    )
    tracks = tuple(
        TrackFile(track.source.name, track.source, track)
        for track in mix_request.tracks
        if isinstance(track.source, Path)
    )
    preview_outcome = preview_mix(tracks, mix_request, folder / "preview", part(progress, 0.0, 0.4))
    final = FinalMixRequest(
        task_id="recombine",
        tracks=tuple(FinalMixTrack(source=track.source) for track in mix_request.tracks),
        create_master=True,
        desired_loudness=request.desired_loudness,
        sample_rate=SampleRate.CD,
    )
    changes = {vocal.name: TrackEffects(gain_db=request.vocal_gain_db)} if request.vocal_gain_db else {}
    target = replace(
        target_for(mix_request.style, TARGET_LUFS[request.desired_loudness], SampleRate.CD),
        tone_db=tuple(reference_tone_db(style, is_master=True).tolist()),
        tone_name=f"the style {request.style.label}",
    )
    outcome = final_mix(
        tracks, preview_outcome, final, folder / "final", part(progress, 0.4, 0.9), changes, master_target=target
    )
    features = measure_master(outcome.mix)
    start_s = preview_start(features, None)
    preview = write_preview(outcome.mix, start_s, folder / "preview.mp3").path
    treated = recombination_treatment_text(request.style)
    notes = outcome.notes.model_copy(update={"info": (*((treated,) if treated else ()), *outcome.notes.info)})
    return RecombinationOutcome(outcome.mix, preview, start_s, features, notes)


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


def _mix_track(path: Path, instrument: InstrumentGroup) -> MixTrack:
    presence = Presence.LEAD if instrument is InstrumentGroup.VOCAL else Presence.NORMAL
    return MixTrack(source=path, instrument=instrument, presence=presence)
