"""Measure the CPU time of analysing one minute of stereo, and that of other programs for parts of the analysis, in the same run.

    python benchmarks/analysis.py

Prints CPU time (user and system, all threads) from file to verdicts, the best of several runs, and the ratio to each peer, which is more
reliable than milliseconds on a shared machine. Needs `tonnbook[bench]` and imageio-ffmpeg. libebur128 measures loudness, range and true
peak; ffmpeg measures these (ebur128), levels and peaks (astats) and phase (aphasemeter), but no spectrum, width by band, mono sum or flat
tops. soundfile only decodes.

21 November, two cores shared with four other processes (load 3 to 4), two runs: 232 and 237 ms; libebur128 274 and 280 ms (ratio 0.83
and 0.87), ffmpeg 9.0.2 311 and 318 ms (0.73 and 0.76), decoding alone 29 ms.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyebur128
import soundfile
from imageio_ffmpeg import get_ffmpeg_exe

from tonnbook import audio_files, demo
from tonnbook.models.vocabulary import AnalysisStyle
from tonnbook.studio.analysis.engine import analyse

RATE = 44100
RUNS = 7
Mode = pyebur128.MeasurementMode


def a_minute(folder: str) -> Path:
    """Write the mix of all stems of the demo song, repeated, as a 24-bit file of one minute."""
    stems = [audio_files.read(path)[0] for path in demo.stems().values()]
    mix = sum((np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems), start=np.zeros((2, 1)))
    minute = np.tile(mix, (1, 3))[:, : 60 * RATE]
    return audio_files.write(Path(folder, "minute.wav"), minute * 0.5 / np.abs(minute).max(), RATE, 24)


def libebur128(path: Path) -> None:
    audio, rate = soundfile.read(path)
    state = pyebur128.R128State(2, rate, Mode.MODE_I | Mode.MODE_LRA | Mode.MODE_TRUE_PEAK)
    state.add_frames(np.ascontiguousarray(audio).ravel(), len(audio))
    pyebur128.get_loudness_global(state)
    pyebur128.get_loudness_range(state)
    pyebur128.get_true_peak(state, 0)


def ffmpeg(path: Path) -> None:
    filters = "ebur128=peak=true:framelog=verbose,astats,aphasemeter=video=0"
    subprocess.run(
        [get_ffmpeg_exe(), "-nostats", "-loglevel", "error", "-i", path, "-af", filters, "-f", "null", "-"], check=True
    )


def cpu_s() -> float:
    """Return the CPU time of this process and of its finished child processes, in s."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def best_ms(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        start = cpu_s()
        work()
        best = min(best, cpu_s() - start)
    return best * 1e3


def main() -> None:
    with TemporaryDirectory() as folder:
        path = a_minute(folder)
        ours = best_ms(lambda: analyse(path, AnalysisStyle.POP, is_master=False))
        print(f"{'analysis':28}{ours:6.0f} ms")
        peers = {"libebur128: I, LRA, peak": libebur128, "ffmpeg": ffmpeg, "soundfile: decoding alone": soundfile.read}
        for name, peer in peers.items():
            theirs = best_ms(lambda peer=peer: peer(path))
            print(f"{name:28}{theirs:6.0f} ms   ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
