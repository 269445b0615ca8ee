"""The steps of Beatoven's document, by plain HTTP and by asyncio, without our clients and models."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import jsonschema
import pytest
import requests
import soundfile

if TYPE_CHECKING:
    from tonnbook.studio.server.server import Studio

TWO_MOODS = {
    "duration_ms": 7777,
    "tempo": "medium",
    "title": "demo",
    "genre": "Indie",
    "sections": [
        {"emotion": "happy", "start": "0", "length": "4000"},
        {"emotion": "sad", "start": "4000", "length": "3777"},
    ],
}
Call = Callable[..., requests.Response]


@pytest.fixture
def call(studio: Studio) -> Call:
    """Return a function that calls the studio with a token, as the document does."""

    def send(method: str, path: str, body: Any = None, token: str = f"api_key {studio.key}") -> requests.Response:
        headers = {"Authorization": token} if token else {}
        return requests.request(method, studio.url + path, json=body, headers=headers, timeout=60)

    return send


def wait_for_end(call: Call, path: str, states: tuple[str, ...], key: str = "state") -> dict[str, Any]:
    """Poll until a task has ended."""
    deadline = time.monotonic() + 120
    while (answer := call("GET", path).json())[key] not in states:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dict(answer)


def frames(link: str) -> int:
    """Download a sound without a token and return its length in frames."""
    answer = requests.get(link, timeout=60)
    assert answer.status_code == 200
    return soundfile.info(io.BytesIO(answer.content)).frames


def test_the_options_are_those_of_the_document(call: Call) -> None:
    options = call("GET", "/api/v2/composition_params").json()
    assert options["tonnbook"] == ["seed"]
    assert (len(options["genre"]), len(options["emotion"]), options["tempo"]) == (8, 16, ["slow", "medium", "fast"])
    rows = options["blockedParams"]
    assert [(row["genre"], row["tempo"]) for row in rows if "mood" in row] == [("indie", "medium")]
    assert sum(len(row.get("moods", row.get("mood", []))) for row in rows) == 16
    document = call("GET", "/openapi.json").json()
    jsonschema.validate(options, {"$ref": "#/components/schemas/CompositionOptions", **document})


def test_create_compose_status_instruments_fetch(call: Call) -> None:
    created = call("POST", "/api/v2/tracks", TWO_MOODS).json()
    assert created["status"] == "Created successfully"
    assert created["track"]["genre"] == "Indie"
    assert created["track"]["version"] == 0
    assert created["track"]["sections"][1] == {"emotion": "sad", "start": 4000, "length": 3777}
    assert created["track"]["created_at"].endswith("GMT")
    track = f"/api/v2/tracks/{created['uuid']}"

    assert call("GET", track).status_code == 404  # nothing composed yet
    task = call("POST", f"{track}/compose", {}).json()["task_id"]
    done = wait_for_end(call, f"/api/v2/status/{task}", ("SUCCESS", "FAILURE"))
    assert done["state"] == "SUCCESS"
    sections = done["meta"]["section_options"]
    assert [section[0]["section_duration"] for section in sections] == [4000, 3777]
    assert all(any(n.startswith("melody-") for n in section[0]["instruments"]) for section in sections)
    rate = 44100
    assert frames(done["meta"]["download_url"]) == round(7.777 * rate)
    assert [frames(section[0]["track_url"]) for section in sections] == [4 * rate, round(7.777 * rate) - 4 * rate]

    assert call("GET", track).json()["instrument_urls"] == []
    task = call("POST", f"{track}/instrument_urls", {}).json()["task_id"]
    cut = wait_for_end(call, f"/api/v2/status/{task}", ("SUCCESS", "FAILURE"))
    names = [sorted(name for row in section for name in row) for section in cut["meta"]]
    assert names == [["bass", "chords", "melody", "percussion"]] * 2
    assert frames(cut["meta"][0][0]["bass"]["track_url"]) == 4 * rate

    fetched = call("GET", track).json()
    assert len(fetched["instrument_urls"]) == 2
    assert len(fetched["section_options"]) == 2
    assert frames(fetched["download_url"]) == round(7.777 * rate)


def test_a_second_composition_is_a_new_version_and_the_first_stays(call: Call) -> None:
    uuid = call("POST", "/api/v2/tracks", {"prompt": "3 seconds of calm piano"}).json()["uuid"]
    for path in ("/api/v2", "/api/v1"):  # the older v1 paths have the shapes of v2
        task = call("POST", f"{path}/tracks/{uuid}/compose", {}).json()["task_id"]
        assert wait_for_end(call, f"{path}/status/{task}", ("SUCCESS", "FAILURE"))["state"] == "SUCCESS"
    links = [call("GET", f"/api/v2/tracks/{uuid}?version={n}").json()["download_url"] for n in (1, 2)]
    first, second = (requests.get(link, timeout=60).content for link in links)
    assert first != second
    assert call("GET", f"/api/v2/tracks/{uuid}?version=3").status_code == 404
    known = call("GET", "/api/v1/tracks").json()["tracks"]
    assert any(t["uuid"] == uuid and t["track"]["version"] == 2 for t in known)
    assert {"title": "3 seconds of calm piano", "project_id": uuid}.items() <= known[-1].items()


def test_progress_never_falls_and_states_are_upper_case(call: Call) -> None:
    uuid = call("POST", "/api/v2/tracks", {"genre": "pop", "duration_ms": 9000}).json()["uuid"]
    task = call("POST", f"/api/v2/tracks/{uuid}/compose", {}).json()["task_id"]
    seen = []
    while (answer := call("GET", f"/api/v2/status/{task}").json())["state"] in ("PENDING", "PROGRESS"):
        seen.append(answer["meta"]["percentage"])
        assert answer["meta"]["message"]
        time.sleep(0.02)
    assert answer["state"] == "SUCCESS"
    assert seen == sorted(seen)
    assert all(0 <= share <= 100 for share in seen)


@pytest.mark.parametrize("token", ["", "api_key wrong", "Bearer wrong", "studio", "api_key "])
def test_without_the_token_every_call_is_401(call: Call, token: str) -> None:
    for method, path in (("GET", "/api/v2/composition_params"), ("POST", "/api/v2/tracks"), ("GET", "/api/v1/tasks/x")):
        answer = call(method, path, {}, token)
        assert answer.status_code == 401
        assert answer.json()["error"]


@pytest.mark.parametrize(
    "header", [{"Authorization": "Bearer studio"}, {"Authorization": "API_KEY studio"}, {"api_key": "studio"}]
)
def test_every_form_of_the_token_is_accepted(studio: Studio, header: dict[str, str]) -> None:
    assert requests.get(studio.url + "/api/v2/composition_params", headers=header, timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "give a prompt"),
        ({"genre": "polka"}, "did you mean"),
        ({"genre": "pop", "sections": [{"emotion": "sad", "start": 10, "length": 5000}]}, "section 1 starts at 10 ms"),
        (
            {"genre": "indie", "tempo": "medium", "sections": [{"emotion": "energetic", "start": 0, "length": 5000}]},
            "cannot be composed at medium tempo: choose fast",
        ),
        ([], "is list"),
        ({"genre": "rnb", "tempo": "slow"}, "motivational rnb cannot be composed at slow tempo"),
        ({"prompt": "sad rnb", "tempo": "slow"}, "choose medium or fast"),
        ({"prompt": "   "}, "give a prompt"),
    ],
)
def test_invalid_requests_are_refused_with_a_reason(call: Call, body: Any, words: str) -> None:
    answer = call("POST", "/api/v2/tracks", body)
    assert answer.status_code == 400
    if words != "did you mean":
        assert words in answer.json()["message"]
    else:
        assert "Known: indian, pop" in answer.json()["message"]


def test_unknown_ids_are_404(call: Call) -> None:
    for method, path in (
        ("GET", "/api/v2/status/none"), ("GET", "/api/v2/tracks/none"), ("POST", "/api/v2/tracks/none/compose"),
        ("POST", "/api/v2/tracks/none/instrument_urls"), ("GET", "/api/v1/tasks/none"), ("GET", "/api/v1/status/none"),
    ):  # fmt: skip
        assert call(method, path, {}).status_code == 404, path


@pytest.mark.parametrize(("format_", "ending"), [("mp3", ".mp3"), ("wav", ".wav"), (None, ".wav")])
def test_the_newer_v1(call: Call, studio: Studio, format_: str | None, ending: str) -> None:
    body = {"prompt": {"text": "4 seconds of happy pop"}, "looping": format_ == "mp3"} | (
        {"format": format_} if format_ else {}
    )
    started = call("POST", "/api/v1/tracks/compose", body, f"Bearer {studio.key}").json()
    assert started["status"] == "started"
    while (done := call("GET", f"/api/v1/tasks/{started['task_id']}").json())["status"] == "composing":
        time.sleep(0.01)  # as the vendor's example, which takes every other word for the end
    assert done["status"] == "composed"
    assert set(done["meta"]["stems_url"]) == {"bass", "chords", "melody", "percussion"}
    assert ending in done["meta"]["track_url"]
    assert frames(done["meta"]["track_url"]) == frames(done["meta"]["stems_url"]["bass"]) == 4 * 44100


def test_the_calls_of_the_vendors_earlier_example(call: Call) -> None:
    body = {"prompt": {"text": "3 seconds of happy pop"}}
    created = call("POST", "/api/v1/tracks", body).json()
    (track,) = created["tracks"]
    assert track == created["uuid"]
    task = call("POST", f"/api/v1/tracks/compose/{track}", body).json()["task_id"]
    done = wait_for_end(call, f"/api/v1/tasks/{task}", ("composed", "failed"), "status")
    assert done["status"] == "composed"
    assert done["meta"]["track_id"] == track
    assert frames(done["meta"]["track_url"]) == 3 * 44100
    assert call("POST", "/api/v1/tracks/compose/none", body).status_code == 404


@pytest.mark.parametrize("format_", ["aac", "AAC"])
def test_aac_is_refused_and_the_error_names_the_alternatives(call: Call, format_: str) -> None:
    answer = call("POST", "/api/v1/tracks/compose", {"prompt": {"text": "calm"}, "format": format_})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("format: ")
    assert '"wav" and "mp3"' in answer.json()["message"]


def test_invalid_prompts_of_the_newer_v1_are_refused_with_a_reason(call: Call) -> None:
    for body, words in (
        ({"prompt": {"text": "   "}}, "prompt.text"),
        ({"prompt": {"text": "calm"}, "format": "flac"}, "'flac' is not a known audio format"),
    ):
        answer = call("POST", "/api/v1/tracks/compose", body)
        assert answer.status_code == 400
        assert words in answer.json()["message"]


def test_one_changed_field_leaves_the_rest_of_a_track(call: Call) -> None:
    """Composing again with an empty body uses the parameters that the track was created with."""
    prompt = {"prompt": "2 seconds sad ambient in D minor with flute", "seed": 5}
    uuid = call("POST", "/api/v2/tracks", prompt).json()["uuid"]
    notes = []
    for changes in ({"genre": "pop", "tempo": "medium"}, {}):
        task = call("POST", f"/api/v2/tracks/{uuid}/compose", changes).json()["task_id"]
        notes.append(wait_for_end(call, f"/api/v2/status/{task}", ("SUCCESS", "FAILURE"))["tonnbook"])
    first, second = notes
    assert (first["genre"], first["sections"][0]["scale"], first["sections"][0]["length_ms"]) == (
        "pop",
        "D aeolian",
        2000,
    )
    assert "melody-flute" in first["sections"][0]["instruments"]
    assert "genre: pop, which overrides the prompt" in first["understood"]["assumed"]
    assert (second["genre"], second["sections"][0]["emotion"]) == ("ambient", "sad")
    refused = call("POST", f"/api/v2/tracks/{uuid}/compose", {"genre": "rnb", "tempo": "slow"})
    assert refused.status_code == 400


def test_a_track_created_from_a_prompt_shows_its_sections(call: Call) -> None:
    body = {"prompt": "sad then happy, 30 seconds", "duration_ms": 20_000}
    track = call("POST", "/api/v2/tracks", body).json()["track"]
    assert track["duration_ms"] == 20_000
    assert [(s["emotion"], s["length"]) for s in track["sections"]] == [("sad", 10_000), ("happy", 10_000)]


def test_the_reported_tempo_is_the_rendered_tempo(call: Call) -> None:
    """Two whole bars at 128 bpm do not fill 5 s: the loop plays three at 144."""
    body = {"prompt": {"text": "5 seconds of techno 128 bpm"}, "looping": True, "format": "WAV"}
    task = call("POST", "/api/v1/tracks/compose", body).json()["task_id"]
    notes = wait_for_end(call, f"/api/v1/tasks/{task}", ("composed", "failed"), "status")["tonnbook"]
    assert notes["bpm"] == notes["sections"][0]["bpm"] == 144.0
    assert "tempo: 144 bpm, moved from 128 so that whole bars fill the loop" in notes["understood"]["assumed"]


def test_a_program_around_asyncio_composes_several_songs_and_downloads_them(studio: Studio) -> None:
    """As in the vendor's example, with asyncio and aiohttp: compose, poll and download two songs concurrently, by the newer v1."""

    async def song(session: aiohttp.ClientSession, prompt: str) -> int:
        order = {"prompt": {"text": prompt}, "format": "wav", "looping": False}
        async with session.post("/api/v1/tracks/compose", json=order) as answer:
            task = (await answer.json())["task_id"]
        state: dict[str, Any] = {"status": "composing"}
        while state["status"] == "composing":
            await asyncio.sleep(0.1)
            async with session.get(f"/api/v1/tasks/{task}") as answer:
                state = await answer.json()
        assert state["status"] == "composed"
        async with session.get(state["meta"]["track_url"]) as answer:
            return soundfile.info(io.BytesIO(await answer.read())).frames

    async def main() -> list[int]:
        headers = {"Authorization": f"Bearer {studio.key}"}
        async with aiohttp.ClientSession(studio.url, headers=headers) as session:
            return await asyncio.gather(song(session, "2 seconds of calm"), song(session, "3 seconds of angry trap"))

    assert asyncio.run(main()) == [2 * 44100, 3 * 44100]
