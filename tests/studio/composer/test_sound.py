"""What can be heard in the finished mix: tempo, key, genre, and the change from one section to the next (composition.md, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from asking import plan
from listening import (
    Array,
    classified,
    onset_strength,
    percentile_at,
    pitch_classes,
    simple_features,
    spectrogram,
    tempogram,
)

from tonnbook.audio_files import read
from tonnbook.models.composition import Genre
from tonnbook.studio.composer.compose import Composition, compose
from tonnbook.studio.composer.score import Plan
from tonnbook.studio.composer.theory import SCALES

Rendered = tuple[Composition, Array]
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""How often each degree of a key is heard (Albrecht & Shanahan 2013)."""
FEELINGS = ["sad", "happy", "angry", "calm", "dreamy", "motivational"]
CONTRASTS = ("calm angry", "happy sad", "joyful depressing", "dreamy tense")


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[[Plan], Rendered]:
    """Compose a plan and read its mix."""

    def render(asked: Plan) -> Rendered:
        song = compose(asked, tmp_path)
        return song, read(song.mix)[0]

    return render


def tempo_share(audio: Array, bpm: float) -> float:
    """Return how strong the asked tempo, its half or its double is against the strongest of all."""
    bpms = np.arange(40, 241, 0.5)
    strength = tempogram(onset_strength(spectrogram(audio)), bpms)
    near = [np.abs(bpms / (bpm * factor) - 1) < 0.013 for factor in (0.5, 1, 2)]
    return float(max(strength[place].max(initial=-1) for place in near) / strength.max())


@pytest.mark.parametrize("genre", list(Genre))
def test_the_tempo_is_in_the_sound(genre: Genre, rendered: Callable[[Plan], Rendered]) -> None:
    song, audio = rendered(plan(genre, "happy", "medium", 14_000))
    assert tempo_share(audio, song.score.bpm) >= 0.90


@pytest.mark.parametrize(
    ("genre", "emotions"), [("pop", "calm angry"), ("cinematic", "happy sad"), ("indian", "calm angry")]
)
def test_a_change_of_mood_is_heard(genre: str, emotions: str, rendered: Callable[[Plan], Rendered]) -> None:
    _, audio = rendered(plan(genre, emotions, "medium", 26_000))
    assert percentile_at(audio, 13.0) >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_genres_are_told_apart_by_simple_figures(rendered: Callable[[Plan], Rendered]) -> None:
    figures, genres, feelings = [], [], []
    for g, genre in enumerate(Genre):
        for e, emotion in enumerate(FEELINGS):
            tempo = ("medium", "fast", "slow")[(e + g) % 3]
            _, audio = rendered(plan(genre, emotion, tempo, 13_000))
            figures.append(simple_features(audio))
            genres.append(str(genre))
            feelings.append(emotion)
    labels = np.array(genres)
    heard = classified(np.array(figures), labels, np.array(feelings))
    assert np.mean(heard == labels) >= 0.80
    assert min(np.mean(heard[labels == genre] == genre) for genre in set(genres)) >= 0.60


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_contrasting_sections_are_the_greatest_change(rendered: Callable[[Plan], Rendered]) -> None:
    heard, shares = [], []
    for n, genre in enumerate(Genre):
        for emotions in (CONTRASTS[n % 4], CONTRASTS[(n + 1) % 4]):
            song, audio = rendered(plan(genre, emotions, "medium", 26_000))
            heard.append(percentile_at(audio, 13.0))
            shares.append(tempo_share(audio, song.score.bpm))
    assert np.mean(np.array(heard) >= 0.90) >= 0.80
    assert np.mean(np.array(shares) >= 0.90) >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_key_is_in_the_sound(rendered: Callable[[Plan], Rendered]) -> None:
    """Tonic and mode are the best of 24 keys, for the modes that a key profile knows."""
    found = []
    for n, genre in enumerate(g for g in Genre if g is not Genre.INDIAN):
        for emotion in ("happy", "sad") if n % 2 else ("triumphant", "inspirational"):
            song, _ = rendered(plan(genre, emotion, "medium", 24_000))
            stage = song.score.stages[0]
            audio = sum(read(song.stems[role])[0] for role in ("bass", "chords", "melody"))
            found.append(heard_key(np.asarray(audio)) == (stage.tonic, 3 in SCALES[stage.mode]))
    assert np.mean(found) >= 0.85


def heard_key(audio: Array) -> tuple[int, bool]:
    """Return the tonic and whether the key is a minor one, by the profile that fits the pitch classes best."""
    tones = pitch_classes(audio)
    scores = {
        (tonic, minor): np.corrcoef(np.roll(profile, tonic), tones)[0, 1]
        for tonic in range(12)
        for minor, profile in ((False, MAJOR), (True, MINOR))
    }
    return max(scores, key=lambda key: scores[key])
