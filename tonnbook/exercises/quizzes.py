"""The quizzes of the lessons, with the reason for each right answer and a hint for the others."""

from __future__ import annotations

from collections.abc import Mapping

from tonnbook.exercises.marking import Item, Quiz
from tonnbook.planted_faults import BLIND_MIXES, BLIND_RECORDINGS

# ---- lesson 04, diagnosis and enhancement

_MIX_FAULTS = {
    "good": ("nothing is wrong with it", "Compare it with the others at the same position: it has what they lack."),
    "dull": (
        "the treble above 2.5 kHz is 10 dB too low: hi-hat and consonants sound muffled",
        "Listen to the hi-hat. Is it as clear as in the others?",
    ),
    "boomy": (
        "the bass below 160 Hz is 9 dB too high, which lowers the share of everything above it",
        "Small loudspeakers do not reproduce this fault. Look at the spectrum, or use headphones.",
    ),
    "narrow": (
        "the side signal is 18 dB too low: nearly everything comes from the middle",
        "Put on headphones. Where are the guitar and the synth?",
    ),
    "polarity": (
        "the right channel is inverted: on one loudspeaker the middle cancels, bass and voice first",
        "Put on headphones. Does the sound seem to be inside or behind your head? Then listen in mono.",
    ),
    "quiet": (
        "its level is 10 dB lower; nothing else differs",
        "Turn on equal loudness. Is there any difference left?",
    ),
    "clipping": (
        "its peaks were cut off by 6 dB, and then it was turned down",
        "Listen to the drum hits. Are they clean, or do they crackle? The report says where to listen.",
    ),
    "over-compressed": (
        "compressed and limited: hits no longer stand out from the rest",
        "Do the hits stand out as in the others? Look at the distance from loudness to peak.",
    ),
}

BLIND_TEST_OF_MIXES = Quiz(
    "One of the eight versions of a mix is good; each of the others has one fault. Which is which?",
    {
        "good": "nothing is wrong",
        "dull": "too little treble",
        "boomy": "too much bass",
        "narrow": "hardly any stereo",
        "polarity": "one channel inverted",
        "quiet": "level too low, nothing else",
        "clipping": "peaks cut off flat",
        "over-compressed": "hits do not stand out",
    },
    {letter: Item(fault or "good", *_MIX_FAULTS[fault or "good"]) for letter, fault in BLIND_MIXES.items()},
)

ON_ONE_LOUDSPEAKER = Quiz(
    "Which line of the report tells you whether a mix works on a phone with a single loudspeaker?",
    {"loudness": "Loudness", "stereo": "Stereo field", "mono": "In mono", "treble": "Treble"},
    {
        "": Item(
            "mono",
            "it states how much quieter the sum of both channels is, and which octave loses most: a wide mix can pass, an inverted channel cannot",
            "One loudspeaker plays the sum of left and right. Which line is measured on that sum?",
        )
    },
)

WHY_DROPPED = Quiz(
    "The master for CD loudness was dropped. What did the studio protect?",
    {
        "peaks": "the peaks, which would have exceeded 0 dBTP",
        "dynamics": "the dynamics, which are too small for the style",
        "tone": "the tone, which mastering made duller",
        "credits": "your credits",
    },
    {
        "": Item(
            "dynamics",
            "at -9 LUFS with peaks at -1 dBTP, at most 8 LU are left between the two; an acoustic master needs 10 to 20",
            "Subtract: the peaks can reach -1 dBTP, and the loudness is -9 LUFS. How much is between them, and how much does the style need?",
        )
    },
)

# ---- lesson 05, cleanup

_RECORDING_FAULTS = {
    "good": ("there is nothing to clean", "Listen to the pauses. Do you hear anything there?"),
    "noise": (
        "steady noise, 22 dB below the level of the whole recording; you hear it in the pauses",
        "Listen between the words. What remains when nobody sings?",
    ),
    "hum": ("50 Hz from the mains, with its harmonics", "Is there a low tone that stays the same, whatever is played?"),
    "clicks": (
        "fourteen short clicks, half a millisecond each",
        "Look for narrow spikes in the waveform, and listen there.",
    ),
    "bleed": (
        "the snare's microphone also picked up the kick and the hi-hat",
        "Which instruments do you hear between the hits?",
    ),
}

BLIND_TEST_OF_RECORDINGS = Quiz(
    "One of the five recordings is good; each of the others has one fault. Which is which?",
    {
        "good": "nothing is wrong",
        "noise": "steady hiss",
        "hum": "a tone from the mains",
        "clicks": "short clicks",
        "bleed": "other instruments in the microphone",
    },
    {
        letter: Item(fault or "good", *_RECORDING_FAULTS[fault or "good"])
        for letter, (_, fault) in BLIND_RECORDINGS.items()
    },
)

WORDS_IN_THE_RESIDUE = Quiz(
    "You listen to the residue and can hear words in it. What does that mean?",
    {
        "fine": "nothing: noise sounds like that",
        "harm": "part of the voice was removed with the noise",
        "loud": "the recording was too loud",
    },
    {
        "": Item(
            "harm",
            "what is in the residue is missing from the voice; if you can understand words there, the cleanup removed too much",
            "The residue plus the cleaned recording is the original. So where are those words missing?",
        )
    },
)

UNCHANGED = Quiz(
    "The cleanup returned the good guitar unchanged, sample for sample. Why was its faint amplifier noise not reduced?",
    {
        "broken": "the cleanup failed without an error",
        "masked": "no steady noise was found in its quietest parts",
        "credits": "the cleanup costs credits, so it was skipped",
    },
    {
        "": Item(
            "masked",
            "noise reduction measures the noise where nothing else is audible; without such a part it would have to guess, and would remove guitar",
            "Read the line on noise in the table. What was searched for, and where?",
        )
    },
)

QUIZZES: Mapping[str, Quiz] = {
    "04-a": BLIND_TEST_OF_MIXES,
    "04-b": ON_ONE_LOUDSPEAKER,
    "04-c": WHY_DROPPED,
    "05-a": BLIND_TEST_OF_RECORDINGS,
    "05-b": WORDS_IN_THE_RESIDUE,
    "05-c": UNCHANGED,
}
"""The quizzes by number."""
