from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tonnbook.models.mixing import MixRequest
from tonnbook.models.vocabulary import InstrumentGroup, Presence
from tonnbook.widgets.forms.form_schema import fields_of
from tonnbook.widgets.forms.instruments import guess_instrument
from tonnbook.widgets.forms.mixing import MixBuilder

STEMS = {name: Path("stems") / f"{name}.flac" for name in ("kick", "bass", "guitar", "vocal")}
SIGNED = "https://host/lead%20vocal.wav?Signature=SECRET&Expires=1"


@pytest.fixture
def builder() -> MixBuilder:
    return MixBuilder(STEMS, style="ELECTRONIC")


def edit(builder: MixBuilder, change: dict[str, Any], row: int | None = None) -> None:
    """Change the form as the page does: a whole new value arrives."""
    value = json.loads(json.dumps(builder.value))
    (value if row is None else value["tracks"][row]).update(change)
    builder.set_state({"value": value})


def test_a_folder_of_stems_makes_a_request_at_once(builder: MixBuilder) -> None:
    request = builder.request
    assert [t.source for t in request.tracks] == list(STEMS.values())
    assert [t.instrument.name for t in request.tracks] == ["KICK", "BASS", "E_GUITAR", "VOCAL"]
    assert [t.presence for t in request.tracks] == [Presence.NORMAL] * 3 + [Presence.LEAD]
    assert request.style == "ELECTRONIC"
    assert builder.problems == []


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("01_Kick In.wav", "KICK"),
        ("SNR top.wav", "SNARE"),
        ("hi-hat.flac", "CYMBALS"),
        ("OH_L.wav", "CYMBALS"),
        ("Bass_DI.wav", "BASS"),
        ("bass drum.wav", "KICK"),
        ("EGtr 2.wav", "E_GUITAR"),
        ("03 Ac Gtr_L.wav", "ACOUSTIC_GUITAR"),
        ("LeadVox.wav", "VOCAL"),
        ("vocal double.wav", "VOCAL"),
        ("BV_hi.wav", "BACKING_VOX"),
        ("Backing Vocals.aif", "BACKING_VOX"),
        ("pad.flac", "SYNTH"),
        ("Rhodes.wav", "KEYS"),
        ("strings_legato.wav", "STRINGS"),
        ("Trumpet1.wav", "BRASS"),
        ("tambourine.wav", "PERCS"),
        ("drum loop.wav", "DRUMS"),
        ("riser fx.wav", "FX"),
        ("Audio 07_03.wav", None),
        ("substance.wav", None),
    ],
)
def test_instruments_are_guessed_from_file_names(name: str, group: str | None) -> None:
    assert guess_instrument(name) == (InstrumentGroup[group] if group else None)


def test_a_guess_is_marked_until_it_is_changed(builder: MixBuilder) -> None:
    guesses = [["tracks", n, "instrument"] for n in range(4)]
    assert [h["path"] for h in builder.hints if h["message"] == "guessed"] == guesses
    edit(builder, {"instrument": "SYNTH_GROUP"}, row=2)
    assert [h["path"][1] for h in builder.hints if h["message"] == "guessed"] == [0, 1, 3]
    unknown = MixBuilder([Path("Audio 01.wav"), Path("kick.wav")])
    assert [h["message"] for h in unknown.hints][:2] == ["please choose", "guessed"]


def test_the_fields_come_from_the_model() -> None:
    fields = {field["name"]: field for field in fields_of(MixRequest)}
    columns = {field["name"]: field for field in fields["tracks"]["fields"]}
    assert set(fields) == set(MixRequest.model_fields)
    assert columns["instrument"]["choices"][13] == {"value": "E_GUITAR_GROUP", "label": "Electric guitar"}
    assert columns["pan"]["default"] == "NO_PREFERENCE"
    assert fields["sample_rate"]["choices"] == [
        {"value": 44100, "label": "44.1 kHz, 16-bit"},
        {"value": 48000, "label": "48 kHz, 24-bit"},
    ]
    assert fields["webhook_url"] | {"wire": "webhookURL", "kind": "text", "required": False} == fields["webhook_url"]


def test_numbers_have_their_range_and_unit() -> None:
    from tonnbook.models.effects import Compression

    threshold = fields_of(Compression)[0]
    assert (threshold["low"], threshold["high"], threshold["unit"]) == (-60, 0, "dBFS")


def test_editing_never_raises_and_an_error_is_at_its_field(builder: MixBuilder) -> None:
    edit(builder, {"reverb": "LOUD"}, row=3)
    edit(builder, {"webhook_url": "no link"})
    assert sorted(str(error["path"]) for error in builder.errors) == ["['tracks', 3, 'reverb']", "['webhook_url']"]
    assert {p.field for p in builder.problems} == {"tracks[3].reverb", "webhook_url"}
    assert '"reverbPreference": "LOUD"' in builder.code["json"]
    assert builder.plain() == "MixBuilder(4 tracks, 2 errors)"
    with pytest.raises(ValidationError, match="LOUD"):
        _ = builder.request
    with pytest.raises(ValidationError):
        builder.to_curl()
    edit(builder, {"webhook_url": None})
    edit(builder, {"reverb": "LOW"}, row=3)
    assert builder.errors == []
    assert builder.request.tracks[3].reverb == "LOW"


def test_errors_of_the_whole_request_are_listed() -> None:
    assert "at most 32" in MixBuilder([Path(f"{n}.wav") for n in range(33)]).problems[0].message


