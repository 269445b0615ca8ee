"""Quizzes and solutions of lesson 04, diagnosis and enhancement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import tonnbook as tb
from tonnbook.exercises.marking import Item, Quiz
from tonnbook.planted_faults import BLIND_MIXES

if TYPE_CHECKING:
    from pathlib import Path

    from tonnbook.clients.tonn import TonnClient
    from tonnbook.models.enhancement import Enhancement
    from tonnbook.widgets.player.player import Player

_ABOUT = {
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

BLIND = Quiz(
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
    {letter: Item(fault or "good", *_ABOUT[fault or "good"]) for letter, fault in BLIND_MIXES.items()},
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

QUIZZES: Mapping[str, Quiz] = {"04-a": BLIND, "04-b": ON_ONE_LOUDSPEAKER, "04-c": WHY_DROPPED}


def delay_or_polarity(tonn: TonnClient) -> Any:
    """Both make the stereo field wide, unsafe in mono, and out of phase. They differ in the lowest octaves: an inverted channel has a
    correlation of -1 there, while 4 ms are a short part of a long wave, so that a delayed channel only lowers the correlation. In mono
    the inverted channel cancels the whole middle, the delayed one only narrow notches at regular distances (a comb filter).
    """
    delayed = tonn.analyse(tb.demo.faulty_mix("delay")).result()
    inverted = tonn.analyse(tb.demo.faulty_mix("polarity")).result()
    return tb.compare_mixes(delayed, inverted)


def one_repair(tonn: TonnClient, faulty: Path) -> Any:
    """Each `fix_...` is a separate flag. With all others off and without mastering, only the tone changes; the loudness stays."""
    others = dict.fromkeys(("fix_clipping", "fix_compression", "fix_stereo", "fix_loudness", "apply_mastering"), False)
    request = tb.EnhancementRequest(source=faulty, style="POP", **others)
    tone_only = tonn.enhance(request).result()
    return tb.compare(tone_only)


def louder_is_not_better(tonn: TonnClient, faulty: Path, enhanced: Enhancement) -> Player:
    """With equal loudness off (**G**), CD seems better because it is louder. With it on, its hits are flatter: the cost of 5 LU."""
    loud = tonn.enhance(tb.EnhancementRequest(source=faulty, style="POP", loudness="CD_LOUDNESS")).result()
    return tb.switch({"before": faulty, "streaming": enhanced.track, "CD": loud.track})


SOLUTIONS: tuple[Callable[..., Any], ...] = (delay_or_polarity, one_repair, louder_is_not_better)
"""In the order of the exercises: 04-1, 04-2, ..."""
