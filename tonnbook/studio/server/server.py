"""`Studio`: a local server to start and close, run by uvicorn in a daemon thread on 127.0.0.1."""

from __future__ import annotations

import asyncio
import atexit
import secrets
import socket
import threading
import time
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from tonnbook.errors import TonnbookError
from tonnbook.studio.analysis.service import AnalysisService
from tonnbook.studio.cleanup.service import CleanupService
from tonnbook.studio.composition.service import CompositionService
from tonnbook.studio.enhancement.service import EnhancementService
from tonnbook.studio.mastering.pool import shares_memory
from tonnbook.studio.mastering.service import MasteringService
from tonnbook.studio.mixing.service import MixService
from tonnbook.studio.recombination.service import RecombinationService
from tonnbook.studio.runtime.http_client import quiet_logging
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.service import ServiceContext
from tonnbook.studio.runtime.storage import Clock, Storage
from tonnbook.studio.runtime.threads import DaemonThreads
from tonnbook.studio.runtime.webhooks import Webhooks
from tonnbook.studio.runtime.worker import Worker
from tonnbook.studio.separation.service import SeparationService
from tonnbook.studio.server.app import create_app
from tonnbook.studio.server.connection import TimedConnection
from tonnbook.studio.server.state import ServerState

HOST = "127.0.0.1"

RENDER_ENDS_S = 4.0
"""How long `close` waits for a running render to stop, in seconds. A thread that is still inside a C++ routine when the
interpreter ends can abort the process, and a notebook's kernel is killed after 5 s."""

SERVER_ENDS_S = 2.0
"""How long `close` waits for the server to stop, in seconds."""


class Studio:
    """A local server that answers the services' calls and processes the audio itself.

    `port` 0 selects a free one. `key` is what clients must send; with None it is random, and the attribute `key` has it. All files are kept
    in a temporary folder inside `folder`, which is removed by `close`. `executor` does the heavy work. By default one thread renders one mix after the other; songs are mastered in parallel, the first in this process and
    others in processes of their own, as many in all as there are cores and at most four. An executor whose workers are other
    processes, on this machine or on a cluster that sees the same files, masters songs only. `clock` returns seconds since 1970 and
    decides when links expire. A `strict` studio refuses requests without a field that the live service requires; otherwise the
    answer has a note about it.
    """

    def __init__(
        self,
        port: int = 0,
        key: str | None = None,
        folder: Path | None = None,
        executor: Executor | None = None,
        clock: Clock = time.time,
        limits: Limits | None = None,
        strict: bool = False,
    ) -> None:
        self.key = secrets.token_urlsafe(24) if key is None else key
        self.strict = strict
        self.ledger = Ledger(clock)
        self._port = port
        self._folder = folder
        self._clock = clock
        self._limits = limits or Limits()
        self._executor = executor
        self._worker = Worker(self._limits, clock, executor if shares_memory(executor) else None)
        self._webhooks = Webhooks()
        self._lock = threading.Lock()
        self._state: ServerState | None = None
        self._server: _Server | None = None
        self._serving: Future[None] | None = None
        self._closed = False

    @property
    def url(self) -> str:
        """The address of the started studio: http://127.0.0.1:port."""
        if self._state is None:
            raise TonnbookError("the studio has no address yet: call start() first")
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Start serving, and return when calls are answered; a started studio is left as it is.

        Raises OSError if the port is in use, and TonnbookError if serving fails or the studio is closed.
        """
        with self._lock:
            if self._closed:
                raise TonnbookError("this studio is closed; make a new one")
            if self._state is not None:
                return self
            listener = socket.create_server((HOST, self._port))
            self._port = listener.getsockname()[1]
            self._state = state = self._new_state()
            serving = self._serve(state, listener)
        if serving.done():
            self.close()
            error = serving.exception()
            raise TonnbookError(f"the studio could not start serving: {error or 'the server ended'}") from error
        for service in state.services:
            service.load_engine()
        return self

    def close(self) -> None:
        """Stop serving, end running tasks, and remove all files. Does nothing if the studio is closed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self.close)
        self._webhooks.close()
        if self._state:
            self._state.mastering.close()
        self._worker.close(RENDER_ENDS_S)
        if self._server and self._serving:
            self._server.should_exit = True
            wait([self._serving], SERVER_ENDS_S)
        if self._state:
            self._state.storage.close()

    def _new_state(self) -> ServerState:
        storage = Storage(f"http://{HOST}:{self._port}", self._limits, self._clock, self._folder)
        context = ServiceContext(storage, self._worker, self._webhooks, self.ledger, self._limits, self._clock)
        separation = SeparationService(context)
        return ServerState(
            key=self.key,
            strict=self.strict,
            storage=storage,
            mixing=MixService(context),
            mastering=MasteringService(context, self._executor),
            analysis=AnalysisService(context),
            cleanup=CleanupService(context),
            enhancement=EnhancementService(context),
            separation=separation,
            recombination=RecombinationService(context, separation),
            composition=CompositionService(context),
            ledger=self.ledger,
            limits=self._limits,
        )

    def _serve(self, state: ServerState, listener: socket.socket) -> Future[None]:
        """Start the server in a thread and wait until it is ready or has ended; return the future of its end."""
        self._server = server = _Server(create_app(state))
        atexit.register(self.close)
        thread = DaemonThreads(1, "studio-server")
        self._serving = thread.submit(server.run_on, listener)
        self._serving.add_done_callback(lambda _: server.ready.set())
        thread.shutdown(wait=False)
        server.ready.wait()
        return self._serving

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else self.url if self._state else "not started"
        return f"Studio({state})"


class _Server(uvicorn.Server):
    """Run uvicorn on a listening socket, in an event loop of its own, without log output and without signal handlers.

    uvicorn installs signal handlers in the main thread only, so none are installed here.
    """

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=TimedConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                server_header=False,
                # Longer than the pause between two polls of a client, which otherwise sends on a connection that is being closed.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = threading.Event()
        """Set once calls are answered."""

    def run_on(self, listener: socket.socket) -> None:
        """Serve until `should_exit`. The loop is run by a Runner, because nest_asyncio patches `asyncio.run`."""
        loggers = quiet_logging("uvicorn.error", "uvicorn.access", "asyncio")
        with loggers, listener, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self.serve(sockets=[listener]))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then set `ready`."""
        await super().startup(sockets)
        self.ready.set()
