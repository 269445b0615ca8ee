"""Quizzes and solutions of lesson 05, cleanup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import tonnbook as tb
from tonnbook.exercises.marking import Item, Quiz
from tonnbook.planted_faults import BLIND_RECORDINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tonnbook.clients.tonn import TonnClient
    from tonnbook.models.cleanup import Cleanup
    from tonnbook.widgets.player.player import Player

_ABOUT = {
    "good": ("there is nothing to clean", "Listen to its pauses: is there anything at all?"),
    "noise": (
        "steady noise, 22 dB under the recording as a whole, pauses and all; they give it away",
        "Listen between the words: what is left when nobody sings?",
    ),
    "hum": ("50 Hz from the mains, with its multiples", "Is there a low tone that never changes, whatever is played?"),
    "clicks": ("fourteen short clicks, half a millisecond each", "Look for needles in the waveform, and go there."),
    "bleed": (
        "kick and hi-hat have come through the air into the snare's microphone",
        "Whose sounds are these, between the hits?",
    ),
}

BLIND = Quiz(
    "Five recordings: one is good, each of the others has one fault. Which is which?",
    {
        "good": "nothing is wrong",
        "noise": "steady hiss",
        "hum": "a tone from the mains",
        "clicks": "short clicks",
        "bleed": "other instruments in the microphone",
    },
    {letter: Item(fault or "good", *_ABOUT[fault or "good"]) for letter, (_, fault) in BLIND_RECORDINGS.items()},
)

WORDS_IN_THE_RESIDUE = Quiz(
    "You listen to what was taken away, and hear words in it. What does that mean?",
    {
        "fine": "nothing: noise sounds like that",
        "harm": "some of the voice went with the noise",
        "loud": "the recording was too loud",
    },
    {
        "": Item(
            "harm",
            "what is in the residue is missing from the voice; if you can follow the words there, the cleanup went too deep",
            "The residue and the cleaned recording add up to what came in. Where are those words missing, then?",
        )
    },
)

UNCHANGED = Quiz(
    "The good guitar came back sample for sample. Why was its faint amplifier noise not reduced?",
    {
        "broken": "the cleanup failed, and does not say so",
        "masked": "no steady noise was found in its quietest parts",
        "credits": "the cleanup costs credits, and was skipped",
    },
    {
        "": Item(
            "masked",
            "a reducer learns the noise where nothing else sounds; without such a place it would have to guess, and would take away guitar",
            "Read the line on noise in the table: what was looked for, and where?",
        )
    },
)

QUIZZES: Mapping[str, Quiz] = {"05-a": BLIND, "05-b": WORDS_IN_THE_RESIDUE, "05-c": UNCHANGED}


def closer_to_the_truth(recordings: Mapping[str, Path], cleaned: Cleanup) -> list[str]:
    """Where the good voice is at hand, what is wrong can be measured: the level of the difference, against that of the voice. Some 6
    dB are won. What is left is the noise under the words, and what was taken of them.
    """
    from tonnbook.audio_files import read
    from tonnbook.dsp.levels import db, rms

    truth = read(tb.demo.faulty_recording("vocal"))[0]
    paths = {"before": recordings["E"], "after": cleaned.cleaned.path}
    return [f"{when}: error {db(rms(read(path)[0] - truth) / rms(truth)):.1f} dB" for when, path in paths.items()]


def the_wrong_source(tonn: TonnClient) -> Player:
    """A snare's gate takes the loudest hits for the instrument and all between them for bleed. Of a voice it keeps the loud syllables
    and presses down their beginnings and ends: the strip shows it, the residue speaks it. The gate did what it was told.
    """
    wrong = tonn.clean_up(tb.demo.faulty_recording("vocal"), "SNARE_GROUP").result()
    return tb.compare(wrong)


SOLUTIONS: tuple[Callable[..., Any], ...] = (closer_to_the_truth, the_wrong_source)
"""In the order of the exercises: 05-1, 05-2."""
