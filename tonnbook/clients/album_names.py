"""What the songs of an album are called: masters, previews and records are named after them, so each name comes once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from tonnbook.clients.files import safe_name
from tonnbook.models.mixing import file_name


def names_of(sources: Sequence[str | Path]) -> list[str]:
    """Return a name for each file or link: its own, without the ending."""
    return each_once(Path(file_name(source)).stem for source in sources)


def each_once(words: Iterable[str]) -> list[str]:
    """Return a name for each word that is fit for a file, and that no disk takes for another's: some do not tell A from a."""
    names: list[str] = []
    known: set[str] = set()
    for word in words:
        name = plain = safe_name(word)
        n = 1
        while (seen := unicodedata.normalize("NFC", name).casefold()) in known:
            n += 1
            name = f"{plain} ({n})"
        known.add(seen)
        names.append(name)
    return names
