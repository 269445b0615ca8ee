"""Reads lengths of time in a prompt: "30s", "1:15", "two and a half minutes", "20 to 30 seconds", and what each of them is the length of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from tonnbook.models.prompt import words
from tonnbook.models.prompt.spans import Reader

_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: n for n, word in enumerate(_ONES.split(), 1)} | {w: 10 * n for n, w in enumerate(_TENS.split(), 2)}
_SPOKEN = rf"(?:{_TENS.replace(' ', '|')})[\s-](?:{'|'.join(_ONES.split()[:9])})|" + "|".join(
    sorted(_NUMBERS, key=len, reverse=True)
)
_DIGITS = r"\d+(?:[.,]\d+)?(?:\s?½|\s1/2)?|½|1/2"
_NUMBER = rf"(?:{_DIGITS}|{_SPOKEN}|a couple of|an?(?=[\s-]))"
_SECONDS = r"(?:seconds?|secs?|s)(?![a-z])"
_UNIT = rf"(?P<unit>milliseconds?|ms(?![a-z])|{_SECONDS}|minutes?|mins?(?![a-z])|m(?![a-z])|hours?|hrs?(?![a-z]))"
_SPAN = (
    rf"(?P<n>{_NUMBER})(?P<half>\s+and\s+a\s+half)?(?:\s*(?:-|–|to|or)\s*(?P<to>{_NUMBER}))?[\s-]*{_UNIT}"
    rf"(?P<more>\s+and\s+a\s+half)?(?:\s*(?:and\s+)?(?P<s>{_DIGITS}|{_SPOKEN})[\s-]*{_SECONDS})?"
)
_FRACTION = (
    r"(?:an?\s|one\s)?(?P<part>half|quarter|three[\s-]quarters?|third)[\s-](?:of\s)?(?:an?\s)?(?P<unit>minute|hour)"
)
_CLOCK = r"(?<![\d/:])(?P<minutes>\d{1,2}):(?P<seconds>[0-5]\d)(?![\d:])"
_PARTS = {"half": 1 / 2, "quarter": 1 / 4, "third": 1 / 3}
_DECADE = re.compile(
    r"(?:\s(?:style|inspired|vibes?|music|sound|hits?|retro|"
    + "|".join(pattern for pattern, _, _ in (*words.GENRES, *words.STYLES))
    + r"))\b"
)

_OWN = re.compile(
    r"(?:\b(?:first|opening|initial|next|following|last|final|closing|other|remaining|for(?: about| around)?(?: the)?)\s)$"
)
_AFTER = re.compile(r"\bafter(?: the first| about| around)?\s$")
_AT = re.compile(r"\bat(?: about| around)?\s$")
_EACH_BEFORE = re.compile(r"\b(?:each|every one|both)(?: for| of)?\s$")
_EACH = re.compile(r"\s(?:each|apiece|per (?:section|part|mood))\b")
_TOTAL = re.compile(r"\s(?:in total|altogether|overall|total)\b")


class Of(Enum):
    """What a length is the length of."""

    ANYTHING = auto()
    """A section, or the whole: the sections decide."""
    SECTION = auto()
    EACH_SECTION = auto()
    WHOLE = auto()
    BEFORE = auto()
    """What goes on until then: "after 20 seconds"."""
    UNTIL = auto()
    """The song up to there: "at 0:20"."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in a prompt."""

    start: int
    end: int
    ms: int
    of: Of


def lengths(reader: Reader, assumed: list[str]) -> list[Length]:
    """Return all lengths of a prompt in their order. Of a range the middle is taken, and noted in `assumed`."""
    found = [_length(reader, match, seconds) for match, seconds in _spans(reader, assumed)]
    return sorted(found, key=lambda length: length.start)


def _length(reader: Reader, match: re.Match[str], seconds: float) -> Length:
    before, after = reader.text[: match.start()], reader.text[match.end() :]
    kinds = (
        (_EACH_BEFORE.search(before) or _EACH.match(after), Of.EACH_SECTION),
        (_AFTER.search(before) and not after.startswith(" of "), Of.BEFORE),
        (_AT.search(before), Of.UNTIL),
        (_TOTAL.match(after), Of.WHOLE),
        (_OWN.search(before), Of.SECTION),
    )
    kind = next((kind for signal, kind in kinds if signal), Of.ANYTHING)
    reader.take(match, f"duration {seconds:g} s" + (" each" if kind is Of.EACH_SECTION else ""))
    for small in (_EACH_BEFORE.search(before), _AFTER.search(before), _OWN.search(before)):
        if small:  # the small words are a part of what was understood
            reader.taken.append(small.span())
    return Length(match.start(), match.end(), round(seconds * 1000), kind)


def _spans(reader: Reader, assumed: list[str]) -> Iterator[tuple[re.Match[str], float]]:
    for match in reader.find(_CLOCK):
        yield match, 60 * float(match["minutes"]) + float(match["seconds"])
    for match in reader.find(_FRACTION):
        part = 3 / 4 if match["part"].startswith("three") else _PARTS[match["part"]]
        yield match, part * _in_seconds(match["unit"])
    for match in reader.find(_SPAN):
        if _is_decade(reader.text, match):
            continue
        low = _number(match["n"]) + (0.5 if match["half"] else 0.0)
        unit = _in_seconds(match["unit"])
        count = (low + _number(match["to"])) / 2 if match["to"] else low
        seconds = (count + (0.5 if match["more"] else 0.0)) * unit + _number(match["s"] or "0")
        if seconds > 0:
            if match["to"]:
                assumed.append(f"duration: {seconds:g} s, the middle of {match.group().strip()}")
            yield match, seconds


def _is_decade(text: str, match: re.Match[str]) -> bool:
    """Whether a match is "80s" as in "80s synthwave", or "808s"."""
    said = match.group()
    if re.fullmatch(r"808s|(?:19|20)\d0s", said):
        return True
    named = re.search(r"\b(?:the|early|mid|late)\s$", text[: match.start()]) or _DECADE.match(text, match.end())
    return bool(re.fullmatch(r"[5-9]0s", said) and named)


def _in_seconds(unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return 0.001
    return {"s": 1.0, "m": 60.0, "h": 3600.0}[unit[0]]


def _number(text: str) -> float:
    """Return what a number says: "2,5", "2 1/2", "twenty-five", "a couple of"."""
    if text in ("a", "an"):
        return 1.0
    if text == "a couple of":
        return 2.0
    if not (text[0].isdigit() or text[0] == "½"):
        return float(sum(_NUMBERS[word] for word in re.split(r"[\s-]", text)))
    whole = re.sub(r"½|(?:(?<=\s)|^)1/2", "", text).strip()
    half = 0.5 if "½" in text or re.search(r"(?:^|\s)1/2", text) else 0.0
    return half + (float(whole.replace(",", ".")) if whole else 0.0)
