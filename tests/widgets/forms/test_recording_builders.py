"""The forms for one finished recording: analysis, enhancement, cleanup, separation, recombination and a single master."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tonnbook.models.separation import Separation
from tonnbook.widgets.forms.form import RequestForm
from tonnbook.widgets.forms.form_schema import fields_of
from tonnbook.widgets.forms.mastering import MasteringBuilder
from tonnbook.widgets.forms.repair import (
    AnalysisBuilder,
    CleanupBuilder,
    EnhancementBuilder,
    RecombinationBuilder,
    SeparationBuilder,
)

MIX = Path("/home/me/secret folder/my mix.wav")
SIGNED = "https://host/my%20mix.wav?Signature=SECRET&Expires=1"
FORMS: dict[str, Any] = {
    "AnalysisBuilder": lambda place: AnalysisBuilder(place, "JAZZ", is_master=True),
    "EnhancementBuilder": lambda place: EnhancementBuilder(
        place, "WARM", loudness="STREAMING_LOUDNESS", fix_tone=False
    ),
    "CleanupBuilder": lambda place: CleanupBuilder(place, "BRASS_GROUP"),
    "MasteringBuilder": lambda place: MasteringBuilder(place, "METAL", "LOW", preview_start_s=12.5),
    "SeparationBuilder": lambda place: SeparationBuilder(place, "vocals_instrumental"),
    "RecombinationBuilder": lambda place: RecombinationBuilder(
        vocal=place, backing="https://host/b.wav", vocal_gain_db=1.5
    ),
}
each_form = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


def edit(builder: RequestForm[Any], **change: Any) -> None:
    """Change the form as the page does: a whole new value arrives."""
    builder.set_state({"value": json.loads(json.dumps(builder.value)) | change})


@each_form
def test_a_file_gives_a_valid_request_with_the_fields_of_the_model(make: Any) -> None:
    builder = make(MIX)
    assert builder.problems == []
    assert list(builder.request.local_files()) == [MIX]
    assert set(builder.value) == set(builder.model.model_fields) - {"album"}
    assert builder.plain().startswith(f"{type(builder).__name__}(my mix.wav")


@each_form
@pytest.mark.parametrize("place", [MIX, SIGNED], ids=["path", "link"])
def test_python_and_json_make_an_equal_request(make: Any, place: Path | str) -> None:
    builder = make(place)
    made: dict[str, Any] = {}
    exec(builder.to_python(), made)
    assert made["request"] == builder.request
    other = make("https://host/other.wav")
    assert other.load(builder.to_json()).request == builder.request
    assert make(Path("x.wav")).load(builder.request).request == builder.request
    if place is SIGNED:
        assert json.loads(builder.to_json()) == builder.request.to_wire()


@each_form
def test_a_saved_request_can_be_loaded(make: Any, tmp_path: Path) -> None:
    builder = make(MIX)
    file = builder.save(tmp_path / "request.json")
    assert json.loads(file.read_text())[builder.model.envelope]
    assert make("https://host/other.wav").load(file).request == builder.request


@each_form
def test_no_folder_and_no_signature_is_in_state_html_or_text(make: Any) -> None:
    for builder in (make(MIX), make(SIGNED)):
        shown = json.dumps(builder.get_state(), default=str) + builder.static_html() + repr(builder)
        assert "SECRET" not in shown
        assert "secret folder" not in shown
        assert "my" in builder.static_html()


@each_form
def test_the_curl_names_the_call_and_the_files_to_upload(make: Any) -> None:
    builder = make(MIX)
    assert builder.to_curl().splitlines()[0].endswith("by the links: my mix.wav")
    assert f"https://tonn.roexaudio.com{builder.endpoint} " in builder.to_curl()
    assert "Upload first" not in make("https://host/a.wav").to_curl()


def test_a_change_on_the_page_reaches_request_and_json() -> None:
    builder = AnalysisBuilder(MIX)
    edit(builder, style="LO_FI", is_master=True)
    assert (builder.request.style, builder.request.is_master, builder.request.source) == ("LO_FI", True, MIX)
    shown = json.loads(builder.code["json"])["mixDiagnosisData"]
    assert shown == {"audioFileLocation": "my mix.wav", "musicalStyle": "LO_FI", "isMaster": True}


def test_an_error_is_at_its_field_and_only_the_request_raises() -> None:
    builder = EnhancementBuilder(MIX)
    edit(builder, preview_start_s=-1, style="POLKA")
    assert {tuple(f["path"]): f["message"] for f in builder.errors}[
        ("preview_start_s",)
    ] == "is -1; at least 0.0 is allowed"
    assert [p.field for p in builder.problems] == ["style", "preview_start_s"]
    assert builder.code["python"].startswith("# Fix the marked fields first.")
    assert '"previewStartTime": -1' in builder.code["json"]
    assert builder.plain() == "EnhancementBuilder(my mix.wav, 2 errors)"
    assert "POLKA" in builder.static_html()
    with pytest.raises(ValidationError, match="POLKA"):
        _ = builder.request
    edit(builder, preview_start_s=None, style="POP")
    assert builder.errors == []


def test_the_page_cannot_change_the_file() -> None:
    builder = AnalysisBuilder(MIX)
    edit(builder, source="/etc/passwd")
    assert builder.request.source == MIX


def test_set_takes_files_and_values_and_refuses_other_names() -> None:
    builder = CleanupBuilder(MIX).set(source="takes/two.wav", sound_source="STRINGS_GROUP")
    assert builder.request.source == Path("takes/two.wav")
    assert builder.value == {"source": "two.wav", "sound_source": "STRINGS_GROUP"}
    with pytest.raises(TypeError, match="did you mean 'sound_source'"):
        builder.set(sound_sauce="KICK_GROUP")
    with pytest.raises(TypeError, match=r"AnalysisBuilder\(\) has no field 'is_mastered'; did you mean 'is_master'"):
        AnalysisBuilder(MIX, is_mastered=True)


@pytest.mark.parametrize(
    ("name", "guess"),
    [("Lead Vox 2.wav", "VOCAL_GROUP"), ("EGtr.wav", "E_GUITAR_GROUP"), ("bass.wav", None), ("take 7.wav", None)],
)
def test_the_sound_source_is_guessed_and_the_guess_is_marked(tmp_path: Path, name: str, guess: str | None) -> None:
    (tmp_path / name).touch()
    builder = CleanupBuilder(tmp_path / name)
    assert builder.request.sound_source == (guess or "VOCAL_GROUP")
    assert builder.hints == [{"path": ["sound_source"], "message": "guessed" if guess else "please choose"}]
    edit(builder, sound_source="KICK_GROUP")
    assert builder.hints == []
    assert CleanupBuilder(tmp_path / name, "SNARE_GROUP").hints == []


@each_form
def test_a_missing_file_has_a_hint(make: Any, tmp_path: Path) -> None:
    place = tmp_path / "my mix.wav"
    builder = make(place)
    assert "file not found" in [hint["message"] for hint in builder.hints]
    assert builder.plain() == f"{type(builder).__name__}({builder._summary()}, 1 file not found)"
    assert builder.problems == []
    place.touch()
    assert make(place).hints == []
    assert make(place).plain().endswith(", ready)")
    assert make(SIGNED).hints == []


def test_stems_to_recombine_are_a_separation_or_two_files_and_never_both() -> None:
    stems = Separation("my mix.wav", "stem-123")
    assert RecombinationBuilder(stems, style="JAZZ").request.separation_id == "stem-123"
    both = RecombinationBuilder(stems, vocal=MIX, backing=MIX)
    assert [(f["path"], f["message"].split(",")[0]) for f in both.errors] == [([], "give either Separation")]
    edit(both, separation_id="")
    assert both.problems == []
    assert (both.request.vocal, both.request.backing) == (MIX, MIX)
    assert both.set(backing=None).problems != []


def test_choices_of_a_literal_have_labels() -> None:
    mode = {field["name"]: field for field in fields_of(SeparationBuilder.model)}["mode"]
    assert mode["kind"] == "choice"
    assert mode["choices"] == [
        {"value": "all_stems", "label": "All stems"},
        {"value": "vocals_instrumental", "label": "Vocals instrumental"},
    ]


def test_loading_lists_ignored_fields_and_refuses_other_json(tmp_path: Path) -> None:
    builder = AnalysisBuilder(MIX)
    file = tmp_path / "ask.json"
    body = {"audioFileLocation": "other.wav", "musicalStyle": "POLKA", "colour": "red"}
    file.write_text(json.dumps({"mixDiagnosisData": body}))
    builder.load(file)
    assert builder.value["source"] == "other.wav"
    assert builder.note == "Ignored, because the request has no such field: colour."
    assert [p.field for p in builder.problems] == ["style"]
    assert builder.set(style="POP").request.source == tmp_path / "other.wav"
    for nonsense in ("[]", "3", '{"musicalStyle": "POP"}'):
        with pytest.raises(ValueError, match=r"AnalysisRequest|audioFileLocation"):
            builder.load(nonsense)
    assert builder.value["style"] == "POP"
    assert AnalysisBuilder(MIX).load('{"source": "my mix.wav", "style": "POP"}').request.source == MIX


def test_static_html_lists_the_fields_of_a_request() -> None:
    bundle, _ = EnhancementBuilder("https://host/my mix.wav")._repr_mimebundle_()
    assert bundle["text/plain"] == "EnhancementBuilder(https://host/my mix.wav, ready)"
    assert "<td>Loudness preference</td><td>As it is</td>" in bundle["text/html"]
    assert "<td>Enhance the drums</td><td>no</td>" in bundle["text/html"]


def test_an_error_on_the_page_names_fields_by_their_labels() -> None:
    builder = RecombinationBuilder()
    assert [error["message"] for error in builder.errors] == ["give either Separation, or both Vocal and Backing"]
    assert builder.problems[0].message == "give either stemJobId, or both vocalStemURL and backingStemURL"
