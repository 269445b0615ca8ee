"""Control of what plays in the page, from Python: base class of the player and the console."""

from __future__ import annotations

import base64
from typing import Any

import traitlets

from tonnbook.widgets.page import PageWidget


class Transport(PageWidget):
    """A widget that plays sound. Its state can be read and set: the page follows `position` and `loop`."""

    playing = traitlets.Bool(False).tag(sync=True)
    position = traitlets.Float(0.0).tag(sync=True)
    """Position in seconds, four times a second."""
    ready = traitlets.Bool(False).tag(sync=True)
    """Whether all sounds have arrived."""
    error = traitlets.Unicode("").tag(sync=True)
    loop: traitlets.List[float] = traitlets.List().tag(sync=True)
    """Start and end of the loop in seconds, or empty."""
    matched = traitlets.Bool(True).tag(sync=True)
    """Whether compared sounds play at equal loudness."""

    @traitlets.validate("loop")
    def _check_loop(self, proposal: dict[str, Any]) -> list[float]:
        loop = [float(seconds) for seconds in proposal["value"]]
        if loop and not (len(loop) == 2 and 0 <= loop[0] < loop[1]):
            raise ValueError(f"loop: pass [start, end] in seconds with 0 <= start < end, or [] for none, not {loop}")
        return loop

    @traitlets.observe("position")
    def _seek_from_python(self, change: dict[str, Any]) -> None:
        if "position" not in self._property_lock:  # holds what the page has just sent
            self.seek(change["new"])

    def play(self) -> None:
        """Start playback. Many browsers require a click on the page first."""
        self.send({"kind": "play"})

    def pause(self) -> None:
        """Pause playback at the current position."""
        self.send({"kind": "pause"})

    def seek(self, seconds: float) -> None:
        """Move the playhead to a position in seconds."""
        self.send({"kind": "seek", "seconds": float(seconds)})

    def send_bytes(self, head: dict[str, Any], data: bytes, as_text: bool) -> None:
        """Send a message with data to the page: as text for a front end that drops binary parts, as Colab's did."""
        if as_text:
            self.send(head | {"base64": base64.b64encode(data).decode("ascii")})
        else:
            self.send(head, [data])
