"""The mixing calls over a real port: answers, errors, and that a bad file fails its own task only."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from outside import Caller, HeldExecutor, Web, error_message, poll, wav

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.mixing import (
    FinalMixAnswer,
    PreviewMixAnswer,
)
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.server.server import Studio


@pytest.fixture(scope="module")
def links(studio: Studio, excerpts: Mapping[str, Path]) -> dict[str, str]:
    caller = Caller(studio)
    return {name: caller.upload(excerpts[name]) for name in ("vocal", "bass", "guitar")}


@pytest.fixture(scope="module")
def task_id(studio: Studio, links: Mapping[str, str]) -> str:
    """A finished preview with stems."""
    caller = Caller(studio)
    task_id = caller.start(list(links.values()), returnStems=True)
    assert caller.finished(task_id).status_code == 200
    return task_id


def wave_of(url: str, folder: Path) -> tuple[Any, int]:
    path = folder / Path(urlsplit(url).path).name
    path.write_bytes(requests.get(url, timeout=30).content)
    return audio_files.read(path)


# --- requests


def test_invalid_links_are_refused_at_once(caller: Caller, links: Mapping[str, str]) -> None:
    other = links["bass"]
    unsent = caller.post("/upload", {"filename": "late.wav", "contentType": "audio/wav"}).json()["readable_url"]
    for link, words in (
        (unsent, "late.wav): nothing has been uploaded yet"),
        (links["vocal"][:-4] + "0000", "trackData[0].trackURL (vocal.wav): no such file"),
        (caller.studio.url + "/studio/ledger?key=studio", "is no file"),
        ("http://[", "not a usable http or https link"),
        ("ftp://127.0.0.1/vocal.wav", "not an http or https link"),
        ("/etc/passwd", "not an http or https link"),
        ("http://127.0.0.1:9/" + "x" * 300 + ".wav", "file name is too long"),
        ("http://127.0.0.1:9/a%00b.wav", "unprintable"),
        ("http://127.0.0.1:9/..", "rename the file"),
    ):
        assert words in error_message(caller.mix([link, other]), 400)


def test_invalid_options(caller: Caller, links: Mapping[str, str]) -> None:
    both = [links["vocal"], links["bass"]]
    for options, words in (
        ({"webhookURL": ""}, "webhookURL"),
        ({"webhookURL": "ftp://h/x"}, "webhookURL"),
        ({"webhookURL": caller.studio.url + "/mixpreview?key=studio"}, "webhookURL: is the studio itself"),
        ({"desiredLoudness": "LOUD"}, "desiredLoudness: is 'LOUD'; allowed: LOW, MEDIUM or HIGH"),
    ):
        assert words in error_message(caller.mix(both, **options), 400)
    assert "at least 1" in error_message(caller.mix([]), 400)
    assert "at most 32" in error_message(caller.mix([f"http://127.0.0.1:9/{n}.wav" for n in range(33)]), 400)


def test_null_counts_as_absent_and_unknown_fields_are_ignored(caller: Caller, links: Mapping[str, str]) -> None:
    tracks = [
        {"trackURL": links[name], "instrumentGroup": group, "presenceSetting": None, "fixDRCIssues": True}
        for name, group in (("vocal", "VOCAL_GROUP"), ("bass", "BASS_GROUP"))
    ]
    inner = {"trackData": tracks, "musicalStyle": "POP", "webhookURL": None, "sampleRate": 48000, "colour": {"a": [1]}}
    started = caller.post("/mixpreview", {"multitrackData": inner, "more": None})
    assert started.status_code == 200
    assert caller.finished(started.json()["multitrack_task_id"]).status_code == 200


# --- a mix


@pytest.mark.parametrize("count", [1, 2])
def test_a_mix_of_one_track_and_of_the_same_link_twice(caller: Caller, links: Mapping[str, str], count: int) -> None:
    task_id = caller.start([links["vocal"]] * count, returnStems=True)
    results = caller.finished(task_id, retrieveFXSettings=True).json()["previewMixTaskResults"]
    names = ["vocal.wav", "vocal (2).wav"][:count]
    assert sorted(results["mix_output_settings"]) == sorted(results["stems"]) == sorted(names)
    changes = [{"trackURL": links["vocal"], "gainDb": -n} for n in range(count)]
    final = caller.final(task_id, changes).json()["applyAudioEffectsResults"]["mix_output_settings"]
    gains = [
        final[name]["gain_settings"]["gain_db"] - results["mix_output_settings"][name]["gain_settings"]["gain_db"]
        for name in names
    ]
    assert gains == pytest.approx([0, -1][:count])
    assert "has an entry already" in error_message(caller.final(task_id, [*changes, changes[0]]), 400)


def test_a_preview_has_what_was_requested(
    caller: Caller, task_id: str, links: Mapping[str, str], tmp_path: Path
) -> None:
    plain, full = caller.preview(task_id).json(), caller.preview(task_id, retrieveFXSettings=True).json()
    assert plain["status"] == plain["previewMixTaskResults"]["status"] == "MIX_TASK_PREVIEW_COMPLETED"
    assert "mix_output_settings" not in plain["previewMixTaskResults"]
    assert "download_url_unmixed" not in plain["previewMixTaskResults"]
    results = PreviewMixAnswer.model_validate(full).results
    assert results.settings is not None
    assert results.stem_urls is not None
    assert results.notes is not None
    names = {f"{name}.wav" for name in links}
    assert set(results.settings) == set(results.stem_urls) == set(results.notes.tracks) == names
    mix, rate = wave_of(results.mix_url, tmp_path)
    assert (rate, len(mix)) == (44100, 2)
    assert np.abs(mix).max() > 0.01


def test_a_final_mix_is_rendered_once_for_one_payload_and_charged_once(
    caller: Caller, task_id: str, links: Mapping[str, str], tmp_path: Path
) -> None:
    before = caller.studio.ledger.credits
    change = [{"trackURL": links["vocal"], "gainDb": -6, "eq_settings": {"band_1": {"centre_freq": 200, "gain": -3}}}]
    answers = [caller.final(task_id, change, sampleRate=rate) for rate in ("48000", 48000)]
    finals = [FinalMixAnswer.model_validate(answer.json()).results for answer in answers]
    assert urlsplit(finals[0].mix_url).path == urlsplit(finals[1].mix_url).path
    assert caller.studio.ledger.credits - before == 250
    assert finals[0].notes is not None
    assert finals[0].notes.credits_live == 250
    found = audio_files.info(fetched(finals[0].mix_url, tmp_path))
    assert (found.rate, found.bit_depth, found.format) == (48000, 24, "wav")
    settings = finals[0].settings
    assert settings is not None
    assert [band.centre_hz for band in settings["vocal.wav"].eq] == [200]
    louder = caller.final(task_id, [change[0] | {"gainDb": 0}], sampleRate=48000).json()
    assert urlsplit(louder["applyAudioEffectsResults"]["download_url_mixed"]).path != urlsplit(finals[0].mix_url).path
    assert caller.studio.ledger.credits - before == 500


def test_the_settings_of_a_preview_sent_back_in_milliseconds_change_nothing(
    caller: Caller, task_id: str, links: Mapping[str, str], tmp_path: Path
) -> None:
    settings = caller.preview(task_id, retrieveFXSettings=True).json()["previewMixTaskResults"]["mix_output_settings"]
    tracks = []
    for name, link in links.items():
        strip = settings[f"{name}.wav"]
        drc = strip["drc_settings"]
        in_ms = {time: round(1000 * drc[time], 6) for time in ("attack_ms", "release_ms")}
        kept = {key: strip[key] for key in ("eq_settings", "panning_settings")}
        tracks.append({"trackURL": link, "compression_settings": drc | in_ms, **kept})
    unchanged, again = (caller.final(task_id, sent).json()["applyAudioEffectsResults"] for sent in ((), tracks))
    assert again["mix_output_settings"] == unchanged["mix_output_settings"] == settings
    assert any(strip["drc_settings"]["ratio"] > 1 for strip in settings.values())
    files = [fetched(answer["download_url_mixed"], tmp_path).read_bytes() for answer in (unchanged, again)]
    assert files[0] == files[1]
    in_s = [{"trackURL": links["vocal"], "compression_settings": settings["vocal.wav"]["drc_settings"]}]
    assert "Requests have milliseconds" in error_message(caller.final(task_id, in_s), 400)


def test_fx_settings_are_charged_once_per_task(caller: Caller, task_id: str) -> None:
    for _ in range(2):
        assert caller.preview(task_id, retrieveFXSettings=True).status_code == 200
    calls = [(entry.call, entry.task_id) for entry in caller.studio.ledger.entries]
    assert calls.count(("fx_settings", task_id)) == 1


def test_a_final_mix_whose_files_were_deleted_is_rendered_again_and_not_charged_again(held: HeldExecutor) -> None:
    with Studio(executor=held, limits=Limits(folder_bytes=500_000)) as studio:
        caller = Caller(studio)
        held.release()
        links = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
        task_id = caller.start(links)
        assert caller.finished(task_id).status_code == 200
        first = caller.final(task_id).json()
        held.hold()
        caller.final(task_id, [{"trackURL": links[0], "gainDb": 1}], prefer="respond-async")
        assert [held.submitted.get(timeout=10) for _ in range(3)] == ["preview_mix", "final_mix", "final_mix"]
        caller.upload(bytes(200_000))  # of the two finished results only the final mix is not in use
        caller.upload(b"")  # any new upload deletes what is beyond the limit
        caller.final(task_id, prefer="respond-async")
        held.release()
        again = caller.final(task_id).json()
        assert first["applyAudioEffectsResults"].keys() == again["applyAudioEffectsResults"].keys()
        paths = {urlsplit(each["applyAudioEffectsResults"]["download_url_mixed"]).path for each in (first, again)}
        assert len(paths) == 2
        assert studio.ledger.credits == 2 * 250


def fetched(url: str, folder: Path) -> Path:
    path = folder / "final.wav"
    path.write_bytes(requests.get(url, timeout=30).content)
    return path


def test_a_link_with_a_new_signature_names_the_same_track(
    caller: Caller, task_id: str, links: Mapping[str, str]
) -> None:
    again = links["vocal"].partition("?")[0] + "?expires=1&signature=2"
    assert caller.final(task_id, [{"trackURL": again, "gainDb": -1}]).status_code == 200


def test_a_final_mix_of_tracks_that_are_not_in_the_preview(
    caller: Caller, task_id: str, links: Mapping[str, str]
) -> None:
    vocal = {"trackURL": links["vocal"]}
    for tracks, words in (
        (
            [{"trackURL": "http://127.0.0.1:9/kick.wav"}],
            "is not a track of this preview; its tracks: vocal.wav, bass.wav",
        ),
        ([vocal, vocal], "trackData[1].trackURL: vocal.wav has an entry already"),
        ([vocal | {"gainDb": 13}], "trackData[0].gainDb: is 13; at most 12"),
        ([vocal | {"panning_settings": {"panning_angle": 90}}], "at most 60"),
        ([vocal | {"compression_settings": {"ratio": 0}}], "at least 1"),
    ):
        assert words in error_message(caller.final(task_id, tracks), 400)


def test_prefer_respond_async(caller: Caller, links: Mapping[str, str], held: HeldExecutor) -> None:
    with Studio(executor=held) as studio:
        own = Caller(studio)
        held.release()
        task_id = own.start([own.upload(wav(), "vocal.wav"), own.upload(wav(), "bass.wav")])
        assert own.finished(task_id).status_code == 200
        held.hold()
        answer = own.final(task_id, prefer="wait=5, Respond-Async; x=1")
        assert answer.status_code == 202
        assert answer.headers["Preference-Applied"] == "respond-async"
        assert set(answer.json()) == {"status", "message", "progress", "stage"}
        assert answer.json()["status"] == "MIX_TASK_FINAL_PROCESSING"
        where = answer.headers["Location"]
        assert requests.get(studio.url + where, timeout=60).status_code == 401
        assert own.get(where).status_code == 202
        held.release()
        done = poll(lambda: own.get(where))
        assert done.status_code == 200
        assert set(done.json()["applyAudioEffectsResults"]) == set(
            own.final(task_id).json()["applyAudioEffectsResults"]
        )


def test_preview_and_final_are_202_until_done(held: HeldExecutor) -> None:
    with Studio(executor=held) as studio:
        caller = Caller(studio)
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        for answer in (caller.preview(task_id), caller.final(task_id)):
            assert answer.status_code == 202
            assert answer.json()["status"] == "MIX_TASK_PREVIEW_PROCESSING"
            assert 0 <= answer.json()["progress"] < 1
        held.release()
        assert caller.finished(task_id).status_code == 200
        assert caller.final(task_id).status_code == 200


def test_too_many_tasks_are_429(held: HeldExecutor) -> None:
    with Studio(executor=held, limits=Limits(unfinished_tasks=1)) as studio:
        caller = Caller(studio)
        both = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
        first = caller.start(both)
        answer = caller.mix(both)
        assert "try again" in error_message(answer, 429)
        assert "Retry-After" in answer.headers
        held.release()
        assert caller.finished(first).status_code == 200
        caller.finished(caller.start(both))


def test_old_results_are_deleted_for_new_tasks_and_the_error_says_so() -> None:
    with Studio(limits=Limits(folder_bytes=250_000)) as studio:
        caller = Caller(studio)
        both = [caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")]
        first = caller.start(both)
        assert caller.finished(first).status_code == 200
        assert caller.final(first).status_code == 200
        assert caller.preview(first).status_code == 200
        second = caller.start(both)
        assert "deleted to free disk space" in error_message(caller.preview(first), 404)
        assert "deleted to free disk space" in error_message(
            caller.final(first, [{"trackURL": both[0], "gainDb": 1}]), 404
        )
        assert caller.finished(second).status_code == 200


def test_a_failed_final_mix_is_not_rendered_again_for_a_minute(web: Web, tmp_path: Path) -> None:
    now = [1_000_000.0]
    with Studio(clock=lambda: now[0], folder=tmp_path) as studio:
        caller, hook = Caller(studio), web.serve("/hook")
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        assert caller.finished(task_id).status_code == 200
        for track in tmp_path.rglob("tracks/*/vocal.wav"):
            track.unlink()
        for _ in range(3):
            assert "vocal.wav: there is no such file" in error_message(caller.final(task_id, webhookURL=hook), 500)
        assert web.received.get(timeout=10)["state"] == "MIX_TASK_FINAL_ERROR"
        assert web.received.empty()
        now[0] += 61
        error_message(caller.final(task_id, webhookURL=hook), 500)
        assert web.received.get(timeout=10)["state"] == "MIX_TASK_FINAL_ERROR"
        assert studio.ledger.credits == 0


# --- disconnecting clients


def test_a_task_continues_after_its_client_disconnects(held: HeldExecutor, web: Web) -> None:
    with Studio(executor=held) as studio:
        caller = Caller(studio)
        held.release()
        task_id = caller.start([caller.upload(wav(), "vocal.wav"), caller.upload(wav(), "bass.wav")])
        assert caller.finished(task_id).status_code == 200
        assert held.submitted.get(timeout=10) == "preview_mix"
        held.hold()
        inner = {"multitrackTaskId": task_id, "trackData": [], "returnStems": False, "webhookURL": web.serve("/hook")}
        body = json.dumps({"applyAudioEffectsData": inner}).encode()
        with socket.create_connection(("127.0.0.1", int(studio.url.rpartition(":")[2]))) as client:
            head = f"POST /retrievefinalmix?key={studio.key} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            assert held.submitted.get(timeout=10) == "final_mix"
        held.release()
        assert web.received.get(timeout=30)["state"] == "MIX_TASK_FINAL_COMPLETED"
        assert caller.final(task_id).status_code == 200
        assert held.submitted.empty()
        assert [entry.call for entry in studio.ledger.entries] == ["mix_preview", "final_mix"]


def test_an_upload_that_is_cut_off(caller: Caller) -> None:
    links = caller.post("/upload", {"filename": "vocal.wav", "contentType": "audio/wav"}).json()
    target = urlsplit(links["signed_url"])
    with socket.create_connection(("127.0.0.1", target.port)) as client:
        head = f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\n"
        client.sendall(head.encode() + b"Content-Length: 1000\r\n\r\nRIFF")
    assert requests.get(links["readable_url"], timeout=60).status_code == 404
    put = requests.put(links["signed_url"], data=b"whole", headers={"Content-Type": "audio/wav"}, timeout=60)
    assert put.status_code == 200
    assert requests.get(links["readable_url"], timeout=60).content == b"whole"


BAD_FILES = {
    "empty.wav": (b"", "is empty"),
    "broken.wav": (b"RIFF\x00\x00", "cannot be read as sound"),
    "cut_off.flac": (
        audio_files.encode(np.random.default_rng(1).normal(0, 0.1, (1, 200_000)), 44100, "flac")[:9000],
        "",
    ),
    "text.wav": (b"This is not sound. " * 100, "cannot be read as sound"),
    "silent.wav": (wav(level=0), "is silent from beginning to end"),
    "long.wav": (wav(3), "lasts 3.0 s; at most 2.0 s are allowed"),
    "six.wav": (wav(channels=6), "has 6 channels; mono and stereo are read"),
    "slow.wav": (wav(rate=4000), "sample rate of 4000 Hz"),
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder = tmp_path_factory.mktemp("strict")
    with Studio(folder=folder, limits=Limits(track_seconds=2)) as studio:
        yield Caller(studio)


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_fails_its_task_and_names_itself(strict: Caller, name: str) -> None:
    content, words = BAD_FILES[name]
    good = strict.upload(wav(), "bass.wav")
    bad = strict.upload(content, name)
    failing, going = strict.start([good, bad]), strict.start([good, strict.upload(wav(), "vocal.wav")])
    message = error_message(strict.finished(failing), 500)
    assert message.startswith(name)
    assert words in message
    assert "/strict" not in message
    assert message == error_message(strict.final(failing), 500)
    assert strict.finished(going).status_code == 200


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (404, {}, "take.wav: the link to 127.0.0.1:"),
        (302, {"Location": "file:///etc/passwd"}, "redirects to something that is no http or https link"),
        (200, {"Content-Type": "text/html"}, "take.wav: the link to 127.0.0.1:"),
    ],
)
def test_a_bad_link_fails_its_task_and_names_its_track(
    caller: Caller, links: Mapping[str, str], web: Web, status: int, headers: dict[str, str], words: str
) -> None:
    web.replies["/take.wav"].append((status, headers, b"x"))
    failing = caller.start([links["bass"], web.url + "/take.wav?sig=c0ffee"])
    message = error_message(caller.finished(failing), 500)
    assert words in message
    assert "c0ffee" not in message


def test_a_track_from_another_server(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    web.serve("/get", 302, Location="/files/real%20take.wav?x=1")
    web.serve("/files/real%20take.wav", body=wav())
    task_id = caller.start([links["bass"], web.url + "/get?id=7"])
    answer = caller.finished(task_id, retrieveFXSettings=True)
    assert set(answer.json()["previewMixTaskResults"]["mix_output_settings"]) == {"bass.wav", "get"}


# --- mastered mixes


def loudness_of(link: str) -> float:
    audio, rate = audio_files.decode(requests.get(link, timeout=60).content)
    return integrated_loudness(audio, rate)


def test_a_mastered_preview_and_the_final_mixes_that_keep_its_master_or_not(
    caller: Caller, links: Mapping[str, str]
) -> None:
    options = {"createMaster": True, "desiredLoudness": "HIGH", "returnStems": True, "returnUnmixedTrack": True}
    task_id = caller.start(list(links.values()), **options)
    results = caller.finished(task_id).json()["previewMixTaskResults"]
    assert loudness_of(results["download_url_preview_mixed"]) == pytest.approx(-8.0, abs=0.15)
    assert loudness_of(results["download_url_unmixed"]) < -15.0
    assert results["tonnbook"]["loudness_lufs"] == pytest.approx(-8.0, abs=0.1)
    info = results["tonnbook"]["info"]
    assert "the mix is mastered; the stems are those of the mix before mastering" in info
    assert "the unmixed track is as loud as the mix before mastering" in info
    for fields, lufs in (
        ({}, -8.0),
        ({"desiredLoudness": "LOW"}, -14.0),
        ({"createMaster": True}, -8.0),
        ({"createMaster": False, "desiredLoudness": "LOW"}, -18.0),
    ):
        final = poll(lambda fields=fields: caller.final(task_id, **fields)).json()["applyAudioEffectsResults"]
        assert loudness_of(final["download_url_mixed"]) == pytest.approx(lufs, abs=0.1 if lufs > -18.0 else 2.0)
        remarks = " ".join(final["tonnbook"]["info"])
        assert ("mastered to HIGH, as requested with the preview" in remarks) is (lufs == -8.0)
        assert ("desiredLoudness LOW has no effect without createMaster" in remarks) is (lufs == -18.0)


def test_a_loudness_without_a_master_is_reported(caller: Caller, links: Mapping[str, str]) -> None:
    task_id = caller.start(list(links.values()), desiredLoudness="LOW")
    info = caller.finished(task_id).json()["previewMixTaskResults"]["tonnbook"]["info"]
    assert "desiredLoudness LOW has no effect without createMaster: it is the loudness of the master" in info


# --- webhooks


def test_a_webhook_is_called_at_the_end(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    hook = web.serve("/hook")
    task_id = caller.start([links["vocal"], links["bass"]], webhookURL=hook, returnStems=True)
    body = web.received.get(timeout=60)
    assert body["multitrack_task_id"] == task_id
    assert body["state"] == "MIX_TASK_PREVIEW_COMPLETED"
    assert body["error_message"] is None
    assert body["creation_time"] <= body["completion_time"]
    assert set(body["stems"]) == {"vocal.wav", "bass.wav"}
    assert requests.get(body["download_url_preview_mixed"], timeout=60).status_code == 200
    assert caller.final(task_id, webhookURL=hook).status_code == 200
    body = web.received.get(timeout=60)
    assert body["state"] == "MIX_TASK_FINAL_COMPLETED"
    assert requests.head(body["download_url_mixed"], timeout=60).status_code == 200


def test_a_webhook_is_called_on_failure(caller: Caller, links: Mapping[str, str], web: Web) -> None:
    silent = caller.upload(wav(level=0), "silent.wav")
    task_id = caller.start([links["bass"], silent], webhookURL=web.serve("/hook"))
    body = web.received.get(timeout=60)
    assert (body["multitrack_task_id"], body["state"]) == (task_id, "MIX_TASK_PREVIEW_ERROR")
    assert body["error_message"].startswith("silent.wav is silent")
    assert "download_url_preview_mixed" not in body
