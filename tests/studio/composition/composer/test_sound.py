"""Measurements of the rendered mix: tempo, key, genre, level, and the change from one section to the next.

Two sets of songs are rendered once and looked at by all tests: every genre in six emotions, and eight songs of contrasting sections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from audio_measures import (
    Array,
    classified,
    estimate_key,
    estimate_key_over_drone,
    onset_strength,
    percentiles_at,
    simple_features,
    spectrogram,
    tempogram,
)
from song_plans import plan

from tonnbook.audio_files import read
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.compose import Composition, compose
from tonnbook.studio.composition.composer.writing.raga import RAGAS
from tonnbook.studio.composition.composer.writing.score import ScoreSection
from tonnbook.studio.composition.composer.writing.theory import SCALES

FEELINGS = ("sad", "happy", "angry", "calm", "dreamy", "motivational")
KNOWN_MODES = ("ionian", "aeolian", "mixolydian", "dorian")
"""The modes that a key profile knows."""
CONTRASTS = ("calm angry calm", "happy sad happy", "depressing joyful depressing", "tense dreamy tense")
BPMS = np.arange(20, 241, 0.5)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class SongMeasures:
    """What was found in a song."""

    genre: str
    feeling: str
    bpm: float
    section: ScoreSection
    features: Array
    tempi: Array
    """The tempogram at BPMS."""
    key: tuple[int, bool]
    reduction_db: float
    lufs: float
    dbtp: float
    crest_db: float
    stems_lufs: dict[str, float]


def measure(song: Composition, genre: str, feeling: str) -> SongMeasures:
    """Return the figures of a song, whose files may then go."""
    audio, rate = read(song.mix)
    stems = {role: read(path)[0] for role, path in song.stems.items()}
    tonal = np.sum([stems[role] for role in ("bass", "chords", "melody")], axis=0)
    return SongMeasures(
        genre,
        feeling,
        song.score.bpm,
        song.score.sections[0],
        simple_features(audio),
        tempogram(onset_strength(spectrogram(audio)), BPMS),
        estimate_key_over_drone(stems["bass"], stems["melody"]) if genre == Genre.INDIAN else estimate_key(tonal),
        song.reduction_db,
        song.loudness_lufs,
        song.true_peak_dbtp,
        float(20 * np.log10(np.abs(audio).max() / audio.std())),
        {role: integrated_loudness(stem, rate) for role, stem in stems.items()},
    )


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> list[SongMeasures]:
    """Every genre in six emotions, at changing tempi: 48 songs of 13 s."""
    folder = tmp_path_factory.mktemp("gallery")
    found = []
    for g, genre in enumerate(Genre):
        for e, feeling in enumerate(FEELINGS):
            tempo = ("medium", "fast", "slow")[(e + g) % 3]
            found.append(measure(compose(plan(genre, feeling, tempo, 13_000), folder), genre, feeling))
    return found


@pytest.fixture(scope="module")
def borders(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """How much of a change each border is, 0 to 1, in one song of every genre that goes to another feeling and back."""
    folder = tmp_path_factory.mktemp("journeys")
    found = []
    for n, genre in enumerate(Genre):
        audio, _ = read(compose(plan(genre, CONTRASTS[n % 4], "medium", 27_000), folder).mix)
        found += percentiles_at(audio, (9.0, 18.0))
    return found


def near(bpm: float, factors: Sequence[float], slack: float) -> Array:
    """Return which of BPMS lie near a tempo or one of its relatives."""
    return np.any([np.abs(BPMS / (bpm * factor) - 1) < slack for factor in factors], axis=0)


def test_the_tempo_is_in_the_sound(gallery: list[SongMeasures]) -> None:
    """The asked tempo, its half or its double is nearly as strong as the strongest of all, in every song."""
    for song in gallery:
        share = song.tempi[near(song.bpm, (0.5, 1, 2), 0.013)].max() / song.tempi[BPMS >= 40].max()
        assert share >= 0.90, (song.genre, song.feeling)


def test_the_strongest_tempo_is_the_requested_one_its_half_or_its_double(gallery: list[SongMeasures]) -> None:
    """Beat trackers expect a tempo that people tap to, the likelier the nearer; the middle of the studio's tempi is 90 bpm."""
    expected = np.exp(-0.5 * np.log2(BPMS / 90) ** 2)
    found = [near(song.bpm, (0.5, 1, 2), 0.04)[(expected * song.tempi).argmax()] for song in gallery]
    assert np.mean(found) >= 0.95


def test_genres_can_be_classified_by_simple_features(gallery: list[SongMeasures]) -> None:
    labels = np.array([song.genre for song in gallery])
    predicted = classified(np.array([s.features for s in gallery]), labels, np.array([s.feeling for s in gallery]))
    assert np.mean(predicted == labels) >= 0.80
    assert min(np.mean(predicted[labels == genre] == genre) for genre in set(labels)) >= 0.60


def test_the_key_is_in_the_sound(gallery: list[SongMeasures]) -> None:
    """Tonic and mode are the best of 24 keys, for the modes that a key profile knows."""
    found = [
        song.key == (song.section.tonic, 3 in SCALES[song.section.mode])
        for song in gallery
        if song.section.mode in KNOWN_MODES
    ]
    assert len(found) >= 28
    assert np.mean(found) >= 0.85


def test_sa_and_the_third_of_a_raga_are_in_the_sound(gallery: list[SongMeasures]) -> None:
    """The drone says Sa; over it the melody's own stem says which third. The drone's fifth partial would say major to any raga."""
    pieces = [song for song in gallery if song.genre == Genre.INDIAN]
    assert len(pieces) == len(FEELINGS)
    assert all(song.key[0] == song.section.tonic for song in pieces)
    minor = [song.key[1] == ("g" in RAGAS[song.section.emotion].down) for song in pieces]
    assert sum(minor) >= 5  # Adana (angry) touches its third in passing only


def test_contrasting_sections_are_the_greatest_changes(borders: list[float]) -> None:
    assert len(borders) == 16
    assert np.mean(np.array(borders) >= 0.90) >= 0.80


def test_levels_hold_and_the_limiter_has_little_to_do(gallery: list[SongMeasures]) -> None:
    for song in gallery:
        name = (song.genre, song.feeling)
        assert song.lufs == pytest.approx(-16.0, abs=0.5), name
        assert song.dbtp <= -1.0, name
        assert song.reduction_db <= 4.0, name
        assert 9 <= song.crest_db <= 18, name


def test_no_stem_is_lost_or_alone(gallery: list[SongMeasures]) -> None:
    """Every stem is audible, and none covers the others; the faintest are the drums of ambient."""
    for song in gallery:
        name = (song.genre, song.feeling, song.stems_lufs)
        assert min(song.stems_lufs.values()) >= -38, name
        assert max(song.stems_lufs.values()) <= -15.0, name
        voices = [song.stems_lufs[role] for role in ("chords", "melody")]
        assert abs(voices[0] - voices[1]) <= 12, name
