"""The mix models: requests with the service's names, and the answers that they read."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tonnbook.models.effects import Compression, EqBand, EqBandReading, TrackEffects, TrackSettings
from tonnbook.models.mixing import (
    FinalMixRequest,
    FinalMixTrack,
    MixRequest,
    MixTrack,
    PreviewMixAnswer,
    PreviewMixResults,
    track_names,
)
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, SampleRate

VOCALS = {
    "trackURL": "https://files.example/vocals.wav?signature=secret",
    "instrumentGroup": "VOCAL_GROUP",
    "presenceSetting": "LEAD",
    "panPreference": "CENTRE",
    "reverbPreference": "LOW",
}
DRUMS = {"trackURL": "https://files.example/drums.wav", "instrumentGroup": "DRUMS_GROUP"}
TUTORIAL = {
    "multitrackData": {
        "trackData": [VOCALS, DRUMS],
        "musicalStyle": "POP",
        "returnStems": False,
        "sampleRate": 44100,
        "webhookURL": "https://hooks.example/mix",
    }
}


def two_tracks(**fields: object) -> MixRequest:
    tracks = [MixTrack.from_wire(VOCALS), MixTrack.from_wire(DRUMS)]
    return MixRequest(**{"tracks": tracks, "style": MusicalStyle.POP, **fields})


class TestWhatWeSend:
    def test_the_tutorials_payload_goes_through_unchanged_but_for_the_rates_type(self) -> None:
        sent = MixRequest.from_wire(TUTORIAL).to_wire()["multitrackData"]
        given = TUTORIAL["multitrackData"]
        assert sent["sampleRate"] == "44100"
        assert {k: sent[k] for k in ("musicalStyle", "returnStems", "webhookURL")} == {
            k: given[k] for k in ("musicalStyle", "returnStems", "webhookURL")
        }
        assert sent["trackData"][0] == VOCALS

    def test_a_request_is_frozen(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            two_tracks().style = MusicalStyle.METAL

    @pytest.mark.parametrize("field", ["styl", "musical_style", "fixDRCIssues"])
    def test_an_unknown_field_is_refused(self, field: str) -> None:
        with pytest.raises(ValidationError, match=field):
            two_tracks(**{field: True})

    def test_a_local_file_must_be_uploaded_first(self) -> None:
        request = two_tracks(tracks=[MixTrack(source=Path("kick.wav"), instrument="KICK_GROUP"), DRUMS])
        assert list(request.local_files()) == [Path("kick.wav")]
        with pytest.raises(ValueError, match=r"kick\.wav is a local file"):
            request.to_wire()
        sent = request.with_links(lambda path: f"https://files.example/{path.name}").to_wire()
        assert sent["multitrackData"]["trackData"][0]["trackURL"] == "https://files.example/kick.wav"

    @pytest.mark.parametrize("text", ["/etc/passwd", "file:///etc/passwd", "ftp://a/b.wav", "", "kick.wav"])
    def test_a_string_that_is_no_link_is_refused(self, text: str) -> None:
        with pytest.raises(ValidationError, match="not an http or https link"):
            MixTrack(source=text, instrument="KICK_GROUP")

    def test_no_text_of_a_request_or_an_answer_shows_a_signature(self) -> None:
        link = "https://files.example/kick.wav?signature=5EC8E7"
        request = two_tracks(tracks=[MixTrack(source=link, instrument="KICK_GROUP"), DRUMS], webhook_url=link)
        for shown in (repr(request), str(request), repr(list(request.__rich_repr__()))):
            assert "5EC8E7" not in shown
            assert "https://files.example/kick.wav?…" in shown
        assert request.tracks[0].source == link

    def test_the_same_file_twice_is_accepted(self) -> None:
        assert len(two_tracks(tracks=[VOCALS, VOCALS]).tracks) == 2

    @pytest.mark.parametrize("count", [0, 33])
    def test_one_to_thirty_two_tracks(self, count: int) -> None:
        assert len(two_tracks(tracks=[VOCALS]).tracks) == 1
        tracks = [{**DRUMS, "trackURL": f"https://files.example/{n}.wav"} for n in range(count)]
        with pytest.raises(ValidationError):
            two_tracks(tracks=tracks)

    def test_an_empty_webhook_is_refused_because_it_made_the_service_fail(self) -> None:
        with pytest.raises(ValidationError, match="not an http or https link"):
            two_tracks(webhook_url="")


class TestWhatWeRead:
    @pytest.mark.parametrize("rate", [44100, "44100", 48000, "48000"])
    def test_the_rate_comes_as_text_or_number(self, rate: int | str) -> None:
        body = {"multitrackData": {**TUTORIAL["multitrackData"], "sampleRate": rate}}
        assert MixRequest.from_wire(body).sample_rate == SampleRate(int(rate))

    def test_unknown_fields_are_ignored_and_null_counts_as_absent(self) -> None:
        body = {
            "multitrackData": {
                **TUTORIAL["multitrackData"],
                "fixDRCIssues": True,
                "webhookURL": None,
                "sampleRate": None,
            }
        }
        request = MixRequest.from_wire(body)
        assert request.webhook_url is None
        assert request.sample_rate is SampleRate.CD

    def test_the_state_is_at_both_levels(self) -> None:
        results = PreviewMixResults(mix_url="https://files.example/mix.mp3")
        wire = PreviewMixAnswer(results=results).to_wire()
        assert wire["status"] == wire["previewMixTaskResults"]["status"] == "MIX_TASK_PREVIEW_COMPLETED"
        assert PreviewMixAnswer.model_validate(wire).results == results

    def test_the_tutorials_settings_are_read_with_their_times_in_seconds(self) -> None:
        bands = {
            "band_1": {"centre_freq": 46.5, "gain": -1.69, "q": 2.66},
            "band_2": {"centre_freq": 96.69, "gain": -2.73, "q": 2.42},
        }
        compression = {"attack_ms": 0.074, "ratio": 1.8, "release_ms": 0.022, "threshold": -3.89}
        wire = {"drc_settings": compression, "eq_settings": bands, "gain_settings": {"gain_db": -11.8}}
        settings = TrackSettings.model_validate(wire)
        assert settings.compression is not None
        assert (settings.compression.attack_ms, settings.compression.release_ms) == (74, 22)
        assert [band.centre_hz for band in settings.eq] == [46.5, 96.69]
        assert (settings.gain_db, settings.pan_deg) == (-11.8, 0.0)
        sent = settings.to_wire()
        assert sent["drc_settings"] == compression
        assert {name: sent["eq_settings"][name] for name in bands} == bands

    def test_settings_are_written_as_the_live_service_writes_them(self) -> None:
        wire = TrackSettings(gain_db=-6.0).to_wire()
        assert wire["drc_settings"] == {"attack_ms": 0.015, "ratio": 1.0, "release_ms": 0.12, "threshold": 0.0}
        assert list(wire["eq_settings"]) == [f"band_{n}" for n in range(1, 7)]
        assert all(band["gain"] == 0 for band in wire["eq_settings"].values())
        assert wire["panning_settings"] == {"panning_angle": 0.0}
        gain = wire["gain_settings"]
        assert gain["initial_gain"] * gain["gain_amplitude"] == pytest.approx(10 ** (gain["gain_db"] / 20))
        assert TrackSettings.model_validate(wire) == TrackSettings(gain_db=-6.0)

    def test_a_gain_is_read_from_its_linear_factors(self) -> None:
        gain = {"initial_gain": 2.0, "gain_amplitude": 0.25}
        assert TrackSettings.model_validate({"gain_settings": gain}).gain_db == pytest.approx(-6.02, abs=0.01)

    def test_a_band_between_two_others_keeps_its_place_at_0_db(self) -> None:
        bands = [EqBandReading(centre_hz=100, gain_db=gain) for gain in (1, 0, 2)]
        settings = TrackSettings(eq=bands)
        assert TrackSettings.model_validate(settings.to_wire()) == settings

    def test_the_settings_of_an_answer_are_sent_back_in_milliseconds(self) -> None:
        answer = {"drc_settings": {"attack_ms": 0.0123, "ratio": 3.0, "release_ms": 0.25, "threshold": -21.5}}
        read = TrackSettings.model_validate(answer).compression
        assert read is not None
        sent = TrackEffects(compression=Compression(**read.model_dump())).to_wire()["compression_settings"]
        assert sent == {"threshold": -21.5, "ratio": 3.0, "attack_ms": 12.3, "release_ms": 250.0}
        with pytest.raises(ValidationError, match=r"send 12\.3 for 0\.0123 s"):
            TrackEffects.from_wire({"compression_settings": answer["drc_settings"]})

    @pytest.mark.parametrize("gain", [{"gain_db": []}, {"gain_amplitude": 0}, {"initial_gain": "loud"}])
    def test_a_gain_that_is_no_number_is_refused(self, gain: object) -> None:
        with pytest.raises(ValidationError):
            TrackSettings.model_validate({"gain_settings": gain})


class TestEffects:
    @pytest.mark.parametrize(
        ("model", "field", "low", "high"),
        [
            (EqBand, "gain_db", -20, 20),
            (EqBand, "q", 0.1, 10),
            (EqBand, "centre_hz", 20, 20000),
            (Compression, "threshold_db", -60, 0),
            (Compression, "ratio", 1, 20),
            (Compression, "attack_ms", 0.1, 100),
            (Compression, "release_ms", 1, 1000),
            (TrackEffects, "gain_db", -60, 12),
            (TrackEffects, "pan_deg", -60, 60),
        ],
    )
    def test_the_published_ranges_hold_at_both_ends(self, model: type, field: str, low: float, high: float) -> None:
        for value in (low, high):
            model(**{field: value})
        for value in (low - 0.01, high + 0.01, float("nan"), float("inf")):
            with pytest.raises(ValidationError):
                model(**{field: value})

    def test_absent_keeps_and_empty_bypasses(self) -> None:
        body = {
            "multitrackTaskId": "t",
            "trackData": [
                {"trackURL": "https://a/1.wav", "gainDb": -2.0},
                {"trackURL": "https://a/2.wav", "eq_settings": {}},
            ],
        }
        kept, bypassed = FinalMixRequest.from_wire({"applyAudioEffectsData": body}).tracks
        assert (kept.gain_db, kept.eq, kept.pan_deg, kept.compression) == (-2.0, None, None, None)
        assert bypassed.eq == ()

    def test_every_effect_survives_the_wire(self) -> None:
        track = FinalMixTrack(
            source="https://a/1.wav",
            gain_db=-1.5,
            pan_deg=20,
            eq=(EqBand(centre_hz=100, gain_db=-3), EqBand(centre_hz=5000, gain_db=2, q=0.7)),
            compression=Compression(ratio=3),
        )
        request = FinalMixRequest(task_id="t", tracks=(track,))
        assert FinalMixRequest.from_wire(request.to_wire()) == request

    def test_seven_bands_are_one_too_many(self) -> None:
        with pytest.raises(ValidationError, match="eq"):
            TrackEffects(eq=[EqBand()] * 7)


def test_track_names_are_the_files_and_never_the_query() -> None:
    sources = ["https://a/x/take.wav?sig=1", "https://b/take.wav", Path("/tmp/kick.flac"), "https://a/lead%20vox.wav"]
    assert track_names(sources) == ["take.wav", "take (2).wav", "kick.flac", "lead vox.wav"]


def test_every_value_has_a_label_in_words() -> None:
    labels = [group.label for group in InstrumentGroup]
    assert len(set(labels)) == len(labels) == 21
    assert not any("_" in label for label in labels)
    assert SampleRate.VIDEO.label == "48 kHz, 24-bit"
