"""Quizzes that check the answer: a wrong one gets a hint, never the solution. `tb.quiz` asks and marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

RIGHT, WRONG, OPEN = "✓", "✗", "…"


@dataclass(frozen=True)
class Item:
    """One thing to answer: which option is right, why, and what helps those who took another."""

    right: str
    why: str
    hint: str


@dataclass(frozen=True)
class Quiz:
    """A question, the options by the word that stands for each, and what is asked: one thing (named ""), or several by letter."""

    question: str
    options: Mapping[str, str]
    items: Mapping[str, Item]

    def mark(self, answer: str | Mapping[str, str]) -> Marking:
        """Return what is right of an answer. Raises TypeError for one that is no word, or to something that was not asked."""
        given = {"": answer} if isinstance(answer, str) else answer
        if not isinstance(given, Mapping) or not all(isinstance(word, str) for word in given.values()):
            raise TypeError(f"answer with {self._way()}, not {answer!r}")
        if set(given) - set(self.items):
            asked = ", ".join(name for name in self.items if name) or "one word"
            raise TypeError(f"asked is {asked}, not {', '.join(map(str, set(given) - set(self.items)))}")
        return Marking(tuple(self._line(name, given.get(name, "").strip()) for name in self.items))

    def _way(self) -> str:
        """Return how to answer, in Python; with no answer in it."""
        letters = [name for name in self.items if name]
        by_letter = ", ".join(f'"{letter}": "?"' for letter in letters)
        return f"a word by letter, {{{by_letter}}}" if letters else f"one of the words {', '.join(self.options)}"

    def _line(self, name: str, word: str) -> Line:
        item = self.items[name]
        if word.casefold() in ("", "?"):
            return Line(OPEN, name, "", "not answered yet")
        known = {key.casefold(): key for key in self.options}
        if word.casefold() not in known:
            return Line(WRONG, name, word, f"is none of the words: {', '.join(self.options)}")
        if known[word.casefold()] == item.right:
            return Line(RIGHT, name, item.right, item.why)
        return Line(WRONG, name, known[word.casefold()], f"no. {item.hint}")

    def __str__(self) -> str:
        return "\n".join([self.question, *(f"  {key}: {words}" for key, words in self.options.items())])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        listed = "".join(f"<li><b>{escape(key)}</b>: {escape(words)}</li>" for key, words in self.options.items())
        return {"text/html": f"<p>{escape(self.question)}</p><ul>{listed}</ul>", "text/plain": str(self)}


@dataclass(frozen=True)
class Line:
    """One marked answer."""

    mark: str
    name: str
    answer: str
    words: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.mark, self.name, self.answer and f"{self.answer}:", self.words)))


@dataclass(frozen=True)
class Marking:
    """A marked quiz; it shows itself."""

    lines: tuple[Line, ...]

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(line.mark == RIGHT for line in self.lines)

    @property
    def sum(self) -> str:
        """How it went, in words."""
        left = sum(line.mark == OPEN for line in self.lines)
        return f"{self.right} of {len(self.lines)} right" + (f", {left} not answered yet" if left else "")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), self.sum])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        cell = "text-align:left;vertical-align:top;padding:2px 8px"
        rows = "".join(
            f'<tr><td style="{cell}"><b>{each.mark}</b></td><td style="{cell}">{escape(each.name)}</td>'
            f'<td style="{cell}"><b>{escape(each.answer)}</b></td><td style="{cell}">{escape(each.words)}</td></tr>'
            for each in self.lines
        )
        return {"text/html": f"<table><tbody>{rows}</tbody></table><p>{self.sum}</p>", "text/plain": str(self)}
