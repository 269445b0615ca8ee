"""Changes to a mix: what the person at the desk wants otherwise. Their word stands; nothing is balanced anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackEffects, TrackSettings
from tonnbook.models.mixing import Reason
from tonnbook.studio.mixing.decide.decision import MixDecision, TrackDecision


def changed(decision: MixDecision, changes: Mapping[str, TrackEffects]) -> MixDecision:
    """Return the decision with the changes made, by track name; KeyError for a track that is not in the mix.

    `gain_db` is added to the engine's gain. Pan, EQ and compression replace the engine's; None keeps it, an empty EQ takes it out.
    """
    effective = {name: change for name, change in changes.items() if _does_something(change)}
    if not effective:
        return decision
    tracks = dict(decision.tracks)
    for name, change in effective.items():
        tracks[name] = _track_changed(tracks[name], change)
    # who hides whom was judged on the mix as it was decided
    unjudged = {n: replace(t, notes=t.notes.model_copy(update={"audible": None})) for n, t in tracks.items()}
    info = "your changes stand as you made them: the other tracks were not balanced anew"
    return replace(decision, tracks=unjudged, info=(*decision.info, info))


def _does_something(change: TrackEffects) -> bool:
    return bool(change.gain_db) or any(c is not None for c in (change.pan_deg, change.eq, change.compression))


def _track_changed(track: TrackDecision, change: TrackEffects) -> TrackDecision:
    reasons = dict(_changed_reasons(track.settings, change))
    parts = {setting.partition(".")[0] for setting in reasons} | ({"eq"} if change.eq is not None else set())
    kept = [r for r in track.notes.reasons if r.setting.partition(".")[0] not in parts]
    new = [Reason(setting=setting, text=text) for setting, text in reasons.items()]
    notes = track.notes.model_copy(update={"reasons": (*kept, *new)})
    return replace(track, settings=_settings_changed(track.settings, change), notes=notes)


def _settings_changed(settings: TrackSettings, change: TrackEffects) -> TrackSettings:
    update: dict[str, object] = {"gain_db": round(settings.gain_db + change.gain_db, 2)}
    if change.pan_deg is not None:
        update["pan_deg"] = change.pan_deg
    if change.eq is not None:
        update["eq"] = tuple(EqBandReading(centre_hz=b.centre_hz, gain_db=b.gain_db, q=b.q) for b in change.eq)
    if change.compression is not None:
        update["compression"] = CompressionReading(**change.compression.model_dump())
    return settings.model_copy(update=update)


def _changed_reasons(settings: TrackSettings, change: TrackEffects) -> Iterator[tuple[str, str]]:
    if change.gain_db:
        yield "gain", f"{change.gain_db:+.1f} dB as you asked, on top of the mix's own {settings.gain_db:+.1f} dB"
    for n, band in enumerate(change.eq or (), 1):
        yield f"eq.band_{n}", f"{band.gain_db:+.1f} dB at {band.centre_hz:.0f} Hz as you asked"
    if change.eq == ():
        yield "eq", "taken out as you asked"
    if change.compression is not None:
        ratio, threshold = change.compression.ratio, change.compression.threshold_db
        yield "compression", f"{ratio:g}:1 above {threshold:.1f} dBFS as you asked; the gain stays as it was"
    if change.pan_deg is not None:
        yield "pan", f"{change.pan_deg:+.0f}° as you asked"
