"""Measure the time and the memory of composing a song.

    python benchmarks/composition.py                a 60 s song with its stems, its instruments call, and a song of 10 minutes
    python benchmarks/composition.py --genre pop    in another genre; the default is hiphop

The first row composes the score and renders the mix and its four stems as WAV. The second is a compose call: it also writes MIDI, and the
song and its two sections as MP3, which takes half of the time. The third is what the instruments call adds: every stem of every section as
MP3, with previews. Each row is measured in its own process: wall time, CPU time and peak memory, with imports and the decoding of the
instruments.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mixing import peak_kib

from tonnbook.models.composition import AudioFormat, Emotion, Genre, Tempo
from tonnbook.studio.composition.composer.compose import compose
from tonnbook.studio.composition.composer.writing.plan import Plan, PlanSection
from tonnbook.studio.composition.engine import compose_song, cut_instruments

GOALS = {"60 s, song and stems": "8 s", "600 s, compose": "600 MiB"}


def plan(genre: str, seconds: int) -> Plan:
    half = 500 * seconds
    sections = (PlanSection(Emotion.CALM, 0, half), PlanSection(Emotion.HAPPY, half, half))
    return Plan(Genre(genre), Tempo.MEDIUM, sections)


def compose_stems(genre: str, seconds: int, folder: Path) -> None:
    compose(plan(genre, seconds), folder)


def compose_all(genre: str, seconds: int, folder: Path) -> None:
    song = compose_song(plan(genre, seconds), None, "benchmark", AudioFormat.MP3, folder, lambda share, message: None)
    (folder / "song.pickle").write_bytes(pickle.dumps(song))


def instruments(folder: Path) -> None:
    cut_instruments(pickle.loads((folder / "song.pickle").read_bytes()), lambda share, message: None)


STEPS: dict[str, Callable[[str, Path], None]] = {
    "60 s, song and stems": lambda genre, folder: compose_stems(genre, 60, folder),
    "60 s, compose": lambda genre, folder: compose_all(genre, 60, folder),
    "60 s, instruments": lambda genre, folder: instruments(folder),
    "600 s, compose": lambda genre, folder: compose_all(genre, 600, folder),
}


def measured(step: str, genre: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--step", step, "--genre", genre, "--folder", str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def run_step(step: str, genre: str, folder: Path) -> None:
    start = time.perf_counter()
    STEPS[step](genre, folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"wall": time.perf_counter() - start, "cpu": cpu, "mib": peak_kib() / 1024}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genre", default="hiphop", choices=[str(genre) for genre in Genre])
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.genre, arguments.folder)
        return
    print(f"{arguments.genre}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    print(f"{'':22}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}  goal")
    with TemporaryDirectory() as folder:
        for step in STEPS:
            found = measured(step, arguments.genre, Path(folder))
            goal = GOALS.get(step, "")
            print(f"{step:22}{found['wall']:9.1f}{found['cpu']:9.1f}{found['mib']:10.0f}  {goal}", flush=True)


if __name__ == "__main__":
    main()
