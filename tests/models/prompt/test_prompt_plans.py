"""A table of prompts with the plan that each of them asks for, as a person would read it."""

from __future__ import annotations

import pytest

from tonnbook.models.composition import CompositionRequest, Genre, Tempo
from tonnbook.models.prompt.reader import PromptReading, read_prompt

PLANS = [
    ("pop but not happy", "pop", "medium", "motivational 60", {}),
    ("electronic, not energetic", "electronic", "medium", "happy 60", {}),
    ("lo-fi but not chill", "hiphop", "medium", "motivational 60", {}),
    ("don't make it sad", "pop", "medium", "happy 60", {}),
    ("calm pop without bass or drums", "pop", "slow", "calm 60", {"silent": "percussion bass"}),
    ("happy pop, no piano", "pop", "medium", "happy 60", {"without": "piano soft-piano"}),
    ("pop with less drums", "pop", "medium", "happy 60", {"lost": "less drums"}),
    ("ambient without pads", "ambient", "slow", "calm 60", {"without": "warm-pad fantasia glass-pad space-voice"}),
    ("Not too fast, not too slow", "pop", "medium", "happy 60", {}),
    ("first 20 seconds calm, next 20 seconds tense, last 20 seconds triumphant", "ambient", "slow", "calm 20 + tense 20 + triumphant 20", {}),
    ("20s calm, 20s happy, 20s sad", "ambient", "slow", "calm 20 + happy 20 + sad 20", {}),
    ("intro 10 s calm, verse 20 s happy, chorus 30 s energetic", "ambient", "slow", "calm 10 + happy 20 + energetic 30", {}),
    ("from calm to angry", "ambient", "slow", "calm 30 + angry 30", {}),
    ("sad to happy", "pop", "slow", "sad 30 + happy 30", {}),
    ("first half calm, second half angry", "ambient", "slow", "calm 30 + angry 30", {}),
    ("sad beginning and happy ending", "pop", "slow", "sad 30 + happy 30", {}),
    ("happy for 10 seconds and sad for 10 seconds", "pop", "medium", "happy 10 + sad 10", {}),
    ("Sad piano. Then, after 20 seconds, happy strings", "pop", "slow", "sad 20 + happy 40", {"lead": "piano"}),
    ("sad then happy, 10 seconds each", "pop", "slow", "sad 10 + happy 10", {}),
    ("two and a half minutes of calm", "ambient", "slow", "calm 150", {}),
    ("2-3 minutes of calm", "ambient", "slow", "calm 150", {}),
    ("90s house", "electronic", "fast", "energetic 60", {"lost": "90s"}),
    ("energetic pop in C major", "pop", "fast", "energetic 60", {"key": "0 major"}),
    ("techno in F# minor", "electronic", "fast", "energetic 60", {"key": "6 minor"}),
    ("a sad song in Am", "pop", "slow", "sad 60", {"key": "9 minor"}),
    ("cinematic, key of F minor", "cinematic", "medium", "inspirational 60", {"key": "5 minor"}),
    ("indian music in D minor", "indian", "slow", "calm 60", {"key": "2 -", "lost": "minor"}),
    ("acoustic guitar ballad", "indie", "slow", "cheerful 60", {"lead": "nylon-guitar"}),
    ("classical guitar piece", "indie", "medium", "cheerful 60", {"lead": "nylon-guitar"}),
    ("5 seconds of techno 128 bpm", "electronic", "medium 128", "energetic 5", {}),
    ("bpm 95, hip hop", "hiphop", "medium 95", "relaxing 60", {}),
    ("tempo 100 pop", "pop", "medium 100", "happy 60", {}),
    ("house at 120.5 bpm", "electronic", "medium 120.5", "energetic 60", {}),
    ("128-130 bpm techno", "electronic", "fast 129", "energetic 60", {}),
    ("grand piano", "pop", "medium", "happy 60", {"lead": "piano"}),
    ("bright piano, sad", "pop", "slow", "sad 60", {"lead": "piano"}),
    ("a warm summer rain, slow, sad", "pop", "slow", "sad 60", {"lost": "rain"}),
    ("pop with female vocals", "pop", "medium", "happy 60", {"lost": "female; vocals"}),
    ("a short pop jingle", "pop", "medium", "happy 60", {"lost": "short"}),
    ("waltz in 3/4, calm", "ambient", "slow", "calm 60", {"lost": "waltz; 3/4"}),
    ("dark techno", "electronic", "medium", "tense 60", {}),
    ("romantic jazz", "rnb", "slow", "dreamy 60", {}),
    ("metal", "indie", "fast", "angry 60", {}),
    ("disco", "electronic", "fast", "energetic 60", {}),
    ("a lullaby", "ambient", "slow", "calm 60", {}),
    ("action movie scene", "cinematic", "fast", "energetic 60", {"lost": "scene"}),
    ("45 seconds of tense strings, then triumphant", "cinematic", "medium", "tense 22.5 + triumphant 22.5", {"lead": "violin"}),
    ("16 seconds of peaceful lo-fi chill hop", "hiphop", "slow", "calm 16", {}),
    ("6 seconds of raga with sitar", "indian", "slow", "calm 6", {"lead": "sitar"}),
    ("6 seconds of epic film music", "cinematic", "medium", "triumphant 6", {}),
    ("sad then happy, 30 seconds", "pop", "slow", "sad 15 + happy 15", {}),
    ("30 seconds of purple lo-fi, then a happy ending", "hiphop", "slow", "relaxing 15 + happy 15", {"lost": "purple"}),
    ("no drums, bass or piano, calm", "ambient", "slow", "calm 60", {"silent": "percussion bass", "without": "piano soft-piano"}),
    ("relaxing beats to study and relax to", "pop", "slow", "relaxing 60", {}),
    ("lo-fi beats to chill to", "hiphop", "slow", "relaxing 60", {}),
    ("sad piano, at 0:20 it turns happy, 1 minute", "pop", "slow", "sad 20 + happy 40", {"lead": "piano"}),
    ("sad piano for 10 seconds, then happy", "pop", "slow", "sad 10 + happy 50", {"lead": "piano"}),
    ("a happy pop song of 60 seconds: first 20 seconds calm, last 40 seconds sad", "pop", "slow", "calm 20 + sad 40", {}),
    ("a minute: calm, ending in anger", "ambient", "slow", "calm 30 + angry 30", {}),
    ("calm -> angry -> sad, 15 seconds each", "ambient", "slow", "calm 15 + angry 15 + sad 15", {}),
    ("calm verse and energetic chorus", "ambient", "slow", "calm 30 + energetic 30", {}),
    ("neither sad nor slow, pop", "pop", "medium", "happy 60", {}),
    ("more drums, happy", "pop", "medium", "happy 60", {"lost": "more drums"}),
    ("happy; not too many drums", "pop", "medium", "happy 60", {"lost": "not too many drums"}),
    ("without vocals", "pop", "medium", "happy 60", {}),
    ("no vocals or drums, sad", "pop", "slow", "sad 60", {"silent": "percussion"}),
    ("dreamy music in D", "ambient", "slow", "dreamy 60", {"key": "2 -"}),
    ("a major hit for summer", "pop", "medium", "happy 60", {"lost": "major; hit"}),
    ("happy piano and strings without guitar", "pop", "medium", "happy 60", {"lead": "piano", "without": "clean-guitar jazz-guitar nylon-guitar steel-guitar steel-guitar-2"}),
    ("drum and bass, no bass", "electronic", "fast", "energetic 60", {"silent": "bass"}),
    ("slow, in a minor key", "pop", "slow", "happy 60", {"key": "- minor"}),
    ("the first third calm, then 20 seconds angry", "ambient", "slow", "calm 10 + angry 20", {}),
    ("happy but with no beat", "pop", "medium", "happy 60", {"silent": "percussion"}),
    ("80s rock", "indie", "medium", "cheerful 60", {}),
    ("punk, no drums", "indie", "fast", "energetic 60", {"silent": "percussion"}),
    ("not sad and slow pop", "pop", "slow", "happy 60", {}),
    ("game music with techno", "electronic", "fast", "energetic 60", {}),
    ("calm pop 3 seconds.", "pop", "slow", "calm 3", {}),
    ("drop the bass", "pop", "medium", "happy 60", {"lost": "drop"}),
    ("10 seconds sad, 20 happy", "pop", "slow", "sad 10", {"lost": "20"}),
    ("half sad half happy", "pop", "slow", "sad 30 + happy 30", {}),
    ("verse: sad, chorus: happy", "pop", "slow", "sad 30 + happy 30", {}),
    ("tense, with the last 10 seconds triumphant, 40 seconds", "cinematic", "medium", "tense 30 + triumphant 10", {}),
    ("first 10 seconds calm, the rest angry", "ambient", "slow", "calm 10 + angry 50", {}),
    ("10s sad + 10s happy", "pop", "slow", "sad 10 + happy 10", {}),
    ("starts slow and calm, ends fast and energetic", "ambient", "slow", "calm 30 + energetic 30", {}),
    ("chill trap beat 90bpm in F#m", "hiphop", "medium 90", "relaxing 60", {"key": "6 minor"}),
    ("not happy, not sad", "pop", "medium", "motivational 60", {}),
    ("a bit less fast, angry", "pop", "medium", "angry 60", {}),
    ("calm piano with no strings or synths", "ambient", "slow", "calm 60", {"lead": "piano", "without": "violin strings low-strings string-ostinato saw-lead square-lead saw-chords polysynth warm-pad fantasia glass-pad space-voice"}),
    ("Happy for 20 seconds then sad for 20 seconds then happy", "pop", "medium", "happy 20 + sad 20 + happy 20", {}),
    ("the mood goes from sad to happy in 30 seconds", "pop", "slow", "sad 30 + happy 30", {}),
    ("80s music, 20 s", "electronic", "fast", "energetic 20", {}),
    ("heavy metal", "indie", "fast", "angry 60", {}),
    ("fast smooth jazz with saxophone", "rnb", "fast", "relaxing 60", {"lost": "saxophone"}),
    ("move from fear to joy", "cinematic", "medium", "fearful 30 + joyful 30", {}),
    ("calm->angry", "ambient", "slow", "calm 30 + angry 30", {}),
    ("start with 10 seconds of calm, end with 5 seconds of tense", "ambient", "slow", "calm 10 + tense 5", {}),
]  # fmt: skip
"""Prompt, genre, tempo with the BPM that was asked for, emotions with their seconds, and what else was asked: the key as pitch class and
mode, the lead, stems and voices that stay away, and what was not understood."""


