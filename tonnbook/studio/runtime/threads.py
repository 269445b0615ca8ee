"""An executor of daemon threads, which do not delay the end of the program.

`ThreadPoolExecutor` joins its threads before any `atexit` handler runs: a notebook's kernel would wait for a running render, be killed
because it does not end in time, and leave its files on the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """Up to `count` daemon threads that run calls in the order in which they were submitted."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waiting: set[Future[Any]] = set()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue one call; the future holds its return value or exception. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                with _ExceptionTo(future):
                    future.set_result(fn(*args, **kwargs))

        with self._lock:
            if self._closed:
                raise RuntimeError("these threads have been shut down")
            self._waiting.add(future)
            future.add_done_callback(self._waiting.discard)
            self._queue.put(run)
            if len(self._threads) < self._count:
                self._threads.append(threading.Thread(target=self._serve, daemon=True, name=self._name))
                self._threads[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls; cancel those in the queue if asked to, and `wait` for the others."""
        with self._lock:
            self._closed = True
        if cancel_futures:
            for future in tuple(self._waiting):
                future.cancel()
        for _ in self._threads:
            self._queue.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _serve(self) -> None:
        while run := self._queue.get():
            run()
            del run  # it refers to the last result, which would stay in memory until the next call


class _ExceptionTo:
    """Store an exception that the block raises in a future, as nothing above the first function of a thread could catch it."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return True