def test_python_edits_reach_the_form(builder: MixBuilder) -> None:
    seen: list[Any] = []
    builder.observe(lambda change: seen.append(change["new"]), "value")
    builder.set(style="METAL", return_stems=True).set("vocal", presence=Presence.NORMAL).set(0, pan="LEFT")
    assert len(seen) == 3
    request = builder.request
    assert (request.style, request.return_stems) == ("METAL", True)
    assert (request.tracks[3].presence, request.tracks[0].pan) == ("NORMAL", "LEFT")


def test_unknown_names_are_refused_with_a_suggestion(builder: MixBuilder) -> None:
    with pytest.raises(TypeError, match=r"MixBuilder\(\) has no field 'return_stem'; did you mean 'return_stems'"):
        MixBuilder(STEMS, return_stem=True)
    with pytest.raises(TypeError, match="did you mean 'reverb'"):
        builder.set("vocal", revreb="LOW")
    with pytest.raises(KeyError, match="there are kick"):
        builder.set("tuba", reverb="LOW")


def test_set_finds_tracks_by_the_names_passed_with_them() -> None:
    builder = MixBuilder({"lead": Path("01.wav"), "low": Path("02.wav")}).set("lead", presence="LEAD")
    assert builder.request.tracks[0].presence == "LEAD"


@pytest.mark.parametrize("place", ["link", "path"])
def test_the_python_makes_an_equal_request(place: str) -> None:
    stems = STEMS if place == "path" else {"a": SIGNED, "b": "https://host/b.wav"}
    builder = MixBuilder(stems, "POP", return_unmixed=True, sample_rate=48000, desired_loudness="HIGH")
    builder.set(1, pan="LEFT")
    made: dict[str, Any] = {}
    exec(builder.to_python(), made)
    assert made["request"] == builder.request
    assert "presence" not in builder.to_python().splitlines()[5]  # a default is left out


def test_the_json_is_the_body_and_loads_as_an_equal_request() -> None:
    builder = MixBuilder({"a": SIGNED, "b": "https://host/b.wav"}, webhook_url="https://me.example/hook")
    assert json.loads(builder.to_json()) == builder.request.to_wire()
    other = MixBuilder(STEMS).load(builder.to_json())
    assert other.request == builder.request
    assert MixBuilder(STEMS).load(builder.request).request == builder.request


def test_local_files_are_kept_in_the_json(builder: MixBuilder, tmp_path: Path) -> None:
    assert MixBuilder({"x": Path("x.wav"), "y": Path("y.wav")}).load(builder.to_json()).request == builder.request
    shown = builder.code["json"]
    assert '"trackURL": "kick.flac"' in shown
    assert builder.load(shown).request.tracks[0].source == STEMS["kick"]  # a known name refers to the known file
    file = tmp_path / "mix.json"
    file.write_text(shown.replace("kick.flac", "other.flac"))
    assert builder.load(file).request.tracks[0].source == tmp_path / "other.flac"


def test_loading_accepts_wire_names_nulls_and_old_fields(builder: MixBuilder) -> None:
    track = {
        "trackURL": "https://h/a.wav",
        "instrumentGroup": "BASS_GROUP",
        "panPreference": None,
        "fixDRCIssues": True,
    }
    body = {
        "trackData": [track, {**track, "trackURL": "https://h/b.wav"}],
        "musicalStyle": "JAZZ",
        "sampleRate": "48000",
    }
    builder.load(json.dumps({"multitrackData": body}))
    assert builder.value["sample_rate"] == 48000
    assert builder.note == "Ignored, because the request has no such field: fixDRCIssues."
    assert [p.field for p in builder.problems] == ["style"]
    for nonsense in ("[]", '{"trackData": 3}', "no json", '{"trackData": [{}]}'):
        with pytest.raises(ValueError, match=r"MixRequest|Expecting|trackURL"):
            builder.load(nonsense)
    assert builder.value["sample_rate"] == 48000  # an invalid text changes nothing


def test_the_curl_contains_the_body_and_no_key() -> None:
    builder = MixBuilder({"a": "https://h/a.wav", "b": "https://h/b.wav"})
    words = shlex.split(builder.to_curl().partition("<<")[0])
    assert words[:4] == ["curl", "-X", "POST", "https://tonn.roexaudio.com/mixpreview"]
    assert "X-API-Key: $TONN_API_KEY" in words
    ran = subprocess.run(
        ["sh", "-c", f"curl() {{ cat; }}; {builder.to_curl()}"], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == builder.request.to_wire()
    assert "Upload first" not in builder.to_curl()
    assert "kick.flac, bass.flac" in MixBuilder(STEMS).to_curl().splitlines()[0]


def test_no_folder_and_no_signature_is_in_the_state() -> None:
    builder = MixBuilder({"a": SIGNED, "b": Path("/home/me/secret folder/b.wav")})
    state = json.dumps(builder.get_state(), default=str)
    for secret in ("SECRET", "secret folder"):
        assert secret not in state
        assert secret not in builder.static_html()
        assert secret not in repr(builder)
    assert "lead vocal.wav" in builder.static_html()


def test_static_html_is_the_request_as_a_table(builder: MixBuilder) -> None:
    bundle, _ = builder._repr_mimebundle_()
    assert bundle["text/plain"] == "MixBuilder(4 tracks, 4 files not found)"
    assert "<td>vocal.flac</td><td>Lead vocal</td><td>Lead</td>" in bundle["text/html"]
    assert "Style: Electronic" in bundle["text/html"]


def test_32_tracks_are_one_model_and_a_small_one() -> None:
    builder = MixBuilder([Path(f"vocal {n}.wav") for n in range(32)])
    edit(builder, {"presence": "NORMAL"}, row=31)
    assert len(builder.request.tracks) == 32
    assert len(json.dumps({k: v for k, v in builder.get_state().items() if k not in ("_esm", "_css")})) < 60_000
