"""Grooves: backbeat, kicks, ghost notes and swing, also in songs of low energy."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, median

import pytest
from song_plans import inside, plan

from tonnbook.models.composition import CompositionRequest
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.plan import plan_of
from tonnbook.studio.composition.composer.writing.score import Note, Score

KICK, SNARE, RIM, CLAP, HAT = 36, 38, 37, 39, 42
LOW = [
    ("hiphop", "calm"),
    ("hiphop", "relaxing"),
    ("hiphop", "sad"),
    ("hiphop", "dreamy"),
    ("rnb", "calm"),
    ("rnb", "relaxing"),
]
LOFI = "30 seconds peaceful lo-fi chill hop track"


def drums(score: Score) -> list[Note]:
    """Return the strokes of all kits of a song."""
    return [note for part in score.of("percussion") if part.voice.endswith("-kit") for note in part.notes]


def sixteenths(score: Score, notes: list[Note]) -> list[tuple[int, float, Note]]:
    """Return (bar, sixteenth within it, note) for the strokes of the first section."""
    section = score.sections[0]
    found = []
    for note in inside(notes, section):
        beat = (note.start - section.start) / section.beat_s
        bar = int((beat + 0.08) / section.meter)
        found.append((bar, (beat - bar * section.meter) * 4, note))
    return found


@pytest.fixture(scope="module", params=[*LOW, LOFI], ids=str)
def quiet(request: pytest.FixtureRequest) -> Score:
    """A quiet song of hip-hop or R&B."""
    if isinstance(request.param, str):
        asked, _ = plan_of(CompositionRequest(prompt=request.param))
        return compose_score(asked)
    genre, emotion = request.param
    return compose_score(plan(genre, emotion, "medium", 30_000))


def test_a_quiet_groove_keeps_its_backbeat(quiet: Score) -> None:
    """Two and four are struck in every bar, harder than anything else on snare, rim or clap; two kicks, one of them off the beat."""
    strokes = sixteenths(quiet, drums(quiet))
    bars = quiet.sections[0].bars[:-2]  # the last but one may hold a fill, the last is one stroke
    kicks = []
    for bar in bars:
        if "opening" in bar.layers or "drums" not in bar.layers or bar.last_of_phrase:
            continue
        here = [(round(step), note) for number, step, note in strokes if number == bar.number]
        struck = {step: note.velocity for step, note in here if note.key in (SNARE, RIM, CLAP)}
        assert {4, 12} <= set(struck), bar.number
        others = [velocity for step, velocity in struck.items() if step not in (4, 12)]
        assert max(others, default=0) < min(struck[4], struck[12]), bar.number
        kicks.append([step for step, note in here if note.key == KICK])
    assert len(kicks) >= 4
    assert all(row[0] == 0 and len(row) >= 2 for row in kicks)
    assert mean(any(step % 4 for step in row) for row in kicks) >= 0.9


def test_ghosts_and_hats_swing(quiet: Score) -> None:
    """A fifth of the strokes or more lie on odd sixteenths, and those come late by the swing."""
    strokes = [(step, note) for _, step, note in sixteenths(quiet, drums(quiet)) if note.key in (SNARE, HAT)]
    odd = [(step - round(step), note) for step, note in strokes if round(step) % 2]
    assert len(odd) / len(strokes) >= 0.2
    assert {HAT, SNARE} <= {note.key for _, note in odd}
    hats = median(late for late, note in odd if note.key == HAT)
    even = median(step - round(step) for step, note in strokes if round(step) % 2 == 0 and note.key == HAT)
    assert 0.1 <= hats - even <= 0.28  # .56 to .62 of an eighth, which is two sixteenths: .12 to .24 late


def test_the_snare_of_lofi_is_late() -> None:
    score = compose_score(plan_of(CompositionRequest(prompt=LOFI))[0])
    beat = score.sections[0].beat_s
    strokes = [(step - round(step), n) for _, step, n in sixteenths(score, drums(score)) if round(step) in (4, 12)]
    late = {key: 1000 * beat / 4 * median(d for d, note in strokes if note.key == key) for key in (SNARE, HAT)}
    assert 8 <= late[SNARE] - late[HAT] <= 15


def test_neighbouring_bars_of_kicks_differ_now_and_then(quiet: Score) -> None:
    rows: dict[int, set[int]] = {}
    for bar, step, note in sixteenths(quiet, drums(quiet)):
        if note.key == KICK:
            rows.setdefault(bar, set()).add(round(step))
    assert any(a != b for a, b in pairwise(rows.values()))
