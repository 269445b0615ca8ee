"""The MIDI file of a song: times, pitch bends, kits and tabla strokes."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import mido
import numpy as np
import pytest
from song_plans import plan

from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.midi import midi_bytes
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score
from tonnbook.studio.composition.composer.writing.tala import BOL_KEYS


def messages(score: Score, track_name: str) -> list[tuple[float, mido.Message]]:
    """Return the messages of a track with their times in seconds."""
    file = mido.MidiFile(file=BytesIO(midi_bytes(score)))
    (track,) = (track for track in file.tracks if track.name == track_name)
    file.tracks[:] = [file.tracks[0], track]
    times = np.cumsum([message.time for message in file])
    return [(float(t), m) for t, m in zip(times, file, strict=True) if not m.is_meta]


def test_a_bend_reaches_known_wheel_positions() -> None:
    """The receiver is set to a range of 12 semitones, so that a semitone is 8192 / 12 steps of the wheel, and an octave the whole way."""
    score = compose_score(plan("pop", "calm", "medium", 8_000))
    bent = Note(1.0, 1.0, 60, 90, ((0.0, -1.0), (0.4, 2.0), (0.6, 2.0), (0.8, -12.0)))
    score = replace(score, parts=(Part("melody", "flute", (bent, Note(2.5, 1.0, 62, 90))),))
    sent = messages(score, score.parts[0].name)
    controls = {m.control: m.value for _, m in sent if m.type == "control_change"}
    assert controls == {101: 0, 100: 0, 6: 12, 38: 0}  # RPN 0, pitch bend sensitivity: 12 semitones and 0 cents
    wheel = [(t, m.pitch) for t, m in sent if m.type == "pitchwheel"]

    def position(seconds: float) -> int:
        return next((pitch for t, pitch in reversed(wheel) if t <= seconds), 0)

    assert position(0.99) == 0
    for seconds, semitones in ((1.003, -1), (1.503, 2), (1.9, -12)):
        assert position(seconds) == round(semitones * 8192 / 12), seconds
    assert position(1.1335) == pytest.approx(0, abs=30)  # a third of the way from -1 to 2 semitones; 30 steps in 5 ms
    assert position(1.2668) == pytest.approx(8192 / 12, abs=30)
    assert position(2.01) == 0
    assert max(b - a for (a, _), (b, _) in pairwise([w for w in wheel if w[0] < 1.4])) <= 0.0065


@pytest.mark.parametrize(("genre", "voice", "role"), [("indian", "bansuri", "melody"), ("hiphop", "sub-bass", "bass")])
def test_notes_of_a_composed_part_begin_at_their_pitch(genre: str, voice: str, role: str) -> None:
    """The wheel is in the middle when a plain note begins, and at the start of its curve when a bent one does."""
    score = compose_score(plan(genre, "calm relaxing", "medium", 20_000, lead="bansuri" if role == "melody" else None))
    (part,) = (p for p in score.of(role) if p.voice == voice)
    assert any(note.bend for note in part.notes)
    assert not all(note.bend for note in part.notes)
    pitch, positions = 0, []
    for _, message in messages(score, part.name):
        if message.type == "pitchwheel":
            pitch = message.pitch
        elif message.type == "note_on":
            positions.append(pitch * 12 / 8192)
    starts = [note.bend[0][1] if note.bend else 0.0 for note in part.notes]
    assert positions == pytest.approx(starts, abs=0.001)


def test_two_kits_of_a_song_take_turns_on_the_drum_channel() -> None:
    asked = (compose_score(plan("indie", "happy sad angry", "fast", 40_000, version=v)) for v in range(1, 20))
    score = next(s for s in asked if len([p for p in s.of("percussion") if p.voice.endswith("-kit")]) > 1)
    kits = [p for p in score.of("percussion") if p.voice.endswith("-kit")]
    sent = sorted((x for p in kits for x in messages(score, p.name)), key=lambda x: (x[0], x[1].type == "note_on"))
    program = None
    for time, message in sent:
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
