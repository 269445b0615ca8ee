"""Mastering beside its peer, and against its own figures: loudness and true peak of the written file, wall time, memory, songs side by side.

    python benchmarks/mastering.py [python-with-matchering]

matchering 2.0.6 is GPL, so it is looked for in another interpreter: a peer, no dependency. It needs a reference; it gets our own master of
another song. Each measurement runs in a process of its own; peak memory is the process's, imports and all.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tonnbook import audio_files, demo
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering_engineer import master_song, wish_for

TARGETS = (-23.0, -16.0, -14.0, -10.0, -8.0, -6.0)
MATCHERING = """
import resource, sys, time
import matchering
start = time.perf_counter()
matchering.process(target=sys.argv[1], reference=sys.argv[2], results=[matchering.pcm16(sys.argv[3])])
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def every_target() -> None:
    """Master every song of the album to every target at both rates; print how far each file is off."""
    worst, highest = 0.0, -100.0
    with tempfile.TemporaryDirectory() as folder:
        for name, song in demo.album().items():
            for target in TARGETS:
                for rate in SampleRate:
                    outcome = master_song(song, wish_for(MusicalStyle.POP, target, rate), Path(folder) / "master.wav")
                    after = outcome.notes.after
                    worst = max(worst, abs((after.loudness_lufs or 0.0) - target))
                    highest = max(highest, after.true_peak_dbtp or highest)
            print(f"{name}: up to here at most {worst:.3f} LU off, highest true peak {highest:.2f} dBTP", flush=True)


def long_song(minutes: float, folder: Path) -> Path:
    """Return a song of so many minutes, made of the album's first one."""
    audio, rate = audio_files.read(demo.album()["01_night_bus"])
    path = folder / f"{minutes:g} min.wav"
    with audio_files.Writer(path, rate, 2, 24) as file:
        for _ in range(round(minutes * 60 * rate / audio.shape[1])):
            file.write(audio)
    return path


def one(song: Path, target: float) -> None:
    """Master one song in this process, preview and all; print wall time and peak memory."""
    start = time.perf_counter()
    wished = wish_for(MusicalStyle.POP, target, SampleRate.CD)
    master_song(song, wished, song.with_suffix(".master.wav"), song.with_suffix(".mp3"))
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(*command: str) -> tuple[float, float]:
    """Return the seconds and the MiB that a program prints last."""
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(said[-2]), float(said[-1])


def beside_matchering(python: str, folder: Path) -> None:
    """Compare wall time and memory on a song of three minutes."""
    song, reference = long_song(3.0, folder), folder / "reference.wav"
    master_song(demo.album()["04_open_sky"], wish_for(MusicalStyle.POP, -10.0, SampleRate.CD), reference)
    ours = measured(sys.executable, __file__, "--one", str(song), "-10")
    theirs = measured(python, "-c", MATCHERING, str(song), str(reference), str(folder / "theirs.wav"))
    print(f"3 min: ours {ours[0]:.1f} s, {ours[1]:.0f} MiB; matchering {theirs[0]:.1f} s, {theirs[1]:.0f} MiB")


def side_by_side(folder: Path, songs: int = 12, minutes: float = 3.0) -> None:
    """Master songs one after the other, and by the studio's pool; print how much faster that is."""
    from concurrent.futures import ThreadPoolExecutor

    song, wished = long_song(minutes, folder), wish_for(MusicalStyle.POP, -14.0, SampleRate.CD)
    outs = [folder / f"{n}.wav" for n in range(songs)]

    def master(out: Path) -> None:
        master_song(song, wished, out)

    times = []
    for workers in (1, os.cpu_count() or 1):
        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(master, outs))
        times.append(time.perf_counter() - start)
    print(
        json.dumps(
            {"songs": songs, "one by one s": times[0], "side by side s": times[1], "faster": times[0] / times[1]}
        )
    )


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), float(sys.argv[3]))
        return
    np.seterr(all="raise", under="ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, memory = measured(sys.executable, __file__, "--one", str(long_song(8.0, folder)), "-10")
        print(
            f"8 min: {seconds:.1f} s, {seconds / 8:.2f} s per minute, {memory:.0f} MiB for the whole process",
            flush=True,
        )
        if len(sys.argv) > 1:
            beside_matchering(sys.argv[1], folder)
        side_by_side(folder)
    every_target()


if __name__ == "__main__":
    main()
