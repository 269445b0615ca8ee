"""Cleanup beside its peers: SI-SDR of speech and of a sung stem in steady noise, on the same files in the same run.

    python benchmarks/cleanup.py [python-with-noisereduce]

ffmpeg must be on the path. afftdn runs three times: as it comes, told the exact noise floor (which nobody is told outside a benchmark),
and tracking the noise itself. noisereduce is looked for in another interpreter: it is a peer, no dependency. Peers that shift the sound
in time are shifted back before they are measured.

Improvement in dB, 21 November, two shared cores (speech, then the sung stem of the demo song):

| noise | SNR | tonnbook | afftdn | afftdn, told the floor | afftdn, tracking | noisereduce | stationary |
|---|---|---|---|---|---|---|---|
| white | 5 | **9.4** / **13.0** | 0.4 / 8.3 | 8.0 / 8.9 | 1.1 / 3.6 | 0.2 / 4.7 | -0.6 / 6.7 |
| white | 10 | **8.7** / **12.2** | 1.8 / 9.6 | 7.4 / 8.7 | 2.2 / 5.4 | -4.3 / 0.5 | -6.1 / 2.9 |
| white | 20 | **7.0** / **10.8** | 6.3 / 4.4 | 6.1 / 8.0 | 3.7 / 7.5 | -14.0 / -8.7 | -17.4 / -5.7 |
| white | 30 | **5.9** / **9.7** | 0.8 / -4.7 | 4.9 / 7.3 | 4.9 / 0.5 | -23.9 / -18.5 | -29.0 / -15.0 |
| pink | 5 | **6.9** / **10.5** | 0.5 / 2.1 | 1.8 / 2.2 | 0.5 / 2.3 | -0.7 / 3.1 | -0.1 / 4.8 |
| pink | 10 | **6.2** / **9.7** | 0.9 / 2.8 | 1.7 / 2.2 | 1.0 / 2.8 | -4.9 / -0.6 | -5.0 / 1.4 |
| pink | 20 | **4.4** / **8.1** | 1.3 / 2.7 | 1.3 / 2.0 | 1.3 / 2.5 | -14.1 / -9.2 | -16.1 / -6.5 |
| pink | 30 | **3.0** / **7.1** | -1.1 / -4.8 | 0.9 / 1.9 | 0.6 / -0.2 | -23.9 / -18.6 | -27.7 / -15.4 |
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import fft

from tonnbook import audio_files, demo
from tonnbook.models.vocabulary import SoundSource
from tonnbook.studio.cleanup import clean

RATE = 44100
SPEECH = Path(__file__).parents[1] / "tests" / "studio" / "recordings" / "speech.flac"
Array = np.ndarray


def white(frames: int) -> Array:
    return np.random.default_rng(1).standard_normal(frames)


def pink(frames: int) -> Array:
    freqs = np.fft.rfftfreq(frames, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(white(frames)) / np.sqrt(np.maximum(freqs, 20.0)), frames)


def si_sdr(made: Array, wanted: Array) -> float:
    part = (made @ wanted) / (wanted @ wanted) * wanted
    return float(10 * np.log10((part @ part) / max((made - part) @ (made - part), 1e-12 * (part @ part))))


def in_time(made: Array, with_this: Array) -> Array:
    size = fft.next_fast_len(2 * len(made))
    alike = np.fft.irfft(np.fft.rfft(made, size) * np.fft.rfft(with_this, size).conj(), size)
    lag = int(np.argmax(alike))
    return np.roll(made, -(lag if lag < size // 2 else lag - size))


def afftdn(options: str) -> Callable[[Path, Path], None]:
    def run(source: Path, out: Path) -> None:
        call = ["ffmpeg", "-y", "-loglevel", "error", "-i", source, "-af", f"afftdn{options}", "-c:a", "pcm_f32le", out]
        subprocess.run(call, check=True)

    return run


def noisereduce(python: str, options: str) -> Callable[[Path, Path], None]:
    def run(source: Path, out: Path) -> None:
        code = (
            "import noisereduce, soundfile, sys; x, r = soundfile.read(sys.argv[1]); "
            f"soundfile.write(sys.argv[2], noisereduce.reduce_noise(y=x, sr=r{options}), r, subtype='FLOAT')"
        )
        subprocess.run([python, "-c", code, source, out], check=True)

    return run


def ours(source: Path, out: Path) -> None:
    clean(source, SoundSource.VOCAL, out)


def candidates(floor_db: float) -> Iterator[tuple[str, Callable[[Path, Path], None]]]:
    yield "tonnbook", ours
    yield "afftdn", afftdn("")
    yield "afftdn told", afftdn(f"=nf={min(-20.0, max(-80.0, floor_db)):.1f}")
    yield "afftdn tracking", afftdn("=tn=1")
    if len(sys.argv) > 1:
        yield "noisereduce", noisereduce(sys.argv[1], "")
        yield "noisereduce stationary", noisereduce(sys.argv[1], ",stationary=True")


def main() -> None:
    speech = np.pad(audio_files.read(SPEECH, RATE)[0][0], RATE // 2)
    vocal = audio_files.read(demo.stems()["vocal"], RATE)[0].mean(axis=0)
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.wav"), Path(folder, "out.wav")
        for name, sound in (("speech", speech), ("vocal", vocal)):
            for noise in (white, pink):
                for snr_db in (0, 5, 10, 20, 30, 40):
                    hiss = noise(len(sound))
                    hiss *= np.sqrt(np.mean(np.square(sound)) / np.mean(np.square(hiss))) * 10 ** (-snr_db / 20)
                    audio_files.write(source, (sound + hiss)[None], RATE, 32)
                    before, floor_db = si_sdr(sound + hiss, sound), 10 * np.log10(np.mean(np.square(hiss)))
                    told = []
                    for called, run in candidates(floor_db):
                        run(source, out)
                        made = audio_files.read(out)[0][0]
                        made = np.pad(made, (0, max(0, len(sound) - len(made))))[: len(sound)]
                        made = made if run is ours else in_time(made, sound)
                        told.append(f"{called} {si_sdr(made, sound) - before:+.1f}")
                    print(f"{name} in {noise.__name__} noise, {snr_db} dB: {', '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
