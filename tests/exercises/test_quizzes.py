"""Quizzes: a right answer gets the reason, a wrong one a hint that does not contain the answer, an open one stays open."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tonnbook as tb
from tonnbook.exercises.marking import OPEN, RIGHT, WRONG, Item, Quiz
from tonnbook.exercises.quizzes import QUIZZES

ONE = Quiz("Which?", {"high": "above", "low": "below"}, {"": Item("low", "it is <down> there", "Look down.")})


def test_one_word_is_marked() -> None:
    assert [(line.mark, line.text) for line in ONE.mark(" Low ").lines] == [(RIGHT, "it is <down> there")]
    assert [(line.mark, line.text) for line in ONE.mark("high").lines] == [(WRONG, "not right. Look down.")]
    assert str(ONE.mark("middle")) == "✗ middle: is not an option; the options are high, low\n0 of 1 right"
    assert ONE.mark("?").score == "0 of 1 right, 1 not answered yet"


def test_words_for_each_letter_are_marked_and_unanswered_items_stay_open() -> None:
    marked = tb.quiz("04-a", {"A": "dull", "B": "dull", "C": "?"})
    assert [line.mark for line in marked.lines] == [RIGHT, WRONG, *[OPEN] * 6]
    assert marked.score == "1 of 8 right, 6 not answered yet"
    page = marked._repr_mimebundle_()["text/html"]
    assert page.count("<tr>") == 8
    assert "&lt;down&gt;" in ONE.mark("low")._repr_mimebundle_()["text/html"]


def test_answers_in_another_format_are_refused() -> None:
    with pytest.raises(TypeError, match="there is no Z in this quiz; answer A, B, C, D, E, F, G, H"):
        tb.quiz("04-a", {"Z": "dull"})
    with pytest.raises(TypeError, match="there is no A in this quiz; answer with one word"):
        ONE.mark({"A": "low"})
    with pytest.raises(TypeError, match="answer with one of the words high, low, not 3"):
        ONE.mark(3)  # type: ignore[arg-type]
    for answer in (3, ["dull"], None, {"A": 1}):
        with pytest.raises(TypeError, match=r'answer with a word for each letter, \{"A": "\?", "B": "\?", .*, not '):
            QUIZZES["04-a"].mark(answer)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no quiz '04-z'; there are: 04-a, 04-b"):
        tb.quiz("04-z")


def test_a_question_shows_its_options() -> None:
    form = tb.quiz("04-b")
    assert "<li><b>mono</b>: In mono</li>" in form.static_html()
    assert sorted(key for key, _ in form.options) == sorted(QUIZZES["04-b"].options)


def test_the_score_is_data_and_a_blind_player_is_revealed_once_all_is_answered() -> None:
    tone = 0.1 * np.sin(np.arange(44100) / 10)
    player = tb.switch({"A": tone, "B": 0.5 * tone}, rate=44100, blind=True)
    assert "LUFS" not in player.static_html()
    form = tb.quiz("04-a", reveals=player)
    form.answers = {"A": "dull", "B": "dull"}
    form.check()
    assert (form.right, form.answered, player.blind) == (1, False, True)
    assert form.result[0] == {"mark": RIGHT, "name": "A", "answer": "dull", "text": QUIZZES["04-a"].items["A"].why}
    form.answers = dict.fromkeys("ABCDEFGH", "good")
    form.check()
    assert (form.right, form.answered, player.blind) == (1, True, False)
    assert "LUFS" in player.static_html()


def hint_contains_answer(item: Item) -> bool:
    """Return whether the answer is a word of the hint, whatever punctuation is around it; a part of a longer word does not count."""
    return item.right.casefold() in re.findall(r"\w+(?:-\w+)*", item.hint.casefold())


@pytest.mark.parametrize("hint", ["Is it low?", "Not high, but low.", "(low)", "Low: look there", "high/low", "“low”"])
def test_a_hint_with_the_answer_beside_punctuation_contains_it(hint: str) -> None:
    assert hint_contains_answer(Item("low", "", hint))
    assert not hint_contains_answer(Item("low", "", hint.casefold().replace("low", "lower")))


@pytest.mark.parametrize("quiz", QUIZZES.values(), ids=QUIZZES)
def test_every_right_answer_is_an_option_and_no_hint_contains_it(quiz: Quiz) -> None:
    for item in quiz.items.values():
        assert item.right in quiz.options
        assert not hint_contains_answer(item)
    assert quiz.mark({name: item.right for name, item in quiz.items.items()}).right == len(quiz.items)
