"""The mastering models: the tutorial's album file, the wire form with its list of one, and the loudness presets."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tonnbook.models.album import album_from_json, album_to_json
from tonnbook.models.mastering import (
    AlbumContext,
    FinalMasterAnswer,
    MasteringRequest,
    PreviewMasterAnswer,
)
from tonnbook.models.problems import explain
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle, SampleRate

SONG = {
    "trackURL": "https://files.example/song.wav?signature=secret",
    "musicalStyle": "POP",
    "desiredLoudness": "MEDIUM",
}
ALBUM = [
    {
        "trackURL": "https://files.example/one.wav",
        "musicalStyle": "ROCK_INDIE",
        "desiredLoudness": "MEDIUM",
        "sampleRate": "44100",
        "webhookURL": "https://hooks.example/one",
    },
    {
        "trackURL": "https://files.example/two.flac",
        "musicalStyle": "POP",
        "desiredLoudness": "HIGH",
        "sampleRate": 48000,
        "webhookURL": "https://hooks.example/two",
    },
]


def wire(**fields: object) -> dict[str, object]:
    body: dict[str, object] = {k: v for k, v in SONG.items() if k != "trackURL"}
    return {"masteringData": {**body, "trackData": [{"trackURL": SONG["trackURL"]}], **fields}}


def a_request(**fields: object) -> MasteringRequest:
    return MasteringRequest.model_validate({**SONG, **fields})


class TestTheWire:
    def test_the_file_travels_in_a_list_of_one(self) -> None:
        sent = a_request().to_wire()["masteringData"]
        assert sent["trackData"] == [{"trackURL": SONG["trackURL"]}]
        assert sent["sampleRate"] == "44100"
        assert "trackURL" not in sent
        assert "tonnbook" not in sent

    def test_what_is_sent_is_what_is_read(self) -> None:
        request = a_request(forcedLoudness=True, forcedLoudnessInLUFS=-9, previewStartTime=12.5, sampleRate="48000")
        assert MasteringRequest.from_wire(request.to_wire()) == request

    def test_a_server_ignores_unknown_fields_and_nulls(self) -> None:
        read = MasteringRequest.from_wire(wire(fixDRCIssues=True, webhookURL=None, previewStartTime=None))
        assert read == a_request()

    def test_a_server_ignores_a_loudness_that_is_not_forced(self) -> None:
        for fields in ({"forcedLoudnessInLUFS": 0}, {"forcedLoudness": False, "forcedLoudnessInLUFS": -100}):
            assert MasteringRequest.from_wire(wire(**fields)).target_lufs == -10

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"trackData": []}, "trackData: has 0 entries; at least 1"),
            ({"trackData": [{"trackURL": "https://a.example/x.wav"}] * 2}, "trackData: has 2 entries; at most 1"),
            ({"trackData": [{}]}, "trackData[0].trackURL: is missing"),
            ({"desiredLoudness": "LOUD"}, "allowed: LOW, MEDIUM or HIGH"),
            ({"musicalStyle": None}, "musicalStyle: is missing"),
            ({"desiredLoudness": None}, "desiredLoudness: is missing"),
            ({"webhookURL": ""}, "webhookURL: '' is not an http or https link; omit it"),
            ({"previewStartTime": -1}, "previewStartTime: is -1; at least 0"),
            ({"forcedLoudness": True}, "forcedLoudnessInLUFS is needed"),
            ({"forcedLoudness": True, "forcedLoudnessInLUFS": -4}, "at most -5"),
            ({"forcedLoudness": True, "forcedLoudnessInLUFS": -41}, "at least -40"),
            ({"forcedLoudness": True, "forcedLoudnessInLUFS": -9.5}, "forcedLoudnessInLUFS"),
            ({"tonnbook": {"toneDb": [0, 0]}}, "28 third-octaves"),
        ],
    )
    def test_a_refusal_names_the_field_and_what_is_allowed(self, fields: dict[str, object], message: str) -> None:
        with pytest.raises(ValidationError) as caught:
            MasteringRequest.from_wire(wire(**fields))
        assert message in explain(caught.value)

    def test_the_schema_is_that_of_the_wire(self) -> None:
        schema = MasteringRequest.model_json_schema()
        assert schema["properties"]["trackData"]["maxItems"] == 1
        assert {"trackData", "musicalStyle", "desiredLoudness"} == set(schema["required"])

    def test_a_local_file_is_uploaded_first(self) -> None:
        request = MasteringRequest(source=Path("a.wav"), style=MusicalStyle.POP, desired_loudness=DesiredLoudness.LOW)
        assert list(request.local_files()) == [Path("a.wav")]
        with pytest.raises(ValueError, match=r"a\.wav is a local file"):
            request.to_wire()
        sent = request.with_links(lambda path: f"https://files.example/{path.name}").to_wire()
        assert sent["masteringData"]["trackData"] == [{"trackURL": "https://files.example/a.wav"}]

    def test_answers_are_read(self) -> None:
        preview = PreviewMasterAnswer.model_validate(
            {"previewMasterTaskResults": {"download_url_mastered_preview": "https://f.example/p.mp3?key=1"}}
        )
        final = FinalMasterAnswer.model_validate(
            {"finalMasterTaskResults": {"download_url_mastered": "https://f/m.wav"}}
        )
        assert preview.results.preview_start_s is None
        assert final.results.master_url == "https://f/m.wav"
        assert "key=1" not in repr(preview)


class TestLoudness:
    @pytest.mark.parametrize(("word", "lufs"), [("LOW", -14), ("MEDIUM", -10), ("HIGH", -8)])
    def test_the_presets_have_the_loudness_of_the_api_text(self, word: str, lufs: float) -> None:
        assert a_request(desiredLoudness=word).target_lufs == lufs

    def test_a_forced_loudness_counts_only_where_it_is_forced(self) -> None:
        assert a_request(forcedLoudnessInLUFS=-20).target_lufs == -10
        assert a_request(forcedLoudness=True, forcedLoudnessInLUFS=-20).target_lufs == -20

    def test_an_album_may_ask_for_finer_steps(self) -> None:
        album = AlbumContext(target_lufs=-11.4)
        assert a_request(forcedLoudness=True, forcedLoudnessInLUFS=-11, tonnbook=album).target_lufs == -11.4


class TestTheAlbumFile:
    def test_the_tutorials_file_is_read(self) -> None:
        one, two = album_from_json(json.dumps(ALBUM))
        assert (one.style, one.sample_rate, one.name) == (MusicalStyle.ROCK_INDIE, SampleRate.CD, "one.wav")
        assert (two.target_lufs, two.sample_rate) == (-8.0, SampleRate.VIDEO)

    def test_an_empty_webhook_in_it_is_none(self) -> None:
        assert album_from_json(json.dumps([{**ALBUM[0], "webhookURL": ""}]))[0].webhook_url is None

    def test_it_is_written_as_it_was_read(self) -> None:
        assert json.loads(album_to_json(album_from_json(json.dumps(ALBUM)))) == [
            ALBUM[0],
            {**ALBUM[1], "sampleRate": "48000"},
        ]

    def test_a_file_name_is_looked_up_beside_the_album_file(self) -> None:
        song = {**SONG, "trackURL": "mixes/one.wav"}
        assert album_from_json(json.dumps([song]), Path("/album"))[0].source == Path("/album/mixes/one.wav")

    @pytest.mark.parametrize("text", ["{}", "[1]", '"song"'])
    def test_anything_else_is_refused_in_words(self, text: str) -> None:
        with pytest.raises(ValueError, match="JSON array of objects"):
            album_from_json(text)
