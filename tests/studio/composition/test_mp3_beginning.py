"""The beginning of an MP3: the same sound, exactly as long as asked, without encoding again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tonnbook.audio_files import info, read, write
from tonnbook.errors import AudioError
from tonnbook.studio.composition.mp3_beginning import beginning

RATE = 44100


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of noise that swells, in stereo, as MP3."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 3 * RATE)) * np.linspace(0.01, 1, 3 * RATE)
    return write(tmp_path_factory.mktemp("mp3") / "song.mp3", noise, RATE)


@pytest.mark.parametrize("frames", [1, 1151, 1152, RATE, 2 * RATE + 77])
def test_it_is_the_same_sound_bit_for_bit(song: Path, tmp_path: Path, frames: int) -> None:
    short = beginning(song, tmp_path / "short.mp3", frames)
    assert info(short).frames == frames
    assert np.array_equal(read(short)[0], read(song)[0][:, :frames])
    assert not list(tmp_path.glob("*.part"))


def test_it_is_shorter_as_a_file_and_can_be_shortened_again(song: Path, tmp_path: Path) -> None:
    second = beginning(song, tmp_path / "second.mp3", RATE)
    assert second.stat().st_size == pytest.approx(song.stat().st_size / 3, rel=0.15)
    half = beginning(second, tmp_path / "half.mp3", RATE // 2)
    assert np.array_equal(read(half)[0], read(song)[0][:, : RATE // 2])


def test_what_it_cannot_shorten_is_named(song: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"song\.mp3 cannot be shortened: it is not longer"):
        beginning(song, tmp_path / "long.mp3", 4 * RATE)
    wave = write(tmp_path / "plain.wav", np.zeros((2, 100)), RATE)
    mono = write(tmp_path / "mono.mp3", np.zeros((1, RATE)), RATE)
    for file in (wave, mono):
        with pytest.raises(AudioError, match="no stereo MP3"):
            beginning(file, tmp_path / "short.mp3", 10)
