"""Divide a prompt into sections, and find their lengths.

"sad, then happy", "from calm to angry", "20s calm, 20s tense", "a sad beginning and a happy end".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tonnbook.models.composition import DEFAULT_MS, MAX_MS, MIN_MS, stretched
from tonnbook.models.prompt.emotions import NamedEmotion
from tonnbook.models.prompt.marked_prompt import MarkedPrompt
from tonnbook.models.prompt.quantities import Length, Of
from tonnbook.models.prompt.words import ENDING, PART, SHARES, SPLIT

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
"""Verbs that name no second section: "beats to relax to"."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of the prompt that describes one section."""

    start: int
    end: int
    share: float | None = None
    """Its fraction of the song, if the prompt names one: "the first half"."""


@dataclass(frozen=True, slots=True)
class DividedPrompt:
    """The parts of a prompt, and where the first one begins: the text before it describes the whole song."""

    parts: tuple[Part, ...]
    head: int


def divide(prompt: MarkedPrompt, emotions: Sequence[NamedEmotion], lengths: Sequence[Length]) -> DividedPrompt:
    """Return the parts of a prompt; each but perhaps the first names an emotion."""
    joints = sorted({*_connectives(prompt, emotions), *_from_to(prompt.text, emotions), *_times(lengths)})
    edges = [0, *(end for _, end in joints), len(prompt.text)]
    stops = [start for start, _ in joints] + [len(prompt.text)]
    parts: list[Part] = []
    head = 0
    for start, stop in zip(edges, stops, strict=False):
        anchors = _anchors(prompt, (start, max(start, stop)), emotions, lengths)
        if len(anchors) > 1:
            if not parts:
                head = anchors[0].start
            parts += [
                Part(a.start, b, a.share) for a, b in zip(anchors, [*(n.start for n in anchors[1:]), stop], strict=True)
            ]
        elif not parts or any(start <= named.start < stop for named in emotions):
            parts.append(Part(start, stop, anchors[0].share if anchors else None))
        else:  # it names no emotion: it belongs to the part before
            parts[-1] = Part(parts[-1].start, stop, parts[-1].share)
    return DividedPrompt(tuple(parts), head)


def _connectives(prompt: MarkedPrompt, emotions: Sequence[NamedEmotion]) -> Iterator[Span]:
    """Yield the spans of the words between two sections, and mark them."""
    for match in [m for m in prompt.find(SPLIT) if m.start() > 0]:
        prompt.mark(match, "next section")
        yield match.span()
    for match in [m for m in prompt.find(ENDING) if m.start() > 0]:
        ahead = next((named for named in emotions if named.start >= match.end()), None)
        gap = prompt.text[match.end() : ahead.start] if ahead else ","
        if not re.search(r"[,;.]", gap) and len(gap.split()) <= 3:
            prompt.mark(match, "next section")
            yield match.span()
    yield from (match.span() for match in _ARROW.finditer(prompt.text) if match.start() > 0)


def _from_to(text: str, emotions: Sequence[NamedEmotion]) -> Iterator[Span]:
    """Yield the spans between two emotions in "from calm to angry" and "calm to angry"."""
    after_from = False
    for before, after in pairwise(emotions):
        gap = text[before.end : after.start]
        after_from = after_from or bool(re.search(r"\bfrom\s+(?:\w+\s+){0,2}$", text[: before.start]))
        link = (_TO if after_from else _JUST_TO).fullmatch(gap)
        if link and after.match.group() not in _VERBS:
            yield before.end, after.start
        else:
            after_from = False


def _times(lengths: Iterable[Length]) -> Iterator[Span]:
    yield from ((n.start, n.end) for n in lengths if n.of in (Of.BEFORE, Of.UNTIL) and n.start > 6)


def _clauses(text: str, span: Span, lengths: Iterable[Length]) -> list[Span]:
    """Return the clauses of a span; a length is never divided."""
    inside = [
        m
        for m in _CLAUSES.finditer(text, *span)
        if not any(n.start < m.end() and m.start() < n.end for n in lengths)
        and not (m.group()[0] == ":" and re.search(rf"\b(?:{PART})$", text[: m.start()]))  # "verse: sad"
    ]
    return list(zip([span[0], *(m.end() for m in inside)], [*(m.start() for m in inside), span[1]], strict=True))


def _anchors(
    prompt: MarkedPrompt, span: Span, emotions: Sequence[NamedEmotion], lengths: Sequence[Length]
) -> list[Part]:
    """Return the clauses that describe a section of their own: an emotion with a length, or with the name of a part."""
    found: list[tuple[Part, re.Match[str] | None, int]] = []
    for start, end in _clauses(prompt.text, span, lengths):
        if not any(start <= named.start < end for named in emotions):
            continue
        timed = [n for n in lengths if start <= n.start < end and n.of in (Of.ANYTHING, Of.SECTION)]
        name = next((m for m in prompt.find(PART, (start, end)) if m.end() <= end), None)
        if timed or name:
            share = SHARES.get(name["share"] or "") if name else None
            found.append((Part(start, end, share), name, timed[0].ms if timed else 0))
    if len(found) == 1 and (edge := next((e for n in lengths if (e := _edge(prompt.text, n, found[0][0]))), None)):
        clauses = _clauses(prompt.text, span, lengths)
        others = [c for c in clauses if any(c[0] <= named.start < c[1] for named in emotions)]
        index = others.index((found[0][0].start, found[0][0].end))
        if edge["first"] and others[index + 1 :]:
            return [found[0][0], Part(*others[index + 1])]
        if not edge["first"] and index:
            return [Part(*others[index - 1]), found[0][0]]
    first, rest = (found[0][2], [ms for _, _, ms in found[1:]]) if found else (0, [])
    if len(found) > 2 and first and first == sum(rest):  # "30 seconds of calm: 10 seconds sad, 20 seconds happy"
        found = found[1:]
    for part, name, _ in found:
        if name and (len(found) > 1 or part.share):
            prompt.mark(name, "a section")
    return [part for part, _, _ in found]


