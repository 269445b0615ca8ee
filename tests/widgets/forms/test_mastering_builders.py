"""The form of a single master, and that of an album: a row per song, settings for all songs, and the tutorial's file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tonnbook.models.album import album_from_json
from tonnbook.models.mastering import AlbumContext, MasteringRequest
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle, SampleRate
from tonnbook.widgets.forms.mastering import AlbumBuilder, MasteringBuilder

SONGS = {name: Path("mixes") / f"{name}.flac" for name in ("night bus", "basement", "open sky")}


@pytest.fixture
def builder() -> AlbumBuilder:
    return AlbumBuilder(SONGS, style="POP", desired_loudness="LOW")


def test_a_folder_of_songs_gives_a_valid_album(builder: AlbumBuilder) -> None:
    assert builder.problems == []
    assert [request.source for request in builder.requests] == list(SONGS.values())
    assert {request.style for request in builder.requests} == {MusicalStyle.POP}
    assert {request.target_lufs for request in builder.requests} == {-14.0}


def test_one_song_can_have_other_settings(builder: AlbumBuilder) -> None:
    builder.set("basement", style="ELECTRONIC", forced_loudness=True, forced_loudness_lufs=-9)
    one, two, _ = builder.requests
    assert (two.style, two.target_lufs) == (MusicalStyle.ELECTRONIC, -9.0)
    assert (one.style, one.target_lufs) == (MusicalStyle.POP, -14.0)


def test_a_setting_can_be_applied_to_all(builder: AlbumBuilder) -> None:
    builder.apply_to_all(sample_rate=48000, desired_loudness=DesiredLoudness.HIGH)
    assert {(r.sample_rate, r.target_lufs) for r in builder.requests} == {(SampleRate.VIDEO, -8.0)}


def test_it_writes_the_tutorials_file_and_reads_it_again(builder: AlbumBuilder, tmp_path: Path) -> None:
    path = builder.set("open sky", preview_start_s=12.5).save(tmp_path / "album_mastering_payload.json")
    entries = json.loads(path.read_text(encoding="utf-8"))
    assert entries[2] == {
        "trackURL": str(SONGS["open sky"].absolute()),
        "musicalStyle": "POP",
        "desiredLoudness": "LOW",
        "sampleRate": "44100",
        "previewStartTime": 12.5,
    }
    for again in (path, str(path), path.read_text(encoding="utf-8")):
        read = AlbumBuilder([]).load(again).requests
        assert read == album_from_json(path.read_text(encoding="utf-8"))
        assert [request.name for request in read] == [request.name for request in builder.requests]
        assert [r.model_dump(exclude={"source"}) for r in read] == [
            r.model_dump(exclude={"source"}) for r in builder.requests
        ]


def test_a_saved_file_refers_to_the_songs_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths are relative to the working folder; in an album file to the folder of the file."""
    monkeypatch.chdir(tmp_path)
    for folder in (Path("mixes"), Path("albums")):
        folder.mkdir()
    songs = [Path("mixes/a.wav"), "mixes/b.wav", "https://files.example/c.wav?id=1"]
    album = AlbumBuilder(songs).save("albums/album.json")
    read = [song.source for song in album_from_json(album.read_text(), album.parent)]
    assert read == [tmp_path / "mixes" / "a.wav", tmp_path / "mixes" / "b.wav", songs[2]]
    below = AlbumBuilder(songs).save("album.json")
    assert [entry["trackURL"] for entry in json.loads(below.read_text())] == ["mixes/a.wav", *songs[1:]]


def test_one_song_is_one_row() -> None:
    assert [str(r.source) for r in AlbumBuilder("mixes/a.wav").requests] == [str(Path("mixes/a.wav"))]


def test_a_loudness_that_is_not_forced_has_a_note(builder: AlbumBuilder) -> None:
    builder.set("basement", forced_loudness_lufs=-20)
    assert builder.note.endswith("not forced, in song 2.")
    builder.set("basement", forced_loudness=True)
    assert builder.note == ""


def test_a_song_is_resolved_relative_to_the_album_file(tmp_path: Path) -> None:
    path = tmp_path / "album.json"
    path.write_text(json.dumps([{"trackURL": "one.wav", "musicalStyle": "POP", "desiredLoudness": "LOW"}]))
    assert AlbumBuilder([]).load(path).requests[0].source == tmp_path / "one.wav"


