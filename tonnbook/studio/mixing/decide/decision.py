"""Decide a mix: from the measured features and the requested preferences to the settings of every track, each with its reason.

`decide` is a pure function: the same features, requests and style give the same decision, whatever the order of the tracks; it reads
no audio. The render applies the settings exactly as they stand here. `apply_changes` makes the user's changes to a decision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackEffects, TrackSettings, used_bands
from tonnbook.models.mixing import MixTrack, Reason, TrackNotes
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide import styles
from tonnbook.studio.mixing.decide.bus import BusDecision, decide_bus, loudest_start_s
from tonnbook.studio.mixing.decide.dynamics import compression_reason, decide_compression
from tonnbook.studio.mixing.decide.eq import decide_cleaning_eq, with_usual_tone
from tonnbook.studio.mixing.decide.gain import decide_gains, gain_reason
from tonnbook.studio.mixing.decide.masking import audible_shares
from tonnbook.studio.mixing.decide.masking_eq import decide_masking_eq
from tonnbook.studio.mixing.decide.pan import decide_pan, pan_reason
from tonnbook.studio.mixing.decide.reverb import decide_reverb, reverb_reason, wet_gain_db
from tonnbook.studio.mixing.decide.strip import PredictedSound, Strip
from tonnbook.studio.mixing.features import Fold, TrackFeatures

_DC_OFFSET = 0.02  # of the peak
_QUIET_GAIN_DB = 24.0
_OUT_OF_PHASE, _MONO_LOSS_DB = -0.5, 5.0  # correlation of left and right; two unrelated sides lose 3 dB in mono


@dataclass(frozen=True)
class TrackDecision:
    """The settings of one track and their reasons."""

    settings: TrackSettings
    fold: Fold
    wet_gain_db: float | None
    """Gain of the reverb after the convolution; None without reverb."""
    notes: TrackNotes


@dataclass(frozen=True)
class MixDecision:
    """The settings of all tracks and of the mix bus: everything that the render needs."""

    style: MusicalStyle
    tracks: Mapping[str, TrackDecision]
    bus: BusDecision
    seconds: float
    """Length of the longest track."""
    loudest_s: float
    """Start of the loudest 30 s."""
    info: tuple[str, ...] = ()
    """Messages for the user."""

    @property
    def settings(self) -> dict[str, TrackSettings]:
        """The settings by track name."""
        return {name: track.settings for name, track in self.tracks.items()}

    @property
    def seed(self) -> int:
        """The seed of the dither, derived from what is rendered only: the same mix gets the same dither."""
        rendered = [
            [name, _values(track.settings), track.fold.value, track.wet_gain_db]
            for name, track in sorted(self.tracks.items())
        ]
        text = json.dumps([self.style.value, rendered], sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def decide(features: Mapping[str, TrackFeatures], requests: Mapping[str, MixTrack], style: MusicalStyle) -> MixDecision:
    """Return the decision for tracks given by name; the order of the mappings does not matter.

    Gain and compression are decided again after the EQ, which changes the loudness and the peaks that they depend on.
    """
    strips = [
        decide_cleaning_eq(Strip(name, requests[name], PredictedSound(features[name]))) for name in sorted(features)
    ]
    strips = decide_gains(strips, style)
    strips = decide_compression(strips, style)
    strips = decide_gains(strips, style)
    strips = [with_usual_tone(strip) for strip in decide_masking_eq(strips)]
    strips = decide_compression(strips, style)
    strips = decide_gains(strips, style)
    strips = decide_pan(strips)
    sends = decide_reverb(strips)
    shares = audible_shares(strips)
    tracks = {
        strip.name: _track_decision(strip, strips, style, sends.get(strip.name), share)
        for strip, share in zip(strips, shares, strict=True)
    }
    return MixDecision(
        style=style,
        tracks={name: tracks[name] for name in features},
        bus=decide_bus(strips, style),
        seconds=max(feature.seconds for feature in features.values()),
        loudest_s=loudest_start_s(strips),
        info=tuple(_group_remarks(strips)),
    )


def apply_changes(decision: MixDecision, changes: Mapping[str, TrackEffects]) -> MixDecision:
    """Return the decision with the user's changes, by track name; KeyError for a track that is not in the mix.

    `gain_db` is added to the decided gain. Pan, EQ and compression replace the decided ones; None keeps them, an empty EQ removes
    it. The other tracks are not balanced again.
    """
    effective = {name: change for name, change in changes.items() if _has_effect(change)}
    if not effective:
        return decision
    tracks = dict(decision.tracks)
    for name, change in effective.items():
        tracks[name] = _changed_track(tracks[name], change)
    # the audible shares were computed for the mix without the changes
    tracks = {n: replace(t, notes=t.notes.model_copy(update={"audible": None})) for n, t in tracks.items()}
    info = "your changes are applied as they are: the other tracks were not balanced again"
    return replace(decision, tracks=tracks, info=(*decision.info, info))


def _values(settings: TrackSettings) -> list[object]:
    """Return the settings as plain values, in Python's units."""
    bands = [band.model_dump() for band in settings.eq]
    return [settings.gain_db, settings.pan_deg, bands, settings.compression and settings.compression.model_dump()]


