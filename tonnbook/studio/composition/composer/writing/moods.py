"""The sixteen emotions as musical parameters: mode, harmony, register, articulation.

The effects of such cues add up: mode is the strongest, then register, dynamics and articulation (Eerola, Friberg & Bresin 2013). The
tempo is the user's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.models.composition import Emotion


@dataclass(frozen=True, slots=True)
class Mood:
    """The musical parameters of an emotion."""

    valence: float
    """-1 to 1."""
    arousal: float
    """0 to 1."""
    mode: str
    progressions: tuple[str, ...]
    """Chord loops in roman numerals; successive phrases and sections use different ones. The note after a slash is a pedal in the bass."""
    beats_per_chord: int
    centre: int
    """MIDI key at the centre of the melody's register."""
    articulation: float
    """Length of a melody note as a fraction of the time to the next; above 1 they overlap."""
    cadence: str
    """The chords before the final tonic."""
    half_cadence: str
    """The chord that leads to the next section."""
    contour: str
    """Shape of a phrase before and after its climax: "fall", "rise", "arch", "wave", "low"."""
    leap: float = 0.0
    """How readily the melody leaps, 0 to 1."""
    gesture: str = ""
    """How the theme is varied: "fanfare" (dotted, up the chord), "skip" (an upward leap begins a phrase), "sigh" (bars descend)."""
    texture: str = ""
    """"tremolo": bowed chords are played tremolo and the drums pause at times; "power": chords are root and fifth only."""
    swell: float = 0.0
    """Change of the dynamics across the section, -1 to 1."""

    @property
    def dark(self) -> bool:
        """True if the valence is negative."""
        return self.valence < 0


MOODS: dict[Emotion, Mood] = {
    Emotion.SAD: Mood(
        -0.7, 0.30, "aeolian",
        ("i bVI bIII bVII", "i iv bVI v", "i bVI iv v", "i v bVI iv"),
        4, 67, 1.02, "iv v", "v", "fall", gesture="sigh",
    ),
    Emotion.DEPRESSING: Mood(
        -0.9, 0.15, "aeolian",
        ("i i bVI bVI", "i iv i iv", "i v iv i"),
        8, 62, 1.0, "iv iv", "iv", "low", swell=-0.15,
    ),
    Emotion.CALM: Mood(
        0.4, 0.15, "ionian",
        ("I IV I Vsus", "Iadd9 vi IVadd9 I", "Iadd9 IV Iadd9 IV"),
        8, 69, 1.02, "IV IV", "IVadd9", "wave",
    ),
    Emotion.RELAXING: Mood(
        0.5, 0.20, "ionian",
        ("Imaj7 vi7 ii7 V7sus", "IVmaj7 iii7 ii7 Imaj7", "Imaj7 IVmaj7 Imaj7 ii7"),
        4, 69, 0.98, "ii7 V7sus", "V7sus", "wave",
    ),
    Emotion.DREAMY: Mood(
        0.4, 0.30, "lydian",
        ("I II I II", "Imaj7 II/I vi II", "Imaj7 iii II/I I"),
        8, 74, 1.05, "II II", "II", "arch", leap=0.3,
    ),
    Emotion.INSPIRATIONAL: Mood(
        0.7, 0.55, "ionian",
        ("I V vi IV", "IV I V vi", "vi IV I V", "Iadd9 IV vi V"),
        4, 71, 0.97, "IV V", "V", "rise", leap=0.4, swell=0.35,
    ),
    Emotion.MOTIVATIONAL: Mood(
        0.7, 0.70, "ionian",
        ("vi IV I V", "I IV vi V", "I V vi IV"),
        4, 72, 0.86, "IV V", "V", "rise", leap=0.4, swell=0.15,
    ),
    Emotion.HAPPY: Mood(
        0.8, 0.65, "ionian",
        ("I IV V IV", "I vi IV V", "I IV I V"),
        4, 72, 0.72, "IV V", "V", "arch", leap=0.4,
    ),
    Emotion.CHEERFUL: Mood(
        0.85, 0.70, "ionian",
        ("I IV I V", "I ii V I", "I II V I"),
        4, 74, 0.55, "ii V", "V", "wave", leap=0.5,
    ),
    Emotion.JOYFUL: Mood(
        0.9, 0.75, "ionian",
        ("I IV V I", "I vi IV V", "I I IV V"),
        4, 75, 0.75, "IV V", "V", "rise", leap=0.9, gesture="skip",
    ),
    Emotion.TRIUMPHANT: Mood(
        0.8, 0.90, "mixolydian",
        ("I bVII IV I", "I I bVII IV", "I bVII/I IV/I I", "bVI bVII I I"),
        4, 72, 0.9, "IV bVII", "bVII", "rise", leap=1.0, swell=0.2, gesture="fanfare",
    ),
    Emotion.ENERGETIC: Mood(
        0.5, 0.95, "dorian",
        ("i bVII IV i", "i IV i bVII", "i i bIII IV"),
        4, 72, 0.65, "IV bVII", "bVII", "wave", leap=0.4,
    ),
    Emotion.ANGRY: Mood(
        -0.7, 0.95, "phrygian",
        ("i bII i bvii", "i i bII i", "i bIII bII i"),
        4, 65, 0.6, "bII bII", "bII", "low", texture="power",
    ),
    Emotion.TENSE: Mood(
        -0.4, 0.70, "harmonic minor",
        ("i V i V", "i bVI iv V", "i iv i V"),
        4, 67, 0.7, "iv V", "V", "rise", texture="tremolo", swell=0.3,
    ),
    Emotion.SCARY: Mood(
        -0.8, 0.60, "phrygian",
        ("i bII i bII", "i v° i bII", "i bvii bII i"),
        8, 70, 0.95, "bII bII", "bII", "fall", leap=0.35, texture="tremolo", swell=0.2,
    ),
    Emotion.FEARFUL: Mood(
        -0.7, 0.55, "locrian",
        ("i° bII i° bV", "i° bvii i° bII", "i° biii bII i°"),
        4, 79, 0.75, "bII bII", "bII", "wave", leap=0.2, texture="tremolo",
    ),
}  # fmt: skip
"""The parameters of every emotion. All progressions stay in their mode, except for the secondary dominant of CHEERFUL."""
