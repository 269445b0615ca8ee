from __future__ import annotations

import re
from dataclasses import dataclass

from test_plot_mix import Page

from tonnbook.models.notes import StageNotes
from tonnbook.plots import stages


@dataclass
class Notes:
    stages: tuple[StageNotes, ...]


@dataclass
class Result:
    name: str
    notes: Notes | None


DONE = StageNotes(stage="tone", done=True, text="A curve of -1 to +2 dB.")
LEFT = StageNotes(stage="stereo", done=False, text="Width & phase are in order.")
DROPPED = StageNotes(stage="mastering", done=False, dropped=True, text="It made compression worse.")


def test_each_stage_has_a_mark_and_its_sentence() -> None:
    table = stages(Result("my <mix>.wav", Notes((DONE, LEFT, DROPPED))))
    assert [mark for mark, _, _ in table.rows] == ["✓", "–", "✗"]
    page = Page(table._repr_mimebundle_()["text/html"])
    assert page.open == []
    assert "What was done to my <mix>.wav" in page.words
    assert "tried and dropped" in page.words
    assert str(table).splitlines()[2] == "– stereo       Width & phase are in order."


def test_a_result_without_notes_says_so() -> None:
    shown = stages(Result("mix.wav", None))._repr_mimebundle_()
    assert shown["text/plain"] == "What was done to mix.wav: the service gives no details"
    assert not re.search("<table", shown["text/html"])
