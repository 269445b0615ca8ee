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

BLIND = Quiz(
    "One of the five recordings is good; each of the others has one fault. Which is which?",
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

QUIZZES: Mapping[str, Quiz] = {"05-a": BLIND, "05-b": WORDS_IN_THE_RESIDUE, "05-c": UNCHANGED}


def error_before_and_after(recordings: Mapping[str, Path], cleaned: Cleanup) -> list[str]:
    """If the clean voice is available, the error can be measured: the level of the difference, relative to that of the voice. The
    cleanup lowers it by about 6 dB. What remains is the noise under the words, and the parts of the voice that were removed.
    """
    from tonnbook.audio_files import read
    from tonnbook.dsp.levels import db, rms

    clean = read(tb.demo.faulty_recording("vocal"))[0]
    paths = {"before": recordings["E"], "after": cleaned.cleaned.path}
    return [f"{when}: error {db(rms(read(path)[0] - clean) / rms(clean)):.1f} dB" for when, path in paths.items()]


def wrong_source(tonn: TonnClient) -> Player:
    """The gate for a snare treats the loudest hits as the instrument, and everything between them as bleed. Applied to a voice, it keeps
    the loud syllables and attenuates their beginnings and ends: you see it in the drawing, and hear the speech in the residue. The
    gate works as designed; the sound source was wrong.
    """
    wrong = tonn.clean_up(tb.demo.faulty_recording("vocal"), "SNARE_GROUP").result()
    return tb.compare(wrong)


SOLUTIONS: tuple[Callable[..., Any], ...] = (error_before_and_after, wrong_source)
"""In the order of the exercises: 05-1, 05-2."""
