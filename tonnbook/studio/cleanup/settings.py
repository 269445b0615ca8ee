"""How each sound source is cleaned (sound.md 3.5): where its lowest note lies, how deep its noise may be pressed, what parts it from bleed."""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.dsp.gate import GateSettings
from tonnbook.models.vocabulary import SoundSource


@dataclass(frozen=True)
class CleanupSettings:
    """What may be done to a recording; whether it is done, the recording decides."""

    rumble_below_hz: float | None = None
    """None for a drum, whose lowest part is its own."""
    noise_floor_db: float | None = None
    """The most that noise is turned down; None leaves it, for a gate shuts out what stands between the hits."""
    clicks: bool = False
    """Not for drums: every hit is one."""
    gate: GateSettings | None = None
    side_chain_hz: tuple[float | None, float | None] = (None, None)
    """The band whose level opens the gate."""
    opens_db: float | None = None
    """Where the gate opens, under the usual level of the source; None parts two kinds of hits."""


_VOICE = CleanupSettings(
    rumble_below_hz=70.0,
    noise_floor_db=-18.0,
    clicks=True,
    gate=GateSettings(range_db=-12.0, hold_ms=250.0, release_ms=250.0, look_ahead_ms=30.0),
    side_chain_hz=(100.0, 8000.0),
    opens_db=-40.0,  # breaths are some 25 to 35 dB under the words they belong to, and stay
)
_GUITAR = CleanupSettings(rumble_below_hz=60.0, noise_floor_db=-15.0, clicks=True)
_ORCHESTRA = CleanupSettings(rumble_below_hz=40.0, noise_floor_db=-12.0, clicks=True)

SETTINGS: dict[SoundSource, CleanupSettings] = {
    SoundSource.VOCAL: _VOICE,
    SoundSource.BACKING_VOX: _VOICE,
    SoundSource.E_GUITAR: _GUITAR,
    SoundSource.ACOUSTIC_GUITAR: _GUITAR,
    SoundSource.STRINGS: _ORCHESTRA,
    SoundSource.BRASS: _ORCHESTRA,
    SoundSource.KICK: CleanupSettings(gate=GateSettings(-24.0, 80.0, 120.0), side_chain_hz=(None, 120.0)),
    SoundSource.SNARE: CleanupSettings(gate=GateSettings(-18.0, 60.0, 100.0), side_chain_hz=(150.0, 6000.0)),
    SoundSource.PERCS: CleanupSettings(gate=GateSettings(-15.0, 40.0, 60.0), side_chain_hz=(200.0, None)),
}
