"""The Beatoven client: against the studio, and against answers as the live service gives them."""

from __future__ import annotations

import io
import json
import re
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from outside import Web

from tonnbook.audio_files import info, read
from tonnbook.clients.beatoven.client import BeatovenClient
from tonnbook.clients.jobs import Job
from tonnbook.clients.polling import PollSettings
from tonnbook.errors import JobFailed, JobTimeout, NotAuthorised, RequestRejected, UnexpectedAnswer
from tonnbook.models.beatoven_wire import DirectTask, TaskStatus, TrackCreated
from tonnbook.models.composition import CompositionRequest, Section
from tonnbook.models.song import Song

if TYPE_CHECKING:
    from tonnbook.studio.server.server import Studio

QUICK = PollSettings(first_s=0.05, longest_s=0.2, retry_for_s=5.0)
TWO = CompositionRequest(
    genre="pop",
    sections=(
        Section(emotion="happy", start_ms=0, length_ms=2500),
        Section(emotion="sad", start_ms=2500, length_ms=2500),
    ),
)


@pytest.fixture
def client(studio: Studio, tmp_path: Path) -> Iterator[BeatovenClient]:
    """A client of the shared studio."""
    made = BeatovenClient(studio.url, studio.key, downloads=tmp_path, polling=QUICK)
    yield made
    made.close()


def test_a_song_comes_with_everything(client: BeatovenClient, tmp_path: Path) -> None:
    song = client.compose(TWO, title="Monday").result(120)
    assert (song.version, len(song.sections), sorted(song.stems)) == (1, 2, ["bass", "chords", "melody", "percussion"])
    assert info(song.mix.path).frames == 5 * 44100
    assert song.wav is not None
    assert song.score is not None
    mix = read(song.wav.path)[0]
    assert (sum(read(stem.path)[0] for stem in song.stems.values()) == mix).all()
    assert [s.emotion for s in song.sections] == ["happy", "sad"]
    assert {part.role for part in song.score.parts} == {"bass", "chords", "melody", "percussion"}
    assert song.score.title == "Monday"
    assert song.playable == song.stems
    assert song.markers == [{"start_s": 0.0, "label": "happy"}, {"start_s": 2.5, "label": "sad"}]
    saved = song.save(tmp_path / "out")
    assert {"song.mp3", "song.mid", "bass.wav"} <= set(saved)
    assert all(path.stat().st_size for path in saved.values())
    assert "signature" not in repr(song)
    assert repr(song).startswith("<Song ")
    assert "happy 2.5 s, then sad 2.5 s; stems bass, chords, melody, percussion" in repr(song)


def test_a_song_has_the_reading_of_its_prompt_and_versions_differ(client: BeatovenClient) -> None:
    job = client.compose("3 seconds of purple pop")
    shares: list[float] = []
    job.on_change(lambda j: shares.append(j.progress or 0.0))
    song = job.result(120)
    assert song.understood is not None
    assert song.understood.not_understood == ("purple",)
    assert shares == sorted(shares)
    again = client.compose_again(song).result(120)
    assert (again.track_id, again.version) == (song.track_id, 2)
    assert again.mix.path.read_bytes() != song.mix.path.read_bytes()
    first = client.fetch(song.track_id, 1)
    assert first.mix.path.read_bytes() == song.mix.path.read_bytes()
    changed = client.compose_again(song, CompositionRequest(genre="indian", duration_ms=2000)).result(120)
    assert changed.notes is not None
    assert changed.notes.genre == "indian"
    assert client.attach(song.task_id).result(60).version == 1


def test_a_version_changes_the_request_of_its_song(client: BeatovenClient) -> None:
    song = client.compose(CompositionRequest(prompt="2 seconds of happy pop with flute", seed=9)).result(120)
    angry = Section(emotion="angry", start_ms=0, length_ms=2000)
    other = client.compose_again(song, CompositionRequest(genre="indie", tempo="fast", sections=(angry,))).result(120)
    third = client.compose_again(song).result(120)
    for version, genre, emotion in ((other, "indie", "angry"), (third, "pop", "happy")):
        assert version.notes is not None
        assert version.request is not None
        assert (version.notes.genre, version.sections[0].emotion) == (genre, emotion)
    assert third.request == song.request
    assert other.request.prompt == song.request.prompt  # type: ignore[union-attr]
    assert "melody-flute" in other.sections[0].instruments
    blocked = CompositionRequest(
        genre="indie", tempo="slow", sections=(angry.model_copy(update={"emotion": "energetic"}),)
    )
    with pytest.raises(RequestRejected, match="choose fast"):
        client.compose_again(song, blocked).result(30)


