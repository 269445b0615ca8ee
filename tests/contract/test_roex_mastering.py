"""Mastering with roex-python 1.6.0, unmodified: single masters and an album."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from reference_meters import libebur128
from roex_python import utils
from roex_python.client import RoExClient
from roex_python.models import AlbumMasteringRequest, DesiredLoudness, MasteringRequest, MusicalStyle

from tonnbook import audio_files

POLLING = {"poll_interval": 0.1, "max_attempts": 600}


def a_song(client: RoExClient, path: Path, loudness: DesiredLoudness, rate: str = "44100") -> MasteringRequest:
    return MasteringRequest(utils.upload_file(client, str(path)), MusicalStyle.POP, loudness, rate)


def test_a_preview_and_then_the_final_master(client: RoExClient, songs: Mapping[str, Path], tmp_path: Path) -> None:
    request = a_song(client, songs["01_night_bus"], DesiredLoudness.MEDIUM, "48000")
    request.preview_start_time = 1.0
    task_id = client.mastering.create_mastering_preview(request).mastering_task_id
    preview = client.mastering.retrieve_preview_master(task_id, **POLLING)
    assert preview.preview_start_time == 0.0
    assert client.api_provider.download_file(preview.download_url_mastered_preview, str(tmp_path / "preview.mp3"))
    assert audio_files.info(tmp_path / "preview.mp3").format == "mp3"
    final = client.mastering.retrieve_final_master(task_id)
    assert client.api_provider.download_file(final.download_url_mastered, str(tmp_path / "master.wav"))
    assert libebur128(tmp_path / "master.wav")[0] == pytest.approx(-10.0, abs=0.05)
    assert audio_files.info(tmp_path / "master.wav").rate == 48000


def test_a_preview_starts_at_the_requested_time(client: RoExClient, songs: Mapping[str, Path], tmp_path: Path) -> None:
    """In a song of 33 s a start at 2 s is kept, and one at 20 s is moved to 3 s, 30 s before the end."""
    audio, rate = audio_files.read(songs["01_night_bus"])
    long = np.tile(audio, 5)[:, : 33 * rate]
    song = utils.upload_file(client, str(audio_files.write(tmp_path / "long.wav", long, rate, 16)))
    for requested, used in ((2.0, 2.0), (20.0, 3.0)):
        request = MasteringRequest(song, MusicalStyle.POP, DesiredLoudness.LOW, "44100", preview_start_time=requested)
        task_id = client.mastering.create_mastering_preview(request).mastering_task_id
        preview = client.mastering.retrieve_preview_master(task_id, **POLLING)
        assert preview.preview_start_time == pytest.approx(used, abs=0.01)


def test_an_album(
    client: RoExClient, songs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`process_album` polls every five seconds with any setting, so its sleeping is shortened; nothing else is changed."""
    monkeypatch.setattr(
        "roex_python.controllers.mastering_controller.time.sleep", lambda s, sleep=time.sleep: sleep(s / 10)
    )
    wanted = [
        a_song(client, songs["02_tabla_street"], DesiredLoudness.LOW),
        a_song(client, songs["04_open_sky"], DesiredLoudness.HIGH),
    ]
    client.mastering.process_album(AlbumMasteringRequest(wanted), str(tmp_path))
    for n, target in ((1, -14.0), (2, -8.0)):
        assert libebur128(tmp_path / f"final_master_track_{n}.wav")[0] == pytest.approx(target, abs=0.05)
