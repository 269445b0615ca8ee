"""A prompt whose understood words are marked: no word is read twice, and the rest can be reported. Also finds negations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tonnbook.models.base import Answer
from tonnbook.models.prompt.words import FILLERS, NEGATORS, REDUCERS, SMALL, WORDS, Word

_NEGATOR = re.compile(rf"\b(?:(?P<less>{REDUCERS})|{NEGATORS})\b")
_TOO_MUCH = re.compile(r"\b(?:too|so|that) (?:much|many|loud|heavy|busy)\b")
_STOP = re.compile(r"[,.;:!?()]|\b(?:but|then|with|and|just)\b")
_LINK = re.compile(r"\s*(?P<link>,?\s*\b(?:or|nor|and)\b|[,/&])\s*")
_NEGATABLE = {
    "instrument": ("instrument",),
    "genre": ("genre", "style"),
    "emotion": ("emotion",),
    "tempo": ("tempo",),
    "stem": ("stem", "vocals"),
}
"""Kinds of words that a negation may apply to, grouped: a list of negated words stays within a group."""


class Understood(Answer):
    """Some words of the prompt, and how they were understood."""

    words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Negation:
    """A word that "no" or "less" applies to."""

    start: int
    """Where the "no" begins, for the first word of a list; where the word itself begins, for the others."""
    first: int
    last: int
    less: bool
    """True if less of it is requested, rather than none."""


@dataclass
class MarkedPrompt:
    """A prompt and the spans of it that have been understood."""

    raw: str
    marked: list[tuple[int, int]] = field(default_factory=list)
    notes: list[tuple[int, Understood]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.raw)  # same length as `raw`
        self.negations = tuple(_negations(self.text))

    def find(self, pattern: str, within: tuple[int, int] | None = None) -> Iterator[re.Match[str]]:
        """Yield the matches of a pattern in spans that are not marked yet."""
        first, last = within or (0, len(self.text))
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w])", self.text):
            if self.is_free(match.start(), match.end()) and first <= match.start() < last:
                yield match

    def find_words(self, kind: str) -> Iterator[tuple[Word, re.Match[str]]]:
        """Yield the unmarked words of a kind in the order of the table, each with its match."""
        for word in WORDS[kind]:
            for match in self.find(word.pattern):
                yield word, match

    def is_free(self, start: int, end: int) -> bool:
        """Return True if no part of a span is marked."""
        return all(end <= a or start >= b for a, b in self.marked)

    def mark(self, match: re.Match[str], meaning: str) -> None:
        """Mark a match, with its negation if it has one, and note its meaning."""
        negation = self._negation(match)
        start = min(match.start(), negation.start) if negation else match.start()
        self.marked.append((start, match.end()))
        self.notes.append((start, Understood(words=self.text[start : match.end()].strip(), meaning=meaning)))

    def is_negated(self, match: re.Match[str]) -> bool:
        """Return True if "no", "not" or "without" applies to a match."""
        negation = self._negation(match)
        return negation is not None and not negation.less

    def is_reduced(self, match: re.Match[str]) -> bool:
        """Return True if less of a match is requested, or not too much."""
        negation = self._negation(match)
        return negation is not None and negation.less

    def _negation(self, match: re.Match[str]) -> Negation | None:
        return next((n for n in self.negations if n.first < match.end() and match.start() < n.last), None)

    def not_understood(self) -> tuple[str, ...]:
        """Return the unmarked words without fillers; "no" or "less" stays with its word."""
        masked = list(self.text)
        for start, end in self.marked:
            masked[start:end] = "|" * (end - start)
        rest = re.findall(
            r"(?:(?:not (?:too|so) (?:much|many)|too (?:much|many)|no|not|without|never|less|more|fewer) )?(?:[^\W\d_][\w'-]*|\d[\w/.:-]*)",
            "".join(masked),
        )
        return tuple(dict.fromkeys(word.rstrip(".:-/") for word in rest if word.split()[-1] not in FILLERS))


@cache
def _negatable() -> re.Pattern[str]:
    """Return the pattern of every word that can be negated, with a named group for each kind."""
    groups = (
        f"(?P<{group}>{'|'.join(word.pattern for kind in kinds for word in WORDS[kind])})"
        for group, kinds in _NEGATABLE.items()
    )
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?![\w])")


def _negations(text: str) -> Iterator[Negation]:
    for negator in _NEGATOR.finditer(text):
        target = _negatable().search(text, negator.end())
        if target is None:
            continue
        gap = text[negator.end() : target.start()]
        unknown = [word for word in gap.split() if word not in SMALL]
        if _STOP.search(gap) or len(unknown) > 1:
            continue
        less = bool(negator["less"] or _TOO_MUCH.search(gap)) and target.lastgroup in ("stem", "instrument")
        yield Negation(negator.start(), target.start(), target.end(), less)
        for other in _rest_of_list(text, target):
            yield Negation(other.start(), other.start(), other.end(), less)


def _rest_of_list(text: str, first: re.Match[str]) -> list[re.Match[str]]:
    """Return the other words of a negated list: "drums or bass", "drums, bass or piano", "bass and drums"."""
    chain: list[tuple[str, re.Match[str]]] = []
    before = first
    while link := _LINK.match(text, before.end()):
        target = _negatable().match(text, _skip_small(text, link.end()))
        if target is None:
            break
        chain.append((link["link"].strip(", "), target))
        before = target
    either = max((n for n, (link, _) in enumerate(chain, 1) if link in ("or", "nor", "/")), default=0)
    joined = 0
    for n, (joint, target) in enumerate(chain, 1):
        if target.lastgroup != first.lastgroup:
            break
        if joint in ("and", "&") and (first.lastgroup in ("stem", "instrument") or n == 1):
            joined = n
    return [target for _, target in chain[: max(either, joined)]]


def _skip_small(text: str, at: int) -> int:
    while (word := re.match(r"(\w+)\s+", text[at:])) and word[1] in SMALL:
        at += word.end()
    return at
