"""Masters side by side: one in this process and others in worker processes, which may be killed or closed."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from programs import running

from tonnbook import audio_files
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering import pool as mastering_pool
from tonnbook.studio.mastering.plan import target_for
from tonnbook.studio.mastering.pool import MasteringPool, ProgressFile

TARGET = target_for(MusicalStyle.POP, -14.0, SampleRate.CD)


@pytest.fixture(scope="module")
def song(songs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three seconds of a song."""
    audio, rate = audio_files.read(songs["01_night_bus"])
    return audio_files.write(tmp_path_factory.mktemp("short") / "song.wav", audio[:, : 3 * rate], rate, 24)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[MasteringPool]:
    """Return a pool for two cores, however many this machine has."""
    monkeypatch.setattr(mastering_pool, "_cores", lambda: 2)
    made = MasteringPool()
    yield made
    made.close()


def workers() -> list[psutil.Process]:
    """Return the worker processes of loky, without its resource tracker."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "popen_loky" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_songs_side_by_side_give_the_same_bytes_and_report_progress(
    pool: MasteringPool, song: Path, tmp_path: Path
) -> None:
    progress: dict[int, list[tuple[float, str]]] = {n: [] for n in range(3)}

    def master(n: int) -> bytes:
        out = tmp_path / f"{n}.wav"
        pool.master(
            song, TARGET, out, tmp_path / f"{n}.mp3", None, lambda share, stage: progress[n].append((share, stage))
        )
        return out.read_bytes()

    with ThreadPoolExecutor(3) as tasks:
        files = set(tasks.map(master, progress))
    assert len(files) == 1
    stages = {n: {stage for _, stage in lines} for n, lines in progress.items()}
    assert any("handed to a worker" in each for each in stages.values())
    assert all(each & {"measuring the song", "setting the level"} for each in stages.values())
    assert not list(tmp_path.glob("*.progress*"))


def test_a_single_song_starts_no_process(pool: MasteringPool, song: Path, tmp_path: Path) -> None:
    before = {process.pid for process in workers()}  # workers of the test before may still be ending
    for _ in range(2):
        pool.master(song, TARGET, tmp_path / "out.wav", tmp_path / "out.mp3", None, lambda _, __: None)
    assert {process.pid for process in workers()} <= before


def test_a_song_is_mastered_even_if_its_process_is_killed(pool: MasteringPool, song: Path, tmp_path: Path) -> None:
    """The song is mastered in this process instead; the next one gets a new worker."""
    killed = threading.Event()

    def kill(share: float, stage: str) -> None:
        if stage != "handed to a worker" and not killed.is_set():
            for process in workers():
                process.kill()
            killed.set()

    pool._thread_free = False  # as if another song were being mastered in this process
    pool.master(song, TARGET, tmp_path / "1.wav", tmp_path / "1.mp3", None, kill)
    assert killed.is_set()
    pool.master(song, TARGET, tmp_path / "2.wav", tmp_path / "2.mp3", None, lambda _, __: None)
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()


def test_close_ends_the_process_and_cancels_the_master(pool: MasteringPool, song: Path, tmp_path: Path) -> None:
    pool._thread_free = False
    at_work = threading.Event()

    def close(share: float, stage: str) -> None:
        if stage != "handed to a worker" and not at_work.is_set():
            at_work.set()
            pool.close()

    with pytest.raises(CancelledError):
        pool.master(song, TARGET, tmp_path / "1.wav", tmp_path / "1.mp3", None, close)
    psutil.wait_procs(workers(), timeout=60)
    assert not workers()
    assert not (tmp_path / "1.wav").exists()


def test_the_progress_file_is_complete_or_absent(tmp_path: Path) -> None:
    progress = ProgressFile(tmp_path / "song.progress")
    assert progress.read() is None
    progress(0.25, "measuring the song")
    progress(0.26, "not written so soon after the last report")
    assert progress.read() == (0.25, "measuring the song")
    assert [path.name for path in tmp_path.iterdir()] == ["song.progress"]


def test_an_executor_whose_worker_is_killed_is_not_used_any_more(song: Path, tmp_path: Path) -> None:
    """An executor of the standard library is broken for good then; the songs are mastered in this process."""
    killed = threading.Event()

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:

        def kill(share: float, stage: str) -> None:
            if stage != "handed to a worker" and not killed.is_set():
                killed.set()
                for process in list(executor._processes.values()):
                    process.kill()

        pool = MasteringPool(executor)
        for n in (1, 2):
            pool.master(song, TARGET, tmp_path / f"{n}.wav", tmp_path / f"{n}.mp3", None, kill)
        pool.close()
    assert killed.is_set()
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()


PARENT = """
import time
from tonnbook.studio.mastering import pool as mastering_pool
mastering_pool._cores = lambda: 2
worker = mastering_pool.MasteringPool()._get_processes()
print(worker.submit(mastering_pool.os.getpid).result(), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process keeps its parent's number there")
def test_a_worker_ends_when_its_parent_is_killed() -> None:
    with running([sys.executable, "-c", PARENT]) as program:
        assert program.stdout is not None
        worker = psutil.Process(int(program.stdout.readline()))
        program.kill()
        assert psutil.wait_procs([worker], timeout=20)[1] == []
