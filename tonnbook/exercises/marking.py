"""Quizzes that mark answers: a wrong answer gets a hint, never the solution. `tb.quiz` displays and marks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from tonnbook.widgets.quiz.quiz import Blind, QuizForm

RIGHT, WRONG, OPEN = "✓", "✗", "…"


@dataclass(frozen=True)
class Item:
    """One item of a quiz: the right option, the reason, and a hint for other answers."""

    right: str
    why: str
    hint: str


@dataclass(frozen=True)
class Quiz:
    """A question, its options with a description each, and its items: a single one with the name "", or several with a letter each."""

    question: str
    options: Mapping[str, str]
    items: Mapping[str, Item]

    def mark(self, answer: str | Mapping[str, str]) -> Marking:
        """Return the marked answer. Raises TypeError for an answer that is not text, or to an item that does not exist."""
        given = {"": answer} if isinstance(answer, str) else answer
        if not isinstance(given, Mapping) or not all(isinstance(word, str) for word in given.values()):
            raise TypeError(f"answer with {self._answer_format()}, not {answer!r}")
        if set(given) - set(self.items):
            unknown = ", ".join(map(str, set(given) - set(self.items)))
            letters = ", ".join(name for name in self.items if name)
            raise TypeError(f"there is no {unknown} in this quiz; answer {letters or 'with one word'}")
        return Marking(tuple(self._line(name, given.get(name, "").strip()) for name in self.items))

    def _answer_format(self) -> str:
        """Return the format of an answer as Python, without any answer."""
        letters = [name for name in self.items if name]
        by_letter = ", ".join(f'"{letter}": "?"' for letter in letters)
        return f"a word for each letter, {{{by_letter}}}" if letters else f"one of the words {', '.join(self.options)}"

    def _line(self, name: str, word: str) -> Line:
        item = self.items[name]
        if word.casefold() in ("", "?"):
            return Line(OPEN, name, "", "not answered yet")
        known = {key.casefold(): key for key in self.options}
        if word.casefold() not in known:
            return Line(WRONG, name, word, f"is not an option; the options are {', '.join(self.options)}")
        if known[word.casefold()] == item.right:
            return Line(RIGHT, name, item.right, item.why)
        return Line(WRONG, name, known[word.casefold()], f"not right. {item.hint}")

    def __str__(self) -> str:
        return "\n".join([self.question, *(f"  {key}: {description}" for key, description in self.options.items())])

    def form(self, reveals: Blind | None = None) -> QuizForm:
        """Return the quiz as a form to answer by clicking; `reveals` is a blind player that is revealed once all is answered."""

        def mark(answers: Mapping[str, str]) -> list[dict[str, str]]:
            return [asdict(line) for line in self.mark(answers).lines]

        return QuizForm(self.question, self.options, list(self.items), mark, reveals)


@dataclass(frozen=True)
class Line:
    """One marked answer."""

    mark: str
    name: str
    answer: str
    text: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.mark, self.name, self.answer and f"{self.answer}:", self.text)))


@dataclass(frozen=True)
class Marking:
    """A marked quiz, which a cell displays."""

    lines: tuple[Line, ...]

    @property
    def right(self) -> int:
        """Number of right answers."""
        return sum(line.mark == RIGHT for line in self.lines)

    @property
    def score(self) -> str:
        """The result as text."""
        left = sum(line.mark == OPEN for line in self.lines)
        return f"{self.right} of {len(self.lines)} right" + (f", {left} not answered yet" if left else "")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), self.score])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        cell = "text-align:left;vertical-align:top;padding:2px 8px"
        rows = "".join(
            f'<tr><td style="{cell}"><b>{each.mark}</b></td><td style="{cell}">{escape(each.name)}</td>'
            f'<td style="{cell}"><b>{escape(each.answer)}</b></td><td style="{cell}">{escape(each.text)}</td></tr>'
            for each in self.lines
        )
        return {"text/html": f"<table><tbody>{rows}</tbody></table><p>{self.score}</p>", "text/plain": str(self)}
