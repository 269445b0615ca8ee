"""Find sound files: in a folder, a list, a mapping, a zip archive, or a widget that holds files. Everything that takes sounds uses this.

A zip archive is unpacked into a private temporary folder that is removed at exit. Names in it are reduced to file names, so that
nothing is written elsewhere; its size and the number of its files are limited.
"""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Protocol, TypeAlias, cast

from tonnbook.errors import AudioError

ENDINGS = (".wav", ".flac", ".mp3")
"""Endings of the files that are taken from a folder or an archive: those that can be uploaded."""

MAX_FILES = 200
MAX_UNPACKED_BYTES = 8 * 2**30
_LEFT_FREE_BYTES = 2**28
_BLOCK = 2**20


class HasFiles(Protocol):
    """A widget that holds sound files by name."""

    @property
    def files(self) -> Mapping[str, Path]:
        """The files by name."""


Sounds: TypeAlias = "Path | str | Sequence[Path | str] | Mapping[str, Path | str] | HasFiles"
"""Sound files: a folder, a zip archive, one file or link, several in a sequence, or a mapping of names to files."""


def sound_files(sounds: Sounds) -> dict[str, Path | str]:
    """Return the files or links in `sounds` by name, in order: those of a folder or an archive in natural order.

    The name is the key of a mapping, or the file name without its ending; a second "take" becomes "take (2)". Files that are named
    one by one need not exist.

    Raises AudioError for a folder or an archive without sound files, or an archive that is damaged, encrypted or too large.
    """
    if isinstance(sounds, Mapping):
        return {name: _as_source(source) for name, source in sounds.items()}
    if (files := files_in(sounds)) is not None:
        return files
    given = [sounds] if isinstance(sounds, str | Path) else cast(Sequence[Path | str], sounds)
    return _named(found for each in given for found in _expanded(_as_source(each)))


def files_in(place: Any) -> dict[str, Path | str] | None:
    """Return the sound files of a folder, a zip archive or a drop zone by name, None for anything else. Raises as `sound_files` does."""
    if isinstance(files := getattr(place, "files", None), Mapping):
        return dict(files)
    if isinstance(place, str | Path) and not _is_link(place):
        path = Path(place).expanduser()
        if path.is_dir() or _is_zip(path):
            return _named(_expanded(path))
    return None


def name_of(source: Path | str) -> str:
    """Return the name of a file or of the file at the end of a link, without the ending of a sound file."""
    name = source.name if isinstance(source, Path) else PurePosixPath(source.partition("?")[0]).name
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in (*ENDINGS, ".aif", ".aiff", ".ogg", ".oga") else name or "track"


def unique_name(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that is not among the `taken`: "take (2)" if there is a "take" already."""
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique


def plain_name(name: str) -> str:
    """Return a file name without folders and without characters that a file system or a page may misread; "" for none or a hidden file."""
    last = PureWindowsPath(name).name
    clean = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", last).strip(" .")
    return "" if last.startswith(".") else clean[-200:]


def unpack(archive: Path, into: Path, check: Callable[[int], None] = lambda size: None) -> list[Path]:
    """Unpack the sound files of a zip archive into the folder `into`; return them in natural order. Other files are left out.

    `check` is called with the number of bytes that they will take, and may raise. Raises AudioError for an archive that is damaged,
    encrypted, too large, or without sound files; nothing is left behind then.
    """
    written: list[Path] = []
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _members(opened, archive.name)
            size = sum(member.file_size for member in members)
            check(size)
            if size + _LEFT_FREE_BYTES > shutil.disk_usage(into).free:
                raise AudioError(f"{archive.name} needs {size / 1e9:.1f} GB unpacked, more than the disk has free.")
            for member in sorted(members, key=lambda each: _natural(each.filename)):
                written.append(free_path(into, plain_name(member.filename)))
                with opened.open(member) as source, written[-1].open("xb") as target:
                    shutil.copyfileobj(source, target, _BLOCK)  # no more than the archive says: zipfile stops there
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        _delete(written)
        raise AudioError(f"{archive.name} cannot be unpacked ({error}). Make the archive again.") from None
    except BaseException:
        _delete(written)
        raise
    return written


def free_path(folder: Path, name: str) -> Path:
    """Return a path in `folder` that does not exist: "take (2).wav" if there is a "take.wav" already."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{PurePosixPath(name).stem} ({number}){PurePosixPath(name).suffix}"
    return path


def _members(opened: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Return the sound files in an archive after checking what it says of them."""
    members = [member for member in opened.infolist() if _is_sound(member)]
    if not members:
        raise AudioError(f"{name} contains no sound files ({_accepted()}).")
    if len(members) > MAX_FILES:
        raise AudioError(f"{name} contains {len(members)} sound files; at most {MAX_FILES} are allowed.")
    if any(member.flag_bits & 1 for member in members):
        raise AudioError(f"{name} is encrypted. Make an archive without a password.")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise AudioError(
            f"{name} is compressed in a way that is not supported. Make an ordinary zip archive (Deflate)."
        )
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED_BYTES:
        raise AudioError(
            f"{name} has {size / 1e9:.1f} GB of sound; at most {MAX_UNPACKED_BYTES / 1e9:.1f} GB are allowed."
        )
    return members


def _is_sound(member: zipfile.ZipInfo) -> bool:
    hidden = "__MACOSX" in member.filename or not plain_name(member.filename)
    link = stat.S_ISLNK(member.external_attr >> 16)
    return not (member.is_dir() or hidden or link) and PurePosixPath(member.filename).suffix.lower() in ENDINGS


def _named(sources: Iterable[Path | str]) -> dict[str, Path | str]:
    named: dict[str, Path | str] = {}
    for source in sources:
        named[unique_name(name_of(source), named)] = source
    return named


def _expanded(source: Path | str) -> Iterable[Path | str]:
    """Return the files of a folder or an archive, or the source itself."""
    if isinstance(source, str):
        return [source]
    if source.is_dir():
        return _in_folder(source)
    return _in_archive(source.resolve(), source.stat().st_mtime_ns) if _is_zip(source) else [source]


def _in_folder(folder: Path) -> list[Path]:
    found = [f for f in folder.iterdir() if f.suffix.lower() in ENDINGS and f.is_file() and not f.name.startswith(".")]
    if not found:
        raise AudioError(
            f"there are no sound files ({_accepted()}) in the folder {folder.name or folder}. Check the path."
        )
    if len(found) > MAX_FILES:
        raise AudioError(
            f"the folder {folder.name} contains {len(found)} sound files; at most {MAX_FILES} are allowed."
        )
    return sorted(found, key=lambda file: _natural(file.name))


@cache
def _in_archive(archive: Path, _changed_ns: int) -> tuple[Path, ...]:
    """Return the unpacked files of an archive; the same archive is unpacked once."""
    return tuple(unpack(archive, Path(tempfile.mkdtemp(prefix="zip-", dir=_folder().name))))


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of all unpacked archives, which is removed at exit."""
    return tempfile.TemporaryDirectory(prefix="tonnbook-", ignore_cleanup_errors=True)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts "take 2" before "take 10"."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]


def _as_source(source: Path | str) -> Path | str:
    return source if isinstance(source, Path) or _is_link(source) else Path(source).expanduser()


def _is_link(source: Path | str) -> bool:
    return isinstance(source, str) and source.startswith(("http://", "https://"))


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file()


def _delete(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _accepted() -> str:
    return ", ".join(ending.strip(".").upper() for ending in ENDINGS)