def test_another_seed_is_another_song(client: BeatovenClient) -> None:
    songs = [client.compose(CompositionRequest(prompt=words, seed=seed)).result(120) for words, seed in (
        ("calm pop 1 second", 1), ("Calm pop, 1 second.", 1), ("calm pop 1 second", 2)
    )]  # fmt: skip
    first, same, other = (song.mix.path.read_bytes() for song in songs)
    assert first == same
    assert first != other


def test_the_newer_v1_loops_and_takes_formats(client: BeatovenClient) -> None:
    song = client.compose_direct("3 seconds of electronic music", format="mp3", looping=True).result(120)
    assert song.mix.name == "song.mp3"
    assert info(song.stems["melody"].path).frames == info(song.mix.path).frames == 3 * 44100
    with pytest.raises(RequestRejected, match='the studio writes "wav" and "mp3"'):
        client.compose_direct("calm", format="aac").result(30)


def test_a_blocked_combination_is_refused_before_anything_is_sent(client: BeatovenClient) -> None:
    section = Section(emotion="energetic", start_ms=0, length_ms=5000)
    with pytest.raises(RequestRejected, match="cannot be composed at slow tempo: choose fast"):
        client.compose(CompositionRequest(genre="indie", tempo="slow", sections=(section,))).result(30)


def test_options_are_asked_for_once(web: Web) -> None:
    client = BeatovenClient(web.url, "a-key-of-ours", polling=QUICK)
    web.replies["/api/v2/composition_params"] = [_reply({"genre": ["pop"], "emotion": ["sad"], "tempo": ["slow"]})]
    assert client.options is client.options
    assert web.requested_paths.count("/api/v2/composition_params") == 1
    client.close()


def test_a_wrong_key_says_so(studio: Studio) -> None:
    client = BeatovenClient(studio.url, "not-the-key", polling=QUICK)
    with pytest.raises(NotAuthorised, match="BEATOVEN_API_KEY") as caught:
        client.compose("calm").result(30)
    assert "not-the-key" not in str(caught.value)
    client.close()


