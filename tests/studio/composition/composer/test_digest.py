"""The same notes on every machine and every Python that we support: digests of the MIDI files of some songs.

A change of the music changes them. If that is intended, update them in the same commit:

    python tests/studio/composition/composer/test_digest.py

prints the table that belongs below.
"""

from __future__ import annotations

import hashlib

import pytest
from song_plans import plan

from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.midi import midi_bytes

SONGS = {
    "pop": plan("pop", "happy sad", "medium", 24_000),
    "indie": plan("indie", "cheerful angry", "fast", 21_500),
    "lo-fi": plan("hiphop", "calm", "slow", 30_000, words="peaceful lo-fi chill hop"),
    "trap": plan("hiphop", "tense", "medium", 16_000, version=2),
    "rnb": plan("rnb", "relaxing dreamy", "medium", 33_333),
    "ambient": plan("ambient", "dreamy", "slow", 40_000),
    "cinematic": plan("cinematic", "scary triumphant", "fast", 25_000),
    "electronic loop": plan("electronic", "energetic", "fast", 15_000, looping=True),
    "raga": plan("indian", "motivational depressing", "fast", 60_000),
}
DIGESTS = {
    "pop": "218a97b5a60895bb",
    "indie": "9e11a5849b2c12fd",
    "lo-fi": "de66264a49ba7cc7",
    "trap": "51ffb1cbee63b267",
    "rnb": "b162b7aa91572b54",
    "ambient": "6487b5ec1cd1e433",
    "cinematic": "d8741135daef8e03",
    "electronic loop": "996d9da1b615b881",
    "raga": "2a054be60baade6b",
}


def digest(name: str) -> str:
    """Return the first 64 bits of the SHA-256 of a song's MIDI file."""
    return hashlib.sha256(midi_bytes(compose_score(SONGS[name]))).hexdigest()[:16]


@pytest.mark.parametrize("name", SONGS)
def test_the_notes_have_not_changed(name: str) -> None:
    assert digest(name) == DIGESTS[name], "the music has changed; if that is wanted, see the top of this file"


if __name__ == "__main__":
    print("DIGESTS = {")  # noqa: T201
    for song in SONGS:
        print(f'    "{song}": "{digest(song)}",')  # noqa: T201
    print("}")  # noqa: T201
