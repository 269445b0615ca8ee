"""The enumerations of the services, their labels, and what we chose where the sources disagree.

Sources, strongest first: [S] the API text and its tutorials; [C] the published client roex-python 1.6.0; [G] the vendor's
example guide; [I] answers that integrators published.

| disputed | sources | chosen |
|---|---|---|
| final mix `desiredLoudness` | [S][C] LOW MEDIUM HIGH; [G] QUIET MEDIUM LOUD VERY_LOUD, its file sends "LOUD" | LOW MEDIUM HIGH |
| what MEDIUM means | [S] API text: -10 LUFS; [S] tutorial prose: "around -14" | -10: the API text defines the field |
| EQ gain range | [C] -20..+20 dB; [G] -12..+12 dB | -20..+20 |
| `sampleRate` on the wire | [S] string; [S] tutorial payload: number | we send a string, we read both |
| settings' compression key | [C] sent as `compression_settings`; [S] read as `drc_settings` | each where its source has it |
| `attack_ms` 0.074 in an answer | [S] tutorial: named ms; [G] the DAW example reads seconds | answers: seconds; requests: milliseconds |
| `webhookURL` | [S] "mandatory"; [C] left out; "" made the server fail | optional, never empty; the strict studio requires it |
| number of tracks | [S] at most 32; [C] 2 to 32, its tests send 1 | 1 to 32 |
| types that upload takes | [C] wav mp3 flac | those three in what we send; the studio reads AIFF and OGG too |
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal

from tonnbook.models.composition_words import Emotion as Emotion
from tonnbook.models.composition_words import Genre as Genre
from tonnbook.models.composition_words import Tempo as Tempo


class _Word(StrEnum):
    """A value of the service; `label` is its text in forms."""

    @property
    def label(self) -> str:
        """The value in words: "Kick" for KICK_GROUP."""
        return _LABELS.get(self.value) or self.value.removesuffix("_GROUP").replace("_", " ").capitalize()


class InstrumentGroup(_Word):
    """The instrument of a track. [C]"""

    BASS = "BASS_GROUP"
    DRUMS = "DRUMS_GROUP"
    KICK = "KICK_GROUP"
    SNARE = "SNARE_GROUP"
    CYMBALS = "CYMBALS_GROUP"
    VOCAL = "VOCAL_GROUP"
    BACKING_VOX = "BACKING_VOX_GROUP"
    PERCS = "PERCS_GROUP"
    STRINGS = "STRINGS_GROUP"
    SYNTH = "SYNTH_GROUP"
    FX = "FX_GROUP"
    KEYS = "KEYS_GROUP"
    BRASS = "BRASS_GROUP"
    E_GUITAR = "E_GUITAR_GROUP"
    ACOUSTIC_GUITAR = "ACOUSTIC_GUITAR_GROUP"
    BACKING_TRACK = "BACKING_TRACK_GROUP"
    OTHER_1 = "OTHER_GROUP1"
    OTHER_2 = "OTHER_GROUP2"
    OTHER_3 = "OTHER_GROUP3"
    OTHER_4 = "OTHER_GROUP4"
    OTHER_5 = "OTHER_GROUP5"


class Presence(_Word):
    """How prominent a track is in the mix. [S][C]"""

    LEAD = "LEAD"
    NORMAL = "NORMAL"
    BACKGROUND = "BACKGROUND"


class PanPreference(_Word):
    """The preferred side of a track. [S][C]"""

    NO_PREFERENCE = "NO_PREFERENCE"
    LEFT = "LEFT"
    CENTRE = "CENTRE"
    RIGHT = "RIGHT"


class ReverbPreference(_Word):
    """The preferred amount of reverb of a track. [S][C]"""

    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class MusicalStyle(_Word):
    """The style of a mix or a master. [C]"""

    ROCK_INDIE = "ROCK_INDIE"
    POP = "POP"
    ACOUSTIC = "ACOUSTIC"
    HIPHOP_GRIME = "HIPHOP_GRIME"
    ELECTRONIC = "ELECTRONIC"
    REGGAE_DUB = "REGGAE_DUB"
    ORCHESTRAL = "ORCHESTRAL"
    METAL = "METAL"
    OTHER = "OTHER"


class DesiredLoudness(_Word):
    """Loudness preset: LOW -14 LUFS and -1 dBFS, MEDIUM -10 and -1, HIGH -8. [S]"""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class SampleRate(IntEnum):
    """Sample rate of the result; it determines the bit depth too. [S]"""

    CD = 44100
    VIDEO = 48000

    @property
    def label(self) -> str:
        """The rate in words, with the bit depth that goes with it."""
        return f"{self.value / 1000:g} kHz, {self.bit_depth}-bit"

    @property
    def bit_depth(self) -> Literal[16, 24]:
        """16 bits at 44.1 kHz, 24 bits at 48 kHz."""
        return 16 if self is SampleRate.CD else 24


class TaskState(_Word):
    """States that the mix calls and their webhooks report. [S][C][I]"""

    PREVIEW_PROCESSING = "MIX_TASK_PREVIEW_PROCESSING"
    PREVIEW_COMPLETED = "MIX_TASK_PREVIEW_COMPLETED"
    PREVIEW_ERROR = "MIX_TASK_PREVIEW_ERROR"
    FINAL_PROCESSING = "MIX_TASK_FINAL_PROCESSING"
    FINAL_COMPLETED = "MIX_TASK_FINAL_COMPLETED"
    FINAL_ERROR = "MIX_TASK_FINAL_ERROR"


class MasteringState(_Word):
    """States that the mastering calls and their webhooks report. [I]"""

    PREVIEW_PROCESSING = "MASTERING_TASK_PREVIEW_PROCESSING"
    PREVIEW_COMPLETED = "MASTERING_TASK_PREVIEW_COMPLETED"
    PREVIEW_ERROR = "MASTERING_TASK_PREVIEW_ERROR"
    FINAL_PROCESSING = "MASTERING_TASK_FINAL_PROCESSING"
    FINAL_COMPLETED = "MASTERING_TASK_FINAL_COMPLETED"
    FINAL_ERROR = "MASTERING_TASK_FINAL_ERROR"


class AnalysisStyle(_Word):
    """The style that a mix or master is measured against: genres, sounds, and the names that the mix calls use. [C]"""

    ROCK = "ROCK"
    METAL = "METAL"
    INSTRUMENTAL = "INSTRUMENTAL"
    ELECTRONIC = "ELECTRONIC"
    HIP_HOP_GRIME = "HIP_HOP_GRIME"
    POP = "POP"
    ACOUSTIC = "ACOUSTIC"
    BLUES = "BLUES"
    JAZZ = "JAZZ"
    SOUL = "SOUL"
    FOLK = "FOLK"
    PUNK = "PUNK"
    AMBIENT = "AMBIENT"
    EXPERIMENTAL = "EXPERIMENTAL"
    COUNTRY = "COUNTRY"
    FUNK = "FUNK"
    RNB = "RNB"
    INDIE_POP = "INDIE_POP"
    INDIE_ROCK = "INDIE_ROCK"
    HOUSE = "HOUSE"
    TRAP = "TRAP"
    TECHNO = "TECHNO"
    ORCHESTRAL = "ORCHESTRAL"
    AFROBEAT = "AFROBEAT"
    DRUM_N_BASS = "DRUM_N_BASS"
    TRANCE = "TRANCE"
    LO_FI = "LO_FI"
    REGGAE = "REGGAE"
    LATIN = "LATIN"
    GRITTY_CRUNCHY = "GRITTY_CRUNCHY"
    BRIGHT = "BRIGHT"
    WARM = "WARM"
    SHARP_BASSY = "SHARP_BASSY"
    THUMPING_BOOMY = "THUMPING_BOOMY"
    MELLOW_SMOOTH = "MELLOW_SMOOTH"
    AIRY_EXPANSIVE = "AIRY_EXPANSIVE"
    AGGRESSIVE = "AGGRESSIVE"
    BALANCED = "BALANCED"
    ROCK_INDIE = "ROCK_INDIE"
    HIPHOP_GRIME = "HIPHOP_GRIME"
    REGGAE_DUB = "REGGAE_DUB"
    OTHER = "OTHER"


class EnhancementStyle(_Word):
    """The style that a finished mix is moved toward: those of the mix calls, and nine sounds. [C]"""

    ROCK_INDIE = "ROCK_INDIE"
    POP = "POP"
    ACOUSTIC = "ACOUSTIC"
    HIPHOP_GRIME = "HIPHOP_GRIME"
    ELECTRONIC = "ELECTRONIC"
    REGGAE_DUB = "REGGAE_DUB"
    ORCHESTRAL = "ORCHESTRAL"
    METAL = "METAL"
    OTHER = "OTHER"
    GRITTY_CRUNCHY = "GRITTY_CRUNCHY"
    BRIGHT = "BRIGHT"
    WARM = "WARM"
    SHARP_BASSY = "SHARP_BASSY"
    THUMPING_BOOMY = "THUMPING_BOOMY"
    MELLOW_SMOOTH = "MELLOW_SMOOTH"
    AIRY_EXPANSIVE = "AIRY_EXPANSIVE"
    AGGRESSIVE = "AGGRESSIVE"
    BALANCED = "BALANCED"


class RecombinationStyle(_Word):
    """The style of a recombination. [C]"""

    ROCK_INDIE = "ROCK_INDIE"
    POP = "POP"
    ACOUSTIC = "ACOUSTIC"
    HIPHOP_GRIME = "HIPHOP_GRIME"
    ELECTRONIC = "ELECTRONIC"
    REGGAE_DUB = "REGGAE_DUB"
    ORCHESTRAL = "ORCHESTRAL"
    METAL = "METAL"
    OTHER = "OTHER"
    JAZZ = "JAZZ"
    LO_FI = "LO_FI"
    LATIN = "LATIN"
    TECHNO = "TECHNO"
    HOUSE = "HOUSE"
    TRAP = "TRAP"
    COUNTRY_ACOUSTIC = "COUNTRY_ACOUSTIC"
    CINEMATIC = "CINEMATIC"
    AFROBEAT = "AFROBEAT"
    K_POP = "K_POP"
    REGGAETON = "REGGAETON"


class LoudnessPreference(_Word):
    """Loudness of an enhanced track; the figures of the first two are the studio's (-14 and -9 LUFS). [C]"""

    STREAMING = "STREAMING_LOUDNESS"
    CD = "CD_LOUDNESS"
    NO_CHANGE = "NO_CHANGE"


