"""The songs of lesson 03 have the properties that the lesson describes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median

import pytest
from song_plans import inside, rhythm, tune

from tonnbook.models.composition import CompositionRequest, Section
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.plan import plan_of
from tonnbook.studio.composition.composer.writing.score import Note, Score, ScoreSection

LESSON = Path(__file__).parents[4] / "notebooks" / "03_composition.ipynb"


@pytest.fixture(scope="module")
def lofi() -> Score:
    """The song of steps 1 to 3."""
    code = "".join(line for cell in json.loads(LESSON.read_text())["cells"] for line in cell["source"])
    found = re.search(r'tb\.CompositionBuilder\("(.+)"\)', code)
    assert found
    return compose_score(plan_of(CompositionRequest(prompt=found[1]))[0])


def two_moods(second: str) -> Score:
    """Return the song of step 4 with a second mood."""
    happy = Section(emotion="happy", start_ms=0, length_ms=12_000)
    other = Section(emotion=second, start_ms=12_000, length_ms=12_000)
    request = CompositionRequest(genre="pop", tempo="medium", title="Two moods", sections=(happy, other))
    return compose_score(plan_of(request)[0])


def strokes(score: Score, key: int) -> list[float]:
    """Return where a drum is struck, in sixteenths of the first section."""
    section = score.sections[0]
    notes = [n for part in score.of("percussion") for n in part.notes if n.key == key]
    return [4 * section.beat_at(note.start) for note in inside(notes, section)]


def test_the_snare_is_late_and_odd_sixteenths_swing(lofi: Score) -> None:
    hats = strokes(lofi, 42)
    even = median(step - round(step) for step in hats if round(step) % 2 == 0)
    between = [step - round(step) - even for step in hats if round(step) % 2]
    assert len(between) >= 6
    assert 0.1 <= median(between) <= 0.28  # nearer to the stroke after them
    backbeat = [step - round(step) - even for step in strokes(lofi, 38) if round(step) % 8 == 4]
    assert 7 <= 1000 * median(backbeat) * lofi.sections[0].beat_s / 4 <= 15
    bars = len(lofi.sections[0].bars) - 1
    assert len(backbeat) >= 2 * bars - 1


def sounding(score: Score, section: ScoreSection) -> list[Note]:
    """Return all notes of a section."""
    return [note for part in score.parts for note in inside(part.notes, section)]


@pytest.mark.parametrize(("second", "darker"), [("sad", "happy"), ("depressing", "sad")])
def test_a_sadder_mood_is_minor_lower_thinner_and_softer(second: str, darker: str) -> None:
    score, other = two_moods(second), two_moods(darker)
    before = other.sections[1] if darker == "sad" else score.sections[0]
    compared = other if darker == "sad" else score
    section = score.sections[1]
    assert (section.mode, section.tonic) == ("aeolian", before.tonic)
    assert section.beat_s == pytest.approx(before.beat_s, rel=0.03)
    assert mean(n.key for n in inside(tune(score), section)) < mean(n.key for n in inside(tune(compared), before))
    assert len(sounding(score, section)) < len(sounding(compared, before))
    assert mean(n.velocity for n in sounding(score, section)) < mean(n.velocity for n in sounding(compared, before))


def test_a_figure_of_the_melody_returns_in_the_next_section() -> None:
    score = two_moods("sad")
    first, second = (rhythm(inside(tune(score), section), section) for section in score.sections)
    shares = [len(a & b) / min(len(a), len(b)) for a, b in zip(first, second, strict=False) if a and b]
    assert max(shares) >= 0.75
    assert sum(share >= 0.5 for share in shares) >= 2


def test_the_first_section_stays_when_the_second_turns_sadder() -> None:
    sad, depressing = two_moods("sad"), two_moods("depressing")
    assert sounding(sad, sad.sections[0]) == sounding(depressing, depressing.sections[0])
