"""Mixing with roex-python 1.6.0, unmodified, on the studio."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
import requests
from outside import Caller, Web
from roex_python import utils
from roex_python.client import RoExClient
from roex_python.models import (
    CompressionSettings,
    EQBandSettings,
    EQSettings,
    FinalMixRequest,
    FinalMixRequestAdvanced,
    InstrumentGroup,
    MultitrackMixRequest,
    MusicalStyle,
    PanningSettings,
    PanPreference,
    PresenceSetting,
    ReverbPreference,
    TrackData,
    TrackEffectsData,
    TrackGainData,
)
from tenacity import RetryError

from tonnbook import audio_files
from tonnbook.studio.server.server import Studio

GROUPS = {
    "vocal": InstrumentGroup.VOCAL_GROUP,
    "bass": InstrumentGroup.BASS_GROUP,
    "guitar": InstrumentGroup.E_GUITAR_GROUP,
}


POLLING = {"poll_interval": 0.1, "max_attempts": 600}


@pytest.fixture(scope="module")
def tracks(client: RoExClient, excerpts: Mapping[str, Path]) -> dict[str, TrackData]:
    return {
        name: TrackData(
            track_url=utils.upload_file(client, str(excerpts[name])),
            instrument_group=group,
            presence_setting=PresenceSetting.LEAD if name == "vocal" else PresenceSetting.NORMAL,
            pan_preference=PanPreference.NO_PREFERENCE,
            reverb_preference=ReverbPreference.LOW,
        )
        for name, group in GROUPS.items()
    }


@pytest.fixture(scope="module")
def task_id(client: RoExClient, tracks: Mapping[str, TrackData]) -> str:
    wanted = MultitrackMixRequest(list(tracks.values()), MusicalStyle.POP, return_stems=True)
    return str(client.mix.create_mix_preview(wanted).multitrack_task_id)


def saved(client: RoExClient, url: str, path: Path) -> audio_files.AudioInfo:
    assert client.api_provider.download_file(url, str(path))
    return audio_files.info(path)


def test_the_version_is_the_one_in_the_wire_notes() -> None:
    assert version("roex-python") == "1.6.0"


def test_health(client: RoExClient) -> None:
    assert client.health_check()["status"] == "ok"


def test_preview_with_stems_and_fx_settings(
    client: RoExClient, task_id: str, tracks: Mapping[str, TrackData], tmp_path: Path
) -> None:
    plain = client.mix.retrieve_preview_mix(task_id, **POLLING)
    assert plain.status == "MIX_TASK_PREVIEW_COMPLETED"
    assert plain.mix_output_settings is None
    # the second time it is finished at the first poll
    result = client.mix.retrieve_preview_mix(task_id, retrieve_fx_settings=True, **POLLING)
    names = {f"{name}.wav" for name in tracks}
    assert set(result.stems) == set(result.mix_output_settings) == names
    for settings in result.mix_output_settings.values():
        assert set(settings) == {"drc_settings", "eq_settings", "gain_settings", "panning_settings"}
        assert -60 <= settings["panning_settings"]["panning_angle"] <= 60
    assert saved(client, result.download_url_preview_mixed, tmp_path / "preview.mp3").format == "mp3"


def test_final_mix(client: RoExClient, task_id: str, tracks: Mapping[str, TrackData], tmp_path: Path) -> None:
    client.mix.retrieve_preview_mix(task_id, **POLLING)
    gains = [TrackGainData(track.track_url, -2.0 if name == "guitar" else 0.0) for name, track in tracks.items()]
    result = client.mix.retrieve_final_mix(FinalMixRequest(task_id, gains, sample_rate="44100"))
    found = saved(client, result.download_url_mixed, tmp_path / "final.wav")
    assert (found.rate, found.bit_depth, found.channels) == (44100, 16, 2)


def test_advanced_final_mix(
    client: RoExClient, studio: Studio, task_id: str, tracks: Mapping[str, TrackData], web: Web, tmp_path: Path
) -> None:
    client.mix.retrieve_preview_mix(task_id, **POLLING)
    vocal = TrackEffectsData(
        tracks["vocal"].track_url,
        gain_db=1.5,
        panning_settings=PanningSettings.slight_left(),
        eq_settings=EQSettings(band_2=EQBandSettings(gain=-2.0, q=0.7, centre_freq=200.0)),
        compression_settings=CompressionSettings.preset_vocal(),
    )
    wanted = FinalMixRequestAdvanced(
        task_id, [vocal], return_stems=True, sample_rate="48000", webhook_url=web.serve("/hook")
    )
    before = studio.ledger.credits
    result = client.mix.retrieve_final_mix_advanced(wanted)
    assert (
        client.mix.retrieve_final_mix_advanced(wanted).download_url_mixed.split("?")[0]
        == (result.download_url_mixed.split("?")[0])
    )
    assert studio.ledger.credits - before == 250
    settings = result.mix_output_settings["vocal.wav"]
    assert settings["panning_settings"]["panning_angle"] == -20
    assert settings["eq_settings"]["band_1"]["centre_freq"] == 200
    assert settings["drc_settings"]["ratio"] == 4
    assert set(result.stems) == {f"{name}.wav" for name in tracks}
    found = saved(client, result.download_url_mixed, tmp_path / "final.wav")
    assert (found.rate, found.bit_depth) == (48000, 24)
    assert web.received.get(timeout=30)["state"] == "MIX_TASK_FINAL_COMPLETED"


def test_a_failed_task_ends_its_polling_at_once_and_says_why(
    client: RoExClient, studio: Studio, tracks: Mapping[str, TrackData]
) -> None:
    """A 200 would be returned as an empty result, or be polled for 150 s; three 500s end in a RetryError."""
    bad = TrackData(
        Caller(studio).upload(b"This is not sound.", "noise.wav"),
        InstrumentGroup.OTHER_GROUP1,
        PresenceSetting.NORMAL,
        PanPreference.CENTRE,
    )
    task = client.mix.create_mix_preview(MultitrackMixRequest([tracks["bass"], bad], MusicalStyle.POP))
    with pytest.raises(RetryError) as error:
        client.mix.retrieve_preview_mix(task.multitrack_task_id, **POLLING)
    last = error.value.last_attempt.exception()
    assert isinstance(last, requests.HTTPError)
    assert last.response.json()["message"].startswith("noise.wav cannot be read as sound")


def test_a_wrong_key(studio: Studio) -> None:
    with pytest.raises(RetryError) as error:
        RoExClient(api_key="wrong", base_url=studio.url).mix.retrieve_preview_mix("t", **POLLING)
    last = error.value.last_attempt.exception()
    assert isinstance(last, requests.HTTPError)
    assert last.response.status_code == 401
