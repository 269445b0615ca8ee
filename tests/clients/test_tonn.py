"""TonnClient with the real studio on a real port: mixes from files, webhooks, interrupts, secrets."""

import _thread
import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from reference_meters import libebur128

from tonnbook import audio_files
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Job
from tonnbook.clients.polling import PollSettings
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import AudioError, JobFailed, JobTimeout, NotFound
from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import MixPreview, MixRequest, MixTrack
from tonnbook.models.vocabulary import DesiredLoudness, InstrumentGroup, MusicalStyle, ReverbPreference
from tonnbook.studio.server.server import Studio

QUICK = PollSettings(first_s=0.05, longest_s=0.2)
NEVER = PollSettings(first_s=3600, longest_s=3600)
TRACKS = {"kick": InstrumentGroup.KICK, "bass": InstrumentGroup.BASS, "vocal": InstrumentGroup.VOCAL}


def order(excerpts: Mapping[str, Path], **options: Any) -> MixRequest:
    tracks = tuple(MixTrack(source=excerpts[name], instrument=group) for name, group in TRACKS.items())
    return MixRequest(tracks=tracks, style=MusicalStyle.POP, **options)


@pytest.fixture(scope="module")
def tonn(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TonnClient]:
    client = TonnClient(
        studio.url, studio.key, downloads=tmp_path_factory.mktemp("downloads"), fx_settings=True, polling=QUICK
    )
    yield client
    client.close()


@pytest.fixture(scope="module")
def preview(tonn: TonnClient, excerpts: Mapping[str, Path]) -> MixPreview:
    return tonn.preview_mix(order(excerpts, return_stems=True, return_unmixed=True)).result(timeout=60)


@pytest.fixture
def hooked(studio: Studio) -> Iterator[TonnClient]:
    """A client that polls once in an hour: only webhooks can finish its jobs."""
    inbox = WebhookInbox()
    client = TonnClient(studio.url, studio.key, inbox=inbox, polling=NEVER)
    yield client
    client.close()
    inbox.close()


