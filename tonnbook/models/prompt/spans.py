"""Marks in a prompt what has been understood, so that no word is read twice and what is left over can be named; knows what a "no" is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tonnbook.models.base import Answer
from tonnbook.models.prompt import sounds, words

_NEGATOR = re.compile(rf"\b(?:(?P<less>{words.LESSENERS})|{words.NEGATORS})\b")
_MEASURED = re.compile(r"\b(?:too|so|that) (?:much|many|loud|heavy|busy)\b")
_STOP = re.compile(r"[,.;:!?()]|\b(?:but|then|with|and|just)\b")
_AND_SO_ON = re.compile(r"\s*(?P<link>,?\s*\b(?:or|nor|and)\b|[,/&])\s*")


class Understood(Answer):
    """Some words of the prompt, and what was made of them."""

    words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A word that a "no" or a "less" is about."""

    start: int
    """Where its "no" begins, for the first one of a list; where it begins itself, for the others."""
    first: int
    last: int
    less: bool
    """Whether less of it is wanted, and not none."""


@dataclass
class Reader:
    """A prompt and the stretches of it that have been understood."""

    raw: str
    taken: list[tuple[int, int]] = field(default_factory=list)
    notes: list[tuple[int, Understood]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.raw)  # as long as the raw one
        self.refusals = tuple(_refusals(self.text))

    def find(self, pattern: str, within: tuple[int, int] | None = None) -> Iterator[re.Match[str]]:
        """Yield the matches in stretches that nobody has taken yet."""
        first, last = within or (0, len(self.text))
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w])", self.text):
            if self.is_free(match.start(), match.end()) and first <= match.start() < last:
                yield match

    def is_free(self, start: int, end: int) -> bool:
        """Whether nobody has taken any of a stretch."""
        return all(end <= a or start >= b for a, b in self.taken)

    def take(self, match: re.Match[str], meaning: str) -> None:
        """Note what a match means, with its "no" or "without" where it has one."""
        refusal = self._refusal(match)
        start = min(match.start(), refusal.start) if refusal else match.start()
        self.taken.append((start, match.end()))
        self.notes.append((start, Understood(words=self.text[start : match.end()].strip(), meaning=meaning)))

    def negated(self, match: re.Match[str]) -> bool:
        """Whether "no", "not" or "without" is about a match."""
        refusal = self._refusal(match)
        return refusal is not None and not refusal.less

    def lessened(self, match: re.Match[str]) -> bool:
        """Whether less of a match is asked for, or not too much."""
        refusal = self._refusal(match)
        return refusal is not None and refusal.less

    def _refusal(self, match: re.Match[str]) -> Refusal | None:
        return next((r for r in self.refusals if r.first < match.end() and match.start() < r.last), None)

    def left_over(self) -> tuple[str, ...]:
        """Return what nobody understood, without the small words; a "no" or "less" stays with its word."""
        masked = list(self.text)
        for start, end in self.taken:
            masked[start:end] = "|" * (end - start)
        rest = re.findall(
            r"(?:(?:not (?:too|so) (?:much|many)|too (?:much|many)|no|not|without|never|less|more|fewer) )?(?:[^\W\d_][\w'-]*|\d[\w/.:-]*)",
            "".join(masked),
        )
        return tuple(dict.fromkeys(word.rstrip(".:-/") for word in rest if word.split()[-1] not in words.FILLERS))


@cache
def _known() -> re.Pattern[str]:
    """Return the pattern of every word that a "no" can be about, by kind."""
    kinds = {
        "instrument": [row[0] for row in sounds.INSTRUMENTS],
        "genre": [row[0] for row in (*words.GENRES, *words.STYLES)],
        "emotion": [row[0] for row in words.EMOTIONS],
        "tempo": [row[0] for row in words.TEMPI],
        "stem": [*(row[0] for row in sounds.STEMS), sounds.VOCALS],
    }
    groups = (f"(?P<{kind}>{'|'.join(patterns)})" for kind, patterns in kinds.items())
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?![\w])")


def _refusals(text: str) -> Iterator[Refusal]:
    for negator in _NEGATOR.finditer(text):
        target = _known().search(text, negator.end())
        if target is None:
            continue
        gap = text[negator.end() : target.start()]
        strangers = [word for word in gap.split() if word not in words.SMALL]
        if _STOP.search(gap) or len(strangers) > 1:
            continue
        less = bool(negator["less"] or _MEASURED.search(gap)) and target.lastgroup in ("stem", "instrument")
        yield Refusal(negator.start(), target.start(), target.end(), less)
        for further in _listed(text, target):
            yield Refusal(further.start(), further.start(), further.end(), less)


def _listed(text: str, first: re.Match[str]) -> list[re.Match[str]]:
    """Return what goes on the list that a refused word begins: "drums or bass", "drums, bass or piano", "bass and drums"."""
    chain: list[tuple[str, re.Match[str]]] = []
    before = first
    while link := _AND_SO_ON.match(text, before.end()):
        target = _known().match(text, _after_small(text, link.end()))
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


def _after_small(text: str, at: int) -> int:
    while (word := re.match(r"(\w+)\s+", text[at:])) and word[1] in words.SMALL:
        at += word.end()
    return at
