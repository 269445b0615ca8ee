"""Prompts: what is understood, what is assumed, and what is not understood."""

from __future__ import annotations

import pytest

from tonnbook.models.composition import OPTIONS, Emotion, Genre, Tempo
from tonnbook.models.prompt.emotions import FITTING, PACE, USUAL
from tonnbook.models.prompt.reader import read_prompt
from tonnbook.models.prompt.words import WORDS

PROMPTS = [
    ("30 seconds peaceful lo-fi chill hop track", "hiphop", "slow", 30_000, ["calm"]),
    ("Make a 30 second upbeat EDM track for a party", "electronic", "fast", 30_000, ["energetic"]),
    ("a minute and a half of melancholic piano", "pop", "slow", 90_000, ["sad"]),
    ("1m30s epic trailer score that starts tense then ends triumphant", "cinematic", "medium", 90_000, ["tense", "triumphant"]),
    ("8-bit retro game music, fast", "electronic", "fast", 60_000, ["energetic"]),
    ("ambient drone without drums for meditation, 2 min", "ambient", "slow", 120_000, ["calm"]),
    ("not sad, cheerful pop jingle 15 seconds", "pop", "medium", 15_000, ["cheerful"]),
    ("slow R&B, smooth and relaxing", "rnb", "slow", 60_000, ["relaxing"]),
    ("Bollywood celebration with sitar and tabla, 1:15", "indian", "medium", 75_000, ["joyful"]),
    ("20 seconds calm then 40 seconds angry", "ambient", "slow", 60_000, ["calm", "angry"]),
    ("spooky halloween music", "cinematic", "medium", 60_000, ["scary"]),
    ("trap beat in 4/4 with 808s, aggressive", "hiphop", "fast", 60_000, ["angry"]),
    ("1,5 minutes of dreamy ambient followed by an inspirational ending", "ambient", "slow", 90_000, ["dreamy", "inspirational"]),
    ("lo-fi hip hop beats to relax and study to", "hiphop", "slow", 60_000, ["relaxing"]),
    ("film score: 15000 ms suspense", "cinematic", "medium", 15_000, ["tense"]),
    ("half a minute of folk", "indie", "medium", 30_000, ["cheerful"]),
    ("a 60 second track that starts sad and turns happy, then ends triumphant", "pop", "slow", 60_000, ["sad", "happy", "triumphant"]),
    ("two minutes of gloomy soundscapes", "ambient", "slow", 120_000, ["depressing"]),
    ("uplifting corporate pop, mid-tempo, thirty seconds", "pop", "medium", 30_000, ["inspirational"]),
    ("80s synthwave, 0:45", "electronic", "fast", 45_000, ["energetic"]),
    ("nervous strings building to panic", "cinematic", "medium", 60_000, ["fearful", "fearful"]),
    ("fast bhangra wedding", "indian", "fast", 60_000, ["joyful"]),
    ("quirky ukulele tune", "indie", "medium", 60_000, ["cheerful"]),
    ("sixty seconds of motivational gym music, fast", "pop", "fast", 60_000, ["motivational"]),
    ("slow soul ballad, heartbroken", "rnb", "medium", 60_000, ["sad"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "genre", "tempo", "ms", "emotions"), PROMPTS)
def test_prompts(text: str, genre: str, tempo: str, ms: int, emotions: list[str]) -> None:
    found = read_prompt(text)
    assert (found.genre, found.tempo, found.duration_ms) == (genre, tempo, ms)
    assert [str(s.emotion) for s in found.sections] == emotions


@pytest.mark.parametrize(
    ("text", "bpm", "tempo"),
    [
        ("pop at 120 bpm", 120, "fast"),
        ("pop, 100bpm", 100, "medium"),
        ("ambient 55 bpm", 55, "slow"),
        ("24 bpm pop", None, "medium"),
    ],
)
def test_an_exact_tempo_wins(text: str, bpm: float | None, tempo: str) -> None:
    found = read_prompt(text)
    assert (found.bpm, found.tempo) == (bpm, tempo)


@pytest.mark.parametrize(
    ("text", "tonic", "major"),
    [
        ("calm in A minor", 9, False),
        ("calm in F sharp major", 6, True),
        ("calm in the key of Bb major", 10, True),
        ("calm in a minor key", None, False),
        ("calm", None, None),
    ],
)
def test_keys(text: str, tonic: int | None, major: bool | None) -> None:
    found = read_prompt(text)
    assert (found.tonic, found.major) == (tonic, major)


def test_what_is_negated_is_not_played() -> None:
    found = read_prompt("calm ambient without drums and no bass, never angry")
    assert set(found.silent) == {"percussion", "bass"}
    assert [s.emotion for s in found.sections] == [Emotion.CALM]
    assert "not angry" in [note.meaning for note in found.understood]


def test_every_part_of_a_prompt_is_reported() -> None:
    found = read_prompt("Thirty seconds of purple bossa nova in the rain, please")
    assert [note.words for note in found.understood] == ["thirty seconds"]
    assert set(found.not_understood) == {"purple", "bossa", "nova", "rain"}
    assert {text.split(":")[0] for text in found.assumed} == {"genre", "emotion", "tempo"}


def test_a_blocked_combination_moves_the_tempo_and_says_so() -> None:
    found = read_prompt("energetic slow indie rock")
    assert found.tempo is Tempo.FAST
    assert not OPTIONS.is_blocked(found.genre, Emotion.ENERGETIC, found.tempo)
    assert any("indie is not offered slow" in text for text in found.assumed)


def test_lengths_that_cannot_be_are_brought_within_the_limits_and_reported() -> None:
    found = read_prompt("3 hours of calm")
    assert found.duration_ms == 900_000
    assert any("outside the limits" in text for text in found.assumed)
    assert read_prompt("0.2 seconds of pop").duration_ms == 1000


def test_a_beginning_without_an_emotion_is_as_usual_for_the_genre() -> None:
    found = read_prompt("10 seconds of techno, then sad")
    assert [s.emotion for s in found.sections] == [Emotion.ENERGETIC, Emotion.SAD]
    assert "emotion of the beginning: energetic" in found.assumed


def test_sections_tile_the_track() -> None:
    found = read_prompt("10 seconds sad, then 7 seconds happy, then 3 seconds angry")
    assert [s.length_ms for s in found.sections] == [10_000, 7_000, 3_000]
    assert [s.start_ms for s in found.sections] == [0, 10_000, 17_000]
    found = read_prompt("a 2 minute track: 30 seconds calm, then 90 seconds epic")
    assert [s.length_ms for s in found.sections] == [30_000, 90_000]


@pytest.mark.parametrize("text", ["", "   ", "???", "a" * 1000, "then then then", "∞ 🎵 ноты"])
def test_any_text_gives_a_song(text: str) -> None:
    found = read_prompt(text)
    assert found.sections[-1].end_ms == found.duration_ms == 60_000


def test_every_emotion_has_words_and_every_table_is_whole() -> None:
    assert {word.meaning for word in WORDS["emotion"]} == set(Emotion)
    assert set(USUAL) == set(Genre)
    assert set(PACE.values()) <= set(Tempo)
    assert set(FITTING.values()) <= set(Genre)
