"""Control of what plays in the page, from Python: base class of the player and the console."""

from __future__ import annotations

import traitlets

from tonnbook.widgets.page import PageWidget


class Transport(PageWidget):
    """A widget that plays sound. The browser sets the state: it is read from Python, and the methods change it."""

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

    def play(self) -> None:
        """Start playback. Many browsers require a click on the page first."""
        self.send({"kind": "play"})

    def pause(self) -> None:
        """Pause playback at the current position."""
        self.send({"kind": "pause"})

    def seek(self, seconds: float) -> None:
        """Move the playhead to a position in seconds."""
        self.send({"kind": "seek", "seconds": float(seconds)})
