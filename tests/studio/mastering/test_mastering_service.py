"""The mastering calls over HTTP: states, links, the ledger, webhooks, invalid requests, and songs mastered side by side."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from outside import Caller, Web, poll
from reference_meters import libebur128

from tonnbook import audio_files
from tonnbook.models.mastering import FinalMasterAnswer, PreviewMasterAnswer
from tonnbook.studio.server.server import Studio


def start(caller: Caller, link: str, **options: Any) -> requests.Response:
    data = {"trackData": [{"trackURL": link}], "musicalStyle": "POP", "desiredLoudness": "LOW", **options}
    return caller.post("/masteringpreview", {"masteringData": data})


def retrieve(caller: Caller, what: str, task_id: str) -> requests.Response:
    return caller.post(f"/retrieve{what}master", {"masteringData": {"masteringTaskId": task_id}})


def start_task(caller: Caller, link: str, **options: Any) -> str:
    answer = start(caller, link, **options)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["mastering_task_id"])


def finished(caller: Caller, task_id: str, what: str = "preview") -> requests.Response:
    answer = poll(lambda: retrieve(caller, what, task_id))
    assert answer.status_code == 200, answer.text
    return answer


def download(link: str, to: Path) -> Path:
    to.write_bytes(requests.get(link, timeout=60).content)
    return to


@pytest.fixture(scope="module")
def link(studio: Studio, songs: Mapping[str, Path]) -> str:
    return Caller(studio).upload(songs["01_night_bus"])


class TestAMaster:
    @pytest.fixture(scope="class")
    @classmethod
    def task_id(cls, studio: Studio, link: str) -> str:
        return start_task(Caller(studio), link, forcedLoudness=True, forcedLoudnessInLUFS=-12, sampleRate="48000")

    def test_both_calls_answer_202_while_the_master_is_made(self, caller: Caller, songs: Mapping[str, Path]) -> None:
        with Studio(executor=(pool := ThreadPoolExecutor(1))) as studio:
            started = threading.Event()
            pool.submit(started.wait)
            own = Caller(studio)
            task_id = start_task(own, own.upload(songs["01_night_bus"]))
            for what in ("preview", "final"):
                answer = retrieve(own, what, task_id)
                assert answer.status_code == 202
                assert answer.json()["status"] == f"MASTERING_TASK_{what.upper()}_PROCESSING"
            started.set()
            finished(own, task_id)
        pool.shutdown()

    def test_the_preview_is_an_mp3_of_the_finished_master(self, caller: Caller, task_id: str, tmp_path: Path) -> None:
        body = finished(caller, task_id).json()
        results = body["previewMasterTaskResults"]
        assert body["status"] == results["status"] == "MASTERING_TASK_PREVIEW_COMPLETED"
        assert results["preview_start_time"] == 0.0
        preview = download(results["download_url_mastered_preview"], tmp_path / "preview.mp3")
        assert audio_files.info(preview).format == "mp3"
        assert libebur128(preview)[0] == pytest.approx(-12.0, abs=0.15)

    def test_the_final_master_has_the_requested_format(self, caller: Caller, task_id: str, tmp_path: Path) -> None:
        answer = FinalMasterAnswer.model_validate(finished(caller, task_id, "final").json())
        master = download(answer.results.master_url, tmp_path / "master.wav")
        loudness, peak = libebur128(master)
        assert loudness == pytest.approx(-12.0, abs=0.05)
        assert peak <= -1.0
        found = audio_files.info(master)
        assert (found.rate, found.bit_depth, found.channels) == (48000, 24, 2)

    def test_the_answer_contains_the_notes(self, caller: Caller, task_id: str) -> None:
        notes = PreviewMasterAnswer.model_validate(finished(caller, task_id).json()).results.notes
        assert notes.target_lufs == -12.0
        assert len(notes.stages) == 11
        assert "credits" not in str(notes.stages)
        assert (
            FinalMasterAnswer.model_validate(finished(caller, task_id, "final").json()).results.notes.credits_live
            == 220
        )

    def test_the_final_is_charged_once(self, studio: Studio, caller: Caller, task_id: str) -> None:
        finished(caller, task_id, "final")
        finished(caller, task_id, "final")
        charged = [(entry.call, entry.credits) for entry in studio.ledger.entries if entry.task_id == task_id]
        assert charged == [("master_preview", 0), ("final_master", 220)]


def test_a_preview_start_after_the_end_is_clamped(caller: Caller, tmp_path: Path, songs: Mapping[str, Path]) -> None:
    audio, rate = audio_files.read(songs["02_tabla_street"])
    long = audio_files.write(tmp_path / "long.flac", np.tile(audio, (1, 4)), rate, 16)
    task_id = start_task(caller, caller.upload(long, kind="audio/flac"), previewStartTime=1000.0)
    results = finished(caller, task_id).json()["previewMasterTaskResults"]
    assert results["preview_start_time"] == pytest.approx(2.0, abs=0.01)


def test_a_webhook_is_sent_for_the_preview_and_for_the_final_master(caller: Caller, web: Web, link: str) -> None:
    hook = web.serve("/hook", 200)
    task_id = start_task(caller, link, webhookURL=hook)
    event = web.received.get(timeout=60)
    assert (event["mastering_task_id"], event["state"]) == (task_id, "MASTERING_TASK_PREVIEW_COMPLETED")
    assert event["download_url_mastered_preview"].startswith("http")
    finished(caller, task_id, "final")
    event = web.received.get(timeout=60)
    assert event["state"] == "MASTERING_TASK_FINAL_COMPLETED"
    assert event["download_url_mastered"].startswith("http")
    finished(caller, task_id, "final")
    assert web.received.empty()


def test_a_song_that_cannot_be_mastered_names_the_file_in_its_error(caller: Caller, web: Web) -> None:
    hook = web.serve("/hook", 200)
    task_id = start_task(caller, caller.upload(b"RIFF no sound at all", "broken.wav"), webhookURL=hook)
    answer = poll(lambda: retrieve(caller, "preview", task_id))
    assert (answer.status_code, answer.json()["error"]) == (500, True)
    assert "broken.wav" in answer.json()["message"]
    assert retrieve(caller, "final", task_id).status_code == 500
    event = web.received.get(timeout=60)
    assert (event["state"], event["error_message"]) == ("MASTERING_TASK_PREVIEW_ERROR", answer.json()["message"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trackData": []}, "trackData"),
        ({"desiredLoudness": "LOUD"}, "LOW, MEDIUM or HIGH"),
        ({"forcedLoudness": True, "forcedLoudnessInLUFS": 3}, "at most -5"),
        ({"trackData": [{"trackURL": "song.wav"}]}, "is not an http or https link"),
        ({"webhookURL": ""}, "webhookURL"),
    ],
)
def test_an_invalid_request_names_its_field(caller: Caller, link: str, options: dict[str, Any], words: str) -> None:
    answer = start(caller, link, **options)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_a_body_without_its_outer_object_is_a_400(caller: Caller) -> None:
    answer = caller.post("/masteringpreview", {"trackData": []})
    assert (answer.status_code, "masteringData" in answer.json()["message"]) == (400, True)


def test_an_unknown_task_is_404(caller: Caller) -> None:
    assert retrieve(caller, "preview", "unknown").status_code == 404
    assert retrieve(caller, "final", "unknown").status_code == 404


def test_workers_in_other_processes_make_the_same_files(
    caller: Caller, link: str, songs: Mapping[str, Path], tmp_path: Path
) -> None:
    here = FinalMasterAnswer.model_validate(finished(caller, start_task(caller, link), "final").json()).results
    with ProcessPoolExecutor(1) as pool, Studio(executor=pool) as studio:
        own = Caller(studio)
        task_id = start_task(own, own.upload(songs["01_night_bus"]))
        there = FinalMasterAnswer.model_validate(finished(own, task_id, "final").json()).results
        files = [download(url, tmp_path / f"{n}.wav") for n, url in enumerate((here.master_url, there.master_url))]
        assert files[0].read_bytes() == files[1].read_bytes()
        assert own.final(
            own.start([own.upload(songs[name]) for name in ("01_night_bus", "03_basement")])
        ).status_code in (200, 202)
