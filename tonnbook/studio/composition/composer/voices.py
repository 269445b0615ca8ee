"""The instruments: the source of their sound, their range, and their settings in the mix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

KIT_BANK = 128


class Touch(Enum):
    """How a voice ends its notes."""

    PLUCKED = "plucked"
    """Decays by itself; the length of a note hardly matters."""
    HELD = "held"
    """Sounds for the length of the note; lines are legato."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One instrument."""

    name: str
    program: int
    """General MIDI program, which players without our bank use."""
    low: int = 36
    high: int = 96
    """`low` to `high`: the keys at which it sounds good."""
    touch: Touch = Touch.PLUCKED
    bank: int = 0
    pan: float = 0.0
    """-1 left to 1 right."""
    width: float = 0.0
    """Stereo width, 0 to 1: the level of short delays that are added on one side and subtracted on the other."""
    level_db: float = 0.0
    """Added to the level of its role."""
    send: float = 1.0
    """Send to the reverb of the genre, as a factor."""
    echo: float = 0.0
    """Level of a delay of three sixteenths, 0 to 1."""
    low_pass_hz: float = 0.0
    """Cut-off of a low-pass filter; 0 for none."""
    high_pass_hz: float = 0.0
    attack_s: float = 0.0
    """Fade-in of each note."""
    glide: bool = False
    """True if connected notes glide (meend, 808)."""


HELD = Touch.HELD
_ALL = (
    Voice("piano", 0, 36, 91, pan=-0.12, width=0.25),
    Voice("soft-piano", 0, 36, 88, pan=-0.1, width=0.2, low_pass_hz=2600),
    Voice("rhodes", 4, 43, 84, pan=0.1, width=0.5),
    Voice("celesta", 8, 62, 96, pan=0.25, echo=0.2),
    Voice("vibraphone", 11, 55, 91, pan=0.2, echo=0.15),
    Voice("santoor", 15, 50, 86, pan=0.3, echo=0.1),
    Voice("harmonium", 20, 48, 79, HELD, pan=-0.25, level_db=-3),
    Voice("nylon-guitar", 24, 48, 79, pan=0.2),
    Voice("steel-guitar", 25, 40, 81, pan=-0.8),
    Voice("steel-guitar-2", 25, 40, 81, pan=0.85, level_db=1.5, high_pass_hz=180),
    Voice("jazz-guitar", 26, 50, 81, pan=0.25),
    Voice("clean-guitar", 27, 45, 84, pan=0.45, echo=0.12),
    Voice("finger-bass", 33, 28, 52, HELD, send=0.2),
    Voice("synth-bass", 38, 24, 52, HELD, send=0.1),
    Voice("square-bass", 39, 24, 52, HELD, send=0.1),
    Voice("soft-bass", 39, 24, 52, HELD, level_db=2, send=0.3, low_pass_hz=300, attack_s=0.06),
    Voice("sub-bass", 38, 24, 48, HELD, level_db=-3, send=0.05, low_pass_hz=320, attack_s=0.05, glide=True),
    Voice("contrabass", 43, 28, 52, HELD, send=0.6),
    Voice("pizzicato", 45, 48, 84, pan=-0.3),
    Voice("harp", 46, 43, 91, pan=-0.4, level_db=3),
    Voice("timpani", 47, 36, 57, pan=0.15, level_db=-1),
    Voice("strings", 48, 40, 91, HELD, width=0.7),
    Voice("string-ostinato", 48, 43, 86, HELD, pan=-0.25, width=0.3),
    Voice("low-strings", 48, 40, 60, HELD, pan=0.2, width=0.4),
    Voice("choir", 53, 48, 79, HELD, width=0.8, attack_s=0.12),
    Voice("horns", 60, 38, 77, HELD, pan=-0.2, width=0.3),
    Voice("oboe", 68, 60, 86, HELD, pan=0.15),
    Voice("flute", 73, 60, 91, HELD, pan=0.12),
    Voice("bansuri", 73, 58, 86, HELD, pan=0.1, low_pass_hz=3800, glide=True),
    Voice("pan-flute", 75, 62, 91, HELD, pan=-0.15, echo=0.15),
    Voice("square-lead", 80, 52, 96, HELD, echo=0.22, low_pass_hz=5200),
    Voice("saw-lead", 81, 52, 96, HELD, width=0.4, echo=0.25, low_pass_hz=7500),
    Voice("saw-chords", 81, 48, 84, HELD, width=0.9, low_pass_hz=6500),
    Voice("fantasia", 88, 48, 91, HELD, width=0.5),
    Voice("warm-pad", 89, 40, 84, HELD, width=0.8, attack_s=0.25),
    Voice("polysynth", 90, 45, 91, HELD, width=0.6, low_pass_hz=5000),
    Voice("space-voice", 91, 48, 86, HELD, width=0.8, attack_s=0.4),
    Voice("glass-pad", 92, 48, 91, HELD, width=0.7, attack_s=0.3),
    Voice("sitar", 104, 48, 84, HELD, pan=0.05, glide=True),
    Voice("swarmandal", 107, 50, 86, pan=-0.5, level_db=-5),
    Voice("kalimba", 108, 60, 91, pan=0.2, echo=0.12),
    Voice("violin", 110, 55, 91, HELD, pan=-0.2),
    Voice("sarangi", 110, 55, 84, HELD, pan=0.05, low_pass_hz=5200, glide=True),
    Voice("shehnai", 111, 58, 84, HELD, pan=0.05, glide=True),
    Voice("bells", 112, 60, 96, pan=0.3, echo=0.3),
    Voice("taiko", 116, 33, 60, level_db=-1),
    Voice("riser", 119, 48, 72, width=0.6, level_db=-7),
    Voice("standard-kit", 0, bank=KIT_BANK, send=0.5),
    Voice("dusty-kit", 0, bank=KIT_BANK, level_db=-1, send=0.35, low_pass_hz=5200),
    Voice("electronic-kit", 24, bank=KIT_BANK, send=0.4),
    Voice("808-kit", 25, bank=KIT_BANK, level_db=-1.5, send=0.35),
    Voice("brush-kit", 40, bank=KIT_BANK, send=0.6),
    Voice("orchestra-kit", 48, bank=KIT_BANK, send=1.0),
    Voice("tabla", 0, bank=KIT_BANK, pan=0.0, send=0.6),
    Voice("tanpura", 104, 36, 60, HELD, width=0.2, send=0.7),
)
VOICES = {voice.name: voice for voice in _ALL}
"""All voices by name. "tabla" and "tanpura" are synthesised (`sound.synth`); all others come from the bank."""

DRUM_PAN = {37: 0.1, 39: -0.1, 42: 0.3, 44: 0.3, 46: 0.3, 51: -0.4, 54: -0.35, 57: -0.3, 70: -0.45, 82: -0.45}
DRUM_PAN |= {50: 0.35, 48: 0.2, 47: 0.0, 45: -0.15, 43: -0.3, 41: -0.4, 56: 0.4, 75: 0.4, 80: 0.5}
"""Pan of the drums of a kit by key, -1 to 1; 0 for the others."""
