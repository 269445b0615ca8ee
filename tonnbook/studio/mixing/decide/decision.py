"""The decision: from what was heard and what is wished to the settings of every track, each with its reason.

A pure function: the same features, requests and style give the same decision, whatever the order of the tracks; no audio is read
or made. What stands in the settings is what the render does, to the last digit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tonnbook.models.effects import EqBandReading, TrackSettings
from tonnbook.models.mixing import MixTrack, Reason, TrackNotes
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide.bus import BusDecision, bus_decided, loudest_start_s
from tonnbook.studio.mixing.decide.cleaning import cleaned
from tonnbook.studio.mixing.decide.dynamics import compressed, compression_reason
from tonnbook.studio.mixing.decide.eq import unmasked
from tonnbook.studio.mixing.decide.gain import balanced, gain_reason
from tonnbook.studio.mixing.decide.masking import audible_shares
from tonnbook.studio.mixing.decide.pan import pan_reason, panned
from tonnbook.studio.mixing.decide.remarks import remarks
from tonnbook.studio.mixing.decide.reverb import reverb_reason, sends, wet_gain_db
from tonnbook.studio.mixing.decide.sound import Sound
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.features import Fold, TrackFeatures


@dataclass(frozen=True)
class TrackDecision:
    """What is done to one track."""

    settings: TrackSettings
    fold: Fold
    wet_gain_db: float | None
    """Gain of the reverb behind the convolution; None without reverb."""
    notes: TrackNotes


@dataclass(frozen=True)
class MixDecision:
    """Everything the render needs to know, and why."""

    style: MusicalStyle
    tracks: Mapping[str, TrackDecision]
    bus: BusDecision
    seconds: float
    """Length of the longest track."""
    loudest_s: float
    """Where the loudest 30 s begin."""
    info: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, TrackSettings]:
        """The settings by track name."""
        return {name: track.settings for name, track in self.tracks.items()}

    @property
    def seed(self) -> int:
        """A number that follows from what is rendered and nothing else: the same mix gets the same dither."""
        rendered = [
            [name, track.settings.to_wire(), track.fold.value, track.wet_gain_db]
            for name, track in sorted(self.tracks.items())
        ]
        text = json.dumps([self.style.value, rendered], sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def decide(features: Mapping[str, TrackFeatures], requests: Mapping[str, MixTrack], style: MusicalStyle) -> MixDecision:
    """Return the decision for tracks given by name; the order of the mappings plays no part."""
    strips = [cleaned(Strip(name, requests[name], Sound(features[name]))) for name in sorted(features)]
    strips = compressed(balanced(strips, style), style)
    strips = unmasked(balanced(strips, style))
    strips = panned(balanced(compressed(strips, style), style))
    wet = sends(strips, style)
    shares = audible_shares(strips)
    decided = {
        strip.name: _track_decided(strip, strips, style, wet.get(strip.name), share)
        for strip, share in zip(strips, shares, strict=True)
    }
    return MixDecision(
        style=style,
        tracks={name: decided[name] for name in features},
        bus=bus_decided(strips, style),
        seconds=max(feature.seconds for feature in features.values()),
        loudest_s=loudest_start_s(strips),
    )


def _track_decided(
    strip: Strip, strips: Sequence[Strip], style: MusicalStyle, send_lu: float | None, audible: float
) -> TrackDecision:
    settings = TrackSettings(
        gain_db=strip.gain_db,
        pan_deg=strip.pan_deg,
        eq=tuple(EqBandReading(centre_hz=m.centre_hz, gain_db=m.gain_db, q=m.q) for m in strip.eq),
        compression=strip.sound.compression,
    )
    notes = TrackNotes(
        instrument=strip.request.instrument,
        presence=strip.request.presence,
        reasons=_reasons(strip, strips, style, send_lu),
        loudness_lufs=round(strip.features.loudness_lufs, 2),
        peak_dbtp=round(strip.features.peak_dbtp, 2),
        reverb_send_db=send_lu,
        audible=round(audible, 3),
    )
    wet = None if send_lu is None else wet_gain_db(strip, send_lu, style)
    return TrackDecision(settings, strip.features.fold, wet, notes)


def _reasons(strip: Strip, strips: Sequence[Strip], style: MusicalStyle, send_lu: float | None) -> tuple[Reason, ...]:
    reasons = [Reason(setting="track", text=text) for text in remarks(strip)]
    reasons.append(Reason(setting="gain", text=gain_reason(strip, strips, style)))
    reasons += [Reason(setting=f"eq.band_{n}", text=move.sentence) for n, move in enumerate(strip.eq, 1)]
    reasons.append(Reason(setting="compression", text=compression_reason(strip)))
    reasons.append(Reason(setting="pan", text=pan_reason(strip, strips)))
    if send_lu is not None:
        reasons.append(Reason(setting="reverb", text=reverb_reason(strip, send_lu, style)))
    return tuple(reasons)
