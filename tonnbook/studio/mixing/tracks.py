"""Opening the tracks: is this something that can be mixed, and what does it sound like?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.models.mixing import MAX_MINUTES, MixTrack
from tonnbook.studio.measure.clipping import Clipping, ClippingDetector
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.mixing.features import Listener, TrackFeatures

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
_SILENT_PEAK = 1e-4  # -80 dBFS
_PIECE = 2**18
_TOLERANCE_S = 1.0  # an MP3 of 8 minutes is a little longer than 8 minutes


@dataclass(frozen=True)
class TrackFile:
    """A track of a mix: its name, where its sound lies on this machine, and what is wished for it."""

    name: str
    path: Path
    request: MixTrack


def listen_to_all(
    tracks: Sequence[TrackFile], rate: int, pool: Executor, progress: Progress
) -> Mapping[str, TrackFeatures]:
    """Return the features of every track, measured at `rate`; AudioError names the first track that cannot be used."""
    for track in tracks:
        check(track)
    heard: dict[str, TrackFeatures] = {}
    for done, (track, features) in enumerate(zip(tracks, pool.map(lambda t: listen(t, rate), tracks), strict=True), 1):
        heard[track.name] = features
        progress(done / len(tracks), f"listening to {Path(track.name).stem}")
    return heard


def check(track: TrackFile) -> None:
    """Raise AudioError if the file says of itself that it cannot be mixed."""
    try:
        info = audio_files.info(track.path)
    except AudioError as error:
        raise _about(track, error) from error
    if info.channels > 2:
        raise AudioError(f"{track.name} has {info.channels} channels. Export it in mono or stereo.")
    if not LOWEST_RATE <= info.rate <= HIGHEST_RATE:
        raise AudioError(f"{track.name} has a sample rate of {info.rate} Hz. Export it between 8 and 192 kHz.")
    _check_length(track, info.seconds)


def listen(track: TrackFile, rate: int) -> TrackFeatures:
    """Return what one pass over the recording tells; AudioError if it is broken, too long or silent."""
    info = audio_files.info(track.path)
    listener, detector = Listener(rate, info.channels), ClippingDetector(info.rate)
    try:
        for block in audio_files.blocks(track.path, rate, listener.cell):
            listener.hear(block)
            if rate == info.rate:
                detector.hear(block)
            _check_length(track, listener.frames / rate)
        clipping = detector.clipping() if rate == info.rate else _clipping(track.path, info.rate)
    except AudioError as error:
        raise _about(track, error) from error
    features = listener.features(clipping)
    if listener.peak < _SILENT_PEAK or not isfinite(features.played_lufs):
        raise AudioError(f"{track.name} is silent from beginning to end. Leave it out, or export it again.")
    return features


def _clipping(path: Path, rate: int) -> Clipping:
    """Listen a second time at the file's own rate: resampling has rounded the flat tops off."""
    detector = ClippingDetector(rate)
    for block in audio_files.blocks(path, block=_PIECE):
        detector.hear(block)
    return detector.clipping()


def _check_length(track: TrackFile, seconds: float) -> None:
    if seconds > MAX_MINUTES * 60 + _TOLERANCE_S:
        raise AudioError(f"{track.name} is longer than {MAX_MINUTES} minutes. Cut it, or mix the song in two parts.")


def _about(track: TrackFile, error: AudioError) -> AudioError:
    """Return the error in the name that the track has for the user: the file may be called otherwise here."""
    message = str(error).replace(track.path.name, track.name)
    return AudioError(message if track.name in message else f"{track.name}: {message}")
