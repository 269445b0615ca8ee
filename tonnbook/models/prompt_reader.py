"""Marks in a prompt what has been understood, so that no word is read twice and what is left over can be named; reads lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tonnbook.models import prompt_words as words
from tonnbook.models.base import Answer

_NUMBER = r"\d+(?:[.,]\d+)?|" + "|".join(sorted(words.NUMBERS, key=len, reverse=True))
_DECADE = r"(?:pop|rock|hip|rap|r&b|soul|funk|disco|indie|style|inspired|vibes?|music|sound)"
_DURATIONS = (
    (r"(?<![\d/:])(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?![\d:])", None),
    (r"half an? minute|half-minute", 30.0),
    (r"an? minute and a half|one and a half minutes", 90.0),
    (
        rf"(?P<m>{_NUMBER})[\s-]*(?:minutes?|mins?|m)(?:\s*(?:and\s*)?(?P<s>\d+)\s*(?:seconds?|secs?|s)?)?(?P<half> and a half)?",
        None,
    ),
    (r"(?P<ms>\d+)[\s-]*(?:milliseconds?|ms)", None),
    (rf"(?P<h>{_NUMBER})[\s-]*(?:hours?|hrs?)", None),
    (rf"(?!808s|[5-9]0s {_DECADE})(?P<s>{_NUMBER})[\s-]*(?:seconds?|secs?|s)", None),
)
_NEGATED = re.compile(r"\b(?:not|no|without|never|minus|free of|don'?t want|isn'?t|less)\s+(?:\w+\s+)?$")


class Understood(Answer):
    """Some words of the prompt, and what was made of them."""

    words: str
    meaning: str


@dataclass
class Reader:
    """A prompt and the stretches of it that have been understood."""

    text: str
    taken: list[tuple[int, int]] = field(default_factory=list)
    notes: list[tuple[int, Understood]] = field(default_factory=list)

    def find(self, pattern: str, within: tuple[int, int] | None = None) -> Iterator[re.Match[str]]:
        """Yield the matches in stretches that nobody has taken yet."""
        first, last = within or (0, len(self.text))
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w])", self.text):
            free = all(match.end() <= a or match.start() >= b for a, b in self.taken)
            if free and first <= match.start() < last:
                yield match

    def take(self, match: re.Match[str], meaning: str) -> None:
        """Note what a match means, with its "no" or "without" where it has one."""
        before = _NEGATED.search(self.text[: match.start()])
        start = before.start() if before else match.start()
        self.taken.append((start, match.end()))
        self.notes.append((start, Understood(words=self.text[start : match.end()].strip(), meaning=meaning)))

    def negated(self, match: re.Match[str]) -> bool:
        """Whether "no", "not" or "without" stands before a match, with at most one word between."""
        return bool(_NEGATED.search(self.text[: match.start()]))

    def left_over(self) -> tuple[str, ...]:
        """Return the words that nobody understood, without the small ones."""
        masked = list(self.text)
        for start, end in self.taken:
            masked[start:end] = " " * (end - start)
        rest = re.findall(r"[^\W\d_][\w'-]*|\d[\w-]*", "".join(masked))
        return tuple(dict.fromkeys(word for word in rest if word not in words.FILLERS and len(word) > 1))


def lengths_ms(reader: Reader, segment: tuple[int, int]) -> list[int]:
    """Return the lengths in milliseconds, in their order, that a stretch of the text names."""
    found: list[tuple[int, int]] = []
    for pattern, fixed in _DURATIONS:
        for match in reader.find(pattern, segment):
            seconds = fixed if fixed is not None else _seconds(match.groupdict())
            if seconds > 0:
                reader.take(match, f"duration {seconds:g} s")
                found.append((match.start(), round(seconds * 1000)))
    return [length for _, length in sorted(found)]


def _seconds(groups: dict[str, str | None]) -> float:
    def number(name: str) -> float:
        text = groups.get(name) or "0"
        return float(words.NUMBERS.get(text, 0)) or (float(text.replace(",", ".")) if text[0].isdigit() else 0.0)

    return 3600 * number("h") + 60 * number("m") + number("s") + number("ms") / 1000 + (30 if groups.get("half") else 0)
