"""What can be heard in the finished mix: tempo, key, genre, and the change from one section to the next (composition.md, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from asking import plan
from listening import Array, chroma, classified, onset_strength, percentile_at, simple_features, spectrogram, tempogram

from tonnbook.audio_files import read
from tonnbook.models.composition import Genre
from tonnbook.studio.composer.compose import Composition, compose
from tonnbook.studio.composer.score import Plan
from tonnbook.studio.composer.theory import SCALES

Rendered = tuple[Composition, Array]
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How much a listener expects each degree of a key (Krumhansl & Kessler 1982)."""
FEELINGS = "sad happy angry calm dreamy motivational".split()
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
            _, audio = rendered(plan(genre, emotion, tempo, 16_000))
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
    heard, shares, keys = [], [], []
    for n, genre in enumerate(Genre):
        for emotions in (CONTRASTS[n % 4], CONTRASTS[(n + 1) % 4]):
            song, audio = rendered(plan(genre, emotions, "medium", 26_000))
            heard.append(percentile_at(audio, 13.0))
            shares.append(tempo_share(audio, song.score.bpm))
            keys += [_key_is_heard(song, n) for n in (0, 1)]
    assert np.mean(np.array(heard) >= 0.90) >= 0.80
    assert np.mean(np.array(shares) >= 0.90) >= 0.9
    known = [found for found in keys if found is not None]
    assert len(known) >= 12
    assert np.mean(known) >= 0.85


def _key_is_heard(song: Composition, n: int) -> bool | None:
    """Whether tonic and mode of a section are the best of 24 keys by its pitch classes; None for modes that no profile fits."""
    stage = song.score.stages[n]
    if stage.mode not in ("ionian", "aeolian", "mixolydian", "dorian"):
        return None
    rate = 44100
    audio = sum(read(song.stems[role])[0] for role in ("bass", "chords", "melody"))
    tones = chroma(spectrogram(np.asarray(audio)[:, int(stage.start * rate) : int(stage.end * rate)])).mean(axis=1)
    scores = {
        (tonic, minor): np.corrcoef(np.roll(profile, tonic), tones)[0, 1]
        for tonic in range(12)
        for minor, profile in ((False, MAJOR), (True, MINOR))
    }
    tonic, minor = max(scores, key=lambda key: scores[key])
    return (tonic, minor) == (stage.tonic, 3 in SCALES[stage.mode])
