"""Find the quantities of a prompt: the tempo in BPM, the key, and lengths of time.

Lengths: "30s", "1:15", "two and a half minutes", "20 to 30 seconds", each with what it is the length of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tonnbook.models.prompt.marked_prompt import MarkedPrompt
from tonnbook.models.prompt.words import WORDS

MIN_BPM, MAX_BPM = 40.0, 220.0
_VALUE = r"(?P<low>\d{2,3}(?:[.,]\d+)?)(?:\s?(?:-|–|to)\s?(?P<high>\d{2,3}(?:[.,]\d+)?))?"
_TEMPI = (
    rf"(?:at )?(?:a tempo of )?{_VALUE}\s?-?(?:bpm|beats per minute)",
    rf"(?:bpm|tempo)(?:\s?[:=]\s?| of | at | )?{_VALUE}",
)
_SIGNS = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}
_NOTE = r"(?P<note>[a-g])(?:[\s-]?(?P<sign>sharp|flat|#|♯|♭)|(?P<b>b))?"
_KEY_OF = rf"(?:in )?(?:the )?key of {_NOTE}(?:[\s-]?(?P<mode>major|minor|maj|min|m))?"
_IN_KEY = rf"in {_NOTE}[\s-]?(?P<mode>major|minor|maj|min|m)(?! key)"
_KEY_ALONE = rf"{_NOTE}[\s-](?P<mode>major|minor|maj|min)(?! key)"
_IN_NOTE = rf"in {_NOTE}"
_PITCH_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")

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
_NUMBER_AND_UNIT = (
    rf"(?P<n>{_NUMBER})(?P<half>\s+and\s+a\s+half)?(?:\s*(?:-|–|to|or)\s*(?P<to>{_NUMBER}))?[\s-]*{_UNIT}"
    rf"(?P<more>\s+and\s+a\s+half)?(?:\s*(?:and\s+)?(?P<s>{_DIGITS}|{_SPOKEN})[\s-]*{_SECONDS})?"
)
_FRACTION = (
    r"(?:an?\s|one\s)?(?P<part>half|quarter|three[\s-]quarters?|third)[\s-](?:of\s)?(?:an?\s)?(?P<unit>minute|hour)"
)
_CLOCK = r"(?<![\d/:])(?P<minutes>\d{1,2}):(?P<seconds>[0-5]\d)(?![\d:])"
_PARTS = {"half": 1 / 2, "quarter": 1 / 4, "third": 1 / 3}
_AFTER_DECADE = re.compile(
    r"(?:\s(?:style|inspired|vibes?|music|sound|hits?|retro|"
    + "|".join(word.pattern for kind in ("genre", "style") for word in WORDS[kind])
    + r"))\b"
)

_BEFORE_SECTION = re.compile(
    r"(?:\b(?:first|opening|initial|next|following|last|final|closing|other|remaining|for(?: about| around)?(?: the)?)\s)$"
)
_AFTER = re.compile(r"\bafter(?: the first| about| around)?\s$")
_AT = re.compile(r"\bat(?: about| around)?\s$")
_EACH_BEFORE = re.compile(r"\b(?:each|every one|both)(?: for| of)?\s$")
_EACH = re.compile(r"\s(?:each|apiece|per (?:section|part|mood))\b")
_TOTAL = re.compile(r"\s(?:in total|altogether|overall|total)\b")


def find_bpm(prompt: MarkedPrompt, assumed: list[str]) -> float | None:
    """Return the tempo in BPM, 40 to 220; the middle of a range, which is noted in `assumed`. None if there is none."""
    for match in (found for pattern in _TEMPI for found in prompt.find(pattern)):
        low = float(match["low"].replace(",", "."))
        high = float((match["high"] or match["low"]).replace(",", "."))
        value = (low + high) / 2
        if MIN_BPM <= value <= MAX_BPM:
            prompt.mark(match, f"{value:g} bpm")
            if match["high"]:
                assumed.append(f"tempo: {value:g} bpm, the middle of {match['low']}-{match['high']}")
            return value
    return None


def find_key(prompt: MarkedPrompt) -> tuple[int | None, bool | None, Sequence[re.Match[str]]]:
    """Return the tonic as a pitch class (C = 0), whether the mode is major, and the matches, which are not marked yet."""
    for pattern in (_KEY_OF, _IN_KEY, _KEY_ALONE, _IN_NOTE):
        for match in prompt.find(pattern):
            if _is_a_word(prompt.raw, match, pattern):
                continue
            mode = match.groupdict().get("mode")
            shift = _SIGNS.get(match["sign"] or match["b"] or "", 0)
            major = mode.startswith("maj") if mode else None
            return (_PITCH_CLASSES[match["note"]] + shift) % 12, major, [match]
    for match in prompt.find(r"(?:in )?(?:a )?(?P<mode>major|minor) key"):
        return None, match["mode"] == "major", [match]
    return None, None, ()


def _is_a_word(raw: str, match: re.Match[str], pattern: str) -> bool:
    """Return True if the letter may be an article or no note at all: it then has to be a capital."""
    letter = raw[match.start("note")]
    unsure = pattern == _IN_NOTE or (pattern == _KEY_ALONE and letter in "aA")
    return unsure and not letter.isupper()


class Of(Enum):
    """What a length is the length of."""

    ANYTHING = auto()
    """A section or the whole song; the sections decide."""
    SECTION = auto()
    EACH_SECTION = auto()
    WHOLE = auto()
    BEFORE = auto()
    """The section before it: "after 20 seconds"."""
    UNTIL = auto()
    """The song up to there: "at 0:20"."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in a prompt."""

    start: int
    end: int
    ms: int
    of: Of


