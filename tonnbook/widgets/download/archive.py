"""Collect the files and settings of results, and write them into a zip archive."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from tonnbook.models.files import RemoteFile
from tonnbook.models.masters import Master
from tonnbook.models.mixing import FinalMix, MixPreview
from tonnbook.models.song import Song


class Made(Protocol):
    """A form, or a place for a form."""

    @property
    def result(self) -> Any:
        """What was made last; None before."""

    @property
    def sent(self) -> Mapping[str, str]:
        """The request that made it, as code."""


def write_archive(path: Path, parts: Mapping[str, Made], progress: Callable[[str], None] = lambda name: None) -> Path:
    """Write a zip archive with a folder for each part that has a result; return `path`.

    A folder has the sounds, `request.json`, and `settings.json` with the settings that were decided and their reasons. Files that are
    on a server are downloaded. `progress` is called with the name of each file.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # sound does not get smaller by deflating it
        for folder, part in parts.items():
            if part.result is None:
                continue
            for name, file in files_of(part.result).items():
                progress(name)
                archive.write(file.path, f"{folder}/{name}")
            for name, text in _texts(part):
                archive.writestr(f"{folder}/{name}", text)
    return path


def files_of(result: Any) -> dict[str, RemoteFile]:
    """Return the sounds of a result by their names in the archive: mix, stems, master."""
    if isinstance(result, Master):
        return {f"master{Path(result.made.name).suffix}": result.made}
    if isinstance(result, MixPreview | FinalMix | Song):
        return {result.mix.name: result.mix} | {f"stems/{file.name}": file for file in result.stems.values()}
    return {file.name: file for file in getattr(result, "playable", {}).values()}


def _texts(part: Made) -> Iterator[tuple[str, str]]:
    if request := part.sent.get("json"):
        yield "request.json", request
    settings = {name: each.to_wire() for name, each in (getattr(part.result, "settings", None) or {}).items()}
    notes = getattr(part.result, "notes", None)
    body = {"settings": settings, "notes": notes.to_wire() if notes else {}}
    if any(body.values()):
        yield "settings.json", json.dumps(body, indent=1, ensure_ascii=False)
