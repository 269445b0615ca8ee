"""Presets: settings of a form without its files, saved by name on this machine and loaded into any form of the same kind.

They are JSON files in the folder `tonnbook/presets` of the user's configuration (`XDG_CONFIG_HOME`, or `~/.config`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[\w][\w ().,+-]{0,59}")


def preset_names(kind: str) -> list[str]:
    """Return the names of the presets of a kind of form."""
    return sorted(path.stem for path in _folder(kind).glob("*.json"))


def save_preset(kind: str, name: str, settings: Mapping[str, Any]) -> Path:
    """Save settings under a name, and replace an earlier preset of that name; return the file. Raises ValueError for a bad name."""
    path = _path(kind, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    return part.replace(path)


def load_preset(kind: str, name: str) -> dict[str, Any]:
    """Return the settings of a preset. Raises ValueError for a bad name, KeyError if there is none, or it cannot be read."""
    try:
        settings = json.loads(_path(kind, name).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        raise KeyError(f"there is no preset {name!r}; there are: {', '.join(preset_names(kind)) or 'none'}") from None
    return settings if isinstance(settings, dict) else {}


def _folder(kind: str) -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tonnbook" / "presets" / kind


def _path(kind: str, name: str) -> Path:
    if not _NAME.fullmatch(name.strip()):
        raise ValueError(f"{name!r} is no name for a preset: up to 60 letters, digits and spaces are allowed")
    return _folder(kind) / f"{name.strip()}.json"
