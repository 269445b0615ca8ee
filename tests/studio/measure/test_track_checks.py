"""The checks of a recording before any work is done on it: each error names the track and its reason."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.studio.measure.track_checks import check_loudness, check_track

TONE = 0.1 * np.sin(np.arange(16_000) / 10.0)


@pytest.mark.parametrize(
    ("audio", "rate", "words"),
    [
        (np.tile(TONE, (6, 1)), 8000, "has 6 channels"),
        (TONE[None], 6000, "sample rate of 6000 Hz"),
        (np.tile(TONE, (1, 2)), 8000, "lasts 4.0 s; at most 3.0 s are allowed"),
        (np.zeros((2, 8000)), 8000, "is silent"),
        (np.full((1, 8000), 1e-7), 8000, "is silent"),
    ],
)
def test_an_unusable_recording_raises_an_error(tmp_path: Path, audio: np.ndarray, rate: int, words: str) -> None:
    path = audio_files.write(tmp_path / "take.wav", audio, rate, 32)
    with pytest.raises(AudioError, match=f"^take.wav .*{words}"):
        check_track(path, "take.wav", 3.0)


def test_a_usable_recording_passes(tmp_path: Path) -> None:
    silence = np.zeros((2, 80_000))
    audio = np.concatenate([silence, np.stack([TONE, 0.0 * TONE])], axis=1)  # the sound starts in the second block
    path = audio_files.write(tmp_path / "take.wav", audio, 8000, 16)
    check_track(path, "take.wav", 12.0)


def test_a_loudness_that_could_not_be_measured_raises_an_error() -> None:
    check_loudness(-69.0, "take.wav")
    with pytest.raises(AudioError, match=r"take\.wav is too short or too quiet"):
        check_loudness(-inf, "take.wav")
