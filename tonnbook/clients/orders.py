"""What was ordered under which task id, so that a task that is found again can be finished.

A final mix must name the tracks by the links of the preview. They are kept in memory and, where the user chose a folder for the
downloads, in a small file there that only the user may read: then they outlive the kernel. Links die after an hour anyway.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tonnbook.models.mixing import MixRequest


class Orders:
    """Mix requests by task id. `folder` is where they are kept beyond this session; None keeps them in memory only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, MixRequest] = {}

    def keep(self, task_id: str, request: MixRequest) -> None:
        """Remember what was sent under `task_id`."""
        self._known[task_id] = request
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._place(self._folder, task_id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(file, "w", encoding="utf-8") as text:
                json.dump(request.to_wire(), text)

    def find(self, task_id: str) -> MixRequest | None:
        """Return what was sent under `task_id`, if it is known here."""
        if task_id not in self._known and self._folder is not None:
            place = self._place(self._folder, task_id)
            if place.is_file():
                try:
                    self._known[task_id] = MixRequest.from_wire(json.loads(place.read_text(encoding="utf-8")))
                except ValueError:
                    return None  # a file that somebody changed is as good as none
        return self._known.get(task_id)

    def _place(self, folder: Path, task_id: str) -> Path:
        plain = "".join(c if c.isalnum() or c in "-_" else "_" for c in task_id)[:100]
        return folder / f".{plain}.order.json"
