"""The services of a notebook: `offline()` for the studio on this machine, `live()` for the real ones.

The only module that imports both clients and studio.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import warnings
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast

from tonnbook import default_clients
from tonnbook.clients.beatoven.client import BeatovenClient
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.polling import PollSettings
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import TonnbookError

if TYPE_CHECKING:
    from tonnbook.models.notes import Sound
    from tonnbook.studio.server.server import Studio

T = TypeVar("T")

TONN_URL = "https://tonn.roexaudio.com"
BEATOVEN_URL = "https://sync.beatoven.ai"
BEATOVEN_DIRECT_URL = "https://public-api.beatoven.ai"

_OFFLINE_POLLING = PollSettings(first_s=0.25, longest_s=1.0, retry_for_s=20.0)
"""Polls on this machine cost nothing, so they are frequent: the progress card moves smoothly."""

_running: Services | None = None
_starting = threading.Lock()


@dataclass(eq=False)
class Services:
    """The clients of a notebook, the webhook inbox and the local studio."""

    tonn: TonnClient
    beatoven: BeatovenClient
    inbox: WebhookInbox | None
    """Receives webhooks; None on the live services without a webhook address."""
    studio: Studio | None
    """The local studio; None on the live services."""
    closed: bool = False

    def close(self) -> None:
        """Close the clients, the inbox and the studio. Safe to call twice."""
        if self.closed:
            return
        self.closed = True
        for client in (self.tonn, self.beatoven):
            if not isinstance(client, _MissingClient):
                client.close()
        if self.studio is not None:
            if default_clients.default("tonn") is self.tonn:
                default_clients.set_default(tonn=None, beatoven=None)
            self.studio.close()
        if self.inbox is not None:
            self.inbox.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        what = "local studio" if self.studio is not None else "live"
        client = self.beatoven if isinstance(self.tonn, _MissingClient) else self.tonn
        return f"<Services {what} at {client.url}{', closed' if self.closed else ''}>"


class _MissingClient:
    """Replaces a client for which there is no key: raises a TonnbookError that says so when it is used."""

    def __init__(self, service: str, variable: str) -> None:
        self._service, self._variable = service, variable

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise TonnbookError(_no_key(self._service, self._variable))

    def __repr__(self) -> str:
        return f"<no key for {self._service}>"


def offline(folder: str | Path | None = None, *, polling: PollSettings | None = None, strict: bool = False) -> Services:
    """Start the local studio, and return clients that talk to it: no key, no credits, no network.

    There is one studio in a process: a second call returns the same services, unless they have been closed. Everything is closed
    at exit. Downloads are written to `folder`, or to a temporary folder that is removed at exit. With `strict` the studio refuses a
    request without a field that the live service requires, and names the field; these clients send them all.

    Raises ValueError if the services are running with another `folder`, or are not strict.
    """
    global _running
    downloads = Path(folder).resolve() if folder is not None else None
    with _starting:
        if _running is None or _running.closed:
            _running = _start(downloads, polling or _OFFLINE_POLLING, strict)
        elif downloads is not None and _running.tonn.downloads != downloads:
            raise ValueError(
                f"the studio is running already, with downloads in {_running.tonn.downloads}: close() those services first"
            )
        elif strict and _running.studio is not None and not _running.studio.strict:
            raise ValueError("the studio is running already, and is not strict: close() those services first")
        return _running


def live(
    tonn_key: str | None = None,
    *,
    beatoven_key: str | None = None,
    webhook_url: str | None = None,
    folder: str | Path | None = None,
    tonn_url: str = TONN_URL,
    beatoven_url: str = BEATOVEN_URL,
    beatoven_direct_url: str = BEATOVEN_DIRECT_URL,
) -> Services:
    """Return clients for the real services. **Their calls may cost credits**; this call itself sends nothing.

    The keys are `tonn_key` and `beatoven_key`, or the environment variables TONN_API_KEY and BEATOVEN_API_KEY, which are read
    here and nowhere else. One of them is enough: the client without a key raises an error when it is used. The services can send
    webhooks to this machine only if you give a `webhook_url` that forwards to it (see WebhookInbox); jobs are polled in any
    case. With a `folder` for the downloads, `attach` finds previews again after a restart of the kernel.
    """
    tonn_key = (tonn_key or os.environ.get("TONN_API_KEY", "")).strip()
    beatoven_key = (beatoven_key or os.environ.get("BEATOVEN_API_KEY", "")).strip()
    if not tonn_key and not beatoven_key:
        raise TonnbookError(_no_key("Tonn", "TONN_API_KEY") + "; for Beatoven the variable is BEATOVEN_API_KEY")
    inbox = WebhookInbox(webhook_url) if webhook_url else None
    downloads = Path(folder).resolve() if folder is not None else None
    tonn = cast(TonnClient, _MissingClient("Tonn", "TONN_API_KEY"))
    beatoven = cast(BeatovenClient, _MissingClient("Beatoven", "BEATOVEN_API_KEY"))
    if tonn_key:
        tonn = TonnClient(
            tonn_url, tonn_key, inbox=inbox, downloads=downloads, measure_song=measure_song, charges_credits=True
        )
    if beatoven_key:
        beatoven = BeatovenClient(beatoven_url, beatoven_key, direct_url=beatoven_direct_url, downloads=downloads)
    services = Services(tonn, beatoven, inbox, None)
    atexit.register(services.close)
    return services


def _no_key(service: str, variable: str) -> str:
    return (
        f"no key for {service}: set the environment variable {variable} (in a terminal or a .env file, not in the notebook), "
        "or continue without one with tb.offline()"
    )


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return its result, in a script or in a notebook.

    In a script this is `asyncio.run`. In a notebook a loop is running already, and `asyncio.run` refuses to run: there, asyncio
    is first patched with nest_asyncio2, the maintained continuation of nest_asyncio, so that a program written around
    `asyncio.run` runs unchanged. The patch is not removed. New code does not need it: use `await` in a cell.
    """
    if not _loop_is_running():
        with asyncio.Runner() as runner:  # what asyncio.run does, even after somebody has patched that
            return runner.run(main)
    _make_nestable()
    return asyncio.run(main)


def _start(folder: Path | None, polling: PollSettings, strict: bool) -> Services:
    from tonnbook.studio.server.server import Studio

    studio = Studio(strict=strict).start()
    inbox = WebhookInbox()
    tonn = TonnClient(
        studio.url,
        studio.key,
        inbox=inbox,
        downloads=folder,
        fx_settings=True,
        polling=polling,
        measure_song=measure_song,
    )
    beatoven = BeatovenClient(studio.url, studio.key, downloads=folder, polling=polling)
    services = Services(tonn, beatoven, inbox, studio)
    default_clients.set_default(tonn=tonn, beatoven=beatoven)
    atexit.register(services.close)
    return services


def measure_song(song: Path) -> Sound:
    """Measure a song on this machine; the studio's measurement is imported when it is first used."""
    from tonnbook.studio.measure import song_features

    return song_features.sound_of_file(song)


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _make_nestable() -> None:
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        warnings.warn(
            "asyncio has been patched by nest_asyncio 1.6, with which Run All hangs in ipykernel 7.1 and later. Restart the "
            "kernel and remove nest_asyncio.apply(): tb.run does not need it (it uses nest_asyncio2).",
            RuntimeWarning,
            stacklevel=3,
        )
        return
    import nest_asyncio2

    nest_asyncio2.apply()