def _edge(text: str, length: Length, part: Part) -> re.Match[str] | None:
    """Return the "first" or "last" before a length inside a part."""
    return _EDGE.search(text[: length.start]) if part.start <= length.start < part.end else None


def section_lengths(
    text: str,
    divided: DividedPrompt,
    emotions: Sequence[NamedEmotion | None],
    lengths: Sequence[Length],
    assumed: list[str],
) -> list[int]:
    """Return the length of every part in milliseconds; every decision is noted in `assumed`."""
    own, total = _named_lengths(text, divided, emotions, lengths)
    if total is None and not lengths:
        assumed.append(f"duration: {DEFAULT_MS // 1000} s")
    wanted = _fill_in(own, total, [part.share for part in divided.parts])
    whole = total if total is not None and own.count(None) else sum(wanted)
    allowed = min(MAX_MS, max(MIN_MS * len(wanted), sum(wanted)))
    if total is not None and whole != total:
        assumed.append(f"duration: {allowed / 1000:g} s, the sum of the sections, instead of {total / 1000:g} s")
    elif allowed != whole:
        assumed.append(f"duration: {allowed / 1000:g} s instead of {whole / 1000:g} s, which is outside the limits")
    return stretched(wanted, allowed)


def _named_lengths(
    text: str, divided: DividedPrompt, emotions: Sequence[NamedEmotion | None], lengths: Sequence[Length]
) -> tuple[list[int | None], int | None]:
    """Return the length that each part names, and that of the whole song, in milliseconds; None where none is named."""
    total = next((n.ms for n in lengths if n.of is Of.WHOLE or n.end <= divided.head), None)
    for length in (n for n in lengths if n.of is Of.EACH_SECTION):
        return [length.ms] * len(divided.parts), None
    plain = [
        [
            n
            for n in lengths
            if n.of in (Of.ANYTHING, Of.SECTION) and part.start <= n.start < part.end and n.end > divided.head
        ]
        for part in divided.parts
    ]
    if len(plain) == 1:
        return [None], total or (plain[0][0].ms if plain[0] else None)
    own: list[int | None] = [
        _own_length(text, part.start, part.end, named, here, lengths)
        for part, named, here in zip(divided.parts, emotions, plain, strict=True)
    ]
    if all(plain):
        own = [here[-1 if n == 0 else 0].ms for n, here in enumerate(plain)]
    spare = [n.ms for here, mine in zip(plain, own, strict=True) for n in here if n.ms != mine]
    total = total or (spare[0] if spare else None)
    for length in (n for n in lengths if n.of in (Of.BEFORE, Of.UNTIL)):
        index = max((n for n, part in enumerate(divided.parts) if part.start < length.start), default=0)
        before = sum(ms or 0 for ms in own[:index]) if length.of is Of.UNTIL else 0
        own[index] = max(MIN_MS, length.ms - before)
    first = plain[0][0] if plain[0] else None
    if total is None and first and first.of is Of.ANYTHING and own.count(None) == len(own) - 1 and own[0] is not None:
        return [None] * len(own), own[0]  # "30 seconds of sad piano, then a happy end": the length of the whole song
    return own, total


def _own_length(
    text: str, start: int, end: int, named: NamedEmotion | None, here: Sequence[Length], lengths: Sequence[Length]
) -> int | None:
    """Return the length that a part names: in the clause of its emotion, or with "first", "next", "for"."""
    clauses = _clauses(text, (start, end), lengths)
    clause = next((c for c in clauses if named and c[0] <= named.start < c[1]), (start, end))
    fitting = [n.ms for n in here if n.of is Of.SECTION or clause[0] <= n.start < clause[1]]
    return fitting[-1] if fitting else None


def _fill_in(own: Sequence[int | None], total: int | None, shares: Sequence[float | None]) -> list[int]:
    """Return the lengths with the missing ones filled in: those parts share the remaining time."""
    if all(ms is not None for ms in own):
        return [ms or 0 for ms in own]
    given = sum(ms for ms in own if ms is not None)
    parts = sum(share for ms, share in zip(own, shares, strict=True) if ms is None and share)
    whole = total or (round(given / (1 - parts)) if given and 0 < parts < 1 and own.count(None) == 1 else DEFAULT_MS)
    named = [round(share * whole) if ms is None and share else ms for ms, share in zip(own, shares, strict=True)]
    known = [ms for ms in named if ms is not None]
    missing = named.count(None)
    if not missing:
        return stretched([ms or 0 for ms in named], whole)
    left = whole - sum(known)
    if known and (left < MIN_MS * missing or (total is None and left < 5 * MIN_MS * missing)):
        left = missing * sum(known) // len(known)  # as long as the others
    filled = iter(stretched([1] * missing, max(left, MIN_MS * missing)))
    return [ms if ms is not None else next(filled) for ms in named]
