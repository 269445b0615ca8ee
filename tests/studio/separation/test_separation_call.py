"""Separation on disk: the stems add up to the mix, also to a mix at or above full scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faults import RATE, noise, stereo

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.studio.separation.engine import separate

SECONDS = 2.0
Array = np.ndarray


def hits() -> Array:
    """Noise that decays twice a second, with content for each stem."""
    beat = 0.2 + np.exp(-9.0 * np.mod(np.arange(round(SECONDS * RATE)) / RATE, 0.5))
    audio = stereo(noise(1, SECONDS) * beat, 0.3 * noise(2, SECONDS) * beat)
    return audio / np.abs(audio).max()


MIXES = {
    "a quiet mix": (0.1 * hits(), 24),
    "a master that was clipped": (np.clip(hits() * to_gain(12.0), -1.0, 1.0), 16),
    "a float mix over full scale": (hits() * to_gain(9.0), 32),
}


@pytest.mark.parametrize("two_stems", [False, True])
@pytest.mark.parametrize("kind", MIXES)
def test_the_stems_add_up_to_the_mix(tmp_path: Path, kind: str, two_stems: bool) -> None:
    audio, depth = MIXES[kind]
    source = audio_files.write(tmp_path / "mix.wav", audio, RATE, depth)
    whole = audio_files.read(source)[0]
    stems = {
        name: audio_files.read(path)[0] for name, path in separate(source, tmp_path, two_stems=two_stems).stems.items()
    }
    left = sum(stems.values()) - whole
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(whole)) + 1e-30) < -100.0
    if depth == 32:
        assert max(np.abs(stem).max() for stem in stems.values()) > 1.0  # cut off there they would not add up
