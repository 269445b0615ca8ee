"""Rows of a form are added, moved, repeated and removed with their files, values and guesses; cells are pasted; presets are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tones import MakeFile

import tonnbook as tb
from tonnbook.widgets.dropzone.dropzone import DropZone
from tonnbook.widgets.forms.mastering import AlbumBuilder
from tonnbook.widgets.forms.mixing import MixBuilder
from tonnbook.widgets.forms.repair import AnalysisBuilder, CleanupBuilder

NAMES = ("kick", "bass", "vocal")


@pytest.fixture
def folder(make_file: MakeFile, tmp_path: Path) -> Path:
    for name in NAMES:
        make_file(f"{name}.wav", seconds=1)
    return tmp_path


@pytest.fixture
def builder(folder: Path) -> MixBuilder:
    return MixBuilder([folder / f"{name}.wav" for name in NAMES])


def post(form: Any, **message: Any) -> None:
    """Send a message as the page does."""
    form._handle_custom_msg(message, [])


def tracks(builder: MixBuilder) -> list[tuple[str, str]]:
    return [(Path(track.source).stem, track.instrument.name) for track in builder.request.tracks]


def guessed(builder: MixBuilder) -> list[int]:
    return [hint["path"][1] for hint in builder.hints if hint["message"] == "guessed"]


def test_a_folder_is_ready_only_if_its_files_exist(folder: Path, builder: MixBuilder) -> None:
    assert MixBuilder(folder).plain() == "MixBuilder(3 tracks, ready)"
    assert [name for name, _ in tracks(MixBuilder(str(folder)))] == ["bass", "kick", "vocal"]
    (folder / "bass.wav").unlink()
    again = MixBuilder(["many", folder / "kick.wav", folder / "bass.wav"])
    assert again.plain() == "MixBuilder(3 tracks, 2 files not found)"
    assert again.missing == 2
    assert [hint["path"] for hint in again.hints if hint["message"] == "file not found"] == [
        ["tracks", 0, "source"],
        ["tracks", 2, "source"],
    ]


def test_rows_move_with_their_files_values_and_guesses(builder: MixBuilder) -> None:
    builder.set("bass", instrument="SYNTH_GROUP", reverb="LOW")  # no guess any more
    post(builder, kind="rows", action="down", rows=[0])
    assert tracks(builder) == [("bass", "SYNTH"), ("kick", "KICK"), ("vocal", "VOCAL")]
    assert guessed(builder) == [1, 2]
    post(builder, kind="rows", action="duplicate", rows=[0])
    assert [row["source"] for row in builder.value["tracks"]] == ["bass.wav", "bass (2).wav", "kick.wav", "vocal.wav"]
    assert [track.reverb.value for track in builder.request.tracks] == ["LOW", "LOW", "NONE", "NONE"]
    post(builder, kind="rows", action="remove", rows=[0, 1])
    assert tracks(builder) == [("kick", "KICK"), ("vocal", "VOCAL")]
    assert guessed(builder) == [0, 1]
    post(builder, kind="rows", action="up", rows=[0])
    post(builder, kind="rows", action="remove", rows=[7])
    assert len(builder.request.tracks) == 2
    assert tracks(builder.move("vocal", 0).remove("kick").add("stems/gtr.wav")) == [
        ("vocal", "VOCAL"),
        ("gtr", "E_GUITAR"),
    ]


def test_a_form_follows_its_drop_zone(folder: Path, make_file: MakeFile) -> None:
    zone = DropZone(example={"demo": make_file("demo.wav")})
    builder = MixBuilder(zone)
    assert [name for name, _ in tracks(builder)] == ["demo"]
    own = [zone.folder / f"own {name}.wav" for name in NAMES]
    for file in own:
        file.write_bytes((folder / "kick.wav").read_bytes())
    zone._received(own[:2])
    assert tracks(builder) == [("own kick", "KICK"), ("own bass", "BASS")]
    builder.set("own bass", instrument="SYNTH_GROUP").remove("own kick")
    zone._received(own[2:])
    assert tracks(builder) == [("own bass", "SYNTH"), ("own vocal", "VOCAL")]
    zone.remove("own bass")
    assert tracks(builder) == [("own vocal", "VOCAL")]
    zone.clear()
    assert [name for name, _ in tracks(builder)] == ["demo"]


@pytest.mark.parametrize(
    "text",
    [
        "File\tInstrument\tPresence\nvocal\tLead vocal\tLead\nkick.wav\tSynth\tbackground\n",
        "Synth\tBackground\nBass\t\nLead vocal\tLead\n",
    ],
    ids=["with titles", "by place"],
)
def test_cells_of_a_spreadsheet_are_pasted(builder: MixBuilder, text: str) -> None:
    post(builder, kind="paste", text=text, row=0, column="instrument")
    assert tracks(builder) == [("kick", "SYNTH"), ("bass", "BASS"), ("vocal", "VOCAL")]
    assert [track.presence.value for track in builder.request.tracks] == ["BACKGROUND", "NORMAL", "LEAD"]
    post(builder, kind="paste", text="Theremin", row=1, column="instrument")
    assert builder.problems[0].path == ("trackData", 1, "instrumentGroup") or builder.problems  # displayed, not raised
    assert "Theremin" in str(builder.value)


def test_numbers_and_yes_are_read_from_cells(folder: Path) -> None:
    album = AlbumBuilder(folder)
    album.paste("Force loudness\tForced loudness\nja\t-9,5\nyes\t-12\n")
    assert album.value["songs"][1]["forced_loudness"] is True
    assert album.value["songs"][1]["forced_loudness_lufs"] == -12


def test_presets_keep_settings_but_no_files(
    builder: MixBuilder, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    builder.set(style="METAL", webhook_url="https://me.example/secret").set("bass", reverb="HIGH")
    post(builder, kind="save preset", name="loud one")
    assert builder.presets == ["loud one"]
    (saved,) = (tmp_path / "config").rglob("*.json")
    assert "secret" not in saved.read_text()
    other = MixBuilder({"bass": folder / "bass.wav", "new": folder / "kick.wav"})
    post(other, kind="load preset", name="loud one")
    assert other.request.style == "METAL"
    assert [track.reverb.value for track in other.request.tracks] == ["HIGH", "NONE"]
    post(other, kind="load preset", name="none")
    assert "there is no preset 'none'; there are: loud one" in other.note
    post(other, kind="save preset", name="../evil")
    assert "is no name for a preset" in other.note


def test_pasted_json_is_read_back_and_other_text_is_explained(builder: MixBuilder) -> None:
    text = builder.set(style="METAL").to_json()
    builder.set(style="POP")
    post(builder, kind="load", text=text)
    assert builder.request.style == "METAL"
    post(builder, kind="load", text="{no json")
    assert builder.note.startswith("this text is not JSON (line 1, column 2")
    with pytest.raises(ValueError, match="this text is not JSON"):
        builder.load("not json")
    assert builder.request.style == "METAL"


def test_a_single_form_takes_a_file_of_the_demo_by_its_name() -> None:
    builder = AnalysisBuilder("mine.wav")
    assert "03_basement" in builder.demo_files
    post(builder, kind="source", field="source", text="demo: 03_basement")
    assert builder.request.source == tb.demo.album()["03_basement"]
    post(builder, kind="source", field="source", text="demo: nothing")
    assert builder.note.startswith("the demo has no 'nothing' here; there are 01_night_bus")
    post(builder, kind="source", field="source", text="https://a.example/my song.wav?signature=SECRET")
    assert builder.request.source.endswith("SECRET")
    assert "SECRET" not in json.dumps(builder.get_state(), default=str)
    assert CleanupBuilder("mine.wav").demo_files == list(tb.demo.stems())
