"""Cuts a prompt into sections: "sad, then happy", "from calm to angry", "20s calm, 20s tense", "a sad beginning and a happy end"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tonnbook.models.prompt import words
from tonnbook.models.prompt.lengths import Length, Of
from tonnbook.models.prompt.moods import Mood
from tonnbook.models.prompt.spans import Reader

_CLAUSES = re.compile(
    r"[,;.:!]\s+|\s+(?:and|but|while|with)\s+|\s*[/|+]\s*"
    r"|(?<!\bfirst)(?<!\bsecond)(?<!\blast)(?<!\bother)(?<!\ba)(?<!\bone)\s+(?=half\s)"
)
_EDGE = re.compile(r"\b(?:(?P<first>first|opening|initial)|last|final|closing)\s$")
_ARROW = re.compile(r"\s*(?:->|=>|→)\s*")
_TO = re.compile(r"\s*(?:\w+\s+){0,2}to\s+(?:(?:an?|the|very|more)\s+)*")
_JUST_TO = re.compile(r"\s*to\s+(?:(?:an?|the|very|more)\s+)*")
_VERBS = frozenset(
    ("relax", "chill", "party", "dream", "rage", "panic", "love", "celebrate", "fear", "inspire", "motivate")
)
"""What one does to music: in "beats to relax to" it is no second section."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the prompt that stands for a section."""

    start: int
    end: int
    share: float | None = None
    """Its share of the whole, where the prompt tells: "the first half"."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A prompt in its parts, and where the first one begins: before it stands what is said of the whole."""

    parts: tuple[Part, ...]
    head: int


def cut(reader: Reader, moods: Sequence[Mood], lengths: Sequence[Length]) -> Cut:
    """Return the parts of a prompt; each but perhaps the first names an emotion."""
    joints = sorted({*_words(reader, moods), *_from_to(reader.text, moods), *_times(lengths)})
    edges = [0, *(end for _, end in joints), len(reader.text)]
    stops = [start for start, _ in joints] + [len(reader.text)]
    parts: list[Part] = []
    head = 0
    for start, stop in zip(edges, stops, strict=False):
        anchors = _anchors(reader, (start, max(start, stop)), moods, lengths)
        if len(anchors) > 1:
            if not parts:
                head = anchors[0].start
            parts += [
                Part(a.start, b, a.share) for a, b in zip(anchors, [*(n.start for n in anchors[1:]), stop], strict=True)
            ]
        elif not parts or any(start <= mood.start < stop for mood in moods):
            parts.append(Part(start, stop, anchors[0].share if anchors else None))
        else:  # nothing of its own: it belongs to the part before
            parts[-1] = Part(parts[-1].start, stop, parts[-1].share)
    return Cut(tuple(parts), head)


def _words(reader: Reader, moods: Sequence[Mood]) -> Iterator[Span]:
    """Yield the words between two sections, and take them."""
    for match in [m for m in reader.find(words.SPLIT) if m.start() > 0]:
        reader.take(match, "next section")
        yield match.span()
    for match in [m for m in reader.find(words.ENDING) if m.start() > 0]:
        ahead = next((mood for mood in moods if mood.start >= match.end()), None)
        gap = reader.text[match.end() : ahead.start] if ahead else ","
        if not re.search(r"[,;.]", gap) and len(gap.split()) <= 3:
            reader.take(match, "next section")
            yield match.span()
    yield from (match.span() for match in _ARROW.finditer(reader.text) if match.start() > 0)


def _from_to(text: str, moods: Sequence[Mood]) -> Iterator[Span]:
    """Yield what stands between two emotions in "from calm to angry" and "calm to angry"."""
    coming = False
    for before, after in pairwise(moods):
        gap = text[before.end : after.start]
        coming = coming or bool(re.search(r"\bfrom\s+(?:\w+\s+){0,2}$", text[: before.start]))
        link = (_TO if coming else _JUST_TO).fullmatch(gap)
        if link and after.match.group() not in _VERBS:
            yield before.end, after.start
        else:
            coming = False


def _times(lengths: Iterable[Length]) -> Iterator[Span]:
    yield from ((n.start, n.end) for n in lengths if n.of in (Of.BEFORE, Of.UNTIL) and n.start > 6)


def clauses(text: str, span: Span, lengths: Iterable[Length]) -> list[Span]:
    """Return the clauses of a stretch; a length is never cut."""
    inside = [
        m
        for m in _CLAUSES.finditer(text, *span)
        if not any(n.start < m.end() and m.start() < n.end for n in lengths)
        and not (m.group()[0] == ":" and re.search(rf"\b(?:{words.PART})$", text[: m.start()]))  # "verse: sad"
    ]
    return list(zip([span[0], *(m.end() for m in inside)], [*(m.start() for m in inside), span[1]], strict=True))


def _anchors(reader: Reader, span: Span, moods: Sequence[Mood], lengths: Sequence[Length]) -> list[Part]:
    """Return the clauses that stand for a section of their own: an emotion with a length, or with the name of a part."""
    found: list[tuple[Part, re.Match[str] | None, int]] = []
    for start, end in clauses(reader.text, span, lengths):
        if not any(start <= mood.start < end for mood in moods):
            continue
        timed = [n for n in lengths if start <= n.start < end and n.of in (Of.ANYTHING, Of.SECTION)]
        named = next((m for m in reader.find(words.PART, (start, end)) if m.end() <= end), None)
        if timed or named:
            share = words.SHARES.get(named["share"] or "") if named else None
            found.append((Part(start, end, share), named, timed[0].ms if timed else 0))
    if len(found) == 1 and (edge := next((e for n in lengths if (e := _edge(reader.text, n, found[0][0]))), None)):
        others = [c for c in clauses(reader.text, span, lengths) if any(c[0] <= mood.start < c[1] for mood in moods)]
        place = others.index((found[0][0].start, found[0][0].end))
        if edge["first"] and others[place + 1 :]:
            return [found[0][0], Part(*others[place + 1])]
        if not edge["first"] and place:
            return [Part(*others[place - 1]), found[0][0]]
    first, rest = (found[0][2], [ms for _, _, ms in found[1:]]) if found else (0, [])
    if len(found) > 2 and first and first == sum(rest):  # "30 seconds of calm: 10 seconds sad, 20 seconds happy"
        found = found[1:]
    for part, named, _ in found:
        if named and (len(found) > 1 or part.share):
            reader.take(named, "a section")
    return [part for part, _, _ in found]


def _edge(text: str, length: Length, part: Part) -> re.Match[str] | None:
    """Return the "first" or "last" of a length that belongs to a part."""
    return _EDGE.search(text[: length.start]) if part.start <= length.start < part.end else None