class SoundSource(_Word):
    """The instrument in a recording that is to be cleaned. [C]"""

    KICK = "KICK_GROUP"
    SNARE = "SNARE_GROUP"
    VOCAL = "VOCAL_GROUP"
    BACKING_VOX = "BACKING_VOX_GROUP"
    PERCS = "PERCS_GROUP"
    BRASS = "BRASS_GROUP"
    STRINGS = "STRINGS_GROUP"
    E_GUITAR = "E_GUITAR_GROUP"
    ACOUSTIC_GUITAR = "ACOUSTIC_GUITAR_GROUP"


class ClippingVerdict(_Word):
    """How much of a track is clipped. [I]"""

    NONE = "NONE"
    MINOR = "MINOR"
    MAJOR = "MAJOR"


class Advice(_Word):
    """What to change, not what was measured: LESS loudness means that it is too loud. [I]"""

    LESS = "LESS"
    LESS_APPLE = "LESS_APPLE"
    """Only for the loudness of a master: right for most services, too loud for Apple's."""
    OPTIMAL = "OPTIMAL"
    MORE = "MORE"


class StereoField(_Word):
    """How wide a track is. [I]"""

    MONO = "MONO"
    STEREO_UPMIX = "STEREO_UPMIX"
    NARROW = "NARROW"
    BALANCED = "BALANCED"
    WIDE = "WIDE"


