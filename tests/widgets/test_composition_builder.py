"""The composition form: prompts read as they are typed, sections that always tile, blocked combinations, the request in writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import tonnbook as tb
from tonnbook.models.composition import CompositionOptions, CompositionRequest, Emotion, Genre, Tempo
from tonnbook.widgets.composition import CompositionBuilder


def from_page(builder: CompositionBuilder, **state: Any) -> None:
    """Set traits as a page does."""
    builder.set_state(state)


def test_a_prompt_shows_what_was_understood() -> None:
    builder = CompositionBuilder("30 seconds of purple lo-fi, then a happy ending")
    assert builder.request == CompositionRequest(prompt="30 seconds of purple lo-fi, then a happy ending")
    assert builder.reading["genre"] == "hiphop"
    assert builder.reading["not_understood"] == ["purple"]
    assert [s["length_ms"] for s in builder.reading["sections"]] == [15_000, 15_000]
    from_page(builder, prompt="1 minute of angry techno")
    assert (builder.reading["genre"], builder.understood.duration_ms) == ("electronic", 60_000)
    assert builder.faults == []


def test_an_empty_prompt_is_a_fault_and_no_request() -> None:
    builder = CompositionBuilder("")
    assert builder.faults
    assert builder.views["json"].startswith("#")
    with pytest.raises(ValidationError):
        _ = builder.request


def test_sections_are_lengths_and_always_tile() -> None:
    builder = CompositionBuilder(genre="pop", tempo="fast", sections=[("happy", 12.5), ("sad", 7.5), ("angry", 10)])
    request = builder.request
    assert [(s.start_ms, s.length_ms) for s in request.sections] == [(0, 12_500), (12_500, 7_500), (20_000, 10_000)]
    assert request.duration_ms == 30_000
    value = json.loads(json.dumps(builder.value))
    value["sections"][0]["length_ms"] = 5_000
    from_page(builder, value=value)
    assert [s.start_ms for s in builder.request.sections] == [0, 5_000, 12_500]
    builder.set(duration_ms=9_000)
    assert sum(s.length_ms for s in builder.request.sections) == 9_000


def test_too_short_a_section_is_named() -> None:
    builder = CompositionBuilder(genre="pop", sections=[("happy", 0.5), ("sad", 5)])
    assert [str(problem) for problem in builder.problems] == ["sections[0].length: is 500; at least 1000 is allowed"]


def test_blocked_combinations_are_listed_for_the_page_and_refused() -> None:
    builder = CompositionBuilder(genre="indie", tempo="medium", sections=[("energetic", 5)])
    assert ["indie", "medium", "energetic"] in builder.blocked
    assert len(builder.blocked) == 16
    assert "choose fast" in builder.faults[0]["message"]
    with pytest.raises(ValueError, match="choose fast"):
        _ = builder.request
    builder.set(tempo="fast")
    assert builder.request.tempo is Tempo.FAST


def test_the_servers_own_options_rule() -> None:
    options = CompositionOptions(genre=list(Genre), emotion=list(Emotion), tempo=list(Tempo), blockedParams=[])
    builder = CompositionBuilder(options=options, genre="indie", tempo="medium", sections=[("energetic", 5)])
    assert builder.blocked == []
    assert builder.problems == []


@pytest.mark.parametrize(
    "builder",
    [
        CompositionBuilder("calm piano", title="Monday"),
        CompositionBuilder(genre="rnb", sections=[("calm", 20), ("joyful", 10)]),
    ],
    ids=["prompt", "parameters"],
)
def test_what_is_written_makes_the_same_request(builder: CompositionBuilder, tmp_path: Path) -> None:
    room: dict[str, Any] = {}
    exec(builder.to_python(), room)
    assert room["request"] == builder.request
    assert CompositionRequest.from_wire(json.loads(builder.to_json())) == builder.request
    again = CompositionBuilder("something else").load(builder.to_json())
    assert again.request == builder.request
    file = tmp_path / "song.json"
    file.write_text(builder.to_json(), encoding="utf-8")
    assert CompositionBuilder().load(file).request == builder.request
    assert "$BEATOVEN_API_KEY" in builder.to_curl()


def test_editing_from_python_switches_sides() -> None:
    builder = CompositionBuilder("calm")
    assert builder.set(genre="pop").mode == "parameters"
    assert builder.set(prompt="sad").mode == "prompt"
    with pytest.raises(TypeError, match="did you mean 'genre'"):
        builder.set(gendre="pop")
    with pytest.raises(TypeError, match="CompositionBuilder"):
        CompositionBuilder(lenght=3)


def test_the_twin_stands_for_the_form() -> None:
    builder = CompositionBuilder("5 seconds of <b>purple</b> pop")
    data, _ = builder._repr_mimebundle_()
    assert "&lt;b&gt;" in data["text/html"]
    assert "purple" in data["text/html"]
    assert data["text/plain"] == "CompositionBuilder(prompt, ready)"
    assert repr(tb.CompositionBuilder(genre="pop")) == "CompositionBuilder(parameters, ready)"
