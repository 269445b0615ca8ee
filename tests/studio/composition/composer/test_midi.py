"""The MIDI file of a song: its times, its glides, its kits and its hand drums."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import mido
import numpy as np
import pytest
from asking import plan

from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.midi import midi_bytes
from tonnbook.studio.composition.composer.writing.score import Score
from tonnbook.studio.composition.composer.writing.tala import BOL_KEYS


def messages(score: Score, track_name: str) -> list[tuple[float, mido.Message]]:
    """Return the messages of a track with their times in seconds."""
    file = mido.MidiFile(file=BytesIO(midi_bytes(score)))
    (track,) = (track for track in file.tracks if track.name == track_name)
    file.tracks[:] = [file.tracks[0], track]
    times = np.cumsum([message.time for message in file])
    return [(float(t), m) for t, m in zip(times, file, strict=True) if not m.is_meta]


@pytest.mark.parametrize(("genre", "voice", "role"), [("indian", "bansuri", "melody"), ("hiphop", "sub-bass", "bass")])
def test_bends_of_the_midi_file_are_glides(genre: str, voice: str, role: str) -> None:
    """The pitch wheel follows every curve of the score, in steps of 5 ms, and is back in the middle for a plain note."""
    score = compose_score(plan(genre, "calm relaxing", "medium", 20_000, lead="bansuri" if role == "melody" else None))
    (part,) = (p for p in score.of(role) if p.voice == voice)
    assert any(note.bend for note in part.notes)
    assert not all(note.bend for note in part.notes)
    sent = [(t, m.pitch / 8192 * 12) for t, m in messages(score, part.name) if m.type == "pitchwheel"]
    times, heights = np.array(sent).T
    for note, after in pairwise([*part.notes, replace(part.notes[-1], start=1e9)]):
        inside = np.arange(note.start + 0.012, min(note.end, after.start) - 0.012, 0.001)
        corners = note.bend or ((0.0, 0.0),)
        wanted = np.interp(inside - note.start, *zip(*corners, strict=True))
        steepest = max((abs(q - p) / (b - a) for (a, p), (b, q) in pairwise(corners)), default=0.0)
        held = np.concatenate([[0.0], heights])[np.searchsorted(times, inside, "right")]
        assert np.abs(held - wanted).max(initial=0.0) <= 0.008 * steepest + 0.01, note


def test_two_kits_of_a_song_take_turns_on_the_drum_channel() -> None:
    asked = (compose_score(plan("indie", "happy sad angry", "fast", 40_000, version=v)) for v in range(1, 20))
    score = next(s for s in asked if len([p for p in s.of("percussion") if p.voice.endswith("-kit")]) > 1)
    kits = [p for p in score.of("percussion") if p.voice.endswith("-kit")]
    heard = sorted((x for p in kits for x in messages(score, p.name)), key=lambda x: (x[0], x[1].type == "note_on"))
    program = None
    for time, message in heard:
        assert message.channel == 9
        program = message.program if message.type == "program_change" else program
        if message.type == "note_on":
            playing = {VOICES[p.voice].program for p in kits if any(abs(n.start - time) < 0.003 for n in p.notes)}
            assert program in playing


def test_a_stroke_of_both_hands_is_two_notes_of_the_midi_file() -> None:
    score = compose_score(plan("indian", "happy", "medium", 12_000))
    (part,) = score.of("percussion")
    sent = [(t, m.note) for t, m in messages(score, part.name) if m.type == "note_on"]
    dha = next(note.start for note in part.notes if note.bol == "dha")
    assert (
        {key for t, key in sent if abs(t - dha) < 0.003} == set(BOL_KEYS["dha"]) == {*BOL_KEYS["ge"], *BOL_KEYS["na"]}
    )
    assert set(BOL_KEYS["dhin"]) == {*BOL_KEYS["ge"], *BOL_KEYS["tin"]}


def test_the_midi_file_slows_down_with_the_score() -> None:
    score = compose_score(plan("ambient", "calm", "medium", 40_000))
    assert score.sections[0].slowing > 0
    (part,) = (p for p in score.of("bass"))
    sent = [t for t, m in messages(score, part.name) if m.type == "note_on"]
    assert np.abs(np.array(sent) - [n.start for n in part.notes]).max() < 0.002
