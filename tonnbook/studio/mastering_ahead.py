"""Two hands on one song: while one thread works on a block, another makes the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager

from tonnbook.dsp.levels import Array
from tonnbook.studio.threads import DaemonThreads


@contextmanager
def helper() -> Iterator[Executor]:
    """Lend one thread that ends with the work, or with the program."""
    thread = DaemonThreads(1, "studio-master-helper")
    try:
        yield thread
    finally:
        thread.shutdown(cancel_futures=True)


def ahead(blocks: Iterable[Array], thread: Executor) -> Iterator[Array]:
    """Yield the same blocks; the next one is made in `thread` meanwhile. Whoever stops reading stops the making."""
    source = iter(blocks)
    coming: Future[Array | None] = thread.submit(next, source, None)
    while (block := coming.result()) is not None:
        coming = thread.submit(next, source, None)
        yield block
