"""Ragas, talas, and the two synthesised voices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import log2

import numpy as np
import pytest
from song_plans import plan, tune

from tonnbook.models.composition import Emotion, Tempo
from tonnbook.studio.composition.composer.sound.synth import hertz, tabla, tanpura
from tonnbook.studio.composition.composer.writing.arrange import compose_score, song_of
from tonnbook.studio.composition.composer.writing.form import SLOWING
from tonnbook.studio.composition.composer.writing.raga import RAGAS, SWARAS, legal
from tonnbook.studio.composition.composer.writing.score import Score
from tonnbook.studio.composition.composer.writing.tala import BOL_KEYS, Cycle, Tala, cycles, tihai_beats

RATE = 44100


@pytest.fixture(scope="module")
def pieces() -> dict[Emotion, Score]:
    """A minute of every raga."""
    tempi = list(Tempo)
    return {e: compose_score(plan("indian", e, tempi[n % 3], 60_000)) for n, e in enumerate(Emotion)}


@pytest.mark.parametrize("emotion", list(Emotion))
def test_the_melody_keeps_to_its_raga(emotion: Emotion, pieces: dict[Emotion, Score]) -> None:
    score, raga = pieces[emotion], RAGAS[emotion]
    sa, notes = score.sections[0].tonic, tune(score)
    assert all((note.key - sa) % 12 in raga.scale for note in notes)
    directions = [legal(raga, sa, a.key, b.key) for a, b in pairwise(notes)]
    assert np.mean(directions) >= 0.95
    time = {c: sum(n.length for n in notes if SWARAS[(n.key - sa) % 12] == c) for c in SWARAS}
    assert time[raga.vadi] / sum(time.values()) >= 0.18
    assert (notes[-1].key - sa) % 12 == 0
    assert 7 <= max(n.key for n in notes) - min(n.key for n in notes) <= 19


def test_ragas_of_five_notes_use_all_five(pieces: dict[Emotion, Score]) -> None:
    pentatonic = [emotion for emotion in Emotion if len(RAGAS[emotion].scale) == 5]
    assert len(pentatonic) == 5
    for emotion in pentatonic:
        counts = Counter(note.key % 12 for note in tune(pieces[emotion]))
        entropy = -sum(n / counts.total() * log2(n / counts.total()) for n in counts.values())
        assert 1.6 <= entropy <= 2.4, emotion


def test_everything_over_the_drone_is_of_the_raga(pieces: dict[Emotion, Score]) -> None:
    for emotion, score in pieces.items():
        sa = score.sections[0].tonic
        allowed = {*RAGAS[emotion].scale, 0}
        for part in (p for role in ("bass", "chords") for p in score.of(role)):
            assert {(n.key - sa) % 12 for n in part.notes} <= allowed, (emotion, part.name)


def test_ragas_know_up_from_down() -> None:
    desh = RAGAS[Emotion.MOTIVATIONAL]
    assert legal(desh, 0, 59, 60)  # N S'
    assert not legal(desh, 0, 58, 60)  # n S' goes down only
    assert legal(desh, 0, 58, 57)
    assert not legal(desh, 0, 62, 64)  # R G rises nowhere in Desh


def test_the_song_ends_with_a_tihai_on_the_last_downbeat(pieces: dict[Emotion, Score]) -> None:
    for score in pieces.values():
        section = score.sections[-1]
        landings = [section.at(beat) for beat in tihai_beats(section)]
        (drum,) = score.of("percussion")
        for landing in landings:
            assert any(n.bol == "dha" and abs(n.start - landing) < 0.05 for n in drum.notes)
            assert any(abs(n.start - landing) < 0.06 for n in tune(score))
        assert landings[-1] == pytest.approx(section.at(section.bars[-1].start))
        assert max(n.start for n in drum.notes) < landings[-1] + 0.05


def test_an_alap_comes_before_the_tabla_and_is_free_of_the_beat(pieces: dict[Emotion, Score]) -> None:
    apart, pulsed = [], []
    for score in pieces.values():
        section, first = score.sections[0], entry(score)
        assert first > 2.0
        free = [n for n in tune(score) if n.start < first - 0.05]
        assert len(free) >= 3
        assert first - 3.5 < free[-1].start < first - 1.0
        apart += [off_the_grid(section.beat_at(n.start)) for n in free]
        pulsed += [off_the_grid(section.beat_at(n.start)) for n in tune(score)[len(free) :]]
    assert np.mean(apart) == pytest.approx(1 / 8, abs=0.025)  # evenly spread between the half beats
    assert np.mean(pulsed) < 0.6 * np.mean(apart)


def off_the_grid(beat: float) -> float:
    """Return how far a beat is from the nearest half beat, up to a quarter."""
    return abs(2 * beat - round(2 * beat)) / 2


def entry(score: Score) -> float:
    """Return when the tabla enters, in seconds."""
    return min(note.start for part in score.of("percussion") for note in part.notes)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(("tempo", "lengths"), [("slow", [60_000]), ("medium", [47_300]), ("fast", [60_000]), ("fast", [33_333]), ("fast", [20_000, 14_100, 26_700])])  # fmt: skip
def test_the_tabla_enters_on_sam_and_the_tihai_lands_on_it(tempo: str, lengths: list[int], version: int) -> None:
    """Between its first stroke and the last downbeat lie whole cycles, also over the borders of sections."""
    asked = plan("indian", "happy " * len(lengths), tempo, sum(lengths), version=version)
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    sections = tuple(
        replace(s, start_ms=a, length_ms=b) for s, a, b in zip(asked.sections, starts, lengths, strict=True)
    )
    song = song_of(replace(asked, sections=sections))
    score = compose_score(replace(asked, sections=sections))
    first, last = score.sections[0], score.sections[-1]
    (drum,) = score.of("percussion")
    assert drum.notes[0].bol == song.tala.theka.split()[0]
    landing = sum(song.beats[:-1]) + last.bars[-1].start
    passed = (landing - first.beat_at(drum.notes[0].start)) / song.tala.cycle
    assert passed == pytest.approx(round(passed), abs=0.05)
    assert round(passed) >= 1
    assert drum.notes[-1].bol == "dha"
    assert drum.notes[-1].start == pytest.approx(last.at(last.bars[-1].start), abs=0.03)


def test_the_theka_is_struck_in_its_order() -> None:
    """Calm: no ornaments. From sam to sam the bols are those of the tala, whatever borders lie between."""
    songs = (song_of(plan("indian", "depressing calm", "fast", 64_000, version=v)) for v in range(1, 20))
    song = next(song for song in songs if song.tala.name == "teental")
    score = compose_score(song.plan)
    (drum,) = score.of("percussion")
    words = song.tala.theka.split()
    counted = Counter()
    for section, cycle in zip(score.sections, song.cycles, strict=True):
        for note in drum.notes:
            beat = section.beat_at(note.start)
            if section.start - 0.03 <= note.start < section.end - 0.03 and abs(beat - round(beat)) < 0.04:
                counted[note.bol == words[cycle.matra(round(beat))]] += 1
    assert counted[True] / counted.total() > 0.9


def test_a_song_without_room_for_a_cycle_has_its_tabla_at_once() -> None:
    tala = Tala("teental", "dha " * 16, 1.0, 4)
    assert cycles(tala, (14.0,), 0.0, ending=2.0) == (Cycle(tala, 12.0, 0.0),)
    assert cycles(tala, (70.0,), 8.0, ending=2.0) == (Cycle(tala, 68.0, 20.0),)
    assert cycles(tala, (30.5, 40.0), 8.0, ending=4.5) == (Cycle(tala, 66.0, 18.0), Cycle(tala, 36.0, 0.0))


def test_a_calm_piece_slows_down_at_its_end_and_an_angry_one_does_not() -> None:
    for emotion, share in (("calm", SLOWING), ("angry", 0.0)):
        section = compose_score(plan("indian", emotion, "medium", 60_000)).sections[0]
        beats = [section.at(b + 1) - section.at(b) for b in range(int(section.beats))]
        assert beats[-1] / beats[0] == pytest.approx(1 + share)
        assert max(b / a for a, b in pairwise(beats)) <= 1 + 0.3 * share + 1e-9
        assert section.at(section.beats) == pytest.approx(60.0, abs=1e-9)
        assert max(abs(b / section.beat_s - 1) for b in beats) <= 0.05
        assert all(
            section.beat_at(section.at(b / 7)) == pytest.approx(b / 7, abs=1e-9) for b in range(int(7 * section.beats))
        )


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


def test_the_partials_of_the_tanpura_rise_one_after_another() -> None:
    string = tanpura(45, 3.0)
    assert len(string) == int(3.6 * RATE)
    early, later = (np.abs(np.fft.rfft(string[a : a + 8192] * np.hanning(8192))) for a in (0, 20000))
    freqs = np.fft.rfftfreq(8192, 1 / RATE)
    high = freqs > 10 * hertz(45)
    assert (early[high] ** 2).sum() / (early**2).sum() < 0.3 * (later[high] ** 2).sum() / (later**2).sum()
    assert np.abs(string[-50:]).max() < 1e-3
