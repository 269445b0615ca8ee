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
    "good": ("nothing is wrong with it", "Compare it with others at the same spot: what is missing in them is there."),
    "dull": (
        "the treble from 2.5 kHz on is 10 dB down: hi-hat and consonants are veiled",
        "Listen to the hi-hat: is it there as in the others?",
    ),
    "boomy": (
        "the bass below 160 Hz is 9 dB up, so that everything above it counts for less",
        "On small loudspeakers it hides: look at the shares of the spectrum, or take headphones.",
    ),
    "narrow": (
        "the side is 18 dB down: nearly everything comes from the middle",
        "Put on headphones: where do guitar and synth stand?",
    ),
    "polarity": (
        "the right side is turned over: on one loudspeaker the middle is gone, bass and voice first",
        "Put on headphones: does it feel as if it sat inside or behind your head? Now turn your player to mono.",
    ),
    "quiet": ("it stands 10 dB lower, and nothing else", "Turn equal loudness on: is there any difference left?"),
    "clipping": (
        "its peaks are cut off flat, 6 dB deep, and it was turned down afterwards",
        "Listen to the drum hits: are they clean, or do they crackle? The report says where to listen.",
    ),
    "over-compressed": (
        "squeezed and limited: hits no longer stand out from what lies around them",
        "Do the hits jump out as in the others? Look at the distance from loudness to peak.",
    ),
}

BLIND = Quiz(
    "Eight versions of one mix: one is good, each of the others has one fault. Which is which?",
    {
        "good": "nothing is wrong",
        "dull": "too little treble",
        "boomy": "too much bass",
        "narrow": "hardly any stereo",
        "polarity": "one side turned over",
        "quiet": "too low, and nothing else",
        "clipping": "peaks cut off flat",
        "over-compressed": "hits do not stand out",
    },
    {letter: Item(fault or "good", *_ABOUT[fault or "good"]) for letter, fault in BLIND_MIXES.items()},
)

ON_ONE_LOUDSPEAKER = Quiz(
    "You may look at one line of the report only, to learn whether a mix survives a telephone's single loudspeaker. Which?",
    {"loudness": "Loudness", "stereo": "Stereo field", "mono": "In mono", "treble": "Treble"},
    {
        "": Item(
            "mono",
            "it says by how much the sum of both sides is quieter, and which octave loses most: a wide mix may pass it, a turned side never",
            "One loudspeaker plays the sum of left and right. Which line is measured on that sum?",
        )
    },
)

WHY_DROPPED = Quiz(
    "The master for CD loudness was dropped. What did the studio protect?",
    {
        "peaks": "the peaks, which would have passed 0 dBTP",
        "dynamics": "the dynamics, which the style wants wider",
        "tone": "the tone, which mastering had made duller",
        "credits": "your credits",
    },
    {
        "": Item(
            "dynamics",
            "at -9 LUFS with peaks at -1 dBTP no more than 8 LU are left between the two; an acoustic master wants 10 to 20",
            "Subtract: the peaks may reach -1, the loudness is to be -9. What is left between them, and what does the style want?",
        )
    },
)

QUIZZES: Mapping[str, Quiz] = {"04-a": BLIND, "04-b": ON_ONE_LOUDSPEAKER, "04-c": WHY_DROPPED}


def delay_or_polarity(tonn: TonnClient) -> Any:
    """Both make the field wide, unsafe in mono, and out of phase. They part in the lowest octaves: a turned side has a correlation
    of -1 there, while 4 ms are a short part of a long wave, so that a late side only lowers it; and in mono the turned one loses
    the whole middle, the late one a comb of narrow notches.
    """
    late = tonn.analyse(tb.demo.faulty_mix("delay")).result()
    turned = tonn.analyse(tb.demo.faulty_mix("polarity")).result()
    return tb.compare_mixes(late, turned)


def one_repair_alone(tonn: TonnClient, faulty: Path) -> Any:
    """Each `fix_...` is a flag of its own. With all others off, and without mastering, only the tone moves, and the loudness stays."""
    others = dict.fromkeys(("fix_clipping", "fix_compression", "fix_stereo", "fix_loudness", "apply_mastering"), False)
    request = tb.EnhancementRequest(source=faulty, style="POP", **others)
    tone_only = tonn.enhance(request).result()
    return tb.compare(tone_only)


def louder_is_not_better(tonn: TonnClient, faulty: Path, enhanced: Enhancement) -> Player:
    """With equal loudness off (**G**), CD wins because it is louder. With it on, its hits are flatter: that is what 5 LU cost."""
    loud = tonn.enhance(tb.EnhancementRequest(source=faulty, style="POP", loudness="CD_LOUDNESS")).result()
    return tb.switch({"before": faulty, "streaming": enhanced.track, "CD": loud.track})


SOLUTIONS: tuple[Callable[..., Any], ...] = (delay_or_polarity, one_repair_alone, louder_is_not_better)
"""In the order of the exercises: 04-1, 04-2, ..."""
