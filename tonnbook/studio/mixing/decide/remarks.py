"""Remarks on a recording: what a mix engineer would tell the person who made it."""

from __future__ import annotations

from collections.abc import Iterator

from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import Fold, TrackFeatures

_OFFSET = 0.02  # of the peak
_QUIET_GAIN_DB = 24.0
_OUT_OF_PHASE = -0.2


def remarks(strip: Strip) -> Iterator[str]:
    """Yield what is worth knowing of the recording itself, one sentence each."""
    features = strip.features
    if features.clipping.runs:
        yield _clipped(features)
    if features.offset > _OFFSET:
        yield (
            f"the recording lies {100 * features.offset:.0f} % of its peak off the zero line (DC offset): the 20 Hz low cut takes that "
            "out, so that the compressor hears the music only"
        )
    if features.fold in (Fold.LEFT, Fold.RIGHT):
        yield (
            f"the sound is on the {features.fold.value} side only: taken as a mono recording, or it would pull the whole mix to the "
            f"{features.fold.value}"
        )
    elif features.fold is Fold.MONO and features.channels == 2:
        yield "both channels are the same: taken as the mono recording it is"
    elif features.correlation < _OUT_OF_PHASE:
        yield (
            f"left and right work against each other (correlation {features.correlation:.1f}): in mono much of it will vanish. "
            "Check for a microphone with reversed polarity"
        )
    if strip.gain_db > _QUIET_GAIN_DB:
        yield (
            f"recorded very quietly: {strip.gain_db:.0f} dB of gain raise its noise by as much. Record it again with a peak around -10 dBFS"
        )


def _clipped(features: TrackFeatures) -> str:
    clipping = features.clipping
    times = "once" if clipping.runs == 1 else f"{clipping.runs} times"
    lasting = f", {1000 * clipping.seconds:.0f} ms in all" if clipping.seconds >= 0.0005 else ""
    return (
        f"the recording is clipped: it hits {clipping.ceiling_dbfs:.1f} dBFS {times}{lasting}, and no mix can bring back what was cut off. "
        "Record it again with less input gain"
    )
