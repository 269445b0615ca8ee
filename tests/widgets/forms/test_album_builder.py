"""The form of an album: a row per song, one setting for all, and the tutorial's file in and out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tonnbook.models.album import album_from_json
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle, SampleRate
from tonnbook.widgets.forms.album import AlbumBuilder

SONGS = {name: Path("mixes") / f"{name}.flac" for name in ("night bus", "basement", "open sky")}


@pytest.fixture
def builder() -> AlbumBuilder:
    return AlbumBuilder(SONGS, style="POP", desired_loudness="LOW")


def test_a_folder_of_songs_makes_an_album_at_once(builder: AlbumBuilder) -> None:
    assert builder.problems == []
    assert [request.source for request in builder.requests] == list(SONGS.values())
    assert {request.style for request in builder.requests} == {MusicalStyle.POP}
    assert {request.target_lufs for request in builder.requests} == {-14.0}


def test_one_song_can_be_wished_otherwise(builder: AlbumBuilder) -> None:
    builder.set("basement", style="ELECTRONIC", forced_loudness=True, forced_loudness_lufs=-9)
    one, two, _ = builder.requests
    assert (two.style, two.target_lufs) == (MusicalStyle.ELECTRONIC, -9.0)
    assert (one.style, one.target_lufs) == (MusicalStyle.POP, -14.0)


def test_a_wish_can_be_applied_to_all(builder: AlbumBuilder) -> None:
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


def test_the_file_that_is_saved_finds_the_songs_from_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths are meant from where Python runs; in an album file from where the file lies."""
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


def test_a_forced_loudness_that_is_not_in_force_is_remarked(builder: AlbumBuilder) -> None:
    builder.set("basement", forced_loudness_lufs=-20)
    assert builder.note.endswith("it is not in song 2.")
    builder.set("basement", forced_loudness=True)
    assert builder.note == ""


def test_a_file_is_looked_for_beside_the_album_file(tmp_path: Path) -> None:
    path = tmp_path / "album.json"
    path.write_text(json.dumps([{"trackURL": "one.wav", "musicalStyle": "POP", "desiredLoudness": "LOW"}]))
    assert AlbumBuilder([]).load(path).requests[0].source == tmp_path / "one.wav"


@pytest.mark.parametrize("text", ["{}", '{"songs": 3}', '"album"', '["a.wav"]'])
def test_a_file_that_is_no_album_file_is_refused(builder: AlbumBuilder, text: str) -> None:
    with pytest.raises(ValueError, match="JSON array of objects"):
        builder.load(text)


def test_what_is_wrong_stands_at_its_song(builder: AlbumBuilder) -> None:
    builder.set("basement", forced_loudness=True)
    assert "forcedLoudnessInLUFS is needed" in str(builder.problems[0])
    assert builder.problems[0].path[:2] == ("songs", 1)


def test_it_stands_there_in_writing_without_folders(builder: AlbumBuilder) -> None:
    assert json.loads(builder.views["json"])[0]["trackURL"] == "night bus.flac"
    assert "tb.Album(" in builder.views["python"]
    assert builder.views["curl"].count('"trackData"') == 3
    assert "mixes" not in json.dumps(dict(builder.views))


def test_the_python_makes_an_equal_album(builder: AlbumBuilder) -> None:
    space: dict[str, object] = {}
    exec(builder.to_python(), space)
    assert space["request"] == builder.request


def test_a_wrong_name_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="did you mean 'desired_loudness'"):
        AlbumBuilder(SONGS, desired_loudnes="LOW")
