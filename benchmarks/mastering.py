"""Measure mastering: accuracy of loudness and true peak, wall time, memory, songs in parallel, and a comparison with matchering.

    python benchmarks/mastering.py targets                            every song of the album at every target and rate
    python benchmarks/mastering.py memory                             one song of 8 minutes
    python benchmarks/mastering.py peer PYTHON-WITH-MATCHERING        wall time, CPU time and memory, compared with matchering
    python benchmarks/mastering.py side-by-side [SONGS [MINUTES]]     12 songs of 3 minutes, one by one and on all cores

matchering 2.0.6 is GPL, so it runs in another interpreter: it is a peer, not a dependency. It needs a reference and gets our own master of
another song. Both make a limited 16-bit file; ours also makes a preview, so it is timed with and without. Runs alternate, and the quickest of
each counts: wall times are meaningful on an idle machine only, CPU times nearly everywhere. Each measurement runs in its own process; peak
memory is that of the process, imports included.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tonnbook import audio_files, demo
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering.engine import master_song
from tonnbook.studio.mastering.plan import target_for
from tonnbook.studio.mastering.pool import MasteringPool

TARGETS = (-23.0, -16.0, -14.0, -10.0, -8.0, -6.0)
MATCHERING = """
import resource, sys, time
import matchering
start, busy = time.perf_counter(), time.process_time()
matchering.process(target=sys.argv[1], reference=sys.argv[2], results=[matchering.pcm16(sys.argv[3])])
print(time.perf_counter() - start, time.process_time() - busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
TURNS = 3


def every_target() -> None:
    """Master every song of the album to every target at both rates; print the deviation of each file."""
    worst, highest = 0.0, -100.0
    with tempfile.TemporaryDirectory() as folder:
        for name, song in demo.album().items():
            for target in TARGETS:
                for rate in SampleRate:
                    outcome = master_song(song, target_for(MusicalStyle.POP, target, rate), Path(folder) / "master.wav")
                    after = outcome.notes.after
                    worst = max(worst, abs((after.loudness_lufs or 0.0) - target))
                    highest = max(highest, after.true_peak_dbtp or highest)
            print(f"{name}: up to here at most {worst:.3f} LU off, highest true peak {highest:.2f} dBTP", flush=True)


def long_song(minutes: float, folder: Path) -> Path:
    """Return a song of the given length, made by repeating the first song of the album."""
    audio, rate = audio_files.read(demo.album()["01_night_bus"])
    path = folder / f"{minutes:g} min.wav"
    with audio_files.Writer(path, rate, 2, 24) as file:
        for _ in range(round(minutes * 60 * rate / audio.shape[1])):
            file.write(audio)
    return path


def one(song: Path, target_lufs: float, preview: bool) -> None:
    """Master one song in this process; print wall time, CPU time and peak memory."""
    start, busy = time.perf_counter(), time.process_time()
    target = target_for(MusicalStyle.POP, target_lufs, SampleRate.CD)
    master_song(song, target, song.with_suffix(".master.wav"), song.with_suffix(".mp3") if preview else None)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - start, time.process_time() - busy, memory)


def measured(*command: str) -> tuple[float, float, float]:
    """Run a program and return the wall time and CPU time in s and the memory in MiB that it prints last."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(printed[-3]), float(printed[-2]), float(printed[-1])


def ours(song: Path, *, preview: bool) -> tuple[float, float, float]:
    """Measure one master at -10 LUFS in its own process."""
    return measured(sys.executable, __file__, "--one", str(song), "-10", "preview" if preview else "")


def memory(folder: Path) -> None:
    """Master a song of 8 minutes, with its preview."""
    wall, cpu, mib = ours(long_song(8.0, folder), preview=True)
    print(f"8 min: {wall:.1f} s, {cpu / 8:.2f} s of CPU per minute, {mib:.0f} MiB for the whole process", flush=True)


def compare_with_matchering(python: str, folder: Path) -> None:
    """Compare wall time, CPU time and memory on a song of three minutes; the quickest of several runs each."""
    song, reference = long_song(3.0, folder), folder / "reference.wav"
    master_song(demo.album()["04_open_sky"], target_for(MusicalStyle.POP, -10.0, SampleRate.CD), reference)
    runs: dict[str, Callable[[], tuple[float, float, float]]] = {
        "matchering, master only": lambda: measured(
            python, "-c", MATCHERING, str(song), str(reference), str(folder / "theirs.wav")
        ),
        "ours, master only": lambda: ours(song, preview=False),
        "ours, master and preview": lambda: ours(song, preview=True),
    }
    turns = [{name: run() for name, run in runs.items()} for _ in range(TURNS)]
    for name in runs:
        wall, cpu = (min(turn[name][n] for turn in turns) for n in range(2))
        mib = max(turn[name][2] for turn in turns)
        print(f"3 min, {name}: {wall:.2f} s, {cpu:.2f} s of CPU, {mib:.0f} MiB", flush=True)


def in_parallel(folder: Path, songs: int = 12, minutes: float = 3.0) -> None:
    """Master songs one after the other, by the pool of a studio, and by processes alone; print the speed-up.

    The files must be the same, byte for byte.
    """
    song, target = long_song(minutes, folder), target_for(MusicalStyle.POP, -14.0, SampleRate.CD)
    cores = os.cpu_count() or 1

    def seconds(pool: MasteringPool, kind: str) -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(
            songs
        ) as tasks:  # one thread per song, as the tasks of the studio: each waits for its master
            for n in range(songs):
                out, preview = folder / f"{kind} {n}.wav", folder / f"{kind} {n}.mp3"
                tasks.submit(pool.master, song, target, out, preview, None, lambda _, __: None)
        return time.perf_counter() - start

    with ThreadPoolExecutor(1) as single, ProcessPoolExecutor(cores, get_context("spawn")) as processes:
        list(processes.map(abs, range(cores)))  # start the workers before the measurement
        pools = {
            "one by one": MasteringPool(single),
            "the studio": MasteringPool(),
            "processes": MasteringPool(processes),
        }
        took = {kind: seconds(pool, kind) for kind, pool in pools.items()}
    files = {(folder / f"{kind} {n}.wav").read_bytes() for kind in took for n in range(songs)}
    for kind, wall in took.items():
        print(f"{songs} songs of {minutes:g} min, {kind}: {wall:.1f} s, {took['one by one'] / wall:.2f} times as fast")
    print("all files are the same" if len(files) == 1 else f"{len(files)} DIFFERENT FILES")


def main() -> None:
    np.seterr(all="raise", under="ignore")
    what, *rest = sys.argv[1:] or ["help"]
    with tempfile.TemporaryDirectory() as name:
        if what == "--one":
            one(Path(rest[0]), float(rest[1]), bool(rest[2]))
        elif what == "targets":
            every_target()
        elif what == "memory":
            memory(Path(name))
        elif what == "peer":
            compare_with_matchering(rest[0], Path(name))
        elif what == "side-by-side":
            in_parallel(Path(name), *map(int, rest[:1]), *map(float, rest[1:]))
        else:
            print(__doc__)


if __name__ == "__main__":
    main()
