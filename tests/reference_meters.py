"""Measure loudness and true peak with independent programs: libebur128, ffmpeg's ebur128 filter, and the filter of BS.1770-5."""

import re
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pyebur128
import soundfile


def libebur128_true_peak(audio: np.ndarray, rate: int) -> float:
    """Return the true peak in dBTP, measured by libebur128; `audio` is (channels, frames)."""
    state = pyebur128.R128State(len(audio), rate, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(np.ascontiguousarray(audio.T).ravel(), audio.shape[1])
    return float(20 * np.log10(max(pyebur128.get_true_peak(state, channel) for channel in range(len(audio)))))


def ffmpeg_true_peak(audio: np.ndarray, rate: int) -> float:
    """Return the true peak in dBTP, measured by ffmpeg, which prints it to 0.1 dB; `audio` is (channels, frames)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.wav"
        soundfile.write(path, audio.T, rate, "DOUBLE")
        return ffmpeg(path)[1]


def ffmpeg(path: Path) -> tuple[float, float]:
    """Return the integrated loudness in LUFS and the true peak in dBTP of a file, measured by ffmpeg's ebur128, to 0.1."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-hide_banner",
        "-nostats",
        "-i",
        str(path),
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = printed.rpartition("Summary:")[2]
    loudness, peak = re.search(r"I:\s+(\S+) LUFS", summary), re.search(r"Peak:\s+(\S+) dBFS", summary)
    assert loudness, printed
    assert peak, printed
    return float(loudness[1]), float(peak[1])


def libebur128(path: Path) -> tuple[float, float]:
    """Return the integrated loudness in LUFS and the true peak in dBTP of a file, measured by libebur128."""
    samples, rate = soundfile.read(path, always_2d=True)
    modes = pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_TRUE_PEAK
    state = pyebur128.R128State(samples.shape[1], rate, modes)
    state.add_frames(np.ascontiguousarray(samples).ravel(), len(samples))
    peak = max(pyebur128.get_true_peak(state, channel) for channel in range(samples.shape[1]))
    return float(pyebur128.get_loudness_global(state)), float(20 * np.log10(peak))


def itu_true_peak(path: Path) -> float:
    """Return the true peak in dBTP of a file, by the filter of BS.1770-5, Annex 2, at four times the sample rate."""
    samples = soundfile.read(path, always_2d=True)[0].T
    taps = np.array([phase.split() for phase in ITU_PHASES], dtype=float)
    phases = np.vstack([taps, taps[:, ::-1]])
    return float(20 * np.log10(max(np.abs(np.convolve(side, phase)).max() for side in samples for phase in phases)))


ITU_PHASES = (
    (
        "0.0017089843750 0.0109863281250 -0.0196533203125 0.0332031250000 -0.0594482421875 0.1373291015625 "
        "0.9721679687500 -0.1022949218750 0.0476074218750 -0.0266113281250 0.0148925781250 -0.0083007812500"
    ),
    (
        "-0.0291748046875 0.0292968750000 -0.0517578125000 0.0891113281250 -0.1665039062500 0.4650878906250 "
        "0.7797851562500 -0.2003173828125 0.1015625000000 -0.0582275390625 0.0330810546875 -0.0189208984375"
    ),
)
"""The coefficients of the standard, copied again so that the check is independent of the code under test."""
