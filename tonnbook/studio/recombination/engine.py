"""Puts a voice and its backing together again: balanced by the mix engine, finished by the mastering engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixRequest, FinalMixTrack, MixRequest, MixTrack
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.vocabulary import InstrumentGroup, Presence, SampleRate
from tonnbook.studio.mastering.preview import preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.song_features import SongFeatures, measure_master
from tonnbook.studio.mixing.engine import final_mix, preview_mix
from tonnbook.studio.mixing.tracks import TrackFile


@dataclass(frozen=True)
class RecombinationOutcome:
    """A finished recombination on disk."""

    master: Path
    preview: Path
    preview_start_s: float
    features: SongFeatures
    """Measured on the master."""


def recombine(
    vocal: Path, backing: Path, request: RecombinationRequest, folder: Path, progress: Progress = no_progress
) -> RecombinationOutcome:
    """Mix and master two files into `folder`; AudioError where one of them cannot be used."""
    wished = MixRequest(
        tracks=(_mix_track(vocal, InstrumentGroup.VOCAL), _mix_track(backing, InstrumentGroup.BACKING_TRACK)),
        style=request.mix_style,
        sample_rate=SampleRate.CD,
    )
    tracks = tuple(
        TrackFile(track.source.name, track.source, track) for track in wished.tracks if isinstance(track.source, Path)
    )
    decided = preview_mix(tracks, wished, folder / "preview", lambda share, stage: progress(0.4 * share, stage))
    final = FinalMixRequest(
        task_id="recombine",
        tracks=tuple(FinalMixTrack(source=track.source) for track in wished.tracks),
        create_master=True,
        desired_loudness=request.desired_loudness,
        sample_rate=SampleRate.CD,
    )
    changes = {vocal.name: TrackEffects(gain_db=request.vocal_gain_db)} if request.vocal_gain_db else {}
    made = final_mix(tracks, decided, final, folder / "final", lambda s, stage: progress(0.4 + 0.5 * s, stage), changes)
    features = measure_master(made.mix)
    start_s = preview_start(features, None)
    preview = write_preview(made.mix, start_s, folder / "preview.mp3").path
    return RecombinationOutcome(made.mix, preview, start_s, features)


def _mix_track(path: Path, instrument: InstrumentGroup) -> MixTrack:
    presence = Presence.LEAD if instrument is InstrumentGroup.VOCAL else Presence.NORMAL
    return MixTrack(source=path, instrument=instrument, presence=presence)
