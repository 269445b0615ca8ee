"""Reads what a prompt says in figures and letters: the tempo in BPM, and the key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tonnbook.models.prompt.spans import Reader

MIN_BPM, MAX_BPM = 40.0, 220.0
_VALUE = r"(?P<low>\d{2,3}(?:[.,]\d+)?)(?:\s?(?:-|–|to)\s?(?P<high>\d{2,3}(?:[.,]\d+)?))?"
_TEMPI = (
    rf"(?:at )?(?:a tempo of )?{_VALUE}\s?-?(?:bpm|beats per minute)",
    rf"(?:bpm|tempo)(?:\s?[:=]\s?| of | at | )?{_VALUE}",
)
_SIGNS = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}
_NOTE = r"(?P<note>[a-g])(?:[\s-]?(?P<sign>sharp|flat|#|♯|♭)|(?P<b>b))?"
_LED_KEY = rf"(?:in )?(?:the )?key of {_NOTE}(?:[\s-]?(?P<mode>major|minor|maj|min|m))?"
_IN_KEY = rf"in {_NOTE}[\s-]?(?P<mode>major|minor|maj|min|m)(?! key)"
_BARE_KEY = rf"{_NOTE}[\s-](?P<mode>major|minor|maj|min)(?! key)"
_IN_NOTE = rf"in {_NOTE}"
_TONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def bpm(reader: Reader, assumed: list[str]) -> float | None:
    """Return the tempo in BPM; of a range the middle, which is noted in `assumed`."""
    for match in (found for pattern in _TEMPI for found in reader.find(pattern)):
        low = float(match["low"].replace(",", "."))
        high = float((match["high"] or match["low"]).replace(",", "."))
        value = (low + high) / 2
        if MIN_BPM <= value <= MAX_BPM:
            reader.take(match, f"{value:g} bpm")
            if match["high"]:
                assumed.append(f"tempo: {value:g} bpm, the middle of {match['low']}-{match['high']}")
            return value
    return None


def key(reader: Reader) -> tuple[int | None, bool | None, Sequence[re.Match[str]]]:
    """Return the keynote as a pitch class, whether the mode is major, and the matches that say so; nothing is taken yet."""
    for pattern in (_LED_KEY, _IN_KEY, _BARE_KEY, _IN_NOTE):
        for match in reader.find(pattern):
            if _is_a_word(reader.raw, match, pattern):
                continue
            mode = match.groupdict().get("mode")
            shift = _SIGNS.get(match["sign"] or match["b"] or "", 0)
            major = mode.startswith("maj") if mode else None
            return (_TONES[match["note"]] + shift) % 12, major, [match]
    for match in reader.find(r"(?:in )?(?:a )?(?P<mode>major|minor) key"):
        return None, match["mode"] == "major", [match]
    return None, None, ()


def _is_a_word(raw: str, match: re.Match[str], pattern: str) -> bool:
    """Whether the letter may be the article, or no note at all: it then has to be a capital."""
    letter = raw[match.start("note")]
    unsure = pattern == _IN_NOTE or (pattern == _BARE_KEY and letter in "aA")
    return unsure and not letter.isupper()