def test_compose_takes_prompts_and_requests_only(client: BeatovenClient) -> None:
    with pytest.raises(TypeError, match="takes a prompt or a CompositionRequest, not dict"):
        client.compose({"prompt": "calm"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="prompt"):
        client.compose("")


@pytest.fixture
def live(web: Web, tmp_path: Path) -> Iterator[BeatovenClient]:
    """A client of a server that answers as the document shows: lower-case states, stems per section, no block of ours."""
    web.replies["/api/v2/composition_params"] = [
        _reply({"genre": ["pop"], "emotion": ["sad"], "tempo": ["slow"], "blockedParams": []})
    ]
    web.replies["/api/v2/tracks"] = [_reply({"status": "Created successfully", "uuid": "t-1", "track": {"version": 0}})]
    web.replies["/api/v2/tracks/t-1/compose"] = [_reply({"task_id": "k-1"})]
    web.replies["/api/v2/tracks/t-1/instrument_urls"] = [_reply({"task_id": "k-2"})]
    web.replies["/song.mp3"] = [(200, {}, _sound())]
    made = BeatovenClient(web.url, "a-key-of-ours", downloads=tmp_path, polling=QUICK)
    yield made
    made.close()


def test_the_live_services_shapes_are_read(live: BeatovenClient, web: Web) -> None:
    take = {"instruments": ["melody-sarod"], "track_url": web.url + "/song.mp3", "section_duration": 64000}
    web.replies["/api/v2/status/k-1"] = [
        (500, {"Content-Type": "application/json"}, b'{"error": true, "message": "try again"}'),
        _reply({"state": "pending", "meta": None}),
        _reply({"state": "progress", "meta": {"message": "Spicing up your composition", "percentage": 64}}),
        _reply(
            {"state": "success", "meta": {"download_url": web.url + "/song.mp3", "section_options": [[take], [], []]}}
        ),
    ]
    stem = {"melody": {"track_url": web.url + "/song.mp3", "preview_url": ""}}
    web.replies["/api/v2/status/k-2"] = [_reply({"state": "SUCCESS", "meta": [[stem], [], []]})]
    song = live.compose("calm").result(60)
    assert (song.version, song.notes, song.score) == (1, None, None)
    assert song.sections[0].instruments == ("melody-sarod",)
    assert list(song.sections[0].stems) == ["melody"]
    assert song.mix.path.read_bytes() == _sound()


def test_no_seed_goes_to_a_server_that_has_none(live: BeatovenClient, web: Web) -> None:
    with pytest.raises(RequestRejected, match="seed: only the local studio has it"):
        live.compose(CompositionRequest(prompt="calm", seed=1)).result(30)
    assert "/api/v2/tracks" not in web.requested_paths


def test_nulls_and_numbers_in_strings_of_the_live_service_are_read() -> None:
    meta = {"track_url": None, "stems_url": None, "version": None, "percentage": "64"}
    running = DirectTask.model_validate({"status": "running", "meta": meta})
    assert (running.meta.track_url, running.meta.stems_url, running.meta.percentage) == ("", {}, 64.0)
    assert TaskStatus(state="progress", meta={"percentage": "64"}).progress == 0.64
    assert TaskStatus(state="progress", meta={"percentage": "soon"}).progress is None
    created = {
        "uuid": "t",
        "track": {"genre": "Metal", "sections": [{"emotion": "odd", "start": "0", "length": "9", "x": 1}]},
    }
    assert TrackCreated.model_validate(created).track.sections[0].emotion == "odd"


@pytest.mark.parametrize(
    ("stems", "call"), [(True, "beatoven.attach('k-1', 't-1', stems=True)"), (False, "beatoven.attach('k-1', 't-1')")]
)
def test_the_timeout_names_the_call_that_finds_the_composition(
    live: BeatovenClient, web: Web, stems: bool, call: str
) -> None:
    web.replies["/api/v2/status/k-1"] = [_reply({"state": "PROGRESS", "meta": {}})]
    job = live.compose("calm", stems=stems)
    with pytest.raises(JobTimeout, match=re.escape(call)):
        _wait_for_id(job).result(0.05)
    web.replies["/api/v2/status/k-1"] = [
        _reply({"state": "SUCCESS", "meta": {"download_url": web.url + "/song.mp3", "section_options": [[]]}})
    ]
    web.replies["/api/v2/status/k-2"] = [_reply({"state": "SUCCESS", "meta": [[]]})]
    found = live.attach("k-1", "t-1", stems=stems)
    assert found.result(60).mix.path.read_bytes() == _sound()


def test_a_direct_composition_is_found_by_the_call_that_its_timeout_names(client: BeatovenClient) -> None:
    job = client.compose_direct("2 seconds of calm pop", format="mp3")
    task_id = _wait_for_id(job).task_id
    with pytest.raises(JobTimeout, match=re.escape(f"beatoven.attach_direct({task_id!r})")):
        job.result(0.0)
    found, song = client.attach_direct(task_id or "").result(120), job.result(120)
    assert (found.mix.name, found.track_id) == (song.mix.name, song.track_id)
    assert found.request == song.request
    assert found.mix.path.read_bytes() == song.mix.path.read_bytes()


def _wait_for_id(job: Job[Song]) -> Job[Song]:
    """Return the job as soon as the server has started its task."""
    deadline = time.monotonic() + 30
    while job.task_id is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return job


def test_a_failure_has_its_reason(live: BeatovenClient, web: Web) -> None:
    web.replies["/api/v2/status/k-1"] = [_reply({"state": "FAILURE", "meta": {"message": "no mood for it"}})]
    with pytest.raises(JobFailed, match="no mood for it"):
        live.compose("calm").result(60)


def test_an_answer_that_is_not_as_documented_is_named(live: BeatovenClient, web: Web) -> None:
    web.replies["/api/v2/status/k-1"] = [_reply({"state": "SUCCESS", "meta": {"section_options": []}})]
    with pytest.raises(UnexpectedAnswer, match="download_url: is missing"):
        live.compose("calm").result(60)


def _reply(body: object) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _sound() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    return held.getvalue()
