"""The clients that forms send with unless another one is passed: those of the local studio, once `tb.offline()` has started it.

Clients of the live services are never set here, so that no button spends credits unless a live client was passed to its form.
"""

from __future__ import annotations

from typing import Any

_clients: dict[str, Any] = {}


def set_default(**clients: Any) -> None:
    """Set the clients by service: tonn, beatoven. None removes one."""
    _clients.update(clients)


def default(service: str) -> Any:
    """Return the client of a service, None if the local studio has not been started."""
    return _clients.get(service)
