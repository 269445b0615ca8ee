"""Connections that end when a request does not arrive: each one holds a file descriptor, of which a process has few."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""How long the headers of a request may take, from the connection or their first byte to the last, in seconds."""

BODY_PAUSE_S = 60.0
"""How long the body of a request may pause, in seconds."""


class TimedConnection(H11Protocol):
    """uvicorn's connection, closed when the headers of a request are late or its body pauses; uvicorn limits idle ones only."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._close_after(HEADERS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, and set how long the next part may take."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.SEND_BODY:
            self._stop_waiting()
            self._close_after(BODY_PAUSE_S)
        elif self.conn.their_state is not h11.IDLE:  # the whole request is here
            self._stop_waiting()
        elif self._late is None:
            self._close_after(HEADERS_S)

    def _close_after(self, seconds: float) -> None:
        self._late = self.loop.call_later(seconds, self._close_late, seconds)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close_late(self, seconds: float) -> None:
        if self.flow.read_paused:  # the studio is behind, not the client
            self._close_after(seconds)
        else:
            self.transport.close()
