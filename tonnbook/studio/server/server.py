"""The studio as a thing to start and close: a uvicorn server in a daemon thread, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
import time
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from tonnbook.errors import TonnbookError
from tonnbook.studio.analysis.service import AnalysisService
from tonnbook.studio.cleanup.service import CleanupService
from tonnbook.studio.composition.service import CompositionService
from tonnbook.studio.enhancement.service import EnhancementService
from tonnbook.studio.mastering.executors import shares_memory
from tonnbook.studio.mastering.service import MasteringService
from tonnbook.studio.mixing.service import MixService
from tonnbook.studio.recombination.service import RecombinationService
from tonnbook.studio.runtime.http_client import quiet_logging
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.service import ServiceContext
from tonnbook.studio.runtime.storage import Clock, Storage
from tonnbook.studio.runtime.webhooks import Webhooks
from tonnbook.studio.runtime.worker import Worker
from tonnbook.studio.separation.service import SeparationService
from tonnbook.studio.server.app import create_app
from tonnbook.studio.server.request_body import ServerState

HOST = "127.0.0.1"

RENDER_ENDS_S = 4.0
"""How long `close` waits for a running render to notice, in seconds. A thread that is still inside a C++ routine when the
interpreter ends can abort the process, and a notebook's kernel is killed after 5 s."""

SERVER_ENDS_S = 2.0


class Studio:
    """A local server that answers the services' calls and does the audio.

    `port` 0 takes a free one. `folder` is where the temporary folder with all files is made; it is removed at close.
    `executor` does the heavy work; without one, a single thread does one mix after the other, and songs are mastered side by side, the
    first here and others in processes beside it, as many in all as there are cores, four at most. One whose workers are other
    processes, on this machine or on a cluster that sees the same files, masters songs; everything else stays here. `clock` returns
    seconds since 1970 and decides when links expire.
    """

    def __init__(
        self,
        port: int = 0,
        key: str = "studio",
        folder: Path | None = None,
        executor: Executor | None = None,
        clock: Clock = time.time,
        limits: Limits | None = None,
    ) -> None:
        self.key = key
        self.ledger = Ledger(clock)
        self._port = port
        self._folder = folder
        self._clock = clock
        self._limits = limits or Limits()
        self._executor = executor
        self._worker = Worker(self._limits, clock, executor if shares_memory(executor) else None)
        self._webhooks = Webhooks()
        self._lock = threading.Lock()
        self._storage: Storage | None = None
        self._mastering: MasteringService | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def url(self) -> str:
        """The address, once started: http://127.0.0.1:port."""
        if self._storage is None:
            raise TonnbookError("the studio has no address yet: call start() first")
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Start serving; return when calls are answered. Started once, it stays so. Raises OSError for a taken port."""
        with self._lock:
            if self._closed:
                raise TonnbookError("this studio is closed; make a new one")
            if self._thread is None:
                self._open()
        return self

    def close(self) -> None:
        """Stop serving, end what runs, and remove all files. Closing twice is no fault."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self.close)
        self._webhooks.close()
        if self._mastering:
            self._mastering.close()
        self._worker.close(RENDER_ENDS_S)
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(SERVER_ENDS_S)
        if self._storage:
            self._storage.close()

    def _open(self) -> None:
        listener = socket.create_server((HOST, self._port))
        self._port = listener.getsockname()[1]
        storage = Storage(f"http://{HOST}:{self._port}", self._limits, self._clock, self._folder)
        context = ServiceContext(storage, self._worker, self._webhooks, self.ledger, self._limits, self._clock)
        self._mastering = MasteringService(context, self._executor)
        separation = SeparationService(context)
        server_state = ServerState(
            key=self.key,
            storage=storage,
            mixing=MixService(context),
            mastering=self._mastering,
            analysis=AnalysisService(context),
            cleanup=CleanupService(context),
            enhancement=EnhancementService(context),
            separation=separation,
            recombination=RecombinationService(context, separation),
            composition=CompositionService(context),
            ledger=self.ledger,
            limits=self._limits,
        )
        self._storage = storage
        self._server = _Server(create_app(server_state))
        self._thread = threading.Thread(target=self._server.run_on, args=[listener], daemon=True, name="studio-server")
        atexit.register(self.close)
        self._thread.start()
        self._server.ready.wait()
        for service in server_state.services:
            service.load_engine()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else self.url if self._storage else "not started"
        return f"Studio({state})"


class _Server(uvicorn.Server):
    """uvicorn on a socket that listens already, in an event loop of its own; silent, and without signal handlers.

    uvicorn installs signal handlers in the main thread only, so none are installed here.
    """

    def __init__(self, app: object) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # an ASGI application; uvicorn's type for it is private
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                server_header=False,
                # Longer than clients pause between two questions, or they would ask on a connection that is being closed.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = threading.Event()

    def run_on(self, listener: socket.socket) -> None:
        """Serve until `should_exit`. A loop class of our own choice: nest_asyncio patches the others' `asyncio.run`."""
        with quiet_logging("uvicorn.error", "uvicorn.access", "asyncio"), listener:
            try:
                with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                    runner.run(self.serve(sockets=[listener]))
            finally:
                self.ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        self.ready.set()