def find_lengths(prompt: MarkedPrompt, assumed: list[str]) -> list[Length]:
    """Return all lengths of a prompt in their order; the middle of a range, which is noted in `assumed`."""
    found = [_length(prompt, match, seconds) for match, seconds in _matches(prompt, assumed)]
    return sorted(found, key=lambda length: length.start)


def _length(prompt: MarkedPrompt, match: re.Match[str], seconds: float) -> Length:
    before, after = prompt.text[: match.start()], prompt.text[match.end() :]
    kinds = (
        (_EACH_BEFORE.search(before) or _EACH.match(after), Of.EACH_SECTION),
        (_AFTER.search(before) and not after.startswith(" of "), Of.BEFORE),
        (_AT.search(before), Of.UNTIL),
        (_TOTAL.match(after), Of.WHOLE),
        (_BEFORE_SECTION.search(before), Of.SECTION),
    )
    kind = next((kind for signal, kind in kinds if signal), Of.ANYTHING)
    prompt.mark(match, f"duration {seconds:g} s" + (" each" if kind is Of.EACH_SECTION else ""))
    for small in (_EACH_BEFORE.search(before), _AFTER.search(before), _BEFORE_SECTION.search(before)):
        if small:  # these words were understood too
            prompt.marked.append(small.span())
    return Length(match.start(), match.end(), round(seconds * 1000), kind)


def _matches(prompt: MarkedPrompt, assumed: list[str]) -> Iterator[tuple[re.Match[str], float]]:
    """Yield every length of time as its match and its seconds."""
    for match in prompt.find(_CLOCK):
        yield match, 60 * float(match["minutes"]) + float(match["seconds"])
    for match in prompt.find(_FRACTION):
        part = 3 / 4 if match["part"].startswith("three") else _PARTS[match["part"]]
        yield match, part * _unit_seconds(match["unit"])
    for match in prompt.find(_NUMBER_AND_UNIT):
        if _is_decade(prompt.text, match):
            continue
        low = _number(match["n"]) + (0.5 if match["half"] else 0.0)
        count = (low + _number(match["to"])) / 2 if match["to"] else low
        seconds = (count + (0.5 if match["more"] else 0.0)) * _unit_seconds(match["unit"]) + _number(match["s"] or "0")
        if seconds > 0:
            if match["to"]:
                assumed.append(f"duration: {seconds:g} s, the middle of {match.group().strip()}")
            yield match, seconds


def _is_decade(text: str, match: re.Match[str]) -> bool:
    """Return True for "80s" in "80s synthwave", and for "808s"."""
    words = match.group()
    if re.fullmatch(r"808s|(?:19|20)\d0s", words):
        return True
    named = re.search(r"\b(?:the|early|mid|late)\s$", text[: match.start()]) or _AFTER_DECADE.match(text, match.end())
    return bool(re.fullmatch(r"[5-9]0s", words) and named)


def _unit_seconds(unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return 0.001
    return {"s": 1.0, "m": 60.0, "h": 3600.0}[unit[0]]


def _number(text: str) -> float:
    """Return the value of a number: "2,5", "2 1/2", "twenty-five", "a couple of"."""
    if text in ("a", "an"):
        return 1.0
    if text == "a couple of":
        return 2.0
    if not (text[0].isdigit() or text[0] == "½"):
        return float(sum(_NUMBERS[word] for word in re.split(r"[\s-]", text)))
    whole = re.sub(r"½|(?:(?<=\s)|^)1/2", "", text).strip()
    half = 0.5 if "½" in text or re.search(r"(?:^|\s)1/2", text) else 0.0
    return half + (float(whole.replace(",", ".")) if whole else 0.0)