def summary(found: PromptReading) -> tuple[str, str, str, dict[str, str]]:
    """Return a reading as the table has it."""
    key = "" if found.tonic is None else str(found.tonic)
    mode = "" if found.major is None else "major" if found.major else "minor"
    more = {
        "key": f"{key or '-'} {mode or '-'}" if key or mode else "",
        "lead": found.instrument or "",
        "silent": " ".join(found.silent),
        "without": " ".join(found.without),
        "lost": "; ".join(found.not_understood),
    }
    pace = f"{found.tempo} {found.bpm:g}" if found.bpm else str(found.tempo)
    sections = " + ".join(f"{s.emotion} {s.length_ms / 1000:g}" for s in found.sections)
    return str(found.genre), pace, sections, {name: text for name, text in more.items() if text}


@pytest.mark.parametrize(("text", "genre", "pace", "sections", "more"), PLANS, ids=[row[0] for row in PLANS])
def test_plans(text: str, genre: str, pace: str, sections: str, more: dict[str, str]) -> None:
    found = read_prompt(text)
    assert summary(found) == (genre, pace, sections, more)
    assert found.duration_ms == found.sections[-1].end_ms == sum(s.length_ms for s in found.sections)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dark techno", "emotion: tense, the nearest to dark"),
        ("romantic jazz", "genre: rnb, the nearest to jazz"),
        ("romantic jazz", "emotion: dreamy, the nearest to romantic"),
        ("a lullaby", "emotion: calm, the nearest to lullaby"),
        ("action movie scene", "emotion: energetic, the nearest to action"),
        ("2-3 minutes of calm", "duration: 150 s, the middle of 2-3 minutes"),
        ("128-130 bpm techno", "tempo: 129 bpm, the middle of 128-130"),
        ("pop but not happy", "emotion: motivational"),
        ("a minute: 10 seconds sad, then 20 seconds happy", "duration: 30 s, the sum of the sections, instead of 60 s"),
        ("20 minutes of sad pop, then happy", "duration: 900 s instead of 1200 s, which is outside the limits"),
    ],
)
def test_decisions_are_reported(text: str, said: str) -> None:
    assert said in read_prompt(text).assumed


def test_a_clear_word_leaves_nothing_to_be_assumed() -> None:
    assert read_prompt("fast happy metal, 10 s").assumed == ("genre: indie, the nearest to metal",)
    assert read_prompt("fast happy pop, 10 s").assumed == ()


def test_every_word_of_a_prompt_is_reported_once() -> None:
    for text, *_ in PLANS:
        found = read_prompt(text)
        spoken = " ".join(note.words for note in found.understood)
        assert len(spoken) <= len(text), text


def test_a_given_genre_decides_the_usual_emotion() -> None:
    found = read_prompt("10 seconds, not too fast", genre=Genre.ELECTRONIC)
    assert summary(found)[:3] == ("electronic", "medium", "energetic 10")
    assert read_prompt("in A minor", genre=Genre.INDIAN).not_understood == ("minor",)
    assert CompositionRequest(prompt=" calm ").prompt == "calm"
    assert read_prompt("slow motivational music", genre=Genre.RNB).tempo is Tempo.MEDIUM