def _track_decision(
    strip: Strip, strips: Sequence[Strip], style: MusicalStyle, send_lu: float | None, audible: float
) -> TrackDecision:
    settings = TrackSettings(
        gain_db=strip.gain_db,
        pan_deg=strip.pan_deg,
        eq=tuple(EqBandReading(centre_hz=b.centre_hz, gain_db=b.gain_db, q=b.q) for b in strip.eq),
        compression=strip.sound.compression,
    )
    wet = None if send_lu is None else wet_gain_db(strip, send_lu, style)
    notes = TrackNotes(
        instrument=strip.request.instrument,
        presence=strip.request.presence,
        reasons=_reasons(strip, strips, style, send_lu),
        loudness_lufs=round(strip.features.loudness_lufs, 2),
        peak_dbtp=round(strip.features.peak_dbtp, 2),
        reverb_send_db=send_lu,
        reverb_gain_db=wet,
        fold=strip.features.fold.value,
        audible=round(audible, 3),
    )
    return TrackDecision(settings, strip.features.fold, wet, notes)


def _reasons(strip: Strip, strips: Sequence[Strip], style: MusicalStyle, send_lu: float | None) -> tuple[Reason, ...]:
    reasons = [Reason(setting="track", text=text) for text in _recording_remarks(strip)]
    reasons.append(Reason(setting="gain", text=gain_reason(strip, strips, style)))
    reasons += [Reason(setting=f"eq.band_{n}", text=band.reason) for n, band in enumerate(strip.eq, 1)]
    reasons.append(Reason(setting="compression", text=compression_reason(strip)))
    reasons.append(Reason(setting="pan", text=pan_reason(strip, strips)))
    if send_lu is not None:
        reasons.append(Reason(setting="reverb", text=reverb_reason(strip, send_lu, style)))
    return tuple(reasons)


def _group_remarks(strips: Sequence[Strip]) -> Iterator[str]:
    """Yield a sentence for instrument groups that are treated like another one."""
    used = sorted({strip.request.instrument.value for strip in strips if strip.request.instrument in styles.OTHERS})
    if used:
        yield (
            f"{', '.join(used)}: the OTHER groups name no instrument, so all five are treated like an average chord instrument; tracks of "
            "one number count as the same instrument and are panned to opposite sides"
        )


