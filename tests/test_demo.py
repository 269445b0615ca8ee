from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import soundfile

from tonnbook import demo

FREESOUND = [
    "124386",
    "55232",
    "100054",
    "213524",
    "165314",
    "46990",
    "198403",
    "35391",
    "242591",
    "212288",
    "188551",
    "172157",
]
MONO = {"kick", "snare", "hi-hat", "bass", "vocal"}


def test_stems_are_in_musical_order() -> None:
    assert list(demo.stems()) == ["kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal"]


@pytest.mark.parametrize("name", demo.STEMS)
def test_stem_is_a_song_long_cd_recording(name: str) -> None:
    info = soundfile.info(demo.stems()[name])
    assert (info.samplerate, info.frames, info.subtype) == (44100, 24 * 44100, "PCM_16")
    assert info.channels == (1 if name in MONO else 2)


def test_stems_are_eight_different_recordings() -> None:
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in demo.stems().values()}) == 8


def test_the_whole_song_stays_small_in_the_wheel() -> None:
    assert sum(path.stat().st_size for path in demo.stems().values()) < 7_000_000


def test_the_credits_name_every_sound() -> None:
    text = Path(demo.FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    assert demo.credits() == text
    assert all(number in text for number in FREESOUND)
    assert "CC0" in text
    assert "espeak-ng" in text


def test_the_album_is_four_rough_mixes_that_do_not_match_in_level() -> None:
    songs = demo.album()
    assert list(songs) == ["01_night_bus", "02_tabla_street", "03_basement", "04_open_sky"]
    levels = [abs(soundfile.read(path)[0]).max() for path in songs.values()]
    assert max(levels) / min(levels) > 4
    for path in songs.values():
        info = soundfile.info(path)
        assert (info.samplerate, info.channels) == (44100, 2)
        assert 20 < info.frames / info.samplerate < 27


def test_three_songs_are_composed_with_stems_of_the_requested_length() -> None:
    songs = demo.songs()
    assert list(songs) == list(demo.PROMPTS) == ["lo-fi", "raga", "film"]
    for stems in songs.values():
        assert set(stems) == {"bass", "chords", "melody", "percussion"}
        for path in stems.values():
            assert (soundfile.info(path).frames, soundfile.info(path).channels) == (12 * 44100, 2)
    assert demo.songs() is songs
