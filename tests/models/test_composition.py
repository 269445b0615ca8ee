"""Composition requests and options: what is taken, and what is said about the rest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tonnbook.models.composition import OPTIONS, CompositionOptions, CompositionRequest, Emotion, Genre, Section, Tempo
from tonnbook.models.problems import explain

DOCUMENTED = {
    "duration_ms": 60000,
    "tempo": "medium",
    "title": "demo",
    "genre": "indie",
    "sections": [{"emotion": "happy", "length": 60000, "start": 0}],
}


def complaint(body: dict[str, object]) -> str:
    """Return what a server would say about a body."""
    with pytest.raises(ValidationError) as caught:
        CompositionRequest.from_wire(body)
    return explain(caught.value)


def sections(*parts: tuple[str, object, object]) -> list[dict[str, object]]:
    """Return sections as they travel."""
    return [{"emotion": emotion, "start": start, "length": length} for emotion, start, length in parts]


def test_the_documents_example_goes_through_unchanged() -> None:
    request = CompositionRequest.from_wire(DOCUMENTED)
    assert request.to_wire() == DOCUMENTED
    assert (request.genre, request.tempo, request.sections[0].emotion) == (Genre.INDIE, Tempo.MEDIUM, Emotion.HAPPY)


def test_numbers_come_as_strings_and_words_in_any_case() -> None:
    body = {
        "genre": " Ambient",
        "tempo": "SLOW",
        "sections": sections(("Calm", "0", "30000"), ("sad", "30000", "30000")),
    }
    request = CompositionRequest.from_wire(body)
    assert [s.end_ms for s in request.sections] == [30_000, 60_000]
    assert request.to_wire()["sections"][1] == {"emotion": "sad", "start": 30000, "length": 30000}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((("happy", "0", "30000"), ("angry", "30000", "60000")), "sections end at 90000 ms, 30000 ms after"),
        ((("happy", 0, 30000), ("angry", 31000, 29000)), "section 2 starts at 31000 ms, but section 1 ends at 30000 ms: a gap of 1000"),
        ((("happy", 0, 30000), ("angry", 29000, 31000)), "an overlap of 1000 ms"),
        ((("happy", 5, 59995),), "section 1 starts at 5 ms, but the track begins at 0 ms"),
        ((("happy", 0, 59000),), "sections end at 59000 ms, 1000 ms before"),
        ((("happy", 0, 999), ("sad", 999, 59001)), "sections[0].length: is 999; at least 1000"),
        ((("happy", 30000, 30000), ("sad", 0, 30000)), "section 1 starts at 30000 ms"),
        ((), "list of sections is empty"),
    ],
)  # fmt: skip
def test_sections_must_tile_the_track(parts: tuple[tuple[str, object, object], ...], words: str) -> None:
    assert words in complaint({"genre": "pop", "duration_ms": 60000, "sections": sections(*parts)})


def test_unknown_words_get_the_list_and_the_nearest_match() -> None:
    said = complaint({"genre": "elektronic"})
    assert "did you mean electronic?" in said
    assert "hiphop" in said
    assert "did you mean joyful?" in complaint({"sections": sections(("joyfull", 0, 5000))})
    assert "'7'" not in complaint({"tempo": 7})


def test_something_must_be_asked() -> None:
    assert "give a prompt" in complaint({})
    assert "give a prompt" in complaint({"title": "nothing"})
    assert "give a prompt" in complaint({"prompt": "   "})
    assert CompositionRequest.from_wire({"prompt": "calm", "later": 1}).prompt == "calm"


def test_the_longest_and_the_shortest() -> None:
    assert "at most 900000" in complaint({"genre": "pop", "duration_ms": 900_001})
    assert "at least 1000" in complaint({"genre": "pop", "duration_ms": "999"})


def test_options_read_both_spellings_of_moods() -> None:
    wire = OPTIONS.to_wire()
    assert set(wire) == {"genre", "emotion", "tempo", "blockedParams"}
    wire["blockedParams"][3]["mood"] = wire["blockedParams"][3].pop("moods")
    again = CompositionOptions.model_validate(wire)
    assert again == OPTIONS
    assert again.is_blocked(Genre.INDIE, Emotion.ENERGETIC, Tempo.MEDIUM)


def test_every_blocked_combination_is_refused_and_no_other() -> None:
    refused = 0
    for genre in Genre:
        for emotion in Emotion:
            for tempo in Tempo:
                section = Section(emotion=emotion, start_ms=0, length_ms=5000)
                request = CompositionRequest(genre=genre, tempo=tempo, sections=(section,))
                found = OPTIONS.problems(request)
                assert bool(found) == OPTIONS.is_blocked(genre, emotion, tempo)
                assert (tempo in OPTIONS.allowed_tempos(genre, [emotion])) != bool(found)
                refused += bool(found)
    assert refused == 16


def test_a_refusal_names_the_way_out() -> None:
    section = Section(emotion="energetic", start_ms=0, length_ms=5000)
    (problem,) = OPTIONS.problems(CompositionRequest(genre="indie", tempo="slow", sections=(section,)))
    assert str(problem) == "sections[0].emotion: energetic indie cannot be composed at slow tempo: choose fast"


def test_the_schema_offers_the_words_to_forms() -> None:
    schema = CompositionRequest.model_json_schema(by_alias=True)
    genre = next(part for part in schema["properties"]["genre"]["anyOf"] if part.get("enum"))
    assert genre["enum"] == [str(g) for g in Genre]
    assert schema["$defs"]["Section"]["properties"]["start"]["unit"] == "ms"
