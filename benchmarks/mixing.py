"""Measure the time and the memory of the mix engine, compared with a plain sum by numpy and soundfile.

    python benchmarks/mixing.py                  8 tracks × 3 minutes, then 32 tracks × 8 minutes
    python benchmarks/mixing.py 8x3              only that
    python benchmarks/mixing.py 8x3 --folder D   the folder for tracks and mixes (32x8 needs 13 GB while it runs)

The tracks are the demo song, repeated; three of eight are stereo, four of eight have reverb. Each row is measured in its own process: wall
time, CPU time and peak memory, imports included.
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

import numpy as np
import soundfile

from tonnbook import audio_files, demo
from tonnbook.models.mixing import FinalMixRequest, MixNotes, MixRequest, MixTrack
from tonnbook.studio.mixing.engine import MixOutcome, final_mix, preview_mix
from tonnbook.studio.mixing.tracks import TrackFile

RATE = 44100
BLOCK = 65536
GROUPS = {
    "kick": "KICK_GROUP",
    "snare": "SNARE_GROUP",
    "hi-hat": "CYMBALS_GROUP",
    "bass": "BASS_GROUP",
    "guitar": "E_GUITAR_GROUP",
    "pad": "STRINGS_GROUP",
    "synth": "SYNTH_GROUP",
    "vocal": "VOCAL_GROUP",
}
WET = ("snare", "guitar", "pad", "vocal")
GOALS = {
    ("8x3", "preview"): "8 s",
    ("8x3", "final"): "25 s",
    ("8x3", "final + stems"): "25 s",
    ("32x8", "final + stems"): "150 s, 600 MiB",
}


def make_tracks(folder: Path, tracks: int, minutes: float) -> None:
    frames = round(minutes * 60 * RATE)
    sounds = {name: audio_files.read(path)[0] for name, path in demo.stems().items()}
    for n in range(tracks):
        name = list(sounds)[n % len(sounds)]
        path = folder / f"{name} {n + 1}.wav"
        if not path.exists():
            sound = np.roll(sounds[name], n * 3001, axis=1)
            audio_files.write(path, np.tile(sound, (1, -(-frames // sound.shape[1])))[:, :frames], RATE, 16)


def plain_sum(folder: Path) -> None:
    """Sum all tracks and write the result, without any processing; the peer for comparison."""
    files = [soundfile.SoundFile(path) for path in sorted(folder.glob("*.wav"))]
    with soundfile.SoundFile(folder / "out" / "sum.wav", "w", RATE, 2, "PCM_24") as out:
        while True:
            blocks = [file.read(BLOCK, always_2d=True) for file in files]
            if not len(blocks[0]):
                return
            out.write(sum(np.broadcast_to(block, (len(block), 2)) for block in blocks) / len(files))


def preview(folder: Path) -> None:
    tracks, request = track_files_and_request(folder)
    outcome = preview_mix(tracks, request, folder / "out", lambda share, stage: None)
    (folder / "out" / "decision.pickle").write_bytes(pickle.dumps(outcome.decision))


def final(folder: Path, stems: bool = False) -> None:
    tracks, _ = track_files_and_request(folder)
    decision = pickle.loads((folder / "out" / "decision.pickle").read_bytes())
    before = MixOutcome(folder, {}, None, decision.settings, MixNotes(), decision)
    request = FinalMixRequest(task_id="benchmark", tracks=(), return_stems=stems)
    final_mix(tracks, before, request, folder / "out", lambda share, stage: None, {})


def track_files_and_request(folder: Path) -> tuple[list[TrackFile], MixRequest]:
    tracks = []
    for path in sorted(folder.glob("*.wav")):
        name = path.stem.rpartition(" ")[0]
        presence = "LEAD" if path.stem == "vocal 8" else "NORMAL"
        reverb = "MEDIUM" if name in WET else "NONE"
        request = MixTrack(source=path, instrument=GROUPS[name], presence=presence, reverb=reverb)
        tracks.append(TrackFile(path.name, path, request))
    return tracks, MixRequest(tracks=tuple(t.request for t in tracks), style="POP")


STEPS: dict[str, Callable[[Path], None]] = {
    "plain sum (peer)": plain_sum,
    "preview": preview,
    "final": final,
    "final + stems": lambda folder: final(folder, stems=True),
}


def measured(step: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def run_step(step: str, folder: Path) -> None:
    (folder / "out").mkdir(exist_ok=True)
    start = time.perf_counter()
    STEPS[step](folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - start,
                "cpu": usage.ru_utime + usage.ru_stime,
                "mib": peak_kib() / 1024,
            }
        )
    )


def peak_kib() -> int:
    """Return the peak memory of this process alone, in KiB; `ru_maxrss` would include that of its parent before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def table(size: str, folder: Path) -> None:
    tracks, minutes = (int(part) for part in size.split("x"))
    folder.mkdir(parents=True, exist_ok=True)
    make_tracks(folder, tracks, minutes)
    print(f"\n{tracks} tracks × {minutes} minutes, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    print(f"{'':18}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}  goal")
    for step in STEPS:
        found = measured(step, folder)
        goal = GOALS.get((size, step), "")
        print(f"{step:18}{found['wall']:9.1f}{found['cpu']:9.1f}{found['mib']:10.0f}  {goal}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["8x3", "32x8"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=STEPS)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.folder)
        return
    for size in arguments.sizes:
        with TemporaryDirectory() as folder:
            table(size, (arguments.folder or Path(folder)) / size)


if __name__ == "__main__":
    main()
