"""Quizzes: a right answer is told why, a wrong one gets a hint that does not give it away, an open one is left open."""

from __future__ import annotations

import pytest

import tonnbook as tb
from tonnbook.exercises import QUIZZES
from tonnbook.exercises.marking import OPEN, RIGHT, WRONG, Item, Quiz

ONE = Quiz("Which?", {"high": "above", "low": "below"}, {"": Item("low", "it is <down> there", "Look down.")})


def test_one_word_is_marked() -> None:
    assert [(line.mark, line.words) for line in ONE.mark(" Low ").lines] == [(RIGHT, "it is <down> there")]
    assert [(line.mark, line.words) for line in ONE.mark("high").lines] == [(WRONG, "no. Look down.")]
    assert str(ONE.mark("middle")) == "✗ middle: is none of the words: high, low\n0 of 1 right"
    assert ONE.mark("?").sum == "0 of 1 right, 1 not answered yet"


def test_words_by_letter_are_marked_and_what_is_not_answered_stays_open() -> None:
    marked = tb.quiz("04-a", {"A": "dull", "B": "dull", "C": "?"})
    assert [line.mark for line in marked.lines] == [RIGHT, WRONG, *[OPEN] * 6]
    assert marked.sum == "1 of 8 right, 6 not answered yet"
    page = marked._repr_mimebundle_()["text/html"]
    assert page.count("<tr>") == 8
    assert "&lt;down&gt;" in ONE.mark("low")._repr_mimebundle_()["text/html"]


def test_what_was_not_asked_is_refused() -> None:
    with pytest.raises(TypeError, match="asked is A, B, C, D, E, F, G, H, not Z"):
        tb.quiz("04-a", {"Z": "dull"})
    with pytest.raises(TypeError, match="asked is one word, not A"):
        ONE.mark({"A": "low"})
    with pytest.raises(TypeError, match="answer with one of the words high, low, not 3"):
        ONE.mark(3)  # type: ignore[arg-type]
    for answer in (3, ["dull"], None, {"A": 1}):
        with pytest.raises(TypeError, match=r'answer with a word by letter, \{"A": "\?", "B": "\?", .*, not '):
            QUIZZES["04-a"].mark(answer)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no quiz '04-z'; there are: 04-a, 04-b"):
        tb.quiz("04-z")


def test_a_question_shows_its_options() -> None:
    shown = tb.quiz("04-b")._repr_mimebundle_()
    assert "<li><b>mono</b>: In mono</li>" in shown["text/html"]
    assert "  mono: In mono" in shown["text/plain"]


@pytest.mark.parametrize("quiz", QUIZZES.values(), ids=QUIZZES)
def test_every_right_answer_is_an_option_and_no_hint_names_it(quiz: Quiz) -> None:
    for item in quiz.items.values():
        assert item.right in quiz.options
        assert item.right not in item.hint.casefold().split()
    assert quiz.mark({name: item.right for name, item in quiz.items.items()}).right == len(quiz.items)
