"""The same requests give the same results: files and numbers of a small fixed set, compared with those in `same_results.json`.

On the processor and the numpy that recorded them, files have the same SHA-256. Others round differently in the last bits; there the
level of every part of a file is the same within 0.002 dB, and a number of an answer within its last decimal. If a result changes on purpose, record it again in the same commit:

    python tests/contract/test_same_results.py
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import scipy

sys.path.insert(0, str(Path(__file__).parents[1]))  # for running this file as a program
from outside import Caller

from tonnbook import audio_files, demo

RECORDED = Path(__file__).with_suffix("").with_name("same_results.json")
STEMS = {"kick": "KICK_GROUP", "bass": "BASS_GROUP", "guitar": "E_GUITAR_GROUP", "vocal": "VOCAL_GROUP"}
PARTS = 16
SILENCE_DB = -120.0


def results(caller: Caller, folder: Path) -> Iterator[tuple[str, Any]]:
    """Send the requests; yield the name and the description of each answer and of each file."""
    links = {
        name: caller.upload(excerpt(path, folder / f"{name}.wav"))
        for name, path in demo.stems().items()
        if name in STEMS
    }
    song = caller.upload(excerpt(demo.album()["02_tabla_street"], folder / "song.wav", 4))
    yield from mix(caller, links)
    yield from master(caller, song)
    source = {"audioFileLocation": song, "musicalStyle": "POP"}
    yield "analysis", described(caller.post("/mixanalysis", {"mixDiagnosisData": source | {"isMaster": False}}).json())
    cleanup = {"audioCleanupData": {"audioFileLocation": links["vocal"], "soundSource": "VOCAL_GROUP"}}
    yield from answer_and_files("cleanup", caller.post("/audio-cleanup", cleanup).json())
    flags = ("fixClippingIssues", "fixStereoWidthIssues", "fixTonalProfileIssues", "applyMastering")
    started = caller.post("/mixenhance", {"mixReviveData": source | dict.fromkeys(flags, True)}).json()
    query = {"mixReviveData": {"mixReviveTaskId": started["mixrevive_task_id"]}}
    yield from answer_and_files("enhancement", done(caller, "/retrieveenhancedtrack", query))
    yield from answer_and_files("song", compose(caller, "8 seconds of calm lo-fi"))


def mix(caller: Caller, links: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    tracks = [{"trackURL": link, "instrumentGroup": STEMS[name]} for name, link in links.items()]
    order = {"multitrackData": {"trackData": tracks, "musicalStyle": "POP", "returnStems": False}}
    task = caller.post("/mixpreview", order).json()["multitrack_task_id"]
    query = {"multitrackData": {"multitrackTaskId": task, "retrieveFXSettings": True}}
    yield from answer_and_files("preview mix", done(caller, "/retrievepreviewmix", query))
    changes = [{"trackURL": links["vocal"], "gainDb": -1.5, "panning_settings": {"panning_angle": 20.0}}]
    final = {"multitrackTaskId": task, "trackData": changes, "returnStems": True}
    yield from answer_and_files("final mix", done(caller, "/retrievefinalmix", {"applyAudioEffectsData": final}))


def master(caller: Caller, song: str) -> Iterator[tuple[str, Any]]:
    order = {
        "trackData": [{"trackURL": song}],
        "musicalStyle": "POP",
        "desiredLoudness": "MEDIUM",
        "sampleRate": "48000",
    }
    task = caller.post("/masteringpreview", {"masteringData": order}).json()["mastering_task_id"]
    query = {"masteringData": {"masteringTaskId": task}}
    done(caller, "/retrievepreviewmaster", query)
    yield from answer_and_files("master", done(caller, "/retrievefinalmaster", query))


def compose(caller: Caller, prompt: str) -> Any:
    token = {"Authorization": f"Bearer {caller.studio.key}"}
    order = {"prompt": {"text": prompt}, "format": "wav", "looping": False}
    task = caller.post("/api/v1/tracks/compose", order, **token).json()["task_id"]
    url = f"{caller.studio.url}/api/v1/tasks/{task}"
    while (answer := requests.get(url, headers=token, timeout=60).json())["status"] == "composing":
        time.sleep(0.1)
    assert answer["status"] == "composed", answer
    return answer


def done(caller: Caller, path: str, body: Any) -> Any:
    while (answer := caller.post(path, body)).status_code == 202:
        time.sleep(0.1)
    assert answer.status_code == 200, answer.text
    return answer.json()


def excerpt(source: Path, target: Path, seconds: int = 3) -> Path:
    audio, rate = audio_files.read(source)
    return audio_files.write(target, audio[:, 4 * rate : (4 + seconds) * rate], rate, 24)


def answer_and_files(name: str, answer: Any) -> Iterator[tuple[str, Any]]:
    yield name, described(answer)
    for place, link in links_in(answer):
        yield f"{name}: {place}", described_file(requests.get(link, timeout=60).content)


def links_in(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the place and the link of every download link of an answer."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from links_in(inner, f"{place}.{key}".strip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from links_in(inner, f"{place}[{number}]")
    elif isinstance(value, str) and value.startswith("http") and "/files/" in value:
        yield place, value


def described(value: Any) -> Any:
    """Return the keys, numbers and flags of an answer, without its texts."""
    if isinstance(value, Mapping):
        return {key: described(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [described(inner) for inner in value]
    return "text" if isinstance(value, str) else value


def described_file(content: bytes) -> dict[str, Any]:
    """Return the SHA-256 of a file and, of a WAV file, its form and the RMS level of each of its parts in dBFS."""
    found: dict[str, Any] = {"sha256": hashlib.sha256(content).hexdigest()}
    if content[:4] == b"RIFF":
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(BytesIO(content).getvalue())
            file.flush()
            audio, rate = audio_files.read(Path(file.name))
        parts = np.array_split(audio, PARTS, axis=1)
        levels = [20 * np.log10(max(float(np.sqrt(np.mean(np.square(part)))), 1e-6)) for part in parts]
        found |= {"rate": rate, "shape": list(audio.shape), "levels_db": [round(level, 4) for level in levels]}
    return found


def machine() -> dict[str, str]:
    """Return what the last bits of the results depend on."""
    info = Path("/proc/cpuinfo")
    model = next((line for line in info.read_text().splitlines() if "model name" in line), "") if info.exists() else ""
    features = ",".join(sorted(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])))
    return {"processor": model, "simd": features, "numpy": np.__version__, "scipy": scipy.__version__}


def differences(recorded: Any, found: Any, place: str = "") -> Iterator[str]:
    """Yield where two descriptions differ: in keys, in flags, or in numbers by more than rounding explains."""
    if isinstance(recorded, Mapping) and isinstance(found, Mapping):
        for key in sorted(recorded.keys() | found.keys()):
            if key not in recorded or key not in found:
                yield f"{place}.{key}: only in {'the record' if key in recorded else 'the result'}"
            elif key != "sha256":
                yield from differences(recorded[key], found[key], f"{place}.{key}")
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for number, (old, new) in enumerate(zip(recorded, found, strict=True)):
            yield from differences(old, new, f"{place}[{number}]")
    elif isinstance(recorded, float) or isinstance(found, float):
        atol = 2e-3 if "levels_db" in place else 0.011  # answers have two decimals
        if not np.isclose(float(recorded), float(found), rtol=1e-4, atol=atol):
            yield f"{place}: {recorded} was recorded, {found} found"
    elif recorded != found:
        yield f"{place}: {recorded} was recorded, {found} found"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from tonnbook.studio.server.server import Studio

    with Studio() as studio:
        return dict(results(Caller(studio), tmp_path_factory.mktemp("sources")))


def test_answers_and_levels_are_the_recorded_ones(found: dict[str, Any]) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert list(differences(recorded["results"], found)) == []


def test_files_are_the_recorded_bytes_on_the_machine_that_recorded_them(found: dict[str, Any]) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    changed = [
        name
        for name, result in recorded["results"].items()
        if isinstance(result, dict) and result.get("sha256") != found[name].get("sha256")
    ]
    assert changed == [] or recorded["machine"] != machine()


if __name__ == "__main__":
    from tonnbook.studio.server.server import Studio

    with Studio() as running, tempfile.TemporaryDirectory() as sources:
        record = {"machine": machine(), "results": dict(results(Caller(running), Path(sources)))}
    RECORDED.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