@pytest.mark.parametrize("text", ["{}", '{"songs": 3}', '"album"', '["a.wav"]'])
def test_a_file_that_is_no_album_file_is_refused(builder: AlbumBuilder, text: str) -> None:
    with pytest.raises(ValueError, match="JSON array of objects"):
        builder.load(text)


def test_an_error_is_at_its_song(builder: AlbumBuilder) -> None:
    builder.set("basement", forced_loudness=True)
    assert "forcedLoudnessInLUFS is needed" in str(builder.problems[0])
    assert builder.problems[0].path[:2] == ("songs", 1)


def test_the_displayed_code_contains_no_folders(builder: AlbumBuilder) -> None:
    assert json.loads(builder.code["json"])[0]["trackURL"] == "night bus.flac"
    assert "tb.Album(" in builder.code["python"]
    assert builder.code["curl"].count('"trackData"') == 3
    assert "mixes" not in json.dumps(dict(builder.code))


def test_the_python_builds_an_equal_album(builder: AlbumBuilder) -> None:
    variables: dict[str, object] = {}
    exec(builder.to_python(), variables)
    assert variables["request"] == builder.request


def test_a_wrong_name_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="did you mean 'desired_loudness'"):
        AlbumBuilder(SONGS, desired_loudnes="LOW")


LINK = "https://host/my%20mix.wav"


class TestMasteringBuilder:
    def test_the_request_has_all_fields_of_the_form(self) -> None:
        builder = MasteringBuilder(LINK, style="METAL").set(desired_loudness="HIGH", sample_rate=48000)
        builder.set(forced_loudness=True, forced_loudness_lufs=-12, webhook_url="https://me.example/hook")
        assert builder.request == MasteringRequest(
            source=LINK,
            style="METAL",
            desired_loudness="HIGH",
            sample_rate=48000,
            forced_loudness=True,
            forced_loudness_lufs=-12,
            webhook_url="https://me.example/hook",
        )
        assert builder.request.target_lufs == -12.0

    def test_the_json_is_the_body_of_the_service(self) -> None:
        builder = MasteringBuilder(Path("mixes/my mix.wav"), preview_start_s=3)
        assert json.loads(builder.to_json()) == {
            "masteringData": {
                "trackData": [{"trackURL": str(Path("mixes/my mix.wav"))}],
                "musicalStyle": "POP",
                "desiredLoudness": "MEDIUM",
                "sampleRate": "44100",
                "forcedLoudness": False,
                "previewStartTime": 3.0,
            }
        }
        assert json.loads(builder.code["json"])["masteringData"]["trackData"] == [{"trackURL": "my mix.wav"}]
        assert (
            MasteringRequest.from_wire(json.loads(MasteringBuilder(LINK).to_json())) == MasteringBuilder(LINK).request
        )

    def test_an_invalid_request_is_displayed_in_the_form_of_the_body(self) -> None:
        builder = MasteringBuilder(LINK, style="POLKA", forced_loudness=True)
        assert [problem.field for problem in builder.problems] == ["style"]
        assert builder.plain() == f"MasteringBuilder({LINK}, 1 error)"
        body = json.loads(builder.code["json"])["masteringData"]
        assert (body["trackData"], body["musicalStyle"]) == ([{"trackURL": LINK}], "POLKA")
        builder.set(style="POP")
        assert "forcedLoudnessInLUFS is needed" in str(builder.problems[0])

    def test_a_loudness_that_is_not_forced_has_a_hint(self) -> None:
        builder = MasteringBuilder(LINK, forced_loudness_lufs=-20)
        assert builder.hints == [{"path": ["forced_loudness_lufs"], "message": "used only with Force loudness"}]
        assert builder.set(forced_loudness=True).hints == []

    def test_loading_a_song_of_an_album_notes_that_the_album_is_ignored(self) -> None:
        song = MasteringRequest(
            source=LINK, style="ROCK_INDIE", desired_loudness="LOW", album=AlbumContext(target_lufs=-14.5)
        )
        builder = MasteringBuilder("other.wav").load(song)
        assert builder.request == song.model_copy(update={"album": None})
        assert builder.note == "Ignored, because the request has no such field: album."
        assert builder.load(builder.request).note == ""

    def test_an_unknown_name_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="did you mean 'desired_loudness'"):
            MasteringBuilder(LINK, desired_loudnes="LOW")
        with pytest.raises(TypeError, match="has no field 'album'"):
            MasteringBuilder(LINK, album=AlbumContext(target_lufs=-14.5))
