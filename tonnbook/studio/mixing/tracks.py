"""The tracks of a mix: check each file and measure it, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.models.mixing import MAX_MINUTES, MixTrack
from tonnbook.studio.measure.clipping import ClippingDetector
from tonnbook.studio.measure.meters import run_meters
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.measure.track_checks import check_format, silence
from tonnbook.studio.mixing.features import TrackFeatures, TrackMeter

_SILENT_PEAK = 1e-4  # -80 dBFS
_PIECE = 2**18
_MOST_S = MAX_MINUTES * 60 + 1.0  # with a tolerance: an MP3 of 8 minutes is a little longer than 8 minutes


@dataclass(frozen=True)
class TrackFile:
    """A track of a mix: its name, its file on this machine, and the settings requested for it."""

    name: str
    path: Path
    request: MixTrack


def measure_tracks(
    tracks: Sequence[TrackFile], rate: int, pool: Executor, progress: Progress
) -> Mapping[str, TrackFeatures]:
    """Return the features of every track by name, measured at `rate`; raises AudioError for the first track that cannot be mixed."""
    for track in tracks:
        _check(track)
    found: dict[str, TrackFeatures] = {}
    measured = pool.map(lambda track: measure_track(track, rate), tracks)
    for done, (track, features) in enumerate(zip(tracks, measured, strict=True), 1):
        found[track.name] = features
        progress(done / len(tracks), f"measuring {Path(track.name).stem}")
    return found


def measure_track(track: TrackFile, rate: int) -> TrackFeatures:
    """Return the features of one track, measured at `rate`; raises AudioError if it is damaged, too long or silent."""
    info = audio_files.info(track.path)
    meter, detector = TrackMeter(rate, info.channels), ClippingDetector(info.rate)

    def check_length(_: object) -> None:
        if meter.frames / rate > _MOST_S:  # a header may be wrong about the length
            raise AudioError(f"{track.name} is longer than {MAX_MINUTES} minutes")

    try:
        if rate == info.rate:
            run_meters(track.path, [meter.process, detector.process, check_length], rate=rate, block=meter.cell)
        else:  # a second pass at the file's own rate finds the clipping: resampling rounds the flat tops off
            run_meters(track.path, [meter.process, check_length], rate=rate, block=meter.cell)
            run_meters(track.path, [detector.process], block=_PIECE)
    except AudioError as error:
        raise _named(track, error) from error
    features = meter.features(detector.clipping())
    if meter.peak < _SILENT_PEAK or not isfinite(features.played_lufs):
        raise silence(track.name)
    return features


def _check(track: TrackFile) -> None:
    """Raise AudioError if the file is missing or its header says that it cannot be mixed."""
    try:
        check_format(audio_files.info(track.path), track.name, _MOST_S)
    except AudioError as error:
        raise _named(track, error) from error


def _named(track: TrackFile, error: AudioError) -> AudioError:
    """Return the error with the track's name in place of the file's, which may be another one on this machine."""
    message = str(error).replace(track.path.name, track.name)
    return AudioError(message if track.name in message else f"{track.name}: {message}")