class _Held(ThreadPoolExecutor):
    """Begins to work when the gate is opened."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__(1)
        self._gate = gate

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def when_open() -> Any:
            self._gate.wait(30)
            return work(*args, **kwargs)

        return super().submit(when_open)


@pytest.fixture
def held() -> Iterator[tuple[Studio, threading.Event]]:
    """A studio that takes orders and mixes nothing until the event is set."""
    gate = threading.Event()
    with _Held(gate) as executor, Studio(executor=executor) as studio:
        yield studio, gate
        gate.set()


def test_health(tonn: TonnClient) -> None:
    assert "tonnbook local studio" in tonn.health()


def test_a_preview_from_files_on_disk(preview: MixPreview) -> None:
    names = {f"{name}.wav" for name in TRACKS}
    assert set(preview.stems) == set(preview.settings) == names
    assert preview.notes is not None
    assert set(preview.notes.tracks) == names
    assert preview.request is not None
    assert not list(preview.request.local_files())
    assert preview.unmixed is not None
    for file in (preview.mix, preview.unmixed, *preview.stems.values()):
        assert file.path.suffix == (".flac" if file in preview.stems.values() else ".mp3")
        assert audio_files.info(file.path).seconds == pytest.approx(4, abs=0.3)
    assert preview.stems["vocal.wav"].path.parts[-2:] == ("stems", "vocal.flac")


def test_a_preview_names_its_recordings_and_its_client(
    tonn: TonnClient, preview: MixPreview, excerpts: Mapping[str, Path]
) -> None:
    files = {name: file.path for name, file in preview.recordings.items()}
    assert files == {f"{name}.wav": excerpts[name] for name in TRACKS}  # not downloaded again
    assert preview.client is tonn


def test_notes_carry_what_a_player_needs_to_mix_as_the_studio_does(tonn: TonnClient, preview: MixPreview) -> None:
    assert preview.request is not None
    notes = preview.notes
    assert notes is not None
    assert notes.bus_compression is not None
    assert notes.bus_compression.attack_ms == 30
    assert {track.fold for track in notes.tracks.values()} <= {"stereo", "mono"}
    assert all(track.reverb_gain_db is None for track in notes.tracks.values())
    wet = preview.request.model_copy(
        update={
            "tracks": tuple(t.model_copy(update={"reverb": ReverbPreference.MEDIUM}) for t in preview.request.tracks)
        }
    )
    with_reverb = tonn.preview_mix(wet).result(timeout=60).notes
    assert with_reverb is not None
    assert all(track.reverb_gain_db is not None for track in with_reverb.tracks.values())


def test_files_are_uploaded_in_the_background_with_rising_progress(
    studio: Studio, excerpts: Mapping[str, Path]
) -> None:
    client = TonnClient(studio.url, studio.key, polling=QUICK)
    job = client.preview_mix(order(excerpts))
    seen: list[tuple[str, float | None]] = [(job.status, job.progress)]
    job.on_change(lambda j: seen.append((j.status, j.progress)))
    preview = job.result(timeout=60)
    assert seen[0] == ("uploading", 0.0), "the call came back only after the upload"
    shares = [share for _, share in seen if share is not None]
    assert shares == sorted(shares)
    assert preview.settings == {}  # FX settings cost credits live: not requested by default
    assert job.task_id == preview.task_id
    client.close()


def test_a_final_mix_with_changes(tonn: TonnClient, preview: MixPreview, studio: Studio) -> None:
    before = studio.ledger.credits
    final = tonn.final_mix(
        preview,
        {"vocal": TrackEffects(gain_db=-6), "bass.wav": TrackEffects(pan_deg=30)},
        return_stems=True,
        sample_rate=48000,
    ).result(timeout=60)
    was, now = preview.settings, final.settings
    assert now["vocal.wav"].gain_db - was["vocal.wav"].gain_db == pytest.approx(-6, abs=0.01)
    assert now["bass.wav"].pan_deg == 30
    assert now["kick.wav"].gain_db == pytest.approx(was["kick.wav"].gain_db)
    assert now["kick.wav"].eq == was["kick.wav"].eq
    assert set(final.stems) == set(preview.stems)
    found = audio_files.info(final.mix.path)
    assert (found.format, found.rate, found.bit_depth) == ("wav", 48000, 24)
    assert studio.ledger.credits - before == 250


def test_the_rate_of_the_final_is_the_previews_unless_given(tonn: TonnClient, preview: MixPreview) -> None:
    found = audio_files.info(tonn.final_mix(preview).result(timeout=60).mix.path)
    assert (found.rate, found.bit_depth) == (44100, 16)


def test_awaiting_both_in_one_loop(tonn: TonnClient, preview: MixPreview) -> None:
    async def main() -> tuple[str, str]:
        again, final = await asyncio.gather(_wait(tonn.attach(preview.task_id)), _wait(tonn.final_mix(preview)))
        return again.task_id, final.task_id

    assert asyncio.run(main()) == (preview.task_id, preview.task_id)


async def _wait(job: Job[Any]) -> Any:
    return await job


def test_a_webhook_finishes_jobs_without_a_poll(hooked: TonnClient, excerpts: Mapping[str, Path]) -> None:
    preview = hooked.preview_mix(order(excerpts)).result(timeout=60)
    final = hooked.final_mix(preview, {"kick": TrackEffects(gain_db=-1)}).result(timeout=60)
    assert final.mix.path.stat().st_size > 100_000


def test_a_request_keeps_the_webhook_that_it_names(studio: Studio, excerpts: Mapping[str, Path]) -> None:
    own, ours = WebhookInbox(), WebhookInbox()
    client = TonnClient(studio.url, studio.key, inbox=ours, polling=QUICK)
    preview = client.preview_mix(order(excerpts, webhook_url=own.url)).result(timeout=60)
    until = time.monotonic() + 5
    while not own.received and time.monotonic() < until:
        time.sleep(0.02)
    assert [(hook.task_id, hook.state) for hook in own.received] == [(preview.task_id, "MIX_TASK_PREVIEW_COMPLETED")]
    assert ours.received == ()
    client.close()
    own.close()
    ours.close()


def test_a_forged_webhook_changes_nothing(held: tuple[Studio, threading.Event], excerpts: Mapping[str, Path]) -> None:
    studio, gate = held
    inbox = WebhookInbox()
    client = TonnClient(studio.url, studio.key, inbox=inbox, polling=NEVER)
    job = client.preview_mix(order(excerpts))
    _until_ordered(job)
    forged = {
        "multitrack_task_id": job.task_id,
        "state": "MIX_TASK_PREVIEW_COMPLETED",
        "download_url_preview_mixed": "http://127.0.0.1:1/evil.mp3",
    }
    assert requests.post(inbox.url, json=forged, timeout=60).status_code == 200
    with pytest.raises(JobTimeout):
        job.result(timeout=0.2)
    gate.set()
    assert job.result(timeout=60).mix.path.exists()
    client.close()
    inbox.close()


def test_an_interrupt_detaches_and_attach_finds_the_mix(
    held: tuple[Studio, threading.Event], excerpts: Mapping[str, Path]
) -> None:
    studio, gate = held
    client = TonnClient(studio.url, studio.key, polling=QUICK)
    job = client.preview_mix(order(excerpts))
    _until_ordered(job)
    threading.Timer(0.1, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        job.result()
    assert job.status == "running"
    again = client.attach(str(job.task_id))
    gate.set()
    found = again.result(timeout=60)
    assert found.task_id == job.result(timeout=60).task_id
    assert found.request == job.result().request
    assert client.final_mix(found).result(timeout=60).mix.path.exists()
    client.close()


def _until_ordered(job: Job[Any]) -> None:
    until = time.monotonic() + 10
    while job.task_id is None and not job.done and time.monotonic() < until:
        time.sleep(0.005)
    assert job.task_id


def test_after_a_restart_attach_finds_the_request_in_the_downloads_folder(
    studio: Studio, tonn: TonnClient, preview: MixPreview
) -> None:
    reborn = TonnClient(studio.url, studio.key, downloads=tonn.downloads, polling=QUICK)
    found = reborn.attach(preview.task_id).result(timeout=60)
    assert found.request == preview.request
    assert found.mix.path.parent != preview.mix.path.parent
    kept = [path for path in tonn.downloads.iterdir() if preview.task_id in path.name and path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    reborn.close()


def test_after_a_restart_without_a_folder_it_says_what_is_missing(studio: Studio, preview: MixPreview) -> None:
    reborn = TonnClient(studio.url, studio.key, polling=QUICK)
    found = reborn.attach(preview.task_id).result(timeout=60)
    assert found.request is None
    assert found.mix.path.exists()
    with pytest.raises(ValueError, match=r"links of the tracks .* are not known here.*attach\(.*request="):
        reborn.final_mix(found)
    with_request = reborn.attach(preview.task_id, preview.request).result(timeout=60)
    assert reborn.final_mix(with_request).result(timeout=60).mix.path.exists()
    reborn.close()


def test_attach_needs_the_request_with_links(tonn: TonnClient, excerpts: Mapping[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"needs the request as it was sent.*kick\.wav is a file on this machine"):
        tonn.attach("t1", order(excerpts))


def test_an_unknown_task(tonn: TonnClient) -> None:
    with pytest.raises(NotFound, match="no such task"):
        tonn.attach("nobody").result(timeout=60)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "vocals",
            r"'vocals', and this mix has no such track; did you mean 'vocal'\? Its tracks: kick\.wav, bass\.wav",
        ),
        ("zither", r"'zither', and this mix has no such track\. Its tracks: kick\.wav, bass\.wav, vocal\.wav"),
    ],
)
def test_a_change_to_an_unknown_track(tonn: TonnClient, preview: MixPreview, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tonn.final_mix(preview, {name: TrackEffects()})


def test_an_argument_of_the_wrong_type_raises_at_once(tonn: TonnClient, preview: MixPreview, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"takes a MixRequest, not dict; MixRequest\.from_wire"):
        tonn.preview_mix({"multitrackData": {}})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"changes\['vocal'\] is a float"):
        tonn.final_mix(preview, {"vocal": -1.5})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="takes the MixPreview of a preview job, not Job"):
        tonn.final_mix(tonn.attach(preview.task_id))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="12345"):
        tonn.final_mix(preview, sample_rate=12345)
    gone = MixTrack(source=tmp_path / "gone.wav", instrument=InstrumentGroup.BASS)
    also = MixTrack(source=tmp_path / "also.wav", instrument=InstrumentGroup.BASS)
    with pytest.raises(AudioError, match=r"gone\.wav does not exist"):
        tonn.preview_mix(MixRequest(tracks=(gone, also), style=MusicalStyle.POP))


def test_a_track_that_is_no_audio_fails_the_job_with_its_name(
    tonn: TonnClient, excerpts: Mapping[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_bytes(b"this is no sound" * 100)
    tracks = (
        MixTrack(source=tmp_path / "broken.wav", instrument=InstrumentGroup.KEYS),
        MixTrack(source=excerpts["bass"], instrument=InstrumentGroup.BASS),
    )
    job = tonn.preview_mix(MixRequest(tracks=tracks, style=MusicalStyle.POP))
    with pytest.raises(JobFailed, match=r"broken\.wav") as caught:
        job.result(timeout=60)
    assert caught.value.job is job
    assert (job.status, "broken.wav" in job.message) == ("failed", True)


def test_what_the_studio_refuses_says_why(tonn: TonnClient, preview: MixPreview) -> None:
    with pytest.raises(NotFound, match="no such task"):
        tonn.final_mix(replace(preview, task_id="nobody")).result(timeout=60)


def test_a_final_mix_can_come_mastered(tonn: TonnClient, preview: MixPreview) -> None:
    job = tonn.final_mix(preview, create_master=True, desired_loudness=DesiredLoudness.LOW, return_stems=True)
    final = job.result(timeout=60)
    loudness, peak = libebur128(final.mix.path)
    assert loudness == pytest.approx(-14.0, abs=0.05)
    assert peak <= -1.0
    assert final.notes is not None
    assert final.notes.loudness_lufs == pytest.approx(-14.0, abs=0.05)
    assert any(reason.setting == "master" for reason in final.notes.bus)
    plain = tonn.final_mix(preview).result(timeout=60)
    assert libebur128(plain.mix.path)[0] < -17.0
    assert len(final.stems) == len(preview.stems)


def test_a_job_that_is_not_waited_for_ends_all_the_same(tonn: TonnClient, excerpts: Mapping[str, Path]) -> None:
    job = tonn.preview_mix(order(excerpts))
    with pytest.raises(JobTimeout):
        job.result(timeout=0)
    until = time.monotonic() + 60
    while not job.done and time.monotonic() < until:
        time.sleep(0.05)
    assert job.status == "done"


def test_no_key_and_no_signature_is_shown(
    excerpts: Mapping[str, Path], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "a-key-that-is-long-and-secret"
    inbox = WebhookInbox()
    with Studio(key=key) as studio:
        client = TonnClient(studio.url, key, inbox=inbox, fx_settings=True, polling=QUICK)
        job = client.preview_mix(order(excerpts, return_stems=True))
        preview = job.result(timeout=60)
        assert preview.request is not None
        final_job = client.final_mix(preview)
        final = final_job.result(timeout=60)
        shown = [repr(thing) for thing in (client, job, preview, final_job, final, inbox, inbox.received)]
        shown += [str(preview.mix.path), repr(preview.playable), job.message, final_job.message]
        links = [str(track.source) for track in preview.request.tracks]
    client.close()
    inbox.close()
    secrets = [key, "signature=", *(link.partition("?")[2] for link in links)]
    everything = "\n".join([*shown, caplog.text, *capfd.readouterr()])
    assert "POST /mixpreview 200" in caplog.text
    assert "PUT upload of vocal.wav 200" in caplog.text
    assert [secret for secret in secrets if secret in everything] == []
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("tonnbook.clients")]
    assert not any(inbox.url.rpartition("/")[2] in message for message in ours)
