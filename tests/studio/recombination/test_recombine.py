"""Recombination over a real port, and by the published client: from two files, and from a separation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import requests
from outside import Caller, poll
from roex_python.client import RoExClient
from roex_python.models.recombine import RecombineMusicalStyle, RecombineRequest

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.vocabulary import RecombinationStyle
from tonnbook.studio.measure.reference_tone import reference_tone_db
from tonnbook.studio.recombination.engine import analysis_style, recombination_treatment_text

RATE = 44100


@pytest.fixture(scope="module")
def parts(excerpts: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A vocal and its backing, in files of the same name."""
    folder = tmp_path_factory.mktemp("parts")
    stems = {name: audio_files.read(path)[0] for name, path in excerpts.items()}
    rest = sum(stem.mean(axis=0) for name, stem in stems.items() if name != "vocal")
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    vocal = audio_files.write(folder / "a" / "take.wav", stems["vocal"], RATE, 16)
    return vocal, audio_files.write(folder / "b" / "take.wav", 0.5 * np.stack([rest, rest]), RATE, 16)


def test_the_published_client_from_two_files(caller: Caller, parts: tuple[Path, Path]) -> None:
    client = RoExClient(api_key=caller.studio.key, base_url=caller.studio.url)
    before = caller.studio.ledger.credits
    vocal, backing = (caller.upload(path) for path in parts)
    request = RecombineRequest(
        RecombineMusicalStyle.K_POP, vocal_stem_url=vocal, backing_stem_url=backing, vocal_gain_db=2.0
    )
    task_id = client.recombine.create_recombine(request).recombine_task_id
    assert client.recombine.wait_for_recombine(task_id, 1, 60).status == "complete"
    preview = client.recombine.retrieve_preview(task_id)
    assert preview.measured_lufs_full == pytest.approx(-10.0, abs=0.1)
    assert caller.studio.ledger.credits == before
    for _ in range(2):
        final = client.recombine.retrieve_final_master(task_id)
    assert (final.sample_rate, final.bit_depth, final.channels) == (RATE, 16, 2)
    assert final.peak_level <= -1.0
    assert (final.processing.musical_style, final.processing.vocal_gain_db) == ("K_POP", 2.0)
    audio, _ = audio_files.decode(requests.get(final.master_url, timeout=60).content)
    assert integrated_loudness(audio, RATE) == pytest.approx(-10.0, abs=0.1)
    assert caller.studio.ledger.credits - before == 250


def test_from_a_separation(caller: Caller, parts: tuple[Path, Path]) -> None:
    vocal, backing = (audio_files.read(path)[0] for path in parts)
    mix = audio_files.write(parts[0].parent / "mix.wav", 0.5 * (np.broadcast_to(vocal, backing.shape) + backing), RATE)
    body = {"stemflowData": {"audioFileLocation": caller.upload(mix)}}
    stems_id = caller.post("/separate", body).json()["stemflowTaskId"]
    poll(lambda: caller.post("/retrievestems", {"stemflowData": {"stemflowTaskId": stems_id}}))
    fields = {"musicalStyle": "POP", "stemJobId": stems_id, "desiredLoudness": "LOW", "vocalGainDb": 0}
    started = caller.post("/recombine", {"recombineData": fields})
    assert started.status_code == 200, started.text
    query = {"recombineData": {"recombineTaskId": started.json()["recombineTaskId"]}}
    done = poll(lambda: caller.post("/retrieverecombinepreview", query))
    assert done.status_code == 200, done.text
    assert done.json()["preview"]["measured_lufs_full"] == pytest.approx(-14.0, abs=0.1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "give either stemJobId, or both"),
        ({"vocalStemURL": "http://example.invalid/a.wav"}, "give either stemJobId, or both"),
        ({"stemJobId": "sf_1", "vocalGainDb": 7}, "vocalGainDb: is 7; at most 6"),
        ({"stemJobId": "sf_1", "musicalStyle": "POLKA"}, "musicalStyle: is 'POLKA'"),
    ],
)
def test_a_wrong_request_is_rejected_with_the_reason(caller: Caller, fields: dict[str, object], words: str) -> None:
    answer = caller.post("/recombine", {"recombineData": {"musicalStyle": "POP", **fields}})
    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_unknown_tasks(caller: Caller) -> None:
    answer = caller.post("/recombine", {"recombineData": {"musicalStyle": "POP", "stemJobId": "sf_none"}})
    assert answer.status_code == 404
    assert caller.get("/recombinestatus/rc_none").status_code == 404


@pytest.mark.parametrize("style", RecombinationStyle)
def test_every_style_has_a_tone_of_its_own_or_says_what_it_is_treated_like(style: RecombinationStyle) -> None:
    treated = recombination_treatment_text(style)
    tone = reference_tone_db(analysis_style(style), is_master=True)
    same = [
        other.value
        for other in RecombinationStyle
        if other is not style and np.array_equal(tone, reference_tone_db(analysis_style(other), is_master=True))
    ]
    if treated:
        assert treated.startswith(f"{style.value} is treated like ")
    else:
        assert all(recombination_treatment_text(RecombinationStyle(other)) for other in same), same


def test_the_master_has_the_tone_of_its_style_and_its_notes_say_so(caller: Caller, parts: tuple[Path, Path]) -> None:
    links = dict(zip(("vocalStemURL", "backingStemURL"), map(caller.upload, parts), strict=True))

    def master(style: str) -> tuple[np.ndarray, list[str]]:
        started = caller.post("/recombine", {"recombineData": {"musicalStyle": style, **links}}).json()
        query = {"recombineData": {"recombineTaskId": started["recombineTaskId"]}}
        done = poll(lambda: caller.post("/retrieverecombine", query)).json()
        link = done["result"]["master_url"]
        return audio_files.decode(requests.get(link, timeout=60).content)[0], done["tonnbook"]["info"]

    (jazz, jazz_info), (acoustic, _), (country, _) = map(master, ("JAZZ", "ACOUSTIC", "COUNTRY_ACOUSTIC"))
    for other in (acoustic, country):
        assert 10 * np.log10(np.sum((jazz - other) ** 2) / np.sum(jazz**2)) > -40
    assert not any("treated like" in text for text in jazz_info)
    k_pop, info = master("K_POP")
    assert info[0] == "K_POP is treated like POP: it is produced to the sound of international pop"
    assert np.array_equal(k_pop, master("POP")[0])
