"""Mixes made by hand: what the plots must be able to draw, from the studio and from the live service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackSettings
from tonnbook.models.mixing import MixNotes, Reason, TrackNotes
from tonnbook.models.vocabulary import InstrumentGroup, Presence

NAMES = ["kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal"]


@dataclass(frozen=True)
class Mix:
    settings: Mapping[str, TrackSettings]
    notes: MixNotes | None = None


def settings(number: int) -> TrackSettings:
    bands = [
        EqBandReading(centre_hz=60.0 * 3.0**n, gain_db=(-1) ** n * (n + number % 4), q=0.7 + n)
        for n in range(number % 7)
    ]
    compression = CompressionReading(threshold_db=-12.0 - number, ratio=1.5 + number / 8, attack_ms=12, release_ms=120)
    return TrackSettings(
        gain_db=6.0 - 3 * (number % 8),
        pan_deg=float((number * 25) % 121 - 60),
        eq=tuple(bands),
        compression=compression if number % 3 else None,
    )


def notes(number: int) -> TrackNotes:
    return TrackNotes(
        instrument=InstrumentGroup.VOCAL,
        presence=Presence.LEAD,
        loudness_lufs=-30.5,
        reverb_send_db=-14.0 if number % 2 else None,
        audible=0.83,
        reasons=(
            Reason(setting="gain", text=f"turned down because it is number {number} <of many>"),
            Reason(setting="eq.band_2", text="cut 2.8 dB at 310 Hz: the guitar masks the vocal there"),
        ),
    )


def mix_of(tracks: int) -> Mix:
    names = [f"{NAMES[n] if n < 8 else f'take {n}'}.flac" for n in range(tracks)]
    mix_notes = MixNotes(
        tracks={name: notes(n) for n, name in enumerate(names)},
        bus=(Reason(setting="trim", text="set to -18 LUFS to leave room for the master"),),
    )
    return Mix({name: settings(n) for n, name in enumerate(names)}, mix_notes)


def live_mix() -> Mix:
    """Return what the live service answers: no notes, and values outside the ranges of what may be sent."""
    bass = {
        "drc_settings": {"attack_ms": 0.074, "ratio": 1.8, "release_ms": 0.022, "threshold": -3.89},
        "eq_settings": {
            "band_1": {"centre_freq": 12.5, "gain": -31.0, "q": 2.66},
            "band_2": {"centre_freq": 22000.0, "gain": 24.0, "q": 12.0},
        },
        "gain_settings": {"gain_db": -71.8},
        "panning_settings": {"panning_angle": -75},
    }
    odd = {"drc_settings": {"ratio": 0.5, "threshold": 6.0}, "eq_settings": {}, "gain_settings": {"gain_db": 40}}
    return Mix({"masks-bass.wav": TrackSettings.model_validate(bass), "odd.wav": TrackSettings.model_validate(odd)})