def _recording_remarks(strip: Strip) -> Iterator[str]:
    """Yield the faults of the recording itself that its author should know, one sentence each."""
    features = strip.features
    if features.clipping.runs:
        yield _clipping_remark(features)
    if features.offset > _DC_OFFSET:
        yield (
            f"the recording has a DC offset of {100 * features.offset:.0f} % of its peak: the 20 Hz low cut removes it, so that the "
            "compressor reacts to the music only"
        )
    if features.fold in (Fold.LEFT, Fold.RIGHT):
        yield (
            f"only the {features.fold.value} channel has sound: used as a mono recording, or the whole mix would lean to the "
            f"{features.fold.value}"
        )
    elif features.fold is Fold.MONO and features.channels == 2:
        yield "both channels are the same: used as a mono recording"
    elif features.correlation < _OUT_OF_PHASE and features.mono_loss_db > _MONO_LOSS_DB:
        yield (
            f"left and right are out of phase (correlation {features.correlation:.1f}): in mono the track is "
            f"{features.mono_loss_db:.1f} dB quieter, where two unrelated sides lose 3 dB. Check for a microphone with reversed polarity"
        )
    if strip.gain_db > _QUIET_GAIN_DB:
        yield (
            f"recorded very quietly: {strip.gain_db:.0f} dB of gain raise its noise by as much. Record it again with a peak around -10 dBFS"
        )


def _clipping_remark(features: TrackFeatures) -> str:
    clipping = features.clipping
    times = "once" if clipping.runs == 1 else f"{clipping.runs} times"
    duration = f", {1000 * clipping.seconds:.0f} ms in all" if clipping.seconds >= 0.0005 else ""
    return (
        f"the recording is clipped: it hits {clipping.ceiling_dbfs:.1f} dBFS {times}{duration}, and a mix cannot restore what was cut off. "
        "Record it again with less input gain"
    )


def _has_effect(change: TrackEffects) -> bool:
    return bool(change.gain_db) or any(c is not None for c in (change.pan_deg, change.eq, change.compression))


def _changed_track(track: TrackDecision, change: TrackEffects) -> TrackDecision:
    reasons = dict(_change_reasons(track.settings, change))
    changed = {setting.partition(".")[0] for setting in reasons} | ({"eq"} if change.eq is not None else set())
    kept = [r for r in track.notes.reasons if r.setting.partition(".")[0] not in changed]
    new = [Reason(setting=setting, text=text) for setting, text in reasons.items()]
    notes = track.notes.model_copy(update={"reasons": (*kept, *new)})
    return replace(track, settings=_changed_settings(track.settings, change), notes=notes)


def _changed_settings(settings: TrackSettings, change: TrackEffects) -> TrackSettings:
    update: dict[str, object] = {"gain_db": round(settings.gain_db + change.gain_db, 2)}
    if change.pan_deg is not None:
        update["pan_deg"] = change.pan_deg
    if change.eq is not None:
        update["eq"] = tuple(
            EqBandReading(centre_hz=b.centre_hz, gain_db=b.gain_db, q=b.q) for b in used_bands(change.eq)
        )
    if change.compression is not None:
        acts = change.compression.ratio > 1
        update["compression"] = CompressionReading(**change.compression.model_dump()) if acts else None
    return settings.model_copy(update=update)


def _change_reasons(settings: TrackSettings, change: TrackEffects) -> Iterator[tuple[str, str]]:
    if change.gain_db:
        yield "gain", f"{change.gain_db:+.1f} dB as you asked, added to the {settings.gain_db:+.1f} dB of the mix"
    bands = used_bands(change.eq or ())
    for n, band in enumerate(bands, 1):
        yield f"eq.band_{n}", f"{band.gain_db:+.1f} dB at {band.centre_hz:.0f} Hz as you asked"
    if change.eq is not None and not bands:
        yield "eq", "removed as you asked"
    if change.compression is not None and change.compression.ratio == 1:
        yield "compression", "removed as you asked"
    elif change.compression is not None:
        ratio, threshold = change.compression.ratio, change.compression.threshold_db
        yield "compression", f"{ratio:g}:1 above {threshold:.1f} dBFS as you asked; the gain does not change"
    if change.pan_deg is not None:
        yield "pan", f"{change.pan_deg:+.0f}° as you asked"
