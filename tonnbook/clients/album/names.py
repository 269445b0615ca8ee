"""What the songs of an album are called: masters, previews and records are named after them, so each name comes once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tonnbook.clients.album.record import record_path, records
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


def made_here(folder: Path) -> dict[Path, str]:
    """Return the files in a folder that are masters by its manifest, with the song of each."""
    return {
        (folder / r.master_file).resolve(): r.song for _, r in records(folder) if r.master_file and r.state != "new"
    }


def target(folder: Path, name: str, sources: Iterable[Path], ours: Mapping[Path, str]) -> str:
    """Return what a song's master is to be called: never like a song of the album, nor like a file that is not `made_here`."""
    theirs = {source.resolve() for source in sources}
    file, n = f"{name}.wav", 1
    while _is_taken(folder / file, theirs, ours, name):
        file = f"{name} (master).wav" if n == 1 else f"{name} (master {n}).wav"
        n += 1
    return file


def _is_taken(path: Path, theirs: set[Path], ours: Mapping[Path, str], name: str) -> bool:
    if path.resolve() in theirs or any(path.exists() and s.exists() and path.samefile(s) for s in theirs):
        return True
    if not path.exists() or ours.get(path.resolve()) == name:
        return False
    record = record_path(path.parent, name)
    return not record.exists()
