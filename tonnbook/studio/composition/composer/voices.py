"""The instruments: where each one's sound comes from, where it is at home, and where it sits in the room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

KIT_BANK = 128


class Touch(Enum):
    """How a voice ends its notes."""

    PLUCKED = "plucked"
    """Rings on by itself: length hardly matters."""
    HELD = "held"
    """Sounds as long as it is held: lines are tied."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One instrument of the band."""

    name: str
    program: int
    """General MIDI program; what a player without our bank hears."""
    low: int = 36
    high: int = 96
    """Keys at which it sounds well."""
    touch: Touch = Touch.PLUCKED
    bank: int = 0
    pan: float = 0.0
    """-1 left to 1 right."""
    width: float = 0.0
    """0 to 1: a second, slightly detuned copy on the other side."""
    level_db: float = 0.0
    """Added to the level that its role has in the balance."""
    send: float = 1.0
    """Share of the genre's reverb."""
    echo: float = 0.0
    """Level of a delay of three eighths or a quarter, 0 to 1."""
    low_pass_hz: float = 0.0
    """A gentle roof over the sound; 0 for none."""
    high_pass_hz: float = 0.0
    attack_s: float = 0.0
    """Fade-in put on each note."""
    glide: bool = False
    """Whether connected notes slide (meend, 808)."""


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
"""Every voice by its name. "tabla" and "tanpura" are voices of our own (`indian_voices`); all others come from the bank."""

DRUM_PAN = {37: 0.1, 39: -0.1, 42: 0.3, 44: 0.3, 46: 0.3, 51: -0.4, 54: -0.35, 57: -0.3, 70: -0.45, 82: -0.45}
DRUM_PAN |= {50: 0.35, 48: 0.2, 47: 0.0, 45: -0.15, 43: -0.3, 41: -0.4, 56: 0.4, 75: 0.4, 80: 0.5}
"""Where the drums of a kit sit, by key, -1 to 1; the others in the middle."""
