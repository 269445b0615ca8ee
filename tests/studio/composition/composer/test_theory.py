"""Chords, voicings, time and form."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from song_plans import plan

from tonnbook.models.composition import TEMPO_BPM, Emotion, Genre, Tempo
from tonnbook.studio.composition.composer.writing.form import bars_of, fit, phrase_lengths
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.theory import (
    SCALES,
    chord,
    enriched,
    nearest_key,
    progression,
    scale_name,
    voicing,
)


@pytest.mark.parametrize(
    ("symbol", "tonic", "name"),
    [
        ("i", 9, "Am"), ("bVI", 9, "F"), ("bIII", 9, "C"), ("V7sus", 9, "E7sus4"), ("IVmaj7", 9, "Dmaj7"), ("II/I", 0, "D/C"),
        ("i°", 0, "Cdim"), ("bII", 9, "B♭"), ("I5", 4, "E5"), ("Iadd9", 7, "Gadd9"), ("iv", 0, "Fm"), ("V9", 0, "G9"),
    ],
)  # fmt: skip
def test_roman_numerals_have_names(symbol: str, tonic: int, name: str) -> None:
    assert chord(symbol, tonic).name(tonic) == name


@pytest.mark.parametrize(
    ("symbol", "tonic", "mode", "name"),
    [
        ("bVII/I", 1, "mixolydian", "C♭/D♭"), ("bVI", 1, "aeolian", "A"), ("i", 1, "aeolian", "C♯m"), ("i", 3, "aeolian", "E♭m"),
        ("V", 8, "harmonic minor", "D♯"), ("IV", 6, "ionian", "B"), ("bII", 10, "phrygian", "C♭"), ("II", 5, "lydian", "G"),
        ("bVI", 3, "aeolian", "C♭"), ("v°", 6, "phrygian", "C♯dim"), ("bII", 1, "", "D"),
    ],
)  # fmt: skip
def test_chords_are_spelled_in_their_key(symbol: str, tonic: int, mode: str, name: str) -> None:
    assert chord(symbol, tonic).name(tonic, mode) == name


def test_keynotes_are_spelled_as_usual() -> None:
    assert [scale_name(1, mode) for mode in ("aeolian", "ionian", "raga Todi")] == [
        "C♯ aeolian",
        "D♭ ionian",
        "D♭ raga Todi",
    ]
    assert " ".join(scale_name(n, "ionian").split()[0] for n in range(12)) == "C D♭ D E♭ E F F♯ G A♭ A B♭ B"
    assert " ".join(scale_name(n, "aeolian").split()[0] for n in range(12)) == "C C♯ D E♭ E F F♯ G G♯ A B♭ B"


def test_nonsense_is_no_chord() -> None:
    with pytest.raises(ValueError, match="not a chord symbol"):
        chord("H7", 0)


def test_every_progression_can_be_played_in_every_key() -> None:
    for mood in MOODS.values():
        for tonic in range(12):
            for line in mood.progressions:
                before: tuple[int, ...] = ()
                for harmony in progression(line, tonic):
                    for colours in ((), (7,), (9,), (7, 9)):
                        keys = voicing(enriched(harmony, SCALES[mood.mode], tonic, colours), before)
                        assert 2 <= len(keys) <= 4
                        assert min(keys) >= 52
                        assert max(keys) <= 76
                    before = keys


def test_voices_move_little() -> None:
    keys: tuple[int, ...] = ()
    moves = []
    for harmony in progression("I V vi IV I V vi IV", 0):
        following = voicing(harmony, keys, voices=3)
        if keys:
            moves += [abs(a - b) for a, b in zip(keys, following, strict=True)]
        keys = following
    assert sum(moves) / len(moves) <= 2.5
    assert max(moves) <= 5


def test_a_thin_voicing_keeps_what_names_the_chord() -> None:
    ninth = enriched(chord("i", 0), SCALES["dorian"], 0, (7, 9))
    assert {k % 12 for k in voicing(ninth, (), voices=2)} == {3, 10}
    assert {k % 12 for k in voicing(ninth, (), voices=3)} == {2, 3, 10}
    assert {k % 12 for k in voicing(chord("Iadd9", 0), (), voices=2)} == {0, 4}


def test_nearest_key() -> None:
    assert (nearest_key(0, 61), nearest_key(11, 61), nearest_key(6, 60)) == (60, 59, 54)


def test_all_emotions_have_a_mood_and_differ() -> None:
    assert set(MOODS) == set(Emotion)
    assert all(mood.mode in SCALES for mood in MOODS.values())
    faces = {(m.mode, m.progressions, m.beats_per_chord, m.articulation, m.centre) for m in MOODS.values()}
    assert len(faces) == len(MOODS)


@pytest.mark.parametrize(("shortest_ms", "longest_ms"), [(5_000, 40_000), (1_000, 5_000)])
def test_sections_hold_whole_beats_with_little_bending(shortest_ms: int, longest_ms: int) -> None:
    rng = Random(7)
    bends = []
    for _ in range(300):
        genre, tempo = rng.choice([g for g in Genre if g is not Genre.INDIAN]), rng.choice(list(Tempo))
        lengths = [rng.randint(shortest_ms, longest_ms) for _ in range(rng.randint(1, 5))]
        asked = plan(genre, "calm " * len(lengths), tempo, sum(lengths))
        starts = [sum(lengths[:n]) for n in range(len(lengths))]
        sections = tuple(type(s)(s.emotion, a, b) for s, a, b in zip(asked.sections, starts, lengths, strict=True))
        asked = type(asked)(asked.genre, asked.tempo, sections)
        fitted = fit(asked, TEMPO_BPM[genre][tempo], 4.0)
        assert TEMPO_BPM[genre][tempo][0] <= fitted.bpm <= TEMPO_BPM[genre][tempo][1]
        for beats, length in zip(fitted.beats, lengths, strict=True):
            assert beats * 4 == int(beats * 4) or beats < 3  # less than three beats is a single gesture
            bends.append(abs(beats / (length / 1000 * fitted.bpm / 60) - 1))
    bends.sort()
    assert bends[int(0.99 * len(bends))] <= 0.03
    assert bends[-1] <= 0.05


def test_a_loop_is_whole_bars() -> None:
    asked = plan("pop", "happy sad", ms=23_456, looping=True)
    assert all(beats % 4 == 0 for beats in fit(asked, (96, 112), 4.0).beats)


@pytest.mark.parametrize("bars", range(1, 60))
def test_phrases_fill_a_section(bars: int) -> None:
    phrases = phrase_lengths(bars)
    assert sum(phrases) == bars
    assert all(1 <= length <= 8 for length in phrases)
    found = bars_of(4.0 * bars + 2, 4.0, MOODS[Emotion.HAPPY], opens=True)
    assert [bar.beats for bar in found] == [4.0] * bars + [2.0]
    assert all(b.start == a.start + a.beats for a, b in pairwise(found))
    assert [bar.last for bar in found].count(True) == 1
    assert sum("melody" in bar.layers for bar in found) >= len(found) * 0.6
