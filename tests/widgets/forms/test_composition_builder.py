"""The composition form: prompts read while they are typed, sections without gaps, blocked combinations, the code export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import tonnbook as tb
from tonnbook.models.composition import CompositionOptions, CompositionRequest, Emotion, Genre, Tempo
from tonnbook.widgets.forms.composition import CompositionBuilder


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
    assert builder.errors == []


def test_an_empty_prompt_is_an_error() -> None:
    builder = CompositionBuilder("")
    assert builder.errors
    assert builder.code["json"].startswith("#")
    with pytest.raises(ValidationError):
        _ = builder.request


def test_sections_are_lengths_without_gaps() -> None:
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
    assert "choose fast" in builder.errors[0]["message"]
    with pytest.raises(ValueError, match="choose fast"):
        _ = builder.request
    builder.set(tempo="fast")
    assert builder.request.tempo is Tempo.FAST


def test_the_options_of_the_server_are_used() -> None:
    options = CompositionOptions(genre=list(Genre), emotion=list(Emotion), tempo=list(Tempo), blockedParams=[])
    builder = CompositionBuilder(options=options, genre="indie", tempo="medium", sections=[("energetic", 5)])
    assert builder.blocked == []
    assert builder.problems == []


@pytest.mark.parametrize(
    "builder",
    [
        CompositionBuilder("calm piano", title="Monday"),
        CompositionBuilder(genre="rnb", sections=[("calm", 20), ("joyful", 10)], seed=4),
        CompositionBuilder("calm", genre="rnb", tempo="fast", duration_ms=20_000, seed=0),
        CompositionBuilder("piano", sections=[("calm", 20), ("joyful", 10)]),
    ],
    ids=["prompt", "parameters", "prompt and parameters", "prompt and sections"],
)
def test_exported_code_builds_the_same_request(builder: CompositionBuilder, tmp_path: Path) -> None:
    variables: dict[str, Any] = {}
    exec(builder.to_python(), variables)
    assert variables["request"] == builder.request
    assert CompositionRequest.from_wire(json.loads(builder.to_json())) == builder.request
    again = CompositionBuilder("something else").load(builder.to_json())
    assert again.request == builder.request
    file = tmp_path / "song.json"
    file.write_text(builder.to_json(), encoding="utf-8")
    assert CompositionBuilder().load(file).request == builder.request
    assert "$BEATOVEN_API_KEY" in builder.to_curl()


def test_a_request_that_is_loaded_keeps_all_its_fields() -> None:
    request = CompositionRequest(
        prompt="calm, 90 bpm", genre="rnb", tempo="fast", duration_ms=20_000, seed=12, title="Monday"
    )
    builder = CompositionBuilder("something else").load(request)
    assert builder.request == request
    assert builder.value["overrides"] == {"genre": "rnb", "tempo": "fast", "duration_ms": 20_000}
    assert (builder.reading["genre"], builder.reading["tempo"], builder.reading["duration_ms"]) == (
        "rnb",
        "fast",
        20_000,
    )
    assert "genre: rnb, which overrides the prompt" in builder.reading["assumed"]
    from_page(builder, value={**json.loads(json.dumps(builder.value)), "overrides": {}})  # the overrides are removed
    assert builder.request == CompositionRequest(prompt="calm, 90 bpm", seed=12, title="Monday")
    builder.load(request).set(prompt="sad", genre="pop")
    assert builder.request == CompositionRequest(prompt="sad", genre="pop")
    assert builder.set(prompt="happy").request == CompositionRequest(prompt="happy", genre="pop")
    assert builder.set(tempo="slow").request.prompt is None


def test_a_seed_is_in_both_modes_and_not_sent_to_the_live_service() -> None:
    builder = CompositionBuilder("calm").set(seed=7)
    assert (builder.mode, builder.request.seed) == ("prompt", 7)
    assert '"seed": 7' in builder.to_json()
    assert "seed" not in builder.to_curl().partition("\n")[2]
    assert builder.to_curl().startswith("# without the seed")
    from_page(builder, value={**builder.value, "seed": -1})
    assert [error["message"] for error in builder.errors] == ["is -1; at least 0 is allowed"]


def test_sections_without_a_length_share_the_time() -> None:
    builder = CompositionBuilder(sections=[("sad", 0), ("happy", 0)], duration_ms=2000)
    assert [s.length_ms for s in builder.request.sections or ()] == [1000, 1000]


def test_a_prompt_blocked_by_an_overriding_tempo_is_an_error() -> None:
    builder = CompositionBuilder("sad rnb", tempo="slow")
    assert [error["message"] for error in builder.errors] == [
        "sad rnb cannot be composed at slow tempo: choose medium or fast"
    ]


def test_values_that_only_the_server_lists_can_be_chosen() -> None:
    lists = {"genre": [*Genre, "metal"], "emotion": [*Emotion, "brooding"], "tempo": list(Tempo)}
    builder = CompositionBuilder(
        options=CompositionOptions.model_validate(lists), genre="metal", sections=[("brooding", 5)]
    )
    assert {"value": "metal", "label": "Metal"} in builder.choices["genre"]
    assert builder.errors == []
    assert json.loads(builder.to_json())["sections"][0]["emotion"] == "brooding"


def test_editing_from_python_switches_the_mode() -> None:
    builder = CompositionBuilder("calm")
    assert builder.set(genre="pop").mode == "parameters"
    assert builder.set(prompt="sad").mode == "prompt"
    with pytest.raises(TypeError, match="did you mean 'genre'"):
        builder.set(gendre="pop")
    with pytest.raises(TypeError, match="CompositionBuilder"):
        CompositionBuilder(lenght=3)


def test_static_html_of_a_composition() -> None:
    builder = CompositionBuilder("5 seconds of <b>purple</b> pop")
    data, _ = builder._repr_mimebundle_()
    assert "&lt;b&gt;" in data["text/html"]
    assert "purple" in data["text/html"]
    assert data["text/plain"] == "CompositionBuilder(prompt, ready)"
    assert repr(tb.CompositionBuilder(genre="pop")) == "CompositionBuilder(parameters, ready)"


def test_parameters_keep_what_was_understood_of_the_prompt() -> None:
    builder = CompositionBuilder("30 seconds of sad cinematic, then 12 seconds of hope, 90 bpm, with piano")
    reading = builder.understood
    from_page(builder, mode="parameters")
    request = builder.request
    assert (request.genre, request.tempo, request.sections) == (reading.genre, reading.tempo, reading.sections)
    assert builder.note == "Parameters cannot ask for 90 bpm, piano; a prompt can."
    builder.set(tempo="slow")
    from_page(builder, mode="prompt")
    from_page(builder, mode="parameters")  # the same prompt again: edits stay
    assert builder.request.tempo is Tempo.SLOW
    from_page(builder, mode="prompt", prompt="happy pop")
    from_page(builder, mode="parameters")
    assert builder.request.genre is Genre.POP
    assert CompositionBuilder("sad cinematic").set(tempo="slow").request.genre is Genre.CINEMATIC


def test_a_total_length_is_never_changed_silently() -> None:
    rows = [("happy", 24.1), ("sad", 5.9), ("angry", 30)]
    builder = CompositionBuilder(genre="pop", sections=rows)
    for seconds in (0.5, 2, 9999):
        builder._handle_custom_msg({"kind": "seconds", "seconds": seconds}, [])
        assert [error["message"] for error in builder.errors] == [
            f"{seconds:g} s in all is not possible: 3 sections take 3 to 900 s"
        ]
    assert [row["length_ms"] for row in builder.value["sections"]] == [24_100, 5_900, 30_000]
    builder._handle_custom_msg({"kind": "seconds", "seconds": 120}, [])
    assert [section.length_ms for section in builder.request.sections] == [48_200, 11_800, 60_000]
    builder.set(sections=[("happy", 0.5), ("sad", 5)])
    assert builder.errors == [{"path": ["sections", 0, "length"], "message": "0.5 s; 1 to 900 s is allowed"}]


def test_json_is_pasted_and_other_text_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    builder = CompositionBuilder(genre="rnb", sections=[("calm", 20)])
    text = builder.save_preset("calm rnb").to_json()
    other = CompositionBuilder("sad")
    other._handle_custom_msg({"kind": "load", "text": text}, [])
    assert other.request == builder.request
    with pytest.raises(ValueError, match=r"not JSON \(line 1, column 1"):
        other.load("not json")
    assert CompositionBuilder("sad").load_preset("calm rnb").request == builder.request
