from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tones import RATE, MakeFile, tone

from tonnbook.errors import AudioError
from tonnbook.models.files import RemoteFile
from tonnbook.widgets.player.sources import sources


def test_a_file_is_named_without_its_ending(make_file: MakeFile) -> None:
    path = make_file("lead vocal.flac")
    assert [s.name for s in sources(path)] == ["lead vocal"]
    assert [s.path for s in sources(str(path))] == [path]


def test_a_mapping_gives_its_names_and_order(make_file: MakeFile) -> None:
    found = sources({"vocal.flac": make_file("a.wav"), "beat": tone(0.1)}, rate=RATE)
    assert [s.name for s in found] == ["vocal", "beat"]


def test_a_folder_and_a_list_give_the_same_as_a_mapping(make_file: MakeFile, tmp_path: Path) -> None:
    files = {name: make_file(f"{name}.wav") for name in ("bass", "kick")}
    for given in (files, tmp_path, str(tmp_path), list(files.values()), [str(path) for path in files.values()]):
        assert [(source.name, source.path) for source in sources(given)] == list(files.items())
    with pytest.raises(TypeError, match="a list to play contains paths"):
        sources([np.zeros(10)], 44100)


def test_a_file_on_a_server_is_fetched_once(make_file: MakeFile) -> None:
    path = make_file("mix.wav")
    calls: list[Path | None] = []

    def fetch(target: Path | None) -> Path:
        calls.append(target)
        return path

    remote = RemoteFile("mix.wav", fetch)
    for _ in range(2):
        assert sources(remote)[0].path == path
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("array", "channels"),
    [
        (np.zeros(100), 1),
        (np.zeros((1, 100)), 1),
        (np.zeros((2, 100)), 2),
        (np.zeros((100, 2)), 2),
        (np.zeros((100, 1), np.float32), 1),
    ],
)
def test_an_array_may_have_channels_first_or_last(array: np.ndarray, channels: int) -> None:
    (source,) = sources(array, rate=8000)
    assert source.read()[0].shape == (channels, 100)


def test_integers_are_scaled_to_full_scale_one() -> None:
    (source,) = sources(np.array([[-32768, 16384]], np.int16), rate=8000)
    np.testing.assert_array_equal(source.read()[0], [[-1.0, 0.5]])


def test_the_level_of_an_array_is_kept() -> None:
    (source,) = sources(tone(0.1, peak=0.01), rate=RATE)
    np.testing.assert_array_equal(source.read()[0], tone(0.1, peak=0.01))


@pytest.mark.parametrize(
    ("thing", "error", "words"),
    [
        (np.zeros(10), TypeError, "rate="),
        (np.zeros((3, 4)), TypeError, r"shape \(3, 4\)"),
        ({}, TypeError, "nothing to play"),
        (3.0, TypeError, "cannot play a float"),
        (Path("nowhere.wav"), AudioError, "nowhere.wav does not exist"),
        ({"a": {"b": np.zeros(4), "c": np.zeros(4)}}, TypeError, "several sounds"),
        (np.array([0.0, np.nan]), AudioError, "NaN or infinite"),
    ],
)
def test_errors_for_what_cannot_be_played(thing: object, error: type[Exception], words: str) -> None:
    rate = None if isinstance(thing, np.ndarray) and len(thing) == 10 else 8000
    with pytest.raises(error, match=words):
        sources(thing, rate)  # type: ignore[arg-type]


def test_a_signed_link_is_refused_without_its_query() -> None:
    with pytest.raises(TypeError, match="download it first") as caught:
        sources("https://host/mix.wav?signature=SECRET")
    assert "SECRET" not in str(caught.value)


def test_a_job_cannot_be_played_before_its_result() -> None:
    class Waiting:
        task_id = "1"

        def result(self) -> None: ...

    with pytest.raises(TypeError, match="await job"):
        sources(Waiting())  # type: ignore[arg-type]
