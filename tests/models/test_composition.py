"""Composition requests and options: what is accepted, and the errors for the rest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tonnbook.models.composition import OPTIONS, CompositionOptions, CompositionRequest, Emotion, Genre, Section, Tempo
from tonnbook.models.composition_resolved import blocked_combinations, resolve, with_changes
from tonnbook.models.problems import explain

DOCUMENTED = {
    "duration_ms": 60000,
    "tempo": "medium",
    "title": "demo",
    "genre": "indie",
    "sections": [{"emotion": "happy", "length": 60000, "start": 0}],
}


def error_text(body: dict[str, object]) -> str:
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
        ((("happy", "0", "30000"), ("angry", "30000", "60000")), "the sections end at 90000 ms (lengths 30000 + 60000), but duration_ms is 60000: shorten them by 30000 ms, or set duration_ms to 90000"),
        ((("happy", 0, 30000), ("angry", 31000, 29000)), "section 2 starts at 31000 ms, but section 1 ends at 30000 ms: a gap of 1000"),
        ((("happy", 0, 30000), ("angry", 29000, 31000)), "an overlap of 1000 ms"),
        ((("happy", 5, 59995),), "section 1 starts at 5 ms, but the track begins at 0 ms"),
        ((("happy", 0, 59000),), "lengthen them by 1000 ms, or set duration_ms to 59000"),
        ((("happy", 0, 999), ("sad", 999, 59001)), "sections[0].length: is 999; at least 1000"),
        ((("happy", 30000, 30000), ("sad", 0, 30000)), "not in order: section 1 starts at 30000 ms, section 2 at 0 ms"),
        ((("happy", 0, 30000), ("sad", 40000, 10000), ("calm", 30000, 10000)), "not in order: section 2 starts at 40000 ms"),
        ((("happy", 0, 30000), ("sad", 0, 30000)), "an overlap of 30000 ms"),
        ((), "list of sections is empty"),
    ],
)  # fmt: skip
def test_sections_must_tile_the_track(parts: tuple[tuple[str, object, object], ...], words: str) -> None:
    assert words in error_text({"genre": "pop", "duration_ms": 60000, "sections": sections(*parts)})


def test_the_documents_example_of_two_moods_is_a_track_of_90_s() -> None:
    body = {"genre": "pop", "sections": sections(("happy", "0", "30000"), ("angry", "30000", "60000"))}
    assert resolve(CompositionRequest.from_wire(body)).duration_ms == 90_000


def test_unknown_words_get_the_list_and_the_nearest_match() -> None:
    said = error_text({"genre": "elektronic"})
    assert "did you mean electronic?" in said
    assert "hiphop" in said
    assert "did you mean joyful?" in error_text({"sections": sections(("joyfull", 0, 5000))})
    assert "'7'" not in error_text({"tempo": 7})


@pytest.mark.parametrize(
    ("field", "word", "near"),
    [
        ("genre", "rock", "indie"),
        ("genre", "Lo-Fi", "hiphop"),
        ("genre", "jazz", "rnb"),
        ("genre", "metal", "indie"),
        ("tempo", "quick", "fast"),
        ("emotion", "melancholic", "sad"),
        ("emotion", "dark", "tense"),
    ],
)
def test_the_nearest_match_goes_by_meaning_too(field: str, word: str, near: str) -> None:
    body = {"sections": sections((word, 0, 5000))} if field == "emotion" else {field: word}
    assert f"{word!r} is not a known {field}; did you mean {near}?" in error_text(body)


def test_a_tempo_is_never_corrected_to_an_emotion() -> None:
    """ "disco" is a style with an emotion, energetic, which is no tempo."""
    assert "'disco' is not a known tempo; Known: slow" in error_text({"tempo": "disco"})


def test_a_server_may_know_more_than_its_document() -> None:
    """Words that only a server lists can be asked for by its options, and block nothing but what it blocks."""
    wire = OPTIONS.to_wire()
    wire["genre"].append("metal")
    wire["emotion"].append("brooding")
    wire["blockedParams"].append({"genre": "metal", "moods": ["brooding", "odd"], "tempo": "slow"})
    live = CompositionOptions.model_validate(wire)
    one = sections(("brooding", 0, 5000))
    request = live.request(genre="Metal", tempo="fast", sections=one)
    assert request.to_wire() == {"genre": "metal", "tempo": "fast", "sections": one}
    assert live.problems(request) == []
    (problem,) = live.problems(live.request(genre="metal", tempo="slow", sections=one))
    assert "choose medium or fast" in str(problem)
    assert live.is_blocked(Genre.INDIE, Emotion.ENERGETIC, Tempo.SLOW)
    assert with_changes(request, {"duration_ms": 7000}, live).to_wire()["sections"][0]["length"] == 7000
    with pytest.raises(ValidationError, match="'metal' is not a known genre"):
        CompositionRequest(genre="metal")
    with pytest.raises(ValidationError, match=r"'polka' is not a known genre.*metal"):
        live.request(genre="polka")


def test_a_seed_travels_when_it_is_set() -> None:
    assert CompositionRequest(genre="pop", seed=7).to_wire() == {"genre": "pop", "seed": 7}
    assert "seed" not in CompositionRequest(genre="pop").to_wire()
    assert "at least 0" in error_text({"genre": "pop", "seed": -1})
    assert "at most 9007199254740991" in error_text({"genre": "pop", "seed": 2**53})
    assert "give a prompt" in error_text({"seed": 1})
    assert error_text({"genre": "pop", "seed": False}) == "seed: is False; a number is needed"


def test_every_part_of_a_resolved_request_is_checked() -> None:
    """A blocked combination is refused wherever its parts come from: fields, defaults, prompt."""
    for body, words in (
        ({"genre": "rnb", "tempo": "slow"}, "motivational rnb cannot be composed at slow tempo: choose medium (without sections"),
        ({"genre": "rnb", "tempo": "fast"}, "motivational rnb cannot be composed at fast tempo: choose medium"),
        ({"prompt": "sad rnb", "tempo": "slow"}, "tempo: sad rnb cannot be composed at slow tempo: choose medium or fast"),
        ({"prompt": "energetic", "genre": "indie", "tempo": "slow"}, "energetic indie"),
        ({"prompt": "piano", "tempo": "slow", "genre": "indie", "sections": sections(("energetic", 0, 5000))}, "sections[0].emotion"),
    ):  # fmt: skip
        (problem,) = blocked_combinations(CompositionRequest.from_wire(body))
        assert words in str(problem)
    for body in ({"genre": "rnb"}, {"prompt": "sad rnb"}, {"prompt": "slow and motivational", "genre": "rnb"}):
        assert blocked_combinations(CompositionRequest.from_wire(body)) == []


def test_every_combination_is_checked_alike_in_prompts_and_in_fields() -> None:
    for genre in Genre:
        for emotion in Emotion:
            for tempo in Tempo:
                asked = CompositionRequest(prompt=f"{emotion} music", genre=genre, tempo=tempo)
                assert bool(blocked_combinations(asked)) == OPTIONS.is_blocked(genre, emotion, tempo), asked


def test_fields_override_the_prompt_and_are_reported() -> None:
    found = resolve(CompositionRequest(prompt="sad then happy, 30 seconds, 100 bpm", duration_ms=20_000, tempo="fast"))
    assert [(s.start_ms, s.length_ms) for s in found.sections] == [(0, 10_000), (10_000, 10_000)]
    assert (found.duration_ms, found.tempo, found.bpm) == (20_000, Tempo.FAST, None)
    assert found.reading is not None
    assert found.reading.sections == found.sections
    assert {"duration: 20 s, which overrides the prompt", "tempo: fast, which overrides the prompt"} <= set(
        found.reading.assumed
    )


def test_one_field_is_changed_and_the_others_stay() -> None:
    own = CompositionRequest(prompt="4 seconds sad ambient in D minor with flute", title="Monday", seed=3)
    changed = with_changes(own, {"genre": "pop"})
    assert changed == own.model_copy(update={"genre": Genre.POP})
    assert with_changes(own, {"prompt": "calm"}) == CompositionRequest(prompt="calm", title="Monday", seed=3)
    two = CompositionRequest(genre="pop", duration_ms=6000, sections=sections(("sad", 0, 2000), ("calm", 2000, 4000)))
    assert [s.length_ms for s in with_changes(two, {"duration_ms": "9000"}).sections or ()] == [3000, 6000]
    assert with_changes(two, {"sections": sections(("sad", 0, 5000))}).duration_ms is None
    with pytest.raises(ValidationError, match=r"at least|greater than or equal"):
        with_changes(two, {"duration_ms": 10})
    with pytest.raises(ValidationError) as caught:
        with_changes(own, {"genre": "polka"})
    assert explain(caught.value).count("ambient") == 1


def test_an_empty_request_is_an_error() -> None:
    assert "give a prompt" in error_text({})
    assert "give a prompt" in error_text({"title": "nothing"})
    assert "give a prompt" in error_text({"prompt": "   "})
    assert CompositionRequest.from_wire({"prompt": "calm", "later": 1}).prompt == "calm"


def test_the_longest_and_the_shortest() -> None:
    assert "at most 900000" in error_text({"genre": "pop", "duration_ms": 900_001})
    assert "at least 1000" in error_text({"genre": "pop", "duration_ms": "999"})


def test_options_read_both_spellings_of_moods() -> None:
    wire = OPTIONS.to_wire()
    assert set(wire) == {"genre", "emotion", "tempo", "blockedParams"}
    assert {key for row in wire["blockedParams"] for key in row} == {"genre", "tempo", "moods", "mood"}
    again = CompositionOptions.model_validate(wire)
    assert [tuple(row.model_dump().values()) for row in again.blocked] == [
        tuple(row.model_dump().values()) for row in OPTIONS.blocked
    ]
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


def test_a_blocked_combination_names_the_alternatives() -> None:
    section = Section(emotion="energetic", start_ms=0, length_ms=5000)
    (problem,) = OPTIONS.problems(CompositionRequest(genre="indie", tempo="slow", sections=(section,)))
    assert str(problem) == "sections[0].emotion: energetic indie cannot be composed at slow tempo: choose fast"


def test_the_schema_offers_the_words_to_forms() -> None:
    schema = CompositionRequest.model_json_schema(by_alias=True)
    genre = next(part for part in schema["properties"]["genre"]["anyOf"] if part.get("enum"))
    assert genre["enum"] == [str(g) for g in Genre]
    assert schema["$defs"]["Section"]["properties"]["start"]["unit"] == "ms"
