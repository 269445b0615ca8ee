"""Ragas, talas, and the two voices of our own."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log2

import numpy as np
import pytest
from asking import plan, tune

from tonnbook.models.composition import Emotion, Tempo
from tonnbook.studio.composer.arrange import compose_score
from tonnbook.studio.composer.indian_voices import hertz, tabla, tanpura
from tonnbook.studio.composer.raga import RAGAS, SWARAS, legal
from tonnbook.studio.composer.score import Score
from tonnbook.studio.composer.tala import BOL_KEYS, tihai_beats

RATE = 44100


@pytest.fixture(scope="module")
def pieces() -> dict[Emotion, Score]:
    """A minute of every raga."""
    tempi = list(Tempo)
    return {e: compose_score(plan("indian", e, tempi[n % 3], 60_000)) for n, e in enumerate(Emotion)}


@pytest.mark.parametrize("emotion", list(Emotion))
def test_the_melody_keeps_to_its_raga(emotion: Emotion, pieces: dict[Emotion, Score]) -> None:
    score, raga = pieces[emotion], RAGAS[emotion]
    sa, notes = score.stages[0].tonic, tune(score)
    assert all((note.key - sa) % 12 in raga.scale for note in notes)
    directions = [legal(raga, sa, a.key, b.key) for a, b in pairwise(notes)]
    assert np.mean(directions) >= 0.95
    time = {c: sum(n.length for n in notes if SWARAS[(n.key - sa) % 12] == c) for c in SWARAS}
    assert time[raga.vadi] / sum(time.values()) >= 0.18
    assert (notes[-1].key - sa) % 12 == 0
    assert 7 <= max(n.key for n in notes) - min(n.key for n in notes) <= 19


def test_ragas_of_five_notes_sound_of_five_notes(pieces: dict[Emotion, Score]) -> None:
    pentatonic = [emotion for emotion in Emotion if len(RAGAS[emotion].scale) == 5]
    assert len(pentatonic) == 5
    for emotion in pentatonic:
        counts = Counter(note.key % 12 for note in tune(pieces[emotion]))
        entropy = -sum(n / counts.total() * log2(n / counts.total()) for n in counts.values())
        assert 1.6 <= entropy <= 2.4, emotion


def test_everything_over_the_drone_is_of_the_raga(pieces: dict[Emotion, Score]) -> None:
    for emotion, score in pieces.items():
        sa = score.stages[0].tonic
        allowed = {*RAGAS[emotion].scale, 0}
        for part in (p for role in ("bass", "chords") for p in score.of(role)):
            assert {(n.key - sa) % 12 for n in part.notes} <= allowed, (emotion, part.name)


def test_ragas_know_up_from_down() -> None:
    desh = RAGAS[Emotion.MOTIVATIONAL]
    assert legal(desh, 0, 59, 60)  # N S'
    assert not legal(desh, 0, 58, 60)  # n S' goes down only
    assert legal(desh, 0, 58, 57)
    assert not legal(desh, 0, 62, 64)  # R G rises nowhere in Desh


def test_the_piece_closes_with_a_tihai_on_the_last_downbeat(pieces: dict[Emotion, Score]) -> None:
    for score in pieces.values():
        stage = score.stages[-1]
        landings = [stage.at(beat) for beat in tihai_beats(stage)]
        (drum,) = score.of("percussion")
        for landing in landings:
            assert any(n.word == "dha" and abs(n.start - landing) < 0.05 for n in drum.notes)
            assert any(abs(n.start - landing) < 0.06 for n in tune(score))
        assert landings[-1] == pytest.approx(stage.at(stage.bars[-1].start))
        assert max(n.start for n in drum.notes) < landings[-1] + 0.05


def test_an_alap_comes_before_the_tabla(pieces: dict[Emotion, Score]) -> None:
    for score in pieces.values():
        first = min(n.start for part in score.of("percussion") for n in part.notes)
        assert first > 2.0
        assert any(n.start < first - 1 for n in tune(score))


@pytest.mark.parametrize("bol", sorted(BOL_KEYS))
def test_every_bol_has_a_sound_that_ends(bol: str) -> None:
    sound = tabla(bol, 60)
    assert 0.05 < np.abs(sound).max() < 1.5
    assert np.abs(sound[-100:]).max() < 0.02


def test_the_dayan_is_tuned_and_the_bayan_bends() -> None:
    ringing = tabla("tun", 62)[2000:30000]
    spectrum = np.abs(np.fft.rfft(ringing * np.hanning(len(ringing))))
    peak = np.fft.rfftfreq(len(ringing), 1 / RATE)[spectrum.argmax()]
    assert peak == pytest.approx(hertz(62), rel=0.01)
    low = tabla("ge", 62)
    crossings = np.nonzero(np.diff(np.sign(low[300:])) > 0)[0]
    assert np.diff(crossings[:3]).mean() < 0.92 * np.diff(crossings[8:12]).mean()


def test_the_tanpuras_partials_bloom_one_after_another() -> None:
    string = tanpura(45, 3.0)
    assert len(string) == int(3.6 * RATE)
    early, later = (np.abs(np.fft.rfft(string[a : a + 8192] * np.hanning(8192))) for a in (0, 20000))
    freqs = np.fft.rfftfreq(8192, 1 / RATE)
    high = freqs > 10 * hertz(45)
    assert (early[high] ** 2).sum() / (early**2).sum() < 0.3 * (later[high] ** 2).sum() / (later**2).sum()
    assert np.abs(string[-50:]).max() < 1e-3
