"""Measure the CPU time of `tonnbook.dsp` for one minute of stereo on one core, and that of a peer where there is one.

    python benchmarks/dsp.py

Prints milliseconds of CPU time, the best of several runs, at 44.1 kHz. Needs `tonnbook[bench]`.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import numpy as np
import pyebur128
import pyloudnorm
import soxr
from scipy import signal

from tonnbook import audio_files, demo
from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Filter, eq
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.reverb import Convolver, impulse_response
from tonnbook.dsp.spectrum import long_term_spectrum, third_octave_energies
from tonnbook.dsp.stereo import pan
from tonnbook.dsp.true_peak import TruePeakMeter

RATE = 44100
BLOCK = 65536
RUNS = 5


@dataclass(frozen=True)
class Band:
    centre_hz: float
    gain_db: float
    q: float = 1.0


def a_minute() -> np.ndarray:
    """Return one minute of the mix of all stems of the demo song, repeated."""
    stems = [audio_files.read(path)[0] for path in demo.stems().values()]
    mix = sum((np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems), start=np.zeros((2, 1)))
    return np.tile(mix, (1, 3))[:, : 60 * RATE].copy()


AUDIO = a_minute()
INTERLEAVED = np.ascontiguousarray(AUDIO.T)
SOS = eq([Band(60, 2), Band(150, -3), Band(400, 2), Band(1000, -2), Band(3500, 3), Band(11000, 2)], RATE)
RESPONSE = impulse_response("ELECTRONIC", RATE)
LOUDNESS = pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_LRA


def blocks() -> Iterator[np.ndarray]:
    for start in range(0, AUDIO.shape[1], BLOCK):
        yield AUDIO[:, start : start + BLOCK]


def stream(process: Callable[[np.ndarray], object]) -> None:
    for block in blocks():
        process(block)


def measure_loudness() -> tuple[float, float]:
    meter = LoudnessMeter(RATE, 2)
    stream(meter.process)
    return meter.integrated, meter.loudness_range


def measure_true_peak() -> float:
    meter = TruePeakMeter(RATE, 2)
    stream(meter.process)
    return meter.dbtp


def libebur128(mode: pyebur128.MeasurementMode) -> None:
    state = pyebur128.R128State(2, RATE, mode)
    state.add_frames(INTERLEAVED.ravel(), len(INTERLEAVED))


def read_at_48_khz(folder: str) -> None:
    path = audio_files.write(f"{folder}/minute.wav", AUDIO, RATE)
    for _ in audio_files.blocks(path, 48000):
        pass


def cpu_ms(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1e3


def rows() -> Iterator[tuple[str, Callable[[], object], str, Callable[[], object] | None]]:
    yield "loudness: I, LRA", measure_loudness, "libebur128", lambda: libebur128(LOUDNESS)
    whole = pyloudnorm.Meter(RATE, filter_class="DeMan")
    yield "", measure_loudness, "pyloudnorm, I only", lambda: whole.integrated_loudness(INTERLEAVED)
    peak = pyebur128.MeasurementMode.MODE_TRUE_PEAK
    yield "true peak, four meters", measure_true_peak, "libebur128", lambda: libebur128(peak)
    yield "", measure_true_peak, "soxr VHQ 4x", lambda: soxr.resample(INTERLEAVED, RATE, 4 * RATE, "VHQ")
    yield "EQ, six bands", lambda: stream(Filter(SOS, 2).process), "scipy sosfilt", lambda: signal.sosfilt(SOS, AUDIO)
    yield "compressor", lambda: stream(Compressor(-20, 4, 15, 120, RATE).process), "", None
    reverb = "scipy oaconvolve"
    yield (
        "reverb, 1.9 s",
        lambda: stream(Convolver(RESPONSE).process),
        reverb,
        lambda: signal.oaconvolve(AUDIO, RESPONSE, axes=1),
    )
    yield "panner", lambda: stream(lambda block: pan(block, 30.0)), "", None
    yield "third octaves", lambda: third_octave_energies(AUDIO, RATE), "", None
    yield (
        "long-term spectrum",
        lambda: long_term_spectrum(AUDIO, RATE),
        "scipy welch",
        lambda: signal.welch(AUDIO, RATE, nperseg=16384),
    )


def main() -> None:
    print(f"{'a minute of stereo':26}{'ms':>7}   {'peer':22}{'ms':>7}")
    for name, ours, peer, theirs in rows():
        print(f"{name:26}{cpu_ms(ours):7.0f}   {peer:22}{f'{cpu_ms(theirs):7.0f}' if theirs else ''}")
    with TemporaryDirectory() as folder:
        print(f"{'write WAV, read at 48 kHz':26}{cpu_ms(lambda: read_at_48_khz(folder)):7.0f}")


if __name__ == "__main__":
    main()