class TonalLevel(_Word):
    """Level of a frequency range relative to the style. [I]"""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class EnhancementState(_Word):
    """States that the enhance calls and their webhooks report; named like those of the other tasks. [I]"""

    PREVIEW_PROCESSING = "MIXREVIVE_TASK_PREVIEW_PROCESSING"
    PREVIEW_COMPLETED = "MIXREVIVE_TASK_PREVIEW_COMPLETED"
    PREVIEW_ERROR = "MIXREVIVE_TASK_PREVIEW_ERROR"
    FINAL_PROCESSING = "MIXREVIVE_TASK_FINAL_PROCESSING"
    FINAL_COMPLETED = "MIXREVIVE_TASK_FINAL_COMPLETED"
    FINAL_ERROR = "MIXREVIVE_TASK_FINAL_ERROR"


_LABELS = {
    "BACKING_VOX_GROUP": "Backing vocals",
    "VOCAL_GROUP": "Lead vocal",
    "PERCS_GROUP": "Percussion",
    "FX_GROUP": "FX",
    "E_GUITAR_GROUP": "Electric guitar",
    "ROCK_INDIE": "Rock, indie",
    "HIPHOP_GRIME": "Hip-hop, grime",
    "REGGAE_DUB": "Reggae, dub",
    "HIP_HOP_GRIME": "Hip-hop, grime",
    "RNB": "R&B",
    "DRUM_N_BASS": "Drum and bass",
    "LO_FI": "Lo-fi",
    "GRITTY_CRUNCHY": "Gritty, crunchy",
    "SHARP_BASSY": "Sharp, bassy",
    "THUMPING_BOOMY": "Thumping, boomy",
    "MELLOW_SMOOTH": "Mellow, smooth",
    "AIRY_EXPANSIVE": "Airy, expansive",
    "STREAMING_LOUDNESS": "Streaming (-14 LUFS)",
    "CD_LOUDNESS": "CD (-9 LUFS)",
    "NO_CHANGE": "As it is",
    "STEREO_UPMIX": "Stereo made from mono",
    "LESS_APPLE": "Less, for Apple",
    **{f"OTHER_GROUP{n}": f"Other {n}" for n in range(1, 6)},
}

CONTENT_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac"}
"""File endings that the service takes, with the type that an upload declares. [C]"""

CREDITS = {
    "final_mix": 250,
    "final_master": 220,
    "enhance": 250,
    "analysis": 10,
    "cleanup": 10,
    "separation": 75,
    "recombine": 250,
}
"""What a call costs on the live service, as integrators paid it [I]; previews, uploads and polling cost nothing."""
