"""Presets: settings of a form without its files, saved by name on this machine and loaded into any form of the same kind.

`PresetForm` is the base class of all forms: a button that sends, presets, and pasted JSON. Presets are JSON files in the folder
`tonnbook/presets` of the user's configuration (`XDG_CONFIG_HOME`, or `~/.config`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import traitlets

from tonnbook.errors import AudioError
from tonnbook.widgets.forms.sender import Sender

_NAME = re.compile(r"[\w][\w ().,+-]{0,59}")


class PresetForm(Sender):
    """A form with a button that sends, whose settings can be saved and loaded under a name."""

    presets: traitlets.List[str] = traitlets.List().tag(sync=True)
    """Names of the saved presets of this kind of form."""
    note = traitlets.Unicode("").tag(sync=True)
    """A remark that the form displays."""

    def __init__(self, client: Any = None, **traits: Any) -> None:
        super().__init__(client, presets=preset_names(type(self).__name__), **traits)
        self.on_msg(self._on_edit)

    def save_preset(self, name: str) -> Self:
        """Save the settings, without files and webhook, under a name. Raises ValueError for a bad name."""
        save_preset(type(self).__name__, name, self._settings())
        self.presets = preset_names(type(self).__name__)
        return self

    def load_preset(self, name: str) -> Self:
        """Set the settings that were saved under a name; files stay. Raises KeyError if there is no such preset."""
        self._apply_settings(load_preset(type(self).__name__, name))
        return self

    def load(self, request: Any) -> Self:
        """Fill the form from a request, a JSON text or a JSON file."""
        raise NotImplementedError

    def _settings(self) -> dict[str, Any]:
        """Return what a preset keeps."""
        raise NotImplementedError

    def _apply_settings(self, settings: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def _on_edit(self, _: object, message: dict[str, Any], __: list[memoryview]) -> None:
        try:
            self._edit(message)
        except (ValueError, KeyError, TypeError, AudioError) as error:
            self.note = str(error.args[0] if error.args else error)

    def _edit(self, message: Mapping[str, Any]) -> None:
        """Do what a button of the page says. What it raises is displayed."""
        match message.get("kind"):
            case "load":
                self.load(str(message["text"]))
            case "save preset":
                self.save_preset(str(message["name"]))
            case "load preset":
                self.load_preset(str(message["name"]))


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
