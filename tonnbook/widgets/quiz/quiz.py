"""A quiz to answer by clicking: the options are shuffled, and what could give the answers away is revealed when all are answered."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Protocol

import traitlets

from tonnbook.widgets.page import PageWidget, html, script, style


class Blind(Protocol):
    """A widget that hides something until it is told to reveal it."""

    def reveal(self) -> None:
        """Show what was hidden."""


class QuizForm(PageWidget):
    """A question with its options for each item. `answers` can be read and set; `result` and `right` are the score as data."""

    _esm = script("quiz/quiz")
    _css = style("quiz/quiz")

    question = traitlets.Unicode("").tag(sync=True)
    options: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    items: traitlets.List[str] = traitlets.List().tag(sync=True)
    answers: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    result: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    """After "Check": for each item a dictionary of its `mark` (✓, ✗ or … if it is not answered), `name`, `answer` and `text`."""

    def __init__(
        self,
        question: str,
        options: Mapping[str, str],
        items: Sequence[str],
        mark: Callable[[Mapping[str, str]], list[dict[str, str]]],
        reveals: Blind | None = None,
    ) -> None:
        self._mark, self._reveals = mark, reveals
        shuffled = [[key, description] for key, description in options.items()]
        random.shuffle(shuffled)
        super().__init__(question=question, options=shuffled, items=list(items))
        self.on_msg(lambda _, message, __: self.check() if message.get("kind") == "check" else None)

    @property
    def right(self) -> int:
        """Number of right answers when they were last checked."""
        return sum(line["mark"] == "✓" for line in self.result)

    @property
    def answered(self) -> bool:
        """Whether every item has an answer, and the answers were checked."""
        return bool(self.result) and all(line["mark"] != "…" for line in self.result)

    def check(self) -> None:
        """Mark the answers, as the button does; once all are answered, reveal what was hidden."""
        self.result = self._mark(self.answers)
        if self.answered and self._reveals is not None:
            self._reveals.reveal()

    def static_html(self) -> str:
        """Return the question and its options."""
        listed = (html("li", html("b", escape(key)), escape(f": {text}")) for key, text in self.options)
        return html("div", html("p", escape(self.question)), html("ul", *listed))

    def plain(self) -> str:
        """Return the question in one line of text."""
        return self.question
