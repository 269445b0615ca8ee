"""Requests about one recording: files by name, links over the wire, and errors that say what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.cleanup import CleanupRequest
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.problems import problems
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.separation import SeparationRequest

MADE: list[tuple[type[Any], dict[str, Any], tuple[str, ...]]] = [
    (AnalysisRequest, {"style": "POP"}, ("source",)),
    (EnhancementRequest, {"style": "POP"}, ("source",)),
    (CleanupRequest, {"sound_source": "VOCAL_GROUP"}, ("source",)),
    (SeparationRequest, {}, ("source",)),
    (RecombinationRequest, {"style": "POP"}, ("vocal", "backing")),
]


@pytest.mark.parametrize(("model", "fields", "sounds"), MADE)
def test_a_text_names_a_file_in_python_and_never_on_the_wire(
    model: type[Any], fields: dict[str, Any], sounds: tuple[str, ...]
) -> None:
    request = model(**fields, **dict.fromkeys(sounds, "my mix.wav"))
    assert list(request.local_files()) == [Path("my mix.wav")] * len(sounds)
    assert model(**fields, **dict.fromkeys(sounds, Path("my mix.wav"))) == request
    assert not list(model(**fields, **dict.fromkeys(sounds, "https://host/a.wav")).local_files())
    aliases = {model.model_fields[name].alias: "/etc/passwd" for name in sounds}
    for read in (model.from_wire, model.model_validate):
        body = fields | aliases
        with pytest.raises(ValidationError, match="is not an http or https link"):
            read({model.envelope: body} if read == model.from_wire else body)
    with pytest.raises(ValidationError, match="is not an http or https link"):
        model(**fields, **dict.fromkeys(sounds, "file:///etc/passwd"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EnhancementRequest(source="a.wav", style="POLKA"), "is 'POLKA'; allowed: ROCK_INDIE, POP"),
        (
            lambda: SeparationRequest(source="a.wav", mode="five"),
            "is 'five'; allowed: all_stems or vocals_instrumental",
        ),
        (lambda: EnhancementRequest(source="a.wav", style="POP", preview_start_s=-1), "is -1; at least 0.0 is allowed"),
        (lambda: RecombinationRequest(style="POP"), "give either stemJobId, or both"),
        (lambda: CleanupRequest(sound_source="KICK_GROUP"), "is missing"),
    ],
)
def test_an_error_says_what_is_allowed_and_has_no_link(make: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make()
    assert message in str(caught.value)
    assert "pydantic.dev" not in str(caught.value)
    assert message in str(problems(caught.value)[0])
